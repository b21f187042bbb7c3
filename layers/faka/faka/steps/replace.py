"""Replace cards that were frozen or voided after they were sold and before anybody saw them."""

from collections.abc import Iterable

from faka.contexts.cases import CaseExists, CaseKind, open_case
from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.model import DeliveryState, Order, OwnedRun
from faka.platform.table import Write
from faka.steps.claim import claim_for
from faka.steps.earn import exchanged
from faka.steps.release import disown, owned
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
        deps.tables.commit([deps.orders.replaced(order, after), *exchanged(deps, after, lost, new, now)])
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
    now = deps.clock.now()
    after = order.changed(now, "replace", "withheld and nothing to replace it", delivery=DeliveryState.WITHHELD)
    case = open_case(CaseKind.SHORT, f"withheld:{order.id}", order.id, "sold cards are withheld and nothing replaces them", now)
    change = deps.orders.replaced(order, after)
    try:
        deps.tables.commit([change, deps.cases.opened(case)])
    except CaseExists:  # a person has it already; the order must say so all the same
        _said(deps, change)
    except OrderMoved:
        pass  # the next look decides anew
    return False


def _said(deps: Deps, change: Write) -> None:
    try:
        deps.tables.apply(change)
    except OrderMoved:
        pass  # the next look decides anew
