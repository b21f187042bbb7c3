"""The steps of a run that a scenario can prove, and all those that a definition has."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from infra.local.asl.definition import State, walk


class Kind(StrEnum):
    ENTERED = "entered"
    WENT = "went"
    """By Next, or by End: then the target is empty."""
    CHOSE = "chose"
    """`which` is the rule's index, or `default`."""
    CAUGHT = "caught"
    RETRIED = "retried"
    EXHAUSTED = "exhausted"
    """`which` is the index of the retrier that has no attempt left."""
    FAILED = "failed"
    """No rule caught it, or a Fail state."""


@dataclass(frozen=True)
class Mark:
    """One step, as it can be counted."""

    kind: Kind
    state: str
    which: str = ""
    target: str = ""

    def __str__(self) -> str:
        which = f" {self.which}" if self.which else ""
        return f"{self.state}: {self.kind}{which}{f' → {self.target}' if self.target else ''}"


@dataclass(frozen=True)
class Transition:
    """One step that was taken."""

    mark: Mark
    place: str
    at: datetime
    error: str = ""


def marks(definition: dict[str, Any]) -> Iterator[Mark]:
    """Every step that a definition has: each state, each way out of it, each retrier used and exhausted, each catcher."""
    for state in walk(definition):
        yield Mark(Kind.ENTERED, state.name)
        yield from _ways_out(state)
        for index in range(len(state.fields.get("Retry", ()))):
            if state.fields["Retry"][index].get("MaxAttempts", 1) > 0:
                yield Mark(Kind.RETRIED, state.name, str(index))
            yield Mark(Kind.EXHAUSTED, state.name, str(index))
        for index, catcher in enumerate(state.fields.get("Catch", ())):
            yield Mark(Kind.CAUGHT, state.name, str(index), catcher["Next"])


def _ways_out(state: State) -> Iterator[Mark]:
    fields = state.fields
    if fields["Type"] == "Fail":
        yield Mark(Kind.FAILED, state.name)
    elif fields["Type"] == "Choice":
        for index, rule in enumerate(fields["Choices"]):
            yield Mark(Kind.CHOSE, state.name, str(index), rule["Next"])
        if "Default" in fields:
            yield Mark(Kind.CHOSE, state.name, "default", fields["Default"])
    else:
        yield Mark(Kind.WENT, state.name, "", fields.get("Next", ""))
