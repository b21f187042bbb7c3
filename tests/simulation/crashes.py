"""Crash points and service faults, enumerated: every call of every branch of every flow, each death and each fault, once and twice.

A scenario runs straight through and lists the lives of its processes. The calls of one life, in order, are a *branch* of its function;
each branch that no scenario before has shown is taken apart: at each of its calls the process dies before it, dies after it, or the
service fails in each way that it knows. Then whoever takes over dies as well.

For the second death equal points count once: dying before a call is dying after the one before it, and dying after a read is dying
before it, because nothing outside of the process happens in between. So a life is cut after each of its writes, and before the first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.simulation.explore import Result, perform
from tests.simulation.gate import DEATHS, Call, Does, Fate, Process
from tests.simulation.play import Habits
from tests.simulation.registry import Scenario
from tests.simulation.strategies import Aimed


CALM = Habits(minutes=0, repeats=0)

READS = frozenset(
    {"get_item", "query", "batch_get_item", "get_secret_value", "generate_mac", "decrypt", "head_object", "get_object", "order", "download"}
)
"""Verbs after which nothing is different, at AWS and at a provider (`order`: epay's question)."""

Life = tuple[str, int]
"""Who, and which life of it."""

Branch = tuple[str, ...]
"""A function and the calls of one life of it, in order."""


class Listening(Aimed):
    """Notes each call of each life, and how the service could have failed there."""

    def __init__(self, who: str = "", shots: Mapping[tuple[int, int], Fate] | None = None) -> None:
        super().__init__(who, shots or {})
        self.lives: dict[Life, list[tuple[Call, tuple[Fate, ...]]]] = {}
        self.functions: dict[Life, str] = {}

    def fate(self, step: int, process: Process, call: Call, faults: Mapping[Fate, Does]) -> Fate:
        who, _, life = process.name.rpartition(".")
        self.lives.setdefault((who, int(life)), []).append((call, tuple(sorted(faults))))
        self.functions[who, int(life)] = process.function
        return super().fate(step, process, call, faults)

    def branch(self, life: Life) -> Branch:
        return (self.functions[life], *(str(call) for call, _ in self.lives[life]))

    def cuts(self, life: Life) -> list[tuple[int, Fate]]:
        """Where a life can end and leave another world behind: before its first call, and after each write."""
        calls = self.lives.get(life, [])
        after = [(at, Fate.DIES_AFTER) for at, (call, _) in enumerate(calls, 1) if call.verb not in READS and call.service != "wait"]
        return [(1, Fate.DIES_BEFORE), *after] if calls else []


@dataclass
class Coverage:
    """What was aimed at and hit."""

    branches: set[Branch] = field(default_factory=set)
    points: int = 0
    deaths: int = 0
    faults: int = 0
    doubles: int = 0
    missed: list[str] = field(default_factory=list)
    """Shots that found nothing there: the run took another course before it came to them."""
    failures: list[str] = field(default_factory=list)
    broken: list[Result] = field(default_factory=list)
    sites: dict[str, set[str]] = field(default_factory=dict)
    """Function and call → the fates that befell it."""

    def run(self, scenario: Scenario, strategy: Listening, what: str, shots: int = 0) -> None:
        result = perform(scenario, -1, strategy, CALM, aimed=True)
        for (function, call), fates in result.sites.items():
            self.sites.setdefault(f"{function} {call}", set()).update(fates)
        if strategy.hit < shots:
            self.missed.append(f"{scenario.name}: {what}")
        if result.wrong:
            self.broken.append(result)
            self.failures += [f"{scenario.name}: {what}: {each.invariant} {each.subject}: {each.what}" for each in result.wrong]


def enumerate_crashes(found: Coverage, scenario: Scenario, *, twice: bool = True) -> None:
    """Take every branch apart that `found` does not know yet."""
    straight = Listening()
    found.run(scenario, straight, "straight")
    for life in straight.lives:
        branch = straight.branch(life)
        if branch not in found.branches:
            found.branches.add(branch)
            _once(found, scenario, straight, life)
            if twice:
                _twice(found, scenario, straight, life)


def _once(found: Coverage, scenario: Scenario, straight: Listening, life: Life) -> None:
    (who, number) = life
    for at, (call, faults) in enumerate(straight.lives[life], 1):
        found.points += 1
        for fate in (*DEATHS, *faults):
            found.run(scenario, Listening(who, {(number, at): fate}), f"{who}.{number} call {at} ({call}) {fate}", shots=1)
            found.deaths += fate in DEATHS
            found.faults += fate not in DEATHS


def _twice(found: Coverage, scenario: Scenario, straight: Listening, life: Life) -> None:
    """The next life of the same process ends as well, wherever that leaves another world."""
    (who, number) = life
    for at, fate in straight.cuts(life):
        first = Listening(who, {(number, at): fate})
        perform(scenario, -1, first, CALM, aimed=True)
        for second, other in first.cuts((who, number + 1)):
            shots = {(number, at): fate, (number + 1, second): other}
            found.run(scenario, Listening(who, shots), f"{who}.{number} {fate} call {at}, then {other} call {second}", shots=2)
            found.doubles += 1


def branches(scenarios: Iterator[Scenario]) -> set[Branch]:
    """The branches that straight runs of these scenarios show."""
    found: set[Branch] = set()
    for scenario in scenarios:
        straight = Listening()
        perform(scenario, -1, straight, CALM, aimed=True)
        found |= {straight.branch(life) for life in straight.lives}
    return found
