"""Rows of ours as lines that a bill can be held against."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from faka.contexts.orders.model import Order, OrderState
from faka.contexts.payments.model import Payment, Receipt, ReceiptState
from faka.contexts.payments.refunds import Refund, refund_from, refund_key
from faka.contexts.payments.store import payment_from, payment_key, receipt_from, receipt_key
from faka.contexts.statements.compare import WAITING
from faka.contexts.statements.lines import ATTEMPT, PAY, REFUND, Ours, Theirs
from faka.contexts.statements.reduce import Known
from faka.kernel.clock import business_day, epoch_s
from faka.kernel.ids import ChannelId, OrderId, out_trade_no, payment_of, refund_of
from faka.platform.table import Item, Key
from faka.wiring import Deps


HANDED_OVER_WITHIN = timedelta(hours=1)
"""A paid order heals within two minutes; what waits for an hour waits for somebody."""


def ours_of(deps: Deps, rows: Iterable[Item], day: date | None = None) -> Iterator[Ours]:
    """Lines of receipts and refunds. `day`: where they are listed; None: where they belong by themselves.

    Raises: UnknownState.
    """
    rows = list(rows)
    receipts = [receipt_from(row) for row in rows if row["sk"] == "CHANNELTXN"]
    orders = deps.orders.get_many([r.order_id for r in receipts if r.order_id and r.state is ReceiptState.APPLIED])
    now = deps.clock.now()
    for receipt in receipts:
        yield receipt_line(receipt, day, _goods(orders, receipt.order_id, now))
    for row in rows:
        if row["sk"] == "REFUND":
            yield refund_line(refund_from(row), day)


def rows_of(deps: Deps, keys: Sequence[Key]) -> list[Item]:
    """Those that exist, read strongly."""
    return list(deps.tables.batch_get(keys).values())


def receipt_line(receipt: Receipt, day: date | None = None, goods: str = "") -> Ours:
    return Ours(
        PAY,
        receipt.state.value,
        receipt.out_trade_no,
        receipt.channel_txn_id,
        "",
        "",
        str(receipt.amount.minor),
        receipt.amount.currency.value,
        str(epoch_s(receipt.paid_at)),
        (day or business_day(receipt.paid_at)).isoformat(),
        receipt.order_id or "",
        goods,
    )


def refund_line(refund: Refund, day: date | None = None) -> Ours:
    return Ours(
        REFUND,
        refund.status.value,
        refund.out_trade_no,
        refund.channel_txn_id,
        refund.number,
        refund.channel_refund_id,
        str(-refund.amount.minor),
        refund.amount.currency.value,
        str(epoch_s(refund.finished_at or refund.created_at)),
        (day or business_day(refund.created_at)).isoformat(),
        refund.order_id or "",
        "",
    )


def attempt_line(payment: Payment) -> Ours:
    number, amount = out_trade_no(payment.id), payment.amount
    at = payment.created_at
    facts = (str(amount.minor), amount.currency.value, str(epoch_s(at)), business_day(at).isoformat())
    return Ours(ATTEMPT, payment.state.value, number, "", "", "", *facts, payment.order_id, "")


def known_for(deps: Deps, channel: ChannelId, lines: Sequence[Theirs]) -> Known:
    """What our rows say, strongly, about lines of a bill that met nothing of their day.

    Raises: UnknownState.
    """
    wanted = [key for line in lines for key in _keys_for(channel, line)]
    rows = deps.tables.batch_get(wanted)
    receipts = [receipt_from(row) for key, row in rows.items() if key.sk == "CHANNELTXN"]
    payments = [payment_from(row) for key, row in rows.items() if key.sk == "PAYMENT"]
    refunds = [refund_from(row) for key, row in rows.items() if key.sk == "REFUND"]
    return Known(
        receipts={receipt.channel_txn_id: receipt_line(receipt) for receipt in receipts},
        attempts={out_trade_no(payment.id): attempt_line(payment) for payment in payments if payment.channel_id == channel},
        refunds={refund.number: refund_line(refund) for refund in refunds if refund.channel_id == channel},
    )


def _keys_for(channel: ChannelId, line: Theirs) -> Iterator[Key]:
    if line.kind == REFUND:
        refund = refund_of(line.refund_no)
        if refund is not None:
            yield refund_key(refund)
        return
    if line.txn:
        yield receipt_key(channel, line.txn)
    payment = payment_of(line.number)
    if payment is not None:
        yield payment_key(payment)


def _goods(orders: dict[OrderId, Order], order_id: OrderId | None, now: datetime) -> str:
    order = orders.get(order_id) if order_id else None
    if order is None or order.paid_at is None or now - order.paid_at < HANDED_OVER_WITHIN:
        return ""
    is_short = order.state is OrderState.SHORT and (order.short_until is None or order.short_until < now)
    return WAITING if order.state is OrderState.PAID or is_short else ""
