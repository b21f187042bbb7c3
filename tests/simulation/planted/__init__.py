"""Mistakes that real card shops made, planted one at a time into our own code: each must be seen, and by a promise with a name.

A fault is a few words of one function, replaced. The changed function takes the place of the old one everywhere, because its code
object is exchanged; whoever leaves the `with` block finds the shop as it was.
"""

import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.kit import roles


@dataclass(frozen=True)
class Fault:
    """One planted mistake."""

    name: str
    peer: str
    """Who made it in the field, or which rule it breaks."""
    changes: Sequence[tuple[Callable[..., Any], str, str]]
    """Function, words in its source, words instead."""
    breaks: frozenset[str]
    """Promises of which at least one must be reported broken."""
    seen_in: tuple[str, ...]
    """Scenarios that must notice it."""


@contextmanager
def planted(fault: Fault) -> Iterator[None]:
    """The shop with this fault in it. What a fault asks of a role beyond its rights counts against nobody."""
    kept = [(function, function.__code__) for function, _, _ in fault.changes]
    try:
        with roles.trial():
            for function, old, new in fault.changes:
                function.__code__ = changed(function, old, new)
            yield
    finally:
        for function, code in kept:
            function.__code__ = code


def changed(function: Callable[..., Any], old: str, new: str) -> Any:
    """The code of a function with some words replaced.

    Raises: AssertionError when the words are not there exactly once, so that a fault cannot vanish by a change of the shop.
    """
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{function.__qualname__} has {old!r} {source.count(old)} times"
    names: dict[str, Any] = dict(function.__globals__)
    exec(compile(source.replace(old, new), inspect.getfile(function), "exec"), names)
    made = names[function.__name__]
    assert made.__code__.co_freevars == function.__code__.co_freevars
    return made.__code__
