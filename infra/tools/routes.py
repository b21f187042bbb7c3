"""The HTTP functions' route tables with their views, loaded as Lambda loads them; nothing of AWS is touched."""

import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from infra.tools.reads import Reads, reads
from infra.tools.template import ROOT, Template


@dataclass(frozen=True)
class Operation:
    """A route as its door has it."""

    method: str
    path: str
    view: Callable[..., Any]
    is_foreign: bool
    """Admits POSTs of other origins."""

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def id(self) -> str:
        owner = getattr(self.view, "__self__", None)
        return f"{type(owner).__name__}.{self.view.__name__}" if owner is not None else f"{self.view.__name__}.{self.method.lower()}"

    @property
    def summary(self) -> str:
        """The first paragraph of the view's docstring, on one line."""
        return " ".join((inspect.getdoc(self.view) or "").partition("\n\n")[0].split())

    @cached_property
    def reads(self) -> Reads:
        return reads(self.view, is_asked=self.method == "GET")


def operations(door: Any) -> Iterator[Operation]:
    for path, methods in door.app.routes.items():
        for method, entry in methods.items():
            inner = inspect.getclosurevars(entry.view_function).nonlocals
            yield Operation(method, path, inner["view"], inner["foreign"])


@cache
def door_of(function: str) -> Any:
    """A function's door, started with the template's environment."""
    folder = ROOT / "functions" / function
    spec = importlib.util.spec_from_file_location(f"door_{function}", folder / "app.py")
    if spec is None or spec.loader is None:
        raise ImportError(function)
    module = importlib.util.module_from_spec(spec)
    with _environment(f"{function.capitalize()}Function"), _alone(folder):
        spec.loader.exec_module(module)
    return module.door


@contextmanager
def _environment(function: str) -> Iterator[None]:
    """The template's variables, with a plausible text for what the service fills in."""
    kept = dict(os.environ)
    given = Template().environment(function)
    os.environ.update({name: value if isinstance(value, str) else f"https://{name.lower()}.example" for name, value in given.items()})
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Each function has its own `settings` and the like: its siblings enter and leave `sys.modules` with it."""
    siblings = {path.stem for path in folder.glob("*.py")}
    kept = {name: sys.modules.pop(name) for name in siblings & set(sys.modules)}
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in siblings:
            sys.modules.pop(name, None)
        sys.modules.update(kept)
