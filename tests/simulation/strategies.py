"""Who goes next, and what becomes of the call: random walks, priorities, a search of all schedules up to a bound, and replays."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.simulation.gate import DEATHS, Call, Does, Fate, Process


EXPECTED_STEPS = 60
"""Where faults are aimed at: most runs have 20 to 90 steps."""


class Strategy(Protocol):
    def pick(self, names: Sequence[str], weights: Sequence[float]) -> int: ...

    def fate(self, step: int, process: Process, call: Call, faults: Mapping[Fate, Does]) -> Fate: ...


@dataclass
class Weather:
    """How rough a run is: how many deaths and faults fall on it, and where."""

    deaths: int = 0
    faults: int = 0
    at: dict[int, bool] = field(default_factory=dict)
    """Step → whether it is a death."""

    def drawn(self, rng: random.Random) -> "Weather":
        self.at = {rng.randrange(1, EXPECTED_STEPS): False for _ in range(self.faults)}
        self.at |= {rng.randrange(1, EXPECTED_STEPS): True for _ in range(self.deaths)}
        return self


class Walk:
    """A seeded random walk. With `priorities` it is PCT: always the highest one, which changes at a few random steps."""

    def __init__(self, rng: random.Random, weather: Weather, *, changes: int = 0) -> None:
        self._rng = rng
        self._weather = weather.drawn(rng)
        self._priority: dict[str, float] | None = {} if changes else None
        self._change_at = {rng.randrange(1, EXPECTED_STEPS) for _ in range(changes)}
        self._step = 0

    def pick(self, names: Sequence[str], weights: Sequence[float]) -> int:
        self._step += 1
        if self._priority is None:
            return self._rng.choices(range(len(names)), weights)[0]
        for name in names:
            self._priority.setdefault(name, self._rng.random())
        best = max(range(len(names)), key=lambda i: self._priority[names[i]])  # type: ignore[index]
        if self._step in self._change_at:
            self._priority[names[best]] = -self._rng.random()
        return best

    def fate(self, step: int, process: Process, call: Call, faults: Mapping[Fate, Does]) -> Fate:
        is_death = self._weather.at.get(step)
        if is_death is None:
            return Fate.DONE
        if is_death:
            return self._rng.choice((Fate.DIES_BEFORE, Fate.DIES_AFTER))
        return self._rng.choice(sorted(faults)) if faults else Fate.DONE


class Given:
    """A list of choices, then always the first: the actor that ran goes on. Notes how many options each step had."""

    def __init__(self, choices: Sequence[int]) -> None:
        self._choices = choices
        self.taken: list[int] = []
        self.widths: list[int] = []

    def pick(self, names: Sequence[str], weights: Sequence[float]) -> int:
        at = len(self.taken)
        choice = self._choices[at] if at < len(self._choices) else 0
        self.taken.append(choice)
        self.widths.append(len(names))
        return choice

    def fate(self, step: int, process: Process, call: Call, faults: Mapping[Fate, Does]) -> Fate:
        return Fate.DONE


def schedules(run: Callable[[Given], Any], preemptions_max: int) -> Iterator[Any]:
    """Every schedule with at most so many switches away from an actor that could go on, each once, depth first."""
    waiting: list[list[int]] = [[]]
    while waiting:
        given = Given(prefix := waiting.pop())
        yield run(given)
        for at in range(len(prefix), len(given.taken)):
            before = given.taken[:at]
            if sum(choice > 0 for choice in before) < preemptions_max:
                waiting += [[*before, choice] for choice in range(1, given.widths[at])]


class Aimed:
    """No switching; one fate at the n-th call of a named process (`who.1`), another at one of a later life of it."""

    def __init__(self, who: str, shots: Mapping[tuple[int, int], Fate]) -> None:
        """`shots`: (life, call), both from 1 → fate."""
        self._who = who
        self._shots = shots
        self.hit = 0

    def pick(self, names: Sequence[str], weights: Sequence[float]) -> int:
        return 0

    def fate(self, step: int, process: Process, call: Call, faults: Mapping[Fate, Does]) -> Fate:
        who, _, life = process.name.rpartition(".")
        fate = self._shots.get((int(life), process.calls)) if who == self._who else None
        if fate is None or (fate not in DEATHS and fate not in faults):
            return Fate.DONE
        self.hit += 1
        return fate
