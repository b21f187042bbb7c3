"""Runs of scenarios by seed: a random walk, priorities, or every schedule of a pair; each ends in a verdict."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from faka.steps.invariants import Violation
from tests.kit import roles
from tests.simulation import oracle, wiring
from tests.simulation.gate import DEATHS, Call, Fate
from tests.simulation.hearing import listening
from tests.simulation.play import Habits, Play
from tests.simulation.registry import Scenario
from tests.simulation.strategies import Given, Strategy, Walk, Weather, schedules


WATCHED_ONE_IN = 100
"""Runs of which every step is judged, not only the end."""

REPLAYED_ONE_IN = 10
"""Runs after which everything is delivered again."""

Site = tuple[str, str]
"""Function and call."""


@dataclass
class Result:
    """One run."""

    scenario: str
    seed: int
    fingerprint: str
    steps: int
    wrong: list[Violation]
    fates: Counter[Fate]
    sites: dict[Site, set[str]]
    """Every call that was met → the fates that befell it."""
    invariants: int = 1
    rows: str = ""
    """A digest of all tables at the end, where asked for."""
    trace: list[tuple[str, Call, Fate]] = field(default_factory=list)

    @property
    def replay(self) -> str:
        return f"python -m tests.simulation replay {self.scenario} {self.seed}"


def strategy_of(seed: int) -> tuple[Strategy, random.Random]:
    """Seven of ten runs walk, two follow priorities, one meets only rough weather; half of all have faults."""
    rng = random.Random(seed)
    kind = seed % 10
    weather = Weather(deaths=rng.randrange(3), faults=rng.randrange(3)) if seed % 2 or kind == 8 else Weather()
    return Walk(rng, weather, changes=rng.randrange(2, 5) if kind in (6, 7) else 0), rng


def run(scenario: Scenario, seed: int, *, keeps_trace: bool = False, digests: bool = False) -> Result:
    """One run by its name; the same name gives the same run."""
    strategy, rng = strategy_of(seed)
    is_watched, is_replayed = rng.randrange(WATCHED_ONE_IN) == 0, rng.randrange(REPLAYED_ONE_IN) == 0
    colds = random.Random(seed)
    return perform(
        scenario,
        seed,
        strategy,
        scenario.habits,
        watched=is_watched,
        replayed=is_replayed,
        cold=lambda: colds.random() < 0.3,
        keeps_trace=keeps_trace,
        digests=digests,
    )


def perform(
    scenario: Scenario,
    seed: int,
    strategy: Strategy,
    habits: Habits,
    *,
    aimed: bool = False,
    watched: bool = False,
    replayed: bool = False,
    cold: Callable[[], bool] = lambda: False,
    keeps_trace: bool = False,
    digests: bool = False,
) -> Result:
    cloud = scenario.stage().fork(_judged)
    cloud.picks_cold = cold
    play = Play(cloud, scenario.stage().facts, strategy, habits, is_aimed=aimed)
    wrong: list[Violation] = []
    checks = Counter[str]()

    def look() -> None:
        checks["looks"] += 1
        wrong.extend(oracle.of_rows(play, is_quiet=False))

    if watched:
        play.watch = look
    with listening() as heard, wiring.few_partitions():
        scenario.cast(play)
        if aimed:
            play.perform()
        else:
            play.race()
        steps, fingerprint = len(play.trace), play.fingerprint
        look()
        play.settle()
        play.end_of_holds()
        wrong += oracle.at_the_end(play, heard.lines)
        wrong += [Violation("I0", scenario.name, what) for what in scenario.then(play)]
        if replayed:
            wrong += oracle.replayed(play)
    wrong += [Violation("I0", "role", line) for line in roles.book.refused]
    roles.book.refused.clear()
    return Result(
        scenario.name,
        seed,
        fingerprint,
        steps,
        list(dict.fromkeys(wrong)),
        Counter(fate for _, _, fate in play.trace if fate is not Fate.DONE),
        _sites(play),
        checks["looks"] + 1,
        play.cloud.engine_digest() if digests else "",
        play.trace if keeps_trace else [],
    )


def _judged(function: str, service: str, verb: str, given: Mapping[str, Any]) -> None:
    """Each call is asked of the role of its function; an operator's commands run under his own rights."""
    if function != wiring.logical_id("operator"):
        roles.ask(function, service, verb, dict(given))


def _sites(play: Play) -> dict[Site, set[str]]:
    found: dict[Site, set[str]] = {}
    for who, call, fate in play.trace:
        found.setdefault((play.cloud.function_of[who], str(call)), set()).add("death" if fate in DEATHS else str(fate))
    return found


def every_schedule(scenario: Scenario, preemptions_max: int, schedules_max: int) -> Iterator[Result]:
    """All schedules of a pair with at most so many switches; without repeats and minutes, which would never end.

    Bound: `schedules_max`; who needs to know whether it was reached counts.
    """
    still = Habits(minutes=0, repeats=0)

    def one(given: Given) -> Result:
        return perform(scenario, -1, given, still)

    for count, result in enumerate(schedules(one, preemptions_max)):
        if count >= schedules_max:
            return
        yield result


def timeline(result: Result) -> str:
    """A run as a person reads it."""
    lines = [f"{scenario_line(result)}"]
    lines += [f"{n:4} {who:28} {call!s:60} {'' if fate is Fate.DONE else fate}" for n, (who, call, fate) in enumerate(result.trace, 1)]
    lines += [f"VIOLATED {each.invariant} {each.subject}: {each.what}" for each in result.wrong]
    return "\n".join(lines)


def scenario_line(result: Result) -> str:
    return f"{result.scenario} seed {result.seed}: {result.steps} steps, trace {result.fingerprint}"


def complain(results: list[Result]) -> str:
    """One line for each failure, with the line that replays it."""
    return "\n".join(f"{each.invariant} {each.subject}: {each.what} — {result.replay}" for result in results for each in result.wrong)
