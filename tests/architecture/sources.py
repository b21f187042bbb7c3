"""Our own sources, parsed once."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path


ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("layers/faka/faka", "layers/pages/pages", "functions")


@dataclass(frozen=True)
class Source:
    path: str
    """Relative to the root."""
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parse(self.path, self.text)

    @property
    def module(self) -> str:
        """`faka.kernel.money`, `pages.qr`, `functions.relay.app`."""
        name = self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for layer in ("layers.faka.", "layers.pages."):
            name = name.removeprefix(layer)
        return name


@cache
def _parse(path: str, text: str) -> ast.Module:
    return ast.parse(text, path)


def sources(*folders: str) -> list[Source]:
    found = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py") if not {"__pycache__", "build"} & set(path.parts))
    return [Source(str(path.relative_to(ROOT)), path.read_text()) for path in found]


def shipped() -> list[Source]:
    return sources(*SHIPPED)


def texts() -> Iterator[tuple[str, str]]:
    """Every text file that a reader of the repository meets."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file():
            try:
                yield name, path.read_text()
            except UnicodeDecodeError:
                continue
