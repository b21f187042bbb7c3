"""Make one order good whose cards turned out bad: other cards while there are any, else its money. Each order once.

| the buyer | there are other cards | there are none |
|---|---|---|
| has not looked | he gets them | the whole order goes back |
| has looked | he gets them beside what he saw | the bad ones' price goes back; he keeps the good ones |
| has opened a one-use link | its price goes back | the same |
| paid nothing | he gets them | a person decides |
"""

from collections.abc import Sequence
from datetime import datetime

from faka.contexts.complaints import Made, MadeGood, MadeGoodAlready
from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.model import DeliveryState, Order, OrderState, OwnedRun
from faka.contexts.vault import Batch
from faka.kernel.errors import TransactionBusy
from faka.kernel.ids import OrderId
from faka.kernel.money import Money
from faka.steps.claim import claim_for
from faka.steps.earn import exchanged
from faka.steps.refund import pay_back, take_back
from faka.steps.release import disown, owned
from faka.steps.replace import call_a_person, within, without
from faka.steps.withheld import answered
from faka.wiring import Deps


TRIES_MAX = 4
"""The buyer may look at the same moment; each lost race re-reads."""

_LET_GO = (DeliveryState.RETURNED, DeliveryState.REVOKED, DeliveryState.NONE)


def bad_cards(order: Order, batch: Batch) -> list[OwnedRun]:
    return [run for run in order.runs if run.batch == batch.ordinal]


def make_good(deps: Deps, order_id: OrderId, batch: Batch, by: str) -> Made | None:
    """What was done; None where the order has no card of the batch any more, or none yet that is paid for.

    Writes: order, ledger, refund, and the row that says so; one commit.
    Raises: TransactionBusy, StockBusy, Throttled.
    """
    for _ in range(TRIES_MAX):
        order = deps.orders.get(order_id)
        runs = bad_cards(order, batch)
        if not runs or order.state is not OrderState.COMPLETED or order.delivery in _LET_GO:
            return None
        try:
            return _made(deps, order, batch, runs, by)
        except OrderMoved:
            continue
        except MadeGoodAlready:
            return None
    raise TransactionBusy("make good")


def _made(deps: Deps, order: Order, batch: Batch, runs: Sequence[OwnedRun], by: str) -> Made:
    count, now = sum(run.count for run in runs), deps.clock.now()
    if order.delivery is not DeliveryState.OPENED:
        fresh = claim_for(deps, order, count)
        if fresh is not None:
            try:
                _replaced(deps, order, batch, runs, owned(fresh), now)
            except (OrderMoved, MadeGoodAlready):
                disown(deps, deps.orders.get(order.id), fresh)
                raise
            return Made.REPLACED
        order = deps.orders.get(order.id)
    if order.refundable_minor:
        _refunded(deps, order, batch, count, by, now)
        return Made.REFUNDED
    row = deps.complaints.made_good(batch.id, MadeGood(order=order.id, what=Made.CASE, count=count, at=now))
    call_a_person(deps, order, f"cards of batch {batch.ordinal} are bad, there are no others, and it cost nothing", now, [row])
    return Made.CASE


def _replaced(deps: Deps, order: Order, batch: Batch, runs: Sequence[OwnedRun], fresh: tuple[OwnedRun, ...], now: datetime) -> None:
    numbers = {number for run in runs for number in run.numbers}
    kept = tuple(part for run in order.runs for part in without(run, numbers))
    left = {run.event for run in kept}
    gone = (*order.gone, *dict.fromkeys(run.event for run in order.runs if run.event not in left))
    delivery = order.delivery if order.revealed_at is not None and order.delivery is not DeliveryState.WITHHELD else _ready(order)
    changes = {"runs": (*kept, *fresh), "gone": gone, "delivery": delivery}
    after = order.changed(now, "replace", f"replaced {len(numbers)} bad cards of batch {batch.ordinal}", **changes)
    lost = [part for run in order.runs for part in within(run, numbers)]
    row = deps.complaints.made_good(batch.id, MadeGood(order=order.id, what=Made.REPLACED, count=len(numbers), at=now))
    answer = answered(deps, order, after, "made good with its batch")
    deps.tables.commit([deps.orders.replaced(order, after), row, *exchanged(deps, after, lost, fresh, now), *answer])


def _ready(order: Order) -> DeliveryState:
    """Cards that a person was asked about are there now; what was shown before stays shown."""
    return DeliveryState.READY if order.revealed_at is None else DeliveryState.REVEALED


def _refunded(deps: Deps, order: Order, batch: Batch, count: int, by: str, now: datetime) -> None:
    """All that is left of its money where no good card of it was seen, else the price of the bad ones: what is good stays his."""
    kept = tuple(run for run in order.runs if run.batch != batch.ordinal)
    is_whole = order.revealed_at is None or not kept
    minor = order.refundable_minor if is_whole else min(order.unit.minor * count, order.refundable_minor)
    made = MadeGood(order=order.id, what=Made.REFUNDED, count=count, amount_minor=minor, at=now)
    also = [deps.complaints.made_good(batch.id, made)]
    if order.revealed_at is None:
        take_back(deps, order, "its cards are bad and there are no others", by, now, also)
        return
    changes: dict[str, object] = {}
    if minor < order.refundable_minor:
        changes, lost = _left_with(order, kept, count), bad_cards(order, batch)
        after = order.model_copy(update={"version": order.version + 1})
        also += exchanged(deps, after, lost, (), now)
    amount = Money(minor=minor, currency=order.total.currency)
    pay_back(deps, order, amount, "cards of it are bad and there are no others", by, now, also, changes)


def _left_with(order: Order, kept: tuple[OwnedRun, ...], count: int) -> dict[str, object]:
    """The order's fields once its bad cards are nobody's: the good ones can still be looked at."""
    left = {run.event for run in kept}
    gone = (*order.gone, *dict.fromkeys(run.event for run in order.runs if run.event not in left))
    delivery = _ready(order) if order.delivery is DeliveryState.WITHHELD else order.delivery
    return {"runs": kept, "gone": gone, "paid_back": order.paid_back + count, "delivery": delivery}
