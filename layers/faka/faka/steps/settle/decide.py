"""The pure rule: what a fact about money means for an order."""

from datetime import datetime, timedelta
from enum import StrEnum

from faka.contexts.orders.model import Order, OrderState
from faka.contexts.payments.model import Payment
from faka.contexts.payments.providers.base import EventSource, EventState, PaymentEvent


LATE_MAX = timedelta(days=7)
"""A late payment still buys its goods within a week, at the price of then; later the buyer has long given up."""

_WAITING = frozenset({OrderState.PENDING_PAYMENT, OrderState.ON_HOLD})
_ENDED_UNPAID = frozenset({OrderState.EXPIRED, OrderState.CANCELED})


class Outcome(StrEnum):
    NOTHING = "NOTHING"
    """No money in it, or money that is booked already."""
    PAY = "PAY"
    """The order gets its goods from the cards that it holds."""
    PAY_LATE = "PAY_LATE"
    """The order ended unpaid; claim again, and refund when nothing is left."""
    REFUND = "REFUND"
    """Money that bought nothing: a second payment, or far too late."""
    HOLD = "HOLD"
    """Not the amount that was asked for: nothing is delivered on it, a person decides."""
    ORPHAN = "ORPHAN"
    """Money for a number that we do not know."""


def decide(payment: Payment | None, order: Order | None, event: PaymentEvent, now: datetime) -> Outcome:
    """What to do about an event whose transaction is not booked yet."""
    if event.state is not EventState.SUCCEEDED:
        return Outcome.NOTHING
    if payment is None or order is None or payment.channel_id != event.channel_id:
        return Outcome.ORPHAN
    if event.source is EventSource.STAFF and order.paid_at is not None:
        return Outcome.NOTHING  # people said that it was paid, and it is: their word is no second payment that would go back
    if order.paid_at is None and event.amount != payment.amount:
        return Outcome.HOLD
    return _exact(order, now)


def _exact(order: Order, now: datetime) -> Outcome:
    """What the right amount buys."""
    if order.state in _WAITING and (order.owns_its_cards or not order.kind.is_sealed):
        return Outcome.PAY
    if order.state in _ENDED_UNPAID and now - order.created_at <= LATE_MAX:
        return Outcome.PAY_LATE if order.kind.is_sealed else Outcome.PAY
    return Outcome.REFUND
