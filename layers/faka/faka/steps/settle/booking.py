"""Apply one event: read, decide, commit once; on a lost race read and decide again."""

from collections.abc import Sequence

from faka.contexts.ledger.store import AlreadyPosted
from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.model import Order
from faka.contexts.orders.store import from_item, order_key
from faka.contexts.payments.errors import PaymentMoved, ReceiptExists
from faka.contexts.payments.model import Payment
from faka.contexts.payments.providers.base import PaymentEvent
from faka.contexts.payments.store import payment_from, payment_key, receipt_key
from faka.kernel.errors import Conflict, TransactionBusy
from faka.kernel.ids import order_of, payment_of
from faka.platform.table import Write
from faka.steps import health
from faka.steps.claim import claim_for
from faka.steps.release import disown, owned
from faka.steps.settle.decide import Outcome, decide
from faka.steps.settle.writes import held, orphaned, paid, refund_due
from faka.wiring import Deps


TRIES_MAX = 6
"""Facts about one order that collide: two notices, a query and the sweep are four; more than six tries is a storm."""


def apply(deps: Deps, event: PaymentEvent, also: Sequence[Write] = ()) -> Outcome:
    """Book what an event says; `also` are writes of the caller that belong into the same commit (its notice is done).

    Writes: receipt, attempt, order, ledger (and refund and case where a decision is due), in one commit.
    Raises: TransactionBusy after `TRIES_MAX` lost races; Unavailable from the database. The event can be applied again.
    """
    for _ in range(TRIES_MAX):
        try:
            outcome = _once(deps, event, also)
        except (OrderMoved, PaymentMoved, ReceiptExists, AlreadyPosted):
            continue
        if outcome is not Outcome.NOTHING:
            health.taken(deps, event.channel_id, event.channel_txn_id, event.amount)
        return outcome
    raise TransactionBusy("settle")


def _once(deps: Deps, event: PaymentEvent, also: Sequence[Write]) -> Outcome:
    payment, order, is_booked = _read(deps, event)
    now = deps.clock.now()
    outcome = Outcome.NOTHING if is_booked else decide(payment, order, event, now)
    if outcome is Outcome.NOTHING:
        if also:
            deps.tables.commit(also)
        return outcome
    if payment is None or order is None or outcome is Outcome.ORPHAN:
        deps.tables.commit([*orphaned(deps, event, now), *also])
        return Outcome.ORPHAN
    if outcome is Outcome.PAY_LATE:
        return _pay_late(deps, payment, order, event, also)
    writes = {Outcome.PAY: paid, Outcome.HOLD: held, Outcome.REFUND: refund_due}[outcome]
    deps.tables.commit([*writes(deps, payment, order, event, now), *also])
    return outcome


def _pay_late(deps: Deps, payment: Payment, order: Order, event: PaymentEvent, also: Sequence[Write]) -> Outcome:
    """The order's own cards went back to stock: claim again, else the money is due back."""
    runs = claim_for(deps, order)
    if runs is None:
        current = deps.orders.get(order.id)
        deps.tables.commit([*refund_due(deps, payment, current, event, deps.clock.now()), *also])
        return Outcome.REFUND
    try:
        deps.tables.commit([*paid(deps, payment, order, event, deps.clock.now(), late_runs=owned(runs)), *also])
    except Conflict:  # the four of a lost race, and what `also` refuses
        disown(deps, deps.orders.get(order.id), runs)
        raise
    return Outcome.PAY_LATE


def _read(deps: Deps, event: PaymentEvent) -> tuple[Payment | None, Order | None, bool]:
    """Attempt, order and whether this movement is booked, in one strong read: the attempt's number names its order."""
    booked = receipt_key(event.channel_id, event.channel_txn_id)
    payment_id = payment_of(event.out_trade_no)
    if payment_id is None:
        return None, None, deps.tables.get(booked) is not None
    keys = [booked, payment_key(payment_id), order_key(order_of(payment_id))]
    rows = deps.tables.batch_get(keys)
    payment = payment_from(rows[keys[1]]) if keys[1] in rows else None
    order = from_item(rows[keys[2]]) if keys[2] in rows and "sku_id" in rows[keys[2]] else None
    return payment, order, booked in rows
