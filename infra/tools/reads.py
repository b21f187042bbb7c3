"""What a view reads of a request, from its own source: fields by name with the bounds that the code gives them.

A view reads by `reader.text("sku", 48)`, `reader.whole("quantity", 1, ORDER_CARDS_MAX)`, `form.get("lang")`, `"asked" in
request.asked`, `word(fields, "trade_no", NUMBER)`. Those calls are looked up in the view and in whatever it calls inside its
own folder, the visitor and the providers; bounds are read where they stand, so a document made of them cannot lag behind.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any

from faka.kernel.ids import CODE_LENGTH
from faka.kernel.limits import CONTACT_MAX


Schema = dict[str, Any]

FOLLOWED = ("pages.visitor", "faka.contexts.payments.providers.")
"""Modules outside the functions' folders in which requests are read too."""

PLACES = {"form": "form", "reader": "form", "fields": "form", "asked": "query", "headers": "header"}
"""What a receiver's name says about where the field travels."""

CALLS_MAX = 200
"""Functions followed from one view. The longest way has about thirty."""


@dataclass(frozen=True)
class Read:
    """One field: where it travels, its name, its bounds, and whether the view does without it."""

    place: str
    name: str
    schema: Schema
    is_required: bool = False


@dataclass
class Reads:
    """Fields by place and name, and the names of all that is called."""

    fields: dict[tuple[str, str], Schema] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    """Attributes that are looked at: `form`, `asked`, `query` …"""
    is_asked: bool = False
    """A view that is asked by GET: what it reads as a form stands in the query."""

    def at(self, place: str) -> dict[str, Schema]:
        return {name: schema for (where, name), schema in self.fields.items() if where == place}

    def add(self, read: Read) -> None:
        """The first that is added stays."""
        place = "query" if self.is_asked and read.place == "form" else read.place
        if (place, read.name) not in self.fields:
            self.fields[place, read.name] = read.schema
            self.required |= {read.name} if read.is_required else set()


def reads(view: Callable[..., Any], owner: object = None, *, is_asked: bool = False) -> Reads:
    """Level by level, so that a view's own bound stands before that of what it calls; on one level the stricter reader first."""
    found = Reads(is_asked=is_asked)
    seen: set[Any] = set()
    level: list[tuple[Any, object]] = [(view, getattr(view, "__self__", owner))]
    while level and len(seen) < CALLS_MAX:
        read: list[Read] = []
        below: list[tuple[Any, object]] = []
        for given, at in level:
            function = inspect.unwrap(getattr(given, "__func__", given))
            if function in seen:
                continue
            seen.add(function)
            tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
            read += _looked(tree, function.__globals__, found)
            below += _followed(tree, function.__globals__, at)
        for one in sorted(read, key=lambda one: len(one.schema), reverse=True):
            found.add(one)
        level = below
    return found


def _followed(tree: ast.AST, names: dict[str, Any], owner: object) -> Iterator[tuple[Any, object]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        path = dotted(node.func).split(".")
        if path[0] == "self" and len(path) > 1:
            at = owner
            for part in path[1:-1]:
                at = vars(at).get(part) if hasattr(at, "__dict__") else None
            called = getattr(at if isinstance(at, type) else type(at), path[-1], None)
        else:
            at, called = owner, names.get(path[0]) if len(path) == 1 else None
        if isinstance(called, FunctionType) and _is_near(called.__module__):
            yield called, at


def _is_near(module: str) -> bool:
    return not module.startswith(("faka.", "pages.")) or module.startswith(FOLLOWED)


def _looked(tree: ast.AST, names: dict[str, Any], found: Reads) -> Iterator[Read]:
    """What one function reads; notes by the way what it calls and looks at."""
    optional = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.IfExp) for inner in ast.walk(node.body)}
    cut = {id(node.value): node.slice for node in ast.walk(tree) if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    checked = {id(arg): dotted(node.func) for node in calls for arg in node.args if dotted(node.func) in ("is_ulid", "is_code")}
    found.touched |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found.called |= {dotted(node.func).split(".")[-1] for node in calls}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn) and isinstance(node.left, ast.Constant)):
            continue
        if place := PLACES.get(dotted(node.comparators[0]).split(".")[-1]):
            yield Read(place, str(node.left.value), {"type": "string"})
    for call in calls:
        read = _field(call, names)
        if read and (check := checked.get(id(call))):
            schema = read.schema | ({"pattern": anchored(names[check])} if check == "is_ulid" else {"minLength": CODE_LENGTH})
            read = replace(read, schema=schema, is_required=True)
        if read and (bound := cut.get(id(call))):
            read = replace(read, schema=read.schema | {"description": f"read up to {_value(bound.upper, names)} characters"})
        if read:
            yield replace(read, is_required=read.is_required and id(call) not in optional)


def anchored(check: Callable[[str], bool]) -> str:
    """The pattern behind a check such as `is_ulid`."""
    inner = inspect.getclosurevars(check)
    [pattern] = [one for one in inner.globals.values() if isinstance(one, re.Pattern)]
    return f"^{pattern.pattern}$"


def _field(node: ast.Call, names: dict[str, Any]) -> Read | None:
    """The field that this call reads, if it reads one."""
    path = dotted(node.func).split(".")
    if path == ["word"]:
        pattern = _value(node.args[2], names)
        return Read("form", _value(node.args[1], names), {"type": "string", "pattern": f"^{pattern.pattern}$"}, is_required=True)
    place = PLACES.get(path[-2]) if len(path) > 1 else None
    if place is None or not node.args or not isinstance(node.args[0], ast.Constant):
        return None
    given = {word.arg for word in node.keywords}
    bounds = [_value(arg, names) for arg in node.args[1:3]] if path[-1] in ("text", "whole") else []
    name = str(node.args[0].value)
    match path[-1]:
        case "get" | "raw":
            return Read(place, name, {"type": "string"})
        case "text":
            least = {"minLength": 1} if "missing" in given else {}
            return Read(place, name, {"type": "string", **least, "maxLength": bounds[0]}, is_required=bool(least))
        case "whole":
            return Read(place, name, {"type": "integer", "minimum": bounds[0], "maximum": bounds[1]}, is_required=True)
        case "mail":
            schema = {"type": "string", "format": "email", "maxLength": CONTACT_MAX}
            return Read(place, name, schema, is_required="is_required" in given)
    return None


def _value(node: ast.expr | None, names: dict[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return names[name]
    raise ValueError("a bound of a field is a number or a name")


def dotted(node: ast.AST) -> str:
    """`self._house.visitor`; empty for what is not a chain of names."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
