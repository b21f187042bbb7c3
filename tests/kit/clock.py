"""Time, chance and waiting under the test's hand."""

import random
from datetime import UTC, datetime, timedelta


START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""Noon of a Monday in Shanghai, far from any change of day."""


class FrozenClock:
    """Stands still until a test moves it."""

    def __init__(self, at: datetime = START) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
        self._at += timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        return self._at

    def set(self, at: datetime) -> None:
        self._at = at


class SeededChance:
    """The same bytes in each run of a test; two seeds never share a stream."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


class CountingPause:
    """Does not wait: counts what would have been waited, and moves a clock by it where one is given."""

    def __init__(self, clock: FrozenClock | None = None) -> None:
        self._clock = clock
        self.count = 0
        self.seconds = 0.0

    def __call__(self, seconds: float) -> None:
        self.count += 1
        self.seconds += seconds
        if self._clock is not None:
            self._clock.advance(seconds)
