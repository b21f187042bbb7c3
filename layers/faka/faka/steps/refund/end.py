"""Ending an order with its money on the way back: orders that never got their goods, and goods that nobody ever saw."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from faka.contexts.orders.errors import NothingToRefund
from faka.contexts.orders.model import DeliveryState, MailState, Order, OrderState
from faka.contexts.orders.refunds import funds_after, with_note
from faka.contexts.payments.model import Receipt
from faka.contexts.payments.refunds import Refund, RefundSource
from faka.kernel.money import Money
from faka.platform.table import Write
from faka.steps.earn import recovered
from faka.steps.refund.request import note_of, own_refund, requested
from faka.steps.release import commit_return, stock_runs
from faka.steps.withheld import answered
from faka.wiring import Deps


_AS_IT_IS: Mapping[str, object] = {}


def give_up(deps: Deps, order: Order, reason: str, actor: str, now: datetime, also: Sequence[Write] = ()) -> Order:
    """A paid order that has no goods ends; what is kept for it goes back.

    Raises: NothingToRefund, OrderMoved.
    """
    refund = _refund(deps, order, Money(minor=order.funds_minor, currency=order.total.currency), RefundSource.FUNDS, reason, actor, now)
    noted = with_note(order, note_of(refund))
    left = funds_after(order, refund.amount.minor)
    after = order.moved(OrderState.FAILED, now, actor, reason, **noted, funds_minor=left, due_at=None)
    deps.tables.commit([deps.orders.replaced(order, after), *requested(deps, refund, order, now), *also])
    return after


def take_back(deps: Deps, order: Order, reason: str, actor: str, now: datetime, also: Sequence[Write] = ()) -> Order:
    """Goods that were never shown become stock again, and all that is left of their money goes back.

    The order's version is the judge between this and an opening of the goods: one of them finds the row changed.
    Raises: NothingToRefund, OrderMoved, TransactionBusy.
    """
    amount = Money(minor=order.refundable_minor, currency=order.total.currency)
    refund = _refund(deps, order, amount, RefundSource.SALES, reason, actor, now)
    gone = (*order.gone, *dict.fromkeys(run.event for run in order.runs))
    mail = MailState.NONE if order.mail is MailState.DUE else order.mail
    changes = {"runs": (), "gone": gone, "delivery": DeliveryState.RETURNED, "mail": mail, "due_at": None}
    after = order.moved(OrderState.RETURNED, now, actor, reason, **with_note(order, note_of(refund)), **changes)

    def arbiter() -> list[Write]:
        back = recovered(deps, order, order.runs, refund.id, now)
        answer = answered(deps, order, after, f"paid back by {actor}")
        return [deps.orders.replaced(order, after), *requested(deps, refund, order, now), *back, *answer, *also]

    commit_return(deps, order.sku_id, stock_runs(order.runs), arbiter)
    return after


def pay_back(
    deps: Deps,
    order: Order,
    amount: Money,
    reason: str,
    actor: str,
    now: datetime,
    also: Sequence[Write] = (),
    changed: Mapping[str, object] = _AS_IT_IS,
) -> Order:
    """Some or all of the money of goods that stay where they are: the buyer has seen them, or keeps them.

    Goods that were shown and are paid back in whole are in quarantine: nobody is shown them again, and they never become stock.
    `changed` is what else the order's row says from then on.
    Raises: NothingToRefund, OrderMoved.
    """
    refund = _refund(deps, order, amount, RefundSource.SALES, reason, actor, now)
    changes = {**changed, **with_note(order, note_of(refund))}
    if amount.minor == order.refundable_minor and order.revealed_at is not None:
        changes |= {"delivery": DeliveryState.REVOKED}
    after = order.changed(now, actor, reason, **changes)
    answer = answered(deps, order, after, f"paid back by {actor}")
    deps.tables.commit([deps.orders.replaced(order, after), *requested(deps, refund, order, now), *answer, *also])
    return after


def receipt_of(deps: Deps, order: Order) -> Receipt:
    """The money that paid an order. Raises: NothingToRefund when none did."""
    receipt = deps.payments.receipt(order.paid_by) if order.paid_by else None
    if receipt is None:
        raise NothingToRefund(order.id)
    return receipt


def _refund(deps: Deps, order: Order, amount: Money, source: RefundSource, reason: str, actor: str, now: datetime) -> Refund:
    if amount.minor <= 0:
        raise NothingToRefund(order.id)
    return own_refund(order, receipt_of(deps, order), amount, source, reason, actor, now)
