"""What an order's row holds besides plain values."""

from datetime import datetime

from faka.contexts.orders.states import MailState, OrderState
from faka.kernel.ids import RefundId
from faka.kernel.model import Frozen
from faka.kernel.refund import RefundStatus


class OwnedRun(Frozen):
    """Cards `start` to `start + count - 1` of the order's SKU, by claim `serial` of a shard."""

    shard: int
    serial: int
    start: int
    count: int
    batch: int
    expires: str = ""

    @property
    def event(self) -> str:
        return f"{self.shard}-{self.serial}"

    @property
    def numbers(self) -> range:
        return range(self.start, self.start + self.count)


REFUNDS_MAX = 20
"""Refunds that one order remembers. WeChat Pay allows fifty parts of one payment; nobody has needed twenty."""


class RefundNote(Frozen):
    """What the order's row knows of one refund; its own row knows the rest."""

    id: RefundId
    amount_minor: int
    status: RefundStatus
    is_own: bool
    """Out of what the order cost; else money beside it."""


class Question(Frozen):
    """The buyer is asked for another account: nothing can arrive at his."""

    since: datetime
    until: datetime
    """His money goes back then."""
    mail: MailState


class Exchange(Frozen):
    """A card of the order that did not work, and the one that its buyer has instead, by their places in the stock of the order's SKU.

    It stays for good; where the other one does not work either, a further exchange begins at it.
    """

    old: int
    new: int
    by: str
    reason: str
    at: datetime


class Entry(Frozen):
    """One line of the order's own history, written in the same commit as the change."""

    at: datetime
    state: OrderState
    actor: str
    reason: str
