"""Imports point downward. The rule is read from the picture in the package's own docstring, so picture and rule cannot part."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

import faka
from tests.architecture.sources import ROOT, Source, shipped


pytestmark = pytest.mark.architecture

SOLE = {
    "chalice": ("faka.platform.door",),
    "aws_encryption_sdk": ("faka.platform.envelope",),
    "cryptography": ("faka.contexts.payments.providers", "faka.platform.device_seal"),
    "urllib3": ("faka.platform.outbound",),
    "boto3": ("faka.platform",),
    "botocore": ("faka.platform",),
}
"""Who alone may import what. The first three stand as a sentence below the picture."""

STRANGERS = ("functions", "faka.flows", "faka.contexts")
"""Floors whose parts do not know each other. Steps build on steps, machines on machines, the kernel's modules on each other."""

PAGES = frozenset(("jinja2", "markupsafe", "markdown_it", "segno", "pages", "faka.kernel"))
"""The screens know our vocabulary and nothing of our trade."""


@dataclass(frozen=True)
class Floor:
    level: int
    prefix: str
    """`faka.flows`, `functions`."""
    has_units: bool
    """Whether its parts are strangers: flows, contexts and functions are, the kernel's modules are not."""
    may: frozenset[str]

    def unit(self, module: str) -> str:
        """The part that may import itself freely."""
        depth = self.prefix.count(".") + 1
        return ".".join(module.split(".")[: depth + 1]) if self.has_units else self.prefix


def floors(picture: str) -> list[Floor]:
    found = []
    for level, name, may in re.findall(r"^(\d)\s+(\S+)\s+may import\s+(.+)$", picture, re.MULTILINE):
        prefix = re.sub(r"[./]<.*", "", name)
        found.append(Floor(int(level), prefix, prefix in STRANGERS, frozenset(words(may))))
    return found


def words(text: str) -> Iterator[str]:
    """`a b.{c,d}` is a, b.c and b.d."""
    for word in text.split():
        before, brace, within = word.partition("{")
        yield from (before + part for part in within.rstrip("}").split(",")) if brace else (word,)


def is_below(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")


def imported(source: Source) -> set[str]:
    """The modules that a source imports; of `from package import name` the name too, where it is a module."""
    found: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source.path}:{node.lineno}: imports are absolute"
            base = node.module or ""
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                found.add(whole if _is_module(whole) else base)
    return found


def _is_module(name: str) -> bool:
    place = ROOT / "layers" / name.split(".", maxsplit=1)[0] / name.replace(".", "/")
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def wrong_imports(source: Source, picture: list[Floor], folder: frozenset[str] = frozenset()) -> list[str]:
    """What a source must not import. `folder` names the modules beside it, which a function may import bare."""
    wrong = []
    for name in sorted(imported(source)):
        top = name.split(".")[0]
        if top in sys.stdlib_module_names or top in folder:
            continue
        if top in SOLE:
            fine = any(is_below(source.module, prefix) for prefix in SOLE[top])
        elif is_below(source.module, "pages"):
            fine = top in PAGES or is_below(name, "faka.kernel")
        else:
            fine = _may(source.module, name, picture)
        if not fine:
            wrong.append(f"{source.path} imports {name}")
    return wrong


def _may(module: str, name: str, picture: list[Floor]) -> bool:
    floor = next(floor for floor in picture if is_below(module, floor.prefix)) if module != "faka" else picture[-1]
    if is_below(name, floor.unit(module)):
        return True
    # What the kernel is written in, every floor is written in.
    may = (floor.may | picture[-1].may) - {"itself"}
    return any(is_below(name, allowed) or is_below(name, f"faka.{allowed}") for allowed in may)


PICTURE = floors(faka.__doc__ or "")


def test_the_picture_has_seven_floors_and_each_floor_stands_below_the_next() -> None:
    assert [floor.level for floor in PICTURE] == [6, 5, 4, 3, 2, 1, 0]
    assert {floor.prefix for floor in PICTURE} == {
        *("functions", "faka.flows", "faka.steps", "faka.wiring", "faka.contexts", "faka.platform", "faka.kernel"),
    }


def test_the_sentence_below_the_picture_names_who_alone_may_import_what() -> None:
    text = faka.__doc__ or ""
    assert "Only `platform.door` imports chalice" in text
    assert "`platform.envelope` the Encryption SDK" in text
    assert "`cryptography` only the payment providers and\n`platform.device_seal`" in text


def test_imports_point_downward() -> None:
    wrong = []
    for source in shipped():
        beside = (
            frozenset(path.stem for path in (ROOT / source.path).parent.glob("*.py"))
            if source.path.startswith("functions/")
            else frozenset()
        )
        wrong += wrong_imports(source, PICTURE, beside)
    assert not wrong, "\n".join(wrong)


def test_nobody_imports_the_local_cloud_the_tools_or_the_tests() -> None:
    wrong = [
        f"{source.path} imports {name}" for source in shipped() for name in imported(source) if name.split(".")[0] in ("infra", "tests")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("layers/faka/faka/flows/a.py", "from faka.flows.checkout import checkout"),
        ("layers/faka/faka/contexts/stock/a.py", "from faka.contexts.orders.model import Order"),
        ("layers/faka/faka/contexts/stock/a.py", "import faka.platform.aws"),
        ("layers/faka/faka/contexts/stock/a.py", "import boto3"),
        ("layers/faka/faka/platform/a.py", "from faka.contexts import stock"),
        ("layers/faka/faka/platform/a.py", "from chalice.app import Chalice"),
        ("layers/faka/faka/platform/a.py", "import aws_encryption_sdk"),
        ("layers/faka/faka/kernel/a.py", "from faka.platform.table import Tables"),
        ("layers/faka/faka/kernel/a.py", "import requests"),
        ("layers/faka/faka/flows/a.py", "from chalice.app import Chalice"),
        ("layers/faka/faka/wiring/a.py", "from faka.flows.checkout import checkout"),
        ("functions/relay/app.py", "from faka.contexts.stock import StockStore"),
        ("functions/relay/app.py", "import boto3"),
        ("functions/relay/app.py", "from functions.sweep import app"),
        ("functions/relay/app.py", "from faka.platform.table import Tables"),
        ("layers/pages/pages/a.py", "from faka.contexts.orders.model import Order"),
    ],
)
def test_an_import_that_points_up_or_aside_is_found(path: str, text: str) -> None:
    assert wrong_imports(Source(path, text), PICTURE)
