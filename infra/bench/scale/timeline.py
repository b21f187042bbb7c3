"""Simulated time: works are greenlets that park until a moment, and the timeline goes from one moment to the next."""

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]


START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""Noon of a Monday in Shanghai, far from any change of day."""


class Timeline:
    """`now` is seconds since the start. Two works of one moment go on in the order in which they parked."""

    def __init__(self) -> None:
        self.now = 0.0
        self._hub = getcurrent()
        self._waiting: list[tuple[float, int, Callable[[], object]]] = []
        self._serial = itertools.count()

    def at(self, moment: float, work: Callable[[], object]) -> None:
        """Begin a work at a moment."""
        self._push(moment, lambda: greenlet(lambda: work() and None).switch())

    def wait(self, seconds: float) -> None:
        """Park the work that calls; outside of any work, time just passes."""
        mine = getcurrent()
        if mine is self._hub:
            self.now += seconds
            return
        self._push(self.now + max(0.0, seconds), mine.switch)
        self._hub.switch()

    def run(self) -> None:
        """Go on until nothing waits any more."""
        while self._waiting:
            self.now, _, go_on = heapq.heappop(self._waiting)
            go_on()

    def _push(self, moment: float, go_on: Callable[[], object]) -> None:
        heapq.heappush(self._waiting, (moment, next(self._serial), go_on))


class SimulatedClock:
    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def now(self) -> datetime:
        return START + timedelta(seconds=self._timeline.now)


class Chance:
    """The same bytes for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


def arrivals(seed: int, count: int, within_s: float, first_s: float = 0.0) -> list[float]:
    """Moments at which so many buyers come, anywhere in the span, in order."""
    chance = random.Random(f"arrivals {seed}")
    return sorted(first_s + chance.random() * within_s for _ in range(count))
