"""Many runs: how many of which scenario, in one process or several, and what they add up to."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.simulation.explore import Result, Site, run
from tests.simulation.gate import DEATHS
from tests.simulation.registry import SCENARIOS, Scenario


TWICE_ONE_IN = 100
"""Seeds that run twice and must give the same trace and the same rows."""

CHUNK = 250
"""Runs that one process takes at a time."""

FAILURES_KEPT = 20
"""A broken promise breaks thousands of runs; a person reads the first few."""


@dataclass
class Tally:
    """What a number of runs came to."""

    runs: int = 0
    steps: int = 0
    looks: int = 0
    deaths: int = 0
    faults: int = 0
    twice: int = 0
    distinct: dict[str, set[str]] = field(default_factory=dict)
    sites: dict[Site, set[str]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0

    def add(self, result: Result) -> None:
        self.runs += 1
        self.steps += result.steps
        self.looks += result.invariants
        fates: Counter[str] = Counter({str(fate): count for fate, count in result.fates.items()})
        deaths = sum(count for fate, count in result.fates.items() if fate in DEATHS)
        self.deaths += deaths
        self.faults += sum(fates.values()) - deaths
        self.distinct.setdefault(result.scenario, set()).add(result.fingerprint)
        for site, met in result.sites.items():
            self.sites.setdefault(site, set()).update(met)
        if result.wrong:
            self.failed += 1
            first = result.wrong[0]
            self._complain(f"{first.invariant} {first.subject}: {first.what} — {result.replay}")

    def merge(self, other: "Tally") -> None:
        for name in ("runs", "steps", "looks", "deaths", "faults", "twice", "failed", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for scenario, found in other.distinct.items():
            self.distinct.setdefault(scenario, set()).update(found)
        for site, met in other.sites.items():
            self.sites.setdefault(site, set()).update(met)
        for line in other.failures:
            self._complain(line)

    def _complain(self, line: str) -> None:
        if len(self.failures) < FAILURES_KEPT:
            self.failures.append(line)

    @property
    def distinct_runs(self) -> int:
        return sum(len(found) for found in self.distinct.values())


def shares(names: Iterable[str], total: int) -> dict[str, int]:
    """Runs of each scenario: by its share of all that are registered, so that parts add up to the whole."""
    whole = sum(each.share for each in SCENARIOS.values())
    return {name: round(total * SCENARIOS[name].share / whole) for name in names}


def walk(scenario: Scenario, seeds: range) -> Tally:
    """Runs of one scenario by seeds; every hundredth runs twice."""
    tally = Tally()
    began = time.process_time()
    for seed in seeds:
        is_twice = seed % TWICE_ONE_IN == 0
        result = run(scenario, seed, digests=is_twice)
        tally.add(result)
        if is_twice:
            tally.twice += 1
            again = run(scenario, seed, digests=True)
            if (again.fingerprint, again.rows) != (result.fingerprint, result.rows):
                tally.failed += 1
                tally._complain(f"I0 {scenario.name}: two runs of one seed differ — {result.replay}")
    tally.seconds = time.process_time() - began
    return tally


def walk_all(total: int, first: int, jobs: int) -> Iterator[Tally]:
    """Runs of all scenarios, in several processes; a tally for each chunk as it comes in."""
    chunks = [
        (name, start, min(start + CHUNK, first + count))
        for name, count in shares(SCENARIOS, total).items()
        for start in range(first, first + count, CHUNK)
    ]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(_chunk, chunks)


def _chunk(given: tuple[str, int, int]) -> Tally:
    import tests.simulation.scenarios  # noqa: F401 - registers them in this process

    name, start, end = given
    return walk(SCENARIOS[name], range(start, end))
