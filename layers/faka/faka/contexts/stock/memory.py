"""What one process remembers of "sold out", so that a storm of buyers for nothing does not become one of reads."""

from datetime import datetime, timedelta

from faka.contexts.stock.errors import OutOfStock
from faka.kernel.clock import Clock


SKUS_MAX = 256
"""More SKUs than that are not sold out at once in one process's half second; then it forgets all of them."""


class SoldOutMemory:
    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._for = timedelta(seconds=seconds)
        self._known: dict[str, tuple[datetime, int]] = {}

    def check(self, sku: str, quantity: int) -> None:
        """Raises: OutOfStock when that was the answer for as many or fewer cards a moment ago."""
        until, available = self._known.get(sku, (None, 0))
        if until is not None and quantity > available and self._clock.now() < until:
            raise OutOfStock(available)

    def note(self, sku: str, available: int) -> None:
        if self._for:
            if len(self._known) >= SKUS_MAX:
                self._known.clear()
            self._known[sku] = (self._clock.now() + self._for, available)

    def forget(self, sku: str) -> None:
        self._known.pop(sku, None)
