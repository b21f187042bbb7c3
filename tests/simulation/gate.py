"""The one place that every call to the outside passes: AWS, providers, waiting. Here a handler parks, a process dies, a service fails.

A call is named by what it does to what (`dynamodb update_item trade HEAD`), so that a crash can be aimed at it and a report can say
that nobody aimed at it yet.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from greenlet import getcurrent, greenlet


class Killed(BaseException):
    """The process is gone. Not an Exception: a killed process runs no handler of ours."""


class Call(NamedTuple):
    service: str
    verb: str
    target: str
    """Table and kind of row, or the bus, the key, the provider's question."""

    def __str__(self) -> str:
        return f"{self.service} {self.verb} {self.target}"


class Fate(StrEnum):
    """What becomes of one call."""

    DONE = "done"
    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    LOST = "answer lost"
    """The service did it; the client hears nothing."""
    TWICE = "repeated by the SDK"
    """The service did it, the answer was lost, and the SDK asked again by itself."""
    NOT_SENT = "not sent"
    THROTTLED = "throttled"
    CONFLICT = "conflict"
    INTERNAL = "internal error, not done"
    INTERNAL_DONE = "internal error, done"
    STALE = "stale read"
    PARTLY = "a part refused"
    GARBLED = "garbage answered"


Act = Callable[[], Any]
Does = Callable[[Act], Any]
"""How a fate plays out for one call."""


def _dies_before(_act: Act) -> Any:
    raise Killed


def _dies_after(act: Act) -> Any:
    act()
    raise Killed


DEATHS: dict[Fate, Does] = {Fate.DIES_BEFORE: _dies_before, Fate.DIES_AFTER: _dies_after}


def plain(act: Act) -> Any:
    return act()


def twice(act: Act) -> Any:
    act()
    return act()


@dataclass
class Process:
    """One life of one function: from the event to the answer, or to death."""

    function: str
    name: str
    deadline: float = float("inf")
    """Seconds of simulated time at which the runtime ends it."""
    calls: int = 0
    is_dead: bool = False


class Gate:
    """Calls of a run. `decide` says what becomes of a call and may switch to others first."""

    def __init__(self) -> None:
        self.processes: dict[greenlet, Process] = {}
        self.decide: Callable[[Process, Call, dict[Fate, Does]], Fate] = lambda _process, _call, _faults: Fate.DONE
        self.is_on = False
        self.calls = 0

    @property
    def process(self) -> Process | None:
        return self.processes.get(getcurrent())

    def pass_(self, call: Call, act: Act, faults: dict[Fate, Does]) -> Any:
        """Do the call as its fate has it. `faults` are the ways in which this service can fail at this call."""
        process = self.process
        if process is None or not self.is_on:
            return act()
        if process.is_dead:
            raise Killed
        self.calls += 1
        process.calls += 1
        fate = self.decide(process, call, faults)
        if process.is_dead or fate in DEATHS:
            if not process.is_dead and fate is Fate.DIES_AFTER:
                act()
            process.is_dead = True
            raise Killed
        return act() if fate is Fate.DONE else faults[fate](act)
