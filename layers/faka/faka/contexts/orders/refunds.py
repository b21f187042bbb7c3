"""What an order says about its refunds: pure, from the notes in its row."""

from collections.abc import Sequence

from faka.contexts.orders.errors import NothingToRefund, TooManyRefunds
from faka.contexts.orders.model import REFUNDS_MAX, Order, RefundNote, RefundState
from faka.kernel.errors import Broken
from faka.kernel.refund import RefundStatus


_OPEN = (RefundStatus.REQUESTED, RefundStatus.SUBMITTED)


class FundsOverdrawn(Broken):
    """More would leave an order's account than is in it."""


def refund_state(notes: Sequence[RefundNote], total_minor: int) -> RefundState:
    """The worst comes first: what a person must do, what is on its way, then what is done."""
    states = {note.status for note in notes}
    if not notes:
        return RefundState.NONE
    if states & {RefundStatus.FAILED, RefundStatus.WITH_PERSON}:
        return RefundState.FAILED
    if states & set(_OPEN):
        return RefundState.DUE
    own = sum(note.amount_minor for note in notes if note.is_own)
    if own == 0:
        return RefundState.EXTRA
    return RefundState.FULL if own == total_minor else RefundState.PARTIAL


def with_note(order: Order, note: RefundNote, *, instead_of: str = "") -> dict[str, object]:
    """The order's fields after one of its refunds begins or changes; `instead_of` names one that failed and is tried again.

    Raises: NothingToRefund when it would give back more than was paid; TooManyRefunds.
    """
    before = tuple(one for one in order.refunds if one.id != instead_of)
    is_new = note.id not in {one.id for one in before}
    is_further = is_new and len(before) == len(order.refunds)
    if is_further and len(before) >= REFUNDS_MAX:
        if note.is_own:
            raise TooManyRefunds(order.id)
        return {}  # money beside the order goes back whether or not there is room to say so
    if is_further and note.is_own and note.amount_minor > order.refundable_minor:
        raise NothingToRefund(order.id)
    notes = (*before, note) if is_new else tuple(note if one.id == note.id else one for one in before)
    return {"refunds": notes, "refund_state": refund_state(notes, order.total.minor)}


def funds_after(order: Order, amount_minor: int) -> int:
    """What is left in the order's account when an amount leaves it. Raises: FundsOverdrawn."""
    if amount_minor > order.funds_minor:
        raise FundsOverdrawn(order.id)
    return order.funds_minor - amount_minor
