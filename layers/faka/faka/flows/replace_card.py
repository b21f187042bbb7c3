"""A card that its buyer has seen does not work: he gets another one under warranty, once, and the shop remembers which for which.

```
his card? ─► warranty, limits ─► another card ─► commit [order: old out, new in, exchange │ contact counted │ cost] ─► old card void
                    └── beyond them, or none left: a case, and no card
```
The exchange stands in the order's row for good. The commit is one, so whoever dies before it has changed nothing (the claimed card goes
back with the sweep), and whoever dies after it finds the exchange when he comes again, and ends the old card.
"""

from faka.contexts.cases import Case, CaseExists, CaseKind, case_id, open_case
from faka.contexts.orders.errors import NotReady, OrderMoved
from faka.contexts.orders.model import DeliveryState, Exchange, Order, OrderState
from faka.contexts.quotas.errors import TooManyTries
from faka.contexts.stock import Run
from faka.kernel.errors import InvalidRequest, NotFound, TransactionBusy
from faka.kernel.ids import CaseId, OrderId
from faka.kernel.model import Frozen
from faka.platform.table import Write
from faka.steps.claim import claim_for
from faka.steps.earn import exchanged
from faka.steps.release import disown, owned
from faka.steps.replace import within, without
from faka.steps.stop_batch import void_card
from faka.steps.warranty import OF_CONTACT_MAX, WARRANTY, WINDOW, Why, asks_a_person, who_asks
from faka.wiring import Deps


TRIES_MAX = 4
"""The buyer may look at the same moment; each lost race re-reads."""

REASON_MAX = 200


class CardNotOfOrder(NotFound):
    """The order neither has this card nor got another one for it."""


class Replacement(Frozen):
    """How it ended: another card, or a person's case."""

    order: OrderId
    exchange: Exchange | None = None
    why: Why | None = None
    case: CaseId | None = None


def replace_card(deps: Deps, order_id: OrderId, number: int, by: str, reason: str) -> Replacement:
    """Another card for card `number` of the order's SKU. Asked again it is the same replacement, and the same case.

    Writes: trade (order, case), guard (the contact's count), journal (cost, the batch's log), vault (the old card void); in this order.
    Raises: OrderNotFound, CardNotOfOrder, NotReady (nobody has seen it, or it is withheld), InvalidRequest, TransactionBusy, StockBusy;
    BatchFull, TooManyBars: it is replaced, and its batch has more single void cards than one remembers: declare the batch bad.
    """
    if not 0 < len(reason.strip()) <= REASON_MAX or not by.strip():
        raise InvalidRequest(f"say who decides and why, in at most {REASON_MAX} characters")
    for _ in range(TRIES_MAX):
        order = deps.orders.get(order_id)
        known = order.exchange_of(number)
        try:
            found = Replacement(order=order.id, exchange=known) if known is not None else _decided(deps, order, number, by, reason.strip())
        except OrderMoved:
            continue
        if found.exchange is not None:
            void_card(deps, order.sku_id, number, by, reason)
        return found
    raise TransactionBusy("replace a card")


def _decided(deps: Deps, order: Order, number: int, by: str, reason: str) -> Replacement:
    _require_his(order, number)
    now = deps.clock.now()
    why = asks_a_person(order, deps.catalog.product_version(order.product_id, order.product_version), now)
    if why is None:
        try:
            deps.quotas.require_tries(WARRANTY, who_asks(order), OF_CONTACT_MAX, WINDOW, now)
            fresh = claim_for(deps, order, 1)
            if fresh is not None:
                return _replaced(deps, order, number, fresh, by, reason)
            why = Why.SOLD_OUT
        except TooManyTries:
            why = Why.CONTACT
    return _with_a_person(deps, order, number, why, reason)


def _require_his(order: Order, number: int) -> None:
    if not order.holds(number):
        raise CardNotOfOrder(f"card {number} is not of {order.id}")
    if order.state is not OrderState.COMPLETED or order.delivery not in (DeliveryState.REVEALED, DeliveryState.OPENED):
        raise NotReady(f"{order.id}: only cards that were seen are replaced under warranty, this one is {order.delivery}")


def _replaced(deps: Deps, order: Order, number: int, fresh: tuple[Run, ...], by: str, reason: str) -> Replacement:
    now, new = deps.clock.now(), owned(fresh)
    kept = tuple(part for run in order.runs for part in without(run, {number}))
    left = {run.event for run in kept}
    exchange = Exchange(old=number, new=new[0].start, by=by, reason=reason, at=now)
    changes = {
        "runs": (*kept, *new),
        "gone": (*order.gone, *(run.event for run in order.runs if run.event not in left)),
        "exchanges": (*order.exchanges, exchange),
    }
    after = order.changed(now, "replace", f"replaced 1 card under warranty, {number} by {exchange.new}", **changes)
    lost = [part for run in order.runs for part in within(run, {number})]
    counted = deps.quotas.tried(WARRANTY, who_asks(order), OF_CONTACT_MAX, WINDOW, now)
    try:
        writes = [deps.orders.replaced(order, after), counted, *_answered(deps, order, number, by)]
        deps.tables.commit([*writes, *exchanged(deps, after, lost, new, now)])
    except (OrderMoved, TooManyTries):
        disown(deps, deps.orders.get(order.id), fresh)
        raise
    return Replacement(order=order.id, exchange=exchange)


def _answered(deps: Deps, order: Order, number: int, by: str) -> list[Write]:
    """A person who was asked about this card before need not make it good any more."""
    case = warranty_case(deps, order.id, number)
    return [deps.cases.closed(case.id, f"replaced by {by}")] if case is not None and case.state == "OPEN" else []


def _with_a_person(deps: Deps, order: Order, number: int, why: Why, reason: str) -> Replacement:
    """Once for each card; the case keeps what it was asked first."""
    told = f"card {number} is said not to work ({reason}), and {why}"
    case = open_case(CaseKind.WARRANTY, f"{order.id}:{number}", order.id, told, deps.clock.now())
    try:
        deps.tables.apply(deps.cases.opened(case))
    except CaseExists:
        pass  # a person has it, or has answered it
    return Replacement(order=order.id, why=why, case=case.id)


def warranty_case(deps: Deps, order_id: OrderId, number: int) -> Case | None:
    """What a person was asked about a card, open or answered."""
    return deps.cases.find(case_id(CaseKind.WARRANTY, f"{order_id}:{number}"))


def answer_warranty(deps: Deps, order_id: OrderId, number: int, by: str, answer: str) -> None:
    """A person has decided: he paid it back (`refunds`), or the card works. Raises: CaseMissing, InvalidRequest."""
    if not 0 < len(answer.strip()) <= REASON_MAX or not by.strip():
        raise InvalidRequest(f"say who and what was decided, in at most {REASON_MAX} characters")
    deps.tables.apply(deps.cases.closed(case_id(CaseKind.WARRANTY, f"{order_id}:{number}"), f"{by}: {answer.strip()}"))
