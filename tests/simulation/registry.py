"""Scenarios by name. What is registered here is explored, crashed at each call, replayed and reported; nothing else must be done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.kit.sinks import Canaries
from tests.kit.world import World
from tests.simulation.cloud import Stage
from tests.simulation.hearing import listening
from tests.simulation.play import Habits, Play
from tests.simulation.wiring import few_partitions


Given = Callable[[World, Canaries], Any]
Cast = Callable[[Play], None]
Then = Callable[[Play], list[str]]


def nothing_more(_play: Play) -> list[str]:
    return []


@dataclass(frozen=True)
class Scenario:
    """A beginning, the actors that meet, and what must be true at the end beside everything that always must."""

    name: str
    story: str
    given: Given
    cast: Cast
    then: Then = nothing_more
    habits: Habits = field(default_factory=Habits)
    share: float = 1.0
    """Its part of a walk over all scenarios; what races hardest gets more."""
    product: dict[str, Any] = field(default_factory=dict)
    holds_max: int = 50
    pair: bool = False
    """Small enough to be searched for every schedule up to a bound."""

    @property
    def theme(self) -> str:
        """The file that it stands in."""
        return self.cast.__module__.rpartition(".")[2]

    def stage(self) -> Stage:
        return _stage(self.name)


SCENARIOS: dict[str, Scenario] = {}


def of_themes(*themes: str) -> list[str]:
    return [name for name, each in SCENARIOS.items() if each.theme in themes]


def scenario(given: Given, *, then: Then = nothing_more, **more: Any) -> Callable[[Cast], Cast]:
    """Register a cast under its function's name; its docstring is the story."""

    def register(cast: Cast) -> Cast:
        name = cast.__name__
        assert name not in SCENARIOS, name
        SCENARIOS[name] = Scenario(name, (cast.__doc__ or "").strip(), given, cast, then, **more)
        return cast

    return register


@cache
def _stage(name: str) -> Stage:
    wanted = SCENARIOS[name]
    with listening(), few_partitions():
        return Stage(wanted.given, holds_max=wanted.holds_max, **wanted.product)
