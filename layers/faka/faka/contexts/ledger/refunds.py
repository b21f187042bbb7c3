"""Postings of money that goes back.

| fact | transaction id | debit | credit |
|---|---|---|---|
| decided | `rfd:{refund}:due` | where the money stands: suspense, the order's funds, or sales and fees | refund:{channel}:in_transit |
| the provider did it | `rfd:{refund}:ok` | refund:{channel}:in_transit | psp:{channel}:clearing |
| the way is closed | `rfd:{refund}:fail` | refund:{channel}:in_transit | suspense:failed_refunds |
| it came back later | `rfd:{refund}:back` | psp:{channel}:clearing | suspense:failed_refunds |
| a person found it done after all | `rfd:{refund}:late` | suspense:failed_refunds | psp:{channel}:clearing |

What is in transit or failed is still the customer's; it leaves our books only where the provider gave it to him.
"""

from datetime import datetime

from faka.contexts.ledger.accounts import clearing, failed_refunds, fees, in_transit, sales, suspense
from faka.contexts.ledger.transaction import Moves, Transaction, booked
from faka.kernel.ids import ChannelId, RefundId
from faka.kernel.money import Money


def from_suspense(amount: Money) -> list[tuple[str, int]]:
    return [(suspense(amount.currency), amount.minor)]


def from_failed(amount: Money) -> list[tuple[str, int]]:
    return [(failed_refunds(amount.currency), amount.minor)]


def from_sales(amount: Money, goods_minor: int, before_minor: int) -> list[tuple[str, int]]:
    """Out of what was earned: the goods' price first, the fee last, counted over all refunds of the order together."""
    after_minor = before_minor + amount.minor
    goods = min(goods_minor, after_minor) - min(goods_minor, before_minor)
    return [(sales(amount.currency), goods), (fees(amount.currency), amount.minor - goods)]


def refund_due(refund: RefundId, channel_id: ChannelId, amount: Money, source: Moves, at: datetime) -> Transaction:
    return _posting(refund, "due", amount, source, in_transit(channel_id, amount.currency), at)


def refund_done(refund: RefundId, channel_id: ChannelId, amount: Money, done_at: datetime, at: datetime) -> Transaction:
    way = [(in_transit(channel_id, amount.currency), amount.minor)]
    return _posting(refund, "ok", amount, way, clearing(channel_id, amount.currency), at, effective_at=done_at)


def refund_failed(refund: RefundId, channel_id: ChannelId, amount: Money, at: datetime) -> Transaction:
    way = [(in_transit(channel_id, amount.currency), amount.minor)]
    return _posting(refund, "fail", amount, way, failed_refunds(amount.currency), at)


def refund_came_back(refund: RefundId, channel_id: ChannelId, amount: Money, at: datetime) -> Transaction:
    way = [(clearing(channel_id, amount.currency), amount.minor)]
    return _posting(refund, "back", amount, way, failed_refunds(amount.currency), at)


def refund_done_late(refund: RefundId, channel_id: ChannelId, amount: Money, done_at: datetime, at: datetime) -> Transaction:
    failed = from_failed(amount)
    return _posting(refund, "late", amount, failed, clearing(channel_id, amount.currency), at, effective_at=done_at)


def _posting(
    refund: RefundId, step: str, amount: Money, debits: Moves, credit: str, at: datetime, *, effective_at: datetime | None = None
) -> Transaction:
    credits_ = [(credit, amount.minor)]
    return booked(f"rfd:{refund}:{step}", f"refund_{step}", refund, amount.currency, debits, credits_, at, effective_at=effective_at)
