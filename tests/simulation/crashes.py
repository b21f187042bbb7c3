"""Crash points and service faults, enumerated: every call of every process of a scenario, each death and each fault, once and twice.

The scenario runs straight through once to list its calls. Then, for each of them, it runs again and that call dies before, dies after
or fails in each way that its service knows. Twice: whoever took over after a death dies as well, at each of his calls.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.simulation.explore import Result, perform
from tests.simulation.gate import DEATHS, Call, Does, Fate, Process
from tests.simulation.play import Habits
from tests.simulation.registry import Scenario
from tests.simulation.strategies import Aimed


CALM = Habits(minutes=0, repeats=0)

Point = tuple[str, int, int]
"""Who, which life of it, which call of that life."""


class Listening(Aimed):
    """Hits nothing (yet) and lists what could be hit."""

    def __init__(self, who: str = "", shots: dict[tuple[int, int], Fate] | None = None) -> None:
        super().__init__(who, shots or {})
        self.points: dict[Point, tuple[Call, tuple[Fate, ...]]] = {}

    def fate(self, step: int, process: Process, call: Call, faults: "dict[Fate, Does]") -> Fate:  # type: ignore[override]
        who, _, life = process.name.rpartition(".")
        self.points[who, int(life), process.calls] = (call, (*DEATHS, *sorted(faults)))
        return super().fate(step, process, call, faults)


@dataclass
class Coverage:
    """What was aimed at and hit in one scenario."""

    scenario: str
    points: int = 0
    single_deaths: int = 0
    single_faults: int = 0
    doubles: int = 0
    missed: list[str] = field(default_factory=list)
    """Shots that found nothing there: the run took another course before it came to them."""
    failures: list[Result] = field(default_factory=list)
    by_call: dict[str, set[str]] = field(default_factory=dict)
    """Function and call → the fates that befell it."""


def enumerate_scenario(scenario: Scenario, *, twice: bool, part: tuple[int, int] = (0, 1)) -> Coverage:
    """All single points, and with `twice` all double ones; `part` (i, n) takes every n-th point of the first shot."""
    found = Coverage(scenario.name)
    baseline = Listening()
    _judged(found, scenario, baseline, "straight")
    points = list(baseline.points.items())
    found.points = len(points)
    for (who, life, at), (call, fates) in points[part[0] :: part[1]]:
        for fate in fates:
            shot = Listening(who, {(life, at): fate})
            _judged(found, scenario, shot, f"{who}.{life} call {at} ({call}) {fate}")
            if fate in DEATHS:
                found.single_deaths += 1
                if twice:
                    _again(found, scenario, shot, (who, life, at), fate)
            else:
                found.single_faults += 1
    return found


def _again(found: Coverage, scenario: Scenario, first: Listening, point: Point, fate: Fate) -> None:
    """The next life of the same process dies as well, at each of its calls in turn."""
    who, life, at = point
    calls = sorted(call for other, lived, call in first.points if (other, lived) == (who, life + 1))
    for second in calls:
        for other in DEATHS:
            shots = {(life, at): fate, (life + 1, second): other}
            _judged(found, scenario, Listening(who, shots), f"{who}.{life} call {at} {fate}, then call {second} {other}", hits=2)
            found.doubles += 1


def _judged(found: Coverage, scenario: Scenario, strategy: Listening, what: str, hits: int = 1) -> None:
    result = perform(scenario, -1, strategy, CALM, aimed=True, keeps_trace=True)
    for (function, call), fates in result.sites.items():
        found.by_call.setdefault(f"{function} {call}", set()).update(fates)
    if strategy._shots and strategy.hit < min(hits, len(strategy._shots)):
        found.missed.append(what)
    if result.wrong:
        result.fingerprint = what
        found.failures.append(result)


def complaints(coverages: Iterator[Coverage] | list[Coverage]) -> list[str]:
    return [
        f"{each.scenario}: {result.fingerprint}: {wrong.invariant} {wrong.subject}: {wrong.what}"
        for each in coverages
        for result in each.failures
        for wrong in result.wrong
    ]
