"""Outcomes of the stock that are not success."""

from typing import TYPE_CHECKING

from faka.kernel.errors import Conflict, Exhausted, Rejected, Unavailable


if TYPE_CHECKING:
    from faka.contexts.stock.model import Run


class OutOfStock(Exhausted):
    """Fewer cards than asked for, said after a strong read of all heads and of their next log rows.

    `taken` are runs that were claimed before the shortage showed. The caller gives them back in one commit with a write
    of an arbiter row (an order, or the fence of an order number), because only such a row can decide who owns them.
    """

    def __init__(self, available: int, taken: "tuple[Run, ...]" = ()) -> None:
        super().__init__(f"{available} available")
        self.available = available
        self.taken = taken


class StockBusy(Unavailable):
    """Too many steps without an end. `taken` must go back like that of `OutOfStock`."""

    def __init__(self, detail: str, taken: "tuple[Run, ...]" = ()) -> None:
        super().__init__(detail)
        self.taken = taken


class LogMoved(Conflict):
    """Somebody else wrote this log number first: ask for the writes again."""


class LinkMoved(Conflict):
    """Somebody else linked cards of the same batch first: read how far and go on from there."""


class TooManyBars(Rejected):
    """The SKU has more barred batches and numbers than its row may hold."""
