"""Asking the provider about an unpaid attempt, and ending an order that nobody paid.

```
due ──► query ──► paid                    → settle
                  not paid, before expiry → ask again by the ladder
                  not paid, expired       → close ──► closed / not known → order EXPIRED, cards back to stock
                                                      already paid       → query ──► settle
        no answer → a minute later; after CLOSE_PATIENCE_S the cards go back all the same (late money is still booked)
```
Stock goes back only after a certain answer, so that money in flight finds its cards.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from faka.contexts.orders.errors import OrderClosed
from faka.contexts.orders.model import Order, OrderState
from faka.contexts.payments.model import CLOSE_PATIENCE_S, EXPIRY_GRACE_S, Payment, PaymentState
from faka.contexts.payments.providers.adapter import Adapter
from faka.contexts.payments.providers.base import CloseResult, EventState, PaymentEvent, ProviderUnavailable
from faka.kernel.errors import Unavailable
from faka.kernel.ids import out_trade_no
from faka.platform.table import Write
from faka.steps import health
from faka.steps.release import commit_return, stock_runs
from faka.steps.settle import Outcome, apply
from faka.wiring import Deps


Answer = TypeVar("Answer")


def ask(deps: Deps, payment: Payment) -> Outcome:
    """Ask the provider once and act on the answer.

    Raises: PaymentMoved, OrderMoved when somebody else settled meanwhile; Unavailable from the database.
    """
    if not payment.is_open:
        return Outcome.NOTHING
    now = deps.clock.now()
    try:
        adapter = deps.adapter(payment.channel_id)
        outcome = _query(deps, adapter, payment)
        if outcome is not Outcome.NOTHING:
            return outcome
        if now >= payment.expires_at + timedelta(seconds=EXPIRY_GRACE_S):
            return end_unpaid(deps, adapter, payment, OrderState.EXPIRED, "expiry")
    except Unavailable:
        if now >= payment.expires_at + timedelta(seconds=CLOSE_PATIENCE_S):
            _ended(deps, payment, OrderState.EXPIRED, "expiry without the provider's answer")
            return Outcome.NOTHING
    later = payment.changed(checks=payment.checks + 1, checked_at=now, due_at=payment.next_check_at(now))
    deps.tables.apply(deps.payments.replaced(payment, later))
    return Outcome.NOTHING


def end_unpaid(deps: Deps, adapter: Adapter, payment: Payment, state: OrderState, actor: str) -> Outcome:
    """Close at the provider, then end the order as EXPIRED or CANCELED; money that came in between is settled instead."""
    if _closed(deps, adapter, payment) is CloseResult.ALREADY_PAID:
        return _query(deps, adapter, payment)
    _ended(deps, payment, state, actor)
    return Outcome.NOTHING


def closes(deps: Deps, payment: Payment) -> bool:
    """Close an attempt at its provider; False when its money is there already, which then is settled.

    Raises: ProviderUnavailable, ChannelClosed.
    """
    adapter = deps.adapter(payment.channel_id)
    if _closed(deps, adapter, payment) is not CloseResult.ALREADY_PAID:
        return True
    _query(deps, adapter, payment)
    return False


def _answered(deps: Deps, payment: Payment, ask_it: Callable[[], Answer]) -> Answer:
    """The provider's answer; whether it answers at all tells how healthy its channel is."""
    try:
        answer = ask_it()
    except ProviderUnavailable:
        health.noted(deps, payment.channel_id, False)
        raise
    health.noted(deps, payment.channel_id, True)
    return answer


def _closed(deps: Deps, adapter: Adapter, payment: Payment) -> CloseResult:
    return _answered(deps, payment, lambda: adapter.close(out_trade_no(payment.id), provider_ref=payment.provider_ref))


def _query(deps: Deps, adapter: Adapter, payment: Payment) -> Outcome:
    event = money_of(deps, adapter, payment)
    return apply(deps, event) if event is not None else Outcome.NOTHING


def money_of(deps: Deps, adapter: Adapter, payment: Payment) -> PaymentEvent | None:
    """What the provider says came in for an attempt; None when nothing did.

    Raises: ProviderUnavailable.
    """
    event = _answered(deps, payment, lambda: adapter.query(out_trade_no(payment.id), provider_ref=payment.provider_ref))
    return event if event is not None and event.state is EventState.SUCCEEDED else None


def _ended(deps: Deps, payment: Payment, state: OrderState, actor: str) -> None:
    now = deps.clock.now()
    order = deps.orders.get(payment.order_id)
    closed = deps.payments.replaced(payment, payment.changed(state=PaymentState.CLOSED, due_at=None, checked_at=now))
    if order.state is not OrderState.PENDING_PAYMENT:
        deps.tables.apply(closed)
        return
    ended = _given_back(order, state, now, actor)

    def arbiter() -> list[Write]:
        return [deps.orders.replaced(order, ended), closed]

    commit_return(deps, order.sku_id, stock_runs(order.runs), arbiter)


def _given_back(order: Order, state: OrderState, now: datetime, actor: str) -> Order:
    gone = (*order.gone, *dict.fromkeys(run.event for run in order.runs))
    return order.moved(state, now, actor, "not paid", runs=(), gone=gone)


def require_open(order: Order) -> None:
    """Raises: OrderClosed."""
    if order.state is not OrderState.PENDING_PAYMENT:
        raise OrderClosed(order.id)
