"""A few seconds of memory for reads that many pages share."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from faka.kernel.clock import Clock
from faka.kernel.limits import CATALOG_CACHE_MAX, CATALOG_CACHE_S


Value = TypeVar("Value")
_AGE = timedelta(seconds=CATALOG_CACHE_S)


class Recent:
    """Answers younger than `CATALOG_CACHE_S`, at most `CATALOG_CACHE_MAX` of them; the oldest leaves first.

    Only found values are kept: a product that is published after a miss is seen at once, and made-up names fill nothing.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[datetime, Any]] = {}

    def get(self, key: tuple[str, str], read: Callable[[], Value], *, fresh: bool = False) -> Value:
        now = self._clock.now()
        kept = self._kept.get(key)
        if kept is not None and not fresh and timedelta(0) <= now - kept[0] <= _AGE:
            return cast(Value, kept[1])
        value = read()
        self._kept.pop(key, None)
        # The age counts from before the read, so an answer is never older than promised.
        self._kept[key] = (now, value)
        while len(self._kept) > CATALOG_CACHE_MAX:
            self._kept.pop(next(iter(self._kept)), None)
        return value

    def forget(self) -> None:
        self._kept.clear()
