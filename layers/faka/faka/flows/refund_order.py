"""A person of the shop gives money back: an order's, or a movement that bought nothing.

| order | whole | a part |
|---|---|---|
| paid, no goods yet | FAILED, its funds go back; not a top-up that is on its way | not while goods may still come |
| goods never shown | RETURNED, the cards become stock | the goods stay the buyer's |
| goods shown | the cards go into quarantine | the goods stay the buyer's |
| in an account | the goods stay the buyer's | the same |
"""

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.orders.errors import NotRefundable, OrderMoved
from faka.contexts.orders.model import Order, OrderState
from faka.contexts.orders.refunds import with_note
from faka.contexts.payments.model import Receipt, ReceiptState
from faka.contexts.payments.refunds import REFUND_DEADLINE, Refund, RefundExists, RefundSource
from faka.kernel.delivery import DeliveryKind
from faka.kernel.errors import InvalidRequest, TransactionBusy
from faka.kernel.ids import OrderId, RefundId, refund_id
from faka.kernel.money import Money
from faka.kernel.refund import RefundStatus
from faka.platform.table import Write
from faka.steps.refund import give_up, pay_back, take_back
from faka.steps.refund.hear import done
from faka.steps.refund.request import note_of, receipt_refund, requested
from faka.steps.release import commit_return, stock_runs
from faka.wiring import Deps


TRIES_MAX = 4
REASON_MAX = 200
"""A sentence, not a letter."""


class RefundUndecided(InvalidRequest):
    """The refund is not in a state in which a person decides about it."""


def refund_order(deps: Deps, order_id: OrderId, amount_minor: int | None, reason: str, by: str) -> Order:
    """Give back all that is left of an order's money, or `amount_minor` of it.

    Raises: OrderNotFound, NothingToRefund, NotRefundable, InvalidRequest, TransactionBusy.
    """
    _require_reason(reason, by)
    for _ in range(TRIES_MAX):
        order = deps.orders.get(order_id)
        try:
            return _refunded(deps, order, amount_minor, reason, by)
        except OrderMoved:
            continue
    raise TransactionBusy("refund")


def _refunded(deps: Deps, order: Order, amount_minor: int | None, reason: str, by: str) -> Order:
    now = deps.clock.now()
    is_whole = amount_minor is None or amount_minor == order.refundable_minor
    if order.state in (OrderState.PAID, OrderState.SHORT):
        _require_nothing_out(order)
        if not is_whole:
            raise NotRefundable("a part goes back only once the goods are there")
        return give_up(deps, order, reason, by, now, _answered(deps, order, f"refunded by {by}"))
    if order.state is not OrderState.COMPLETED:
        raise NotRefundable(order.id)
    if is_whole and order.revealed_at is None and not order.kind.goes_to_account:
        return take_back(deps, order, reason, by, now)
    amount = order.refundable_minor if amount_minor is None else amount_minor
    return pay_back(deps, order, Money(minor=amount, currency=order.total.currency), reason, by, now)


def _require_nothing_out(order: Order) -> None:
    """A top-up may have been charged while nobody knows it: its own end gives the money back. Raises: NotRefundable."""
    if order.kind is DeliveryKind.DIRECT_RECHARGE and order.state is OrderState.PAID:
        raise NotRefundable("a top-up is on its way; tell its recharge how it ended, that gives the money back")


def _answered(deps: Deps, order: Order, outcome: str) -> list[Write]:
    """The case that a short order opened; goods by hand have one of another kind."""
    if order.state is not OrderState.SHORT:
        return []
    return [deps.cases.closed(case_id(CaseKind.SHORT if order.kind.is_sealed else CaseKind.STUCK, order.id), outcome)]


def refund_receipt(deps: Deps, key: str, reason: str, by: str) -> Refund:
    """Give back a whole movement that bought nothing: of another amount, or for a number that we do not know.

    Asked twice it is one refund. Raises: RefundUndecided, InvalidRequest, TransactionBusy.
    """
    _require_reason(reason, by)
    for _ in range(TRIES_MAX):
        receipt = deps.payments.receipt(key)
        if receipt is None or receipt.state not in (ReceiptState.HELD, ReceiptState.ORPHAN, ReceiptState.REFUND_DUE):
            raise RefundUndecided("no such movement, or it paid an order")
        try:
            return _receipt_refunded(deps, receipt, reason, by)
        except RefundExists:
            return deps.refunds.get(refund_id(f"receipt:{key}"))
        except OrderMoved:
            continue
    raise TransactionBusy("refund")


def _receipt_refunded(deps: Deps, receipt: Receipt, reason: str, by: str) -> Refund:
    now = deps.clock.now()
    refund = receipt_refund(receipt, reason, by, now)
    order = deps.orders.find(receipt.order_id) if receipt.order_id is not None else None
    writes: list[Write] = [deps.payments.decided(receipt, ReceiptState.REFUND_DUE, reason), *requested(deps, refund, None, now)]
    writes.append(deps.cases.closed(case_id(CaseKind.MONEY, receipt.key), f"refunded by {by}"))
    if order is None:
        deps.tables.commit(writes)
        return refund
    held = tuple(one for one in order.held if one != receipt.key)
    changes = {**with_note(order, note_of(refund)), "held": held}
    if order.state is not OrderState.ON_HOLD or held:
        deps.tables.commit([*writes, deps.orders.replaced(order, order.changed(now, by, reason, **changes))])
        return refund
    # Nothing is left that could pay it: the cards that waited go back to stock with it.
    gone = (*order.gone, *dict.fromkeys(run.event for run in order.runs))
    ended = order.moved(OrderState.EXPIRED, now, by, reason, **changes, runs=(), gone=gone)
    commit_return(deps, order.sku_id, stock_runs(order.runs), lambda: [*writes, deps.orders.replaced(order, ended)])
    return refund


def refund_again(deps: Deps, refund: RefundId, reason: str, by: str, *, is_sure: bool = False) -> Refund:
    """Try a way that was closed once more, under a new number: the money has not left us.

    Where the provider said *failed* and later *done*, only somebody who looked at its own pages is sure.
    Raises: RefundMissing, RefundUndecided, InvalidRequest.
    """
    _require_reason(reason, by)
    before = deps.refunds.get(refund)
    if before.status is not RefundStatus.FAILED:
        raise RefundUndecided(f"{refund} is {before.status}")
    if before.doubt and not is_sure:
        raise RefundUndecided(f"{before.doubt}: look at the provider's own pages first")
    now = deps.clock.now()
    changes = {
        "id": refund_id(f"again:{refund}"),
        "source": RefundSource.FAILED,
        "status": RefundStatus.REQUESTED,
        "reason": reason,
        "actor": by,
        "version": 1,
        "tries": 0,
        "doubt": "",
        "created_at": now,
        "deadline_at": now + REFUND_DEADLINE,
        "due_at": now,
        "finished_at": None,
        "channel_refund_id": "",
    }
    after = before.model_copy(update=changes)
    writes = requested(deps, after, None, now)
    writes.append(deps.cases.closed(case_id(CaseKind.REFUND, refund), f"tried again by {by}"))
    order = deps.orders.find(before.order_id) if before.order_id is not None else None
    if order is not None:
        noted = with_note(order, note_of(after), instead_of=before.id)
        writes.append(deps.orders.replaced(order, order.changed(now, by, reason, **noted)))
    deps.tables.commit(writes)
    return after


def refund_by_hand(deps: Deps, refund: RefundId, reason: str, by: str) -> Refund:
    """A person found out that a refund was done, or sent the money through the provider's own pages.

    Of one that counts as done, or was tried again under another number, only the doubt is answered: a difference of money that is
    left shows in the nightly comparison, and is corrected there.
    Raises: RefundMissing, RefundUndecided, RefundMoved, InvalidRequest.
    """
    _require_reason(reason, by)
    before = deps.refunds.get(refund)
    outcome = f"done by hand: {reason} ({by})"
    if before.status is not RefundStatus.WITH_PERSON and not _is_doubted(deps, before):
        raise RefundUndecided(f"{refund} is {before.status}")
    is_tried_again = deps.refunds.find(refund_id(f"again:{refund}")) is not None
    if before.status is RefundStatus.SUCCEEDED or is_tried_again:
        deps.tables.apply(deps.cases.closed(case_id(CaseKind.REFUND, refund), outcome))
        return before
    now = deps.clock.now()
    return done(deps, before, now, "", now, outcome=outcome)


def _is_doubted(deps: Deps, refund: Refund) -> bool:
    """Whether a person is asked which of two words is true."""
    case = deps.cases.find(case_id(CaseKind.REFUND, refund.id)) if refund.doubt else None
    return case is not None and case.state == "OPEN"


def _require_reason(reason: str, by: str) -> None:
    if not 0 < len(reason.strip()) <= REASON_MAX or not by.strip():
        raise InvalidRequest(f"say who decides and why, in at most {REASON_MAX} characters")
