"""The commits of settling, one function per outcome. Each holds the receipt and its ledger entry."""

from datetime import datetime, timedelta

from faka.contexts.cases import Case, CaseKind, case_id, open_case
from faka.contexts.ledger import model as ledger
from faka.contexts.orders.model import DeliveryState, MailState, Order, OrderState, OwnedRun
from faka.contexts.orders.refunds import with_note
from faka.contexts.payments.model import Payment, PaymentState, Receipt, ReceiptState
from faka.contexts.payments.providers.base import PaymentEvent
from faka.contexts.payments.refunds import Refund
from faka.kernel.ids import order_of, payment_of
from faka.platform.table import Write
from faka.steps.earn import earned
from faka.steps.refund.request import note_of, receipt_refund, requested
from faka.wiring import Deps


MAIL_PATIENCE = timedelta(seconds=45)
"""After it the sweep sends the mail itself, so that a lost event costs less than two minutes."""

HELD_MAX = 8
"""Receipts of a wrong amount that one order remembers. Each has its case anyway; nobody errs nine times."""

FULFIL_PATIENCE = timedelta(seconds=45)
"""The same for goods that are not handed over in the payment's own commit."""


def paid(
    deps: Deps, payment: Payment, order: Order, event: PaymentEvent, now: datetime, late_runs: tuple[OwnedRun, ...] | None = None
) -> list[Write]:
    """The order is paid; sealed goods that it holds are its own from this commit on.

    Money of another amount that came before and was held is now money that bought nothing: it is due back.
    """
    is_late = late_runs is not None
    runs = order.runs if late_runs is None else late_runs
    goods = order.total - order.fee
    fee = payment.amount - goods
    receipt = _receipt(event, ReceiptState.APPLIED, "late" if is_late else "", now)
    changes: dict[str, object] = {
        "paid_at": now,
        "paid_by": receipt.key,
        "runs": runs,
        "is_late": is_late,
        "mail": MailState.DUE if order.contact else MailState.NONE,
        "channel_id": payment.channel_id,  # an attempt given up for another way may be the paid one
        "total": payment.amount,
        "fee": fee,
    }
    stray = _held_refunds(deps, order, now)
    for refund, _ in stray:
        changes |= with_note(order.model_copy(update=changes), note_of(refund))
    changes |= {"held": ()}
    reason = f"{event.source.lower()} of {event.channel_id}"
    if order.kind.is_sealed:
        due_at = now + MAIL_PATIENCE if order.contact else None
        changes |= {"completed_at": now, "delivery": DeliveryState.READY, "due_at": due_at}
        after = order.moved(OrderState.COMPLETED, now, "settle", reason, **changes)
        earning = earned(deps, after, runs, goods, fee, now)
    else:
        kept = {"funds_minor": payment.amount.minor, "due_at": now + FULFIL_PATIENCE}
        after = order.moved(OrderState.PAID, now, "settle", reason, **changes, **kept)
        earning = []
    return [
        deps.orders.replaced(order, after),
        deps.payments.received(receipt),
        deps.payments.replaced(payment, payment.changed(state=PaymentState.SUCCEEDED, is_late=is_late, due_at=None)),
        deps.ledger.posted(ledger.receipt_applied(receipt.key, receipt.channel_id, order.id, receipt.amount, receipt.paid_at, now)),
        *earning,
        *(write for refund, held in stray for write in _held_is_due(deps, refund, held, now)),
    ]


def _held_refunds(deps: Deps, order: Order, now: datetime) -> list[tuple[Refund, Receipt]]:
    receipts = [deps.payments.receipt(key) for key in order.held]
    held = [receipt for receipt in receipts if receipt is not None and receipt.state is ReceiptState.HELD]
    return [(receipt_refund(receipt, "other amount beside the payment", "settle", now), receipt) for receipt in held]


def _held_is_due(deps: Deps, refund: Refund, receipt: Receipt, now: datetime) -> list[Write]:
    answered = deps.cases.closed(case_id(CaseKind.MONEY, receipt.key), "the order was paid in full; this goes back")
    return [deps.payments.decided(receipt, ReceiptState.REFUND_DUE, refund.reason), *requested(deps, refund, None, now), answered]


def refund_due(deps: Deps, payment: Payment, order: Order, event: PaymentEvent, now: datetime) -> list[Write]:
    """Money that bought nothing: booked in suspense, a refund requested, the order told."""
    reason = "second payment" if order.paid_at is not None else "paid too late and nothing left"
    receipt = _receipt(event, ReceiptState.REFUND_DUE, reason, now)
    refund = receipt_refund(receipt, reason, "settle", now)
    after = order.changed(now, "settle", reason, **with_note(order, note_of(refund)))
    seen = payment if payment.state is PaymentState.SUCCEEDED else payment.changed(state=PaymentState.SUCCEEDED, is_late=True, due_at=None)
    return [
        deps.orders.replaced(order, after),
        deps.payments.received(receipt),
        *([deps.payments.replaced(payment, seen)] if seen is not payment else []),
        *_suspended(deps, receipt, now),
        *requested(deps, refund, None, now),
    ]


def held(deps: Deps, payment: Payment, order: Order, event: PaymentEvent, now: datetime) -> list[Write]:
    """Not the amount that was asked for: booked in suspense, the order waits for a person, its cards stay held."""
    reason = f"asked {payment.amount.minor}, got {event.amount.minor} {event.amount.currency}"
    receipt = _receipt(event, ReceiptState.HELD, reason, now)
    kept = (*order.held, receipt.key)[-HELD_MAX:]
    if order.state is OrderState.PENDING_PAYMENT:
        after = order.moved(OrderState.ON_HOLD, now, "settle", reason, held=kept)
    else:
        after = order.changed(now, "settle", reason, held=kept)
    return [
        deps.orders.replaced(order, after),
        deps.payments.received(receipt),
        deps.payments.replaced(payment, payment.changed(state=PaymentState.MISMATCH, due_at=None)),
        *_suspended(deps, receipt, now),
        deps.cases.opened(_case(receipt, reason, now)),
    ]


def orphaned(deps: Deps, event: PaymentEvent, now: datetime) -> list[Write]:
    """Money for a number that we do not know: booked in suspense, a case for a person."""
    receipt = _receipt(event, ReceiptState.ORPHAN, "unknown number", now)
    return [
        deps.payments.received(receipt),
        *_suspended(deps, receipt, now),
        deps.cases.opened(_case(receipt, "money for an unknown number", now)),
    ]


def _receipt(event: PaymentEvent, state: ReceiptState, reason: str, now: datetime) -> Receipt:
    payment_id = payment_of(event.out_trade_no)
    return Receipt(
        channel_id=event.channel_id,
        channel_txn_id=event.channel_txn_id,
        payment_id=payment_id,
        order_id=order_of(payment_id) if payment_id else None,
        out_trade_no=event.out_trade_no,
        amount=event.amount,
        paid_at=event.paid_at or now,
        source=event.source,
        state=state,
        reason=reason,
        recorded_at=now,
    )


def _suspended(deps: Deps, receipt: Receipt, now: datetime) -> list[Write]:
    return [deps.ledger.posted(ledger.receipt_suspended(receipt.key, receipt.channel_id, receipt.amount, receipt.paid_at, now))]


def _case(receipt: Receipt, reason: str, now: datetime) -> Case:
    return open_case(CaseKind.MONEY, receipt.key, receipt.order_id or receipt.key, reason, now)
