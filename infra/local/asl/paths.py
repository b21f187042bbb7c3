"""Paths into a state's input: `$.order.lines[0]['sku id']`, `$.lines[*].id`, `$.lines[1:3]`. Filters and `..` are not known here."""

import copy
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from infra.local.asl.faults import RUNTIME, Fault


class UnknownForm(Exception):
    """A definition uses what this interpreter does not know."""


Step = str | int | slice
"""A field's name, an index, or several: `[*]` is the slice of everything."""

_STEP = re.compile(
    r"""\.(?P<field>[\w-]+) | \['(?P<quoted>[^']+)'\] | \["(?P<double>[^"]+)"\] | \[(?P<index>-?\d+)\]
      | (?P<all>\[\*\]|\.\*) | \[(?P<start>-?\d*):(?P<stop>-?\d*)\]""",
    re.VERBOSE,
)


@cache
def steps(path: str) -> tuple[Step, ...]:
    """Raises: UnknownForm for a path that is malformed or uses a filter."""
    if not path.startswith("$"):
        raise UnknownForm(f"not a path: {path}")
    at, found = 1, []
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            raise UnknownForm(f"a path that is not known here: {path}")
        found.append(_step(match))
        at = match.end()
    return tuple(found)


def _step(match: re.Match[str]) -> Step:
    name = match["field"] or match["quoted"] or match["double"]
    if name:
        return name
    if match["index"]:
        return int(match["index"])
    if match["all"]:
        return slice(None)
    return slice(*(int(edge) if edge else None for edge in (match["start"], match["stop"])))


def select(path: str, value: Any) -> Any:
    """What a path names; a list where it may name several.

    Raises: LookupError where it names nothing.
    """
    whole = steps(path)
    found = list(_walk(whole, value))
    if any(isinstance(step, slice) for step in whole):
        return found
    if not found:
        raise LookupError(path)
    return found[0]


def _walk(rest: tuple[Step, ...], value: Any) -> Iterator[Any]:
    if not rest:
        yield value
        return
    step, onward = rest[0], rest[1:]
    if isinstance(step, slice):
        several = value[step] if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
        for each in several:
            yield from _walk(onward, each)
    elif isinstance(step, int):
        if isinstance(value, list) and -len(value) <= step < len(value):
            yield from _walk(onward, value[step])
    elif isinstance(value, dict) and step in value:
        yield from _walk(onward, value[step])


def needed(path: str, value: Any, context: Any, error: str = RUNTIME) -> Any:
    """What a path names in the input, or with `$$` in the context object.

    Raises: Fault with `error` where it names nothing.
    """
    try:
        return select(path[1:], context) if path.startswith("$$") else select(path, value)
    except LookupError:
        raise Fault(error, f"The path '{path}' names nothing in the state's input") from None


def narrowed(state: dict[str, Any], field: str, value: Any, context: Any) -> Any:
    """InputPath or OutputPath; null makes an empty object."""
    path = state.get(field, "$")
    return {} if path is None else needed(path, value, context)


def placed(path: str | None, original: Any, result: Any) -> Any:
    """ResultPath: the input with the result in it. Null keeps the input, `$` keeps the result.

    Raises: Fault where the input is no object.
    """
    if path is None:
        return original
    names = steps(path)
    if not names:
        return result
    changed = copy.deepcopy(original)
    at = changed
    for name in names[:-1]:
        at = _inside(at, name, path)
    if not isinstance(at, dict) or not isinstance(names[-1], str):
        raise Fault("States.ResultPathMatchFailure", path)
    at[names[-1]] = result
    return changed


def _inside(at: Any, name: Step, path: str) -> Any:
    if not isinstance(at, dict) or not isinstance(name, str):
        raise Fault("States.ResultPathMatchFailure", path)
    if not isinstance(at.get(name), dict):
        at[name] = {}
    return at[name]
