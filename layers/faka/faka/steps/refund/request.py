"""Deciding that money goes back: the writes of a commit that also says why."""

from datetime import datetime

from faka.contexts.ledger import model as ledger
from faka.contexts.ledger import refunds as postings
from faka.contexts.orders.model import Order, RefundNote
from faka.contexts.payments.model import Receipt
from faka.contexts.payments.refunds import REFUND_DEADLINE, Refund, RefundSource
from faka.kernel.ids import refund_id
from faka.kernel.money import Money
from faka.platform.table import Write
from faka.wiring import Deps


def receipt_refund(receipt: Receipt, reason: str, actor: str, now: datetime) -> Refund:
    """Give back a whole movement that bought nothing. One refund a receipt, whoever decides it."""
    return Refund(
        id=refund_id(f"receipt:{receipt.key}"),
        receipt=receipt.key,
        order_id=receipt.order_id,
        channel_id=receipt.channel_id,
        channel_txn_id=receipt.channel_txn_id,
        out_trade_no=receipt.out_trade_no,
        amount=receipt.amount,
        total=receipt.amount,
        source=RefundSource.SUSPENSE,
        reason=reason,
        actor=actor,
        created_at=now,
        deadline_at=now + REFUND_DEADLINE,
        due_at=now,
    )


def own_refund(order: Order, receipt: Receipt, amount: Money, source: RefundSource, reason: str, actor: str, now: datetime) -> Refund:
    """Give back some or all of what an order cost; the cause is the order and how many refunds it had before."""
    return Refund(
        id=refund_id(f"order:{order.id}:{len(order.refunds)}"),
        receipt=receipt.key,
        order_id=order.id,
        channel_id=receipt.channel_id,
        channel_txn_id=receipt.channel_txn_id,
        out_trade_no=receipt.out_trade_no,
        amount=amount,
        total=receipt.amount,
        source=source,
        is_own=True,
        reason=reason,
        actor=actor,
        created_at=now,
        deadline_at=now + REFUND_DEADLINE,
        due_at=now,
    )


def note_of(refund: Refund) -> RefundNote:
    return RefundNote(id=refund.id, amount_minor=refund.amount.minor, status=refund.status, is_own=refund.is_own)


def requested(deps: Deps, refund: Refund, order: Order | None, now: datetime) -> list[Write]:
    """The refund's row and its entry. `order` is as it was *before* this refund; its own row is the caller's to write."""
    due = postings.refund_due(refund.id, refund.channel_id, refund.amount, _stands(refund, order), now)
    return [deps.refunds.requested(refund), deps.ledger.posted(due)]


def _stands(refund: Refund, order: Order | None) -> list[tuple[str, int]]:
    """Where the ledger has the money now."""
    match refund.source:
        case RefundSource.FUNDS if order is not None:
            return [(ledger.funds(order.id, refund.amount.currency), refund.amount.minor)]
        case RefundSource.SALES if order is not None:
            return postings.from_sales(refund.amount, (order.total - order.fee).minor, order.given_back_minor)
        case RefundSource.FAILED:
            return postings.from_failed(refund.amount)
        case _:
            return postings.from_suspense(refund.amount)
