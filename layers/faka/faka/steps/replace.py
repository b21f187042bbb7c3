"""Replace cards that were frozen or voided after they were sold and before anybody saw them."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from faka.contexts.cases import CaseExists, CaseKind, open_case
from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.model import DeliveryState, Order, OwnedRun
from faka.platform.table import Write
from faka.steps.claim import claim_for
from faka.steps.earn import exchanged
from faka.steps.release import disown, owned
from faka.steps.withheld import answered, withheld_cause
from faka.wiring import Deps


def replace_withheld(deps: Deps, order: Order, numbers: Iterable[int]) -> bool:
    """Give the order other cards for the withheld ones; says whether it could. Otherwise a case is open and the page says so.

    The withheld numbers leave the order and do *not* go back to stock: their batch keeps them out. What they have cost is a loss.
    """
    bad = set(numbers)
    if order.revealed_at is not None:
        return _to_a_person(deps, order)
    fresh = claim_for(deps, order, len(bad))
    if fresh is None:
        return _to_a_person(deps, deps.orders.get(order.id))
    kept = tuple(part for run in order.runs for part in without(run, bad))
    left = {run.event for run in kept}
    gone = (*order.gone, *(run.event for run in order.runs if run.event not in left))
    now, new = deps.clock.now(), owned(fresh)
    changes = {"runs": (*kept, *new), "gone": gone, "delivery": DeliveryState.READY}
    after = order.changed(now, "replace", f"replaced {len(bad)} withheld cards", **changes)
    lost = [part for run in order.runs for part in within(run, bad)]
    try:
        answer = answered(deps, order, after, "replaced: there are other cards")
        deps.tables.commit([deps.orders.replaced(order, after), *answer, *exchanged(deps, after, lost, new, now)])
    except OrderMoved:
        disown(deps, deps.orders.get(order.id), fresh)
        return False
    return True


def without(run: OwnedRun, bad: set[int]) -> list[OwnedRun]:
    """The parts of a run that are left when some numbers are taken out; each keeps the claim that it came from."""
    parts: list[OwnedRun] = []
    start = run.start
    for number in [*sorted(bad & set(run.numbers)), run.start + run.count]:
        if number > start:
            parts.append(run.model_copy(update={"start": start, "count": number - start}))
        start = number + 1
    return parts


def within(run: OwnedRun, bad: set[int]) -> list[OwnedRun]:
    """The single cards of a run that are taken out."""
    return [run.model_copy(update={"start": number, "count": 1}) for number in sorted(bad & set(run.numbers))]


def _to_a_person(deps: Deps, order: Order) -> bool:
    with suppress(OrderMoved):  # the next look decides anew
        call_a_person(deps, order, "sold cards are withheld and nothing replaces them", deps.clock.now())
    return False


def call_a_person(deps: Deps, order: Order, why: str, now: datetime, also: Sequence[Write] = ()) -> None:
    """The order is WITHHELD and a person is asked about it, also when he has answered the same of other cards of it before.

    Raises: OrderMoved.
    """
    after = order.changed(now, "replace", "withheld and nothing to replace it", delivery=DeliveryState.WITHHELD)
    case = open_case(CaseKind.SHORT, withheld_cause(order), order.id, why, now)
    writes = [deps.orders.replaced(order, after), *also]
    try:
        deps.tables.commit([*writes, deps.cases.opened(case)])
    except CaseExists as known:  # a person has it already, or had it; the order must say so all the same
        is_open = known.row is not None and known.row["state"] == "OPEN"
        deps.tables.commit(writes if is_open else [*writes, deps.cases.reopened(case)])
