"""Where definitions lie, and what belongs to them: their scenarios, and the substitutions that a template gives them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from infra.local.asl.definition import Json, load, placeholders, read
from infra.tools.template import MACHINE, ROOT, Template
from infra.tools.whole import whole


HERE = Path(__file__).parent


@dataclass(frozen=True)
class Machine:
    """One definition."""

    name: str
    text: str
    given: frozenset[str] | None
    """The substitutions that the template gives; None where no template deploys this definition."""

    @cached_property
    def document(self) -> Json:
        """As it stands."""
        return read(self.text)

    @cached_property
    def runnable(self) -> Json:
        """With each placeholder filled by its own name.

        Raises: UnknownForm.
        """
        return load(self.text, {name: name for name in placeholders(self.text)})


@dataclass(frozen=True)
class House:
    name: str
    definitions: Path
    scenarios: Path
    template: Path

    def machines(self) -> list[Machine]:
        given = self._given()
        paths = sorted(self.definitions.glob("*.asl.yaml"))
        return [Machine(path.name.removesuffix(".asl.yaml"), path.read_text(), given.get(path.name)) for path in paths]

    def _given(self) -> dict[str, frozenset[str]]:
        """File name → names of its substitutions."""
        template = Template(whole(self.template))
        found = {}
        for resource in template.of_type(MACHINE).values():
            own = resource.get("Properties", {})
            found[PurePosixPath(str(own.get("DefinitionUri", ""))).name] = frozenset(own.get("DefinitionSubstitutions", {}))
        return found


REAL = House("the shop", ROOT / "statemachines", HERE / "scenarios", ROOT / "template.yaml")
SAMPLES = House("the samples", HERE / "samples" / "statemachines", HERE / "samples" / "scenarios", HERE / "samples" / "template.yaml")
HOUSES = (REAL, SAMPLES)
EVERY_MACHINE = [(house, machine) for house in HOUSES for machine in house.machines()]
IDS = [machine.name for _, machine in EVERY_MACHINE]
