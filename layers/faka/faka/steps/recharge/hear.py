"""A word about a recharge, from an answer, a notice or a person: recorded with everything that follows from it, in one commit."""

from datetime import datetime, timedelta

from faka.contexts.cases import CaseExists, CaseKind, open_case
from faka.contexts.ledger.recharges import recharge_cost, recharge_taken_back
from faka.contexts.ledger.store import AlreadyPosted
from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.model import DeliveryState, Order, OrderState
from faka.contexts.recharges import Effect, Heard, Recharge, RechargeMoved, after
from faka.contexts.recharges.model import ENDED
from faka.kernel.errors import TransactionBusy
from faka.kernel.ids import RechargeId
from faka.kernel.money import Money
from faka.platform.table import Write
from faka.steps.earn import earned
from faka.steps.recharge.route import learned
from faka.wiring import Deps


TRIES_MAX = 6
"""Words about one recharge that collide: an answer, two notices, a person. More is a storm."""

PATIENCE = timedelta(minutes=5)
"""How long after its next question a recharge may lie before the sweep takes the machine for dead."""

MAIL_PATIENCE = timedelta(seconds=45)


def hear(deps: Deps, name: RechargeId, heard: Heard) -> Recharge:
    """The recharge after a word. The same word twice, or one about an attempt that has ended, changes nothing.

    Writes: recharge, and with a success order and ledger, with a contradiction a case; one commit.
    Raises: RechargeMissing, TransactionBusy after `TRIES_MAX` lost races; Unavailable from the database.
    """
    for _ in range(TRIES_MAX):
        recharge = deps.recharges.get(name)
        now = deps.clock.now()
        changed, effect = after(recharge, heard, now)
        if changed is recharge and effect is Effect.NONE:
            return recharge
        changed = with_due(changed, now)
        try:
            deps.tables.commit(_writes(deps, recharge, changed, effect, heard, now))
        except (RechargeMoved, OrderMoved, AlreadyPosted):
            continue
        except CaseExists:  # a contradiction that was told before
            return recharge
        learned(deps, recharge, changed)
        return changed
    raise TransactionBusy("recharge")


def with_due(recharge: Recharge, now: datetime) -> Recharge:
    due_at = None if recharge.state in ENDED or recharge.is_left(now) else now + timedelta(seconds=recharge.wait_s(now)) + PATIENCE
    return recharge.model_copy(update={"due_at": due_at})


def _writes(deps: Deps, before: Recharge, changed: Recharge, effect: Effect, heard: Heard, now: datetime) -> list[Write]:
    moved = [deps.recharges.replaced(before, changed)] if changed.version != before.version else []
    match effect:
        case Effect.NONE:
            return moved
        case Effect.DELIVERED:
            return [*moved, *_delivered(deps, changed, now), *_answered(deps, changed, heard)]
        case Effect.TAKEN_BACK:
            reason = f"the supplier took a recharge back that had succeeded: {heard.status or heard.word}"
            back = deps.ledger.posted(recharge_taken_back(changed.id, changed.order_id, changed.last.supplier_id, _cost(changed), now))
            return [*moved, back, _case(deps, changed, "back", reason, now)]
        case Effect.PAID_TWICE:
            return [*moved, _case(deps, changed, heard.number, f"a number that had failed succeeded after all: {heard.number}", now)]


def _delivered(deps: Deps, recharge: Recharge, now: datetime) -> list[Write]:
    """The order is done; what it earned and what the supplier takes stand in the same commit."""
    order = deps.orders.get(recharge.order_id)
    cost = deps.ledger.posted(recharge_cost(recharge.id, order.id, recharge.last.supplier_id, _cost(recharge), now))
    if order.state is not OrderState.PAID:
        reason = f"recharged, and its order is {order.state}"
        return [cost, _case(deps, recharge, "late", reason, now)]
    done = _done(order, now)
    return [deps.orders.replaced(order, done), *earned(deps, done, (), order.total - order.fee, order.fee, now), cost]


def _done(order: Order, now: datetime) -> Order:
    due_at = now + MAIL_PATIENCE if order.contact else None
    changes = {"completed_at": now, "delivery": DeliveryState.DONE, "due_at": due_at, "funds_minor": 0}
    return order.moved(OrderState.COMPLETED, now, "recharge", "the supplier confirms it", **changes)


def _cost(recharge: Recharge) -> Money:
    """What the supplier said, else what he had asked for when he was chosen."""
    return recharge.last.cost or recharge.last.cost_max


def _answered(deps: Deps, recharge: Recharge, heard: Heard) -> list[Write]:
    if not recharge.is_with_a_person:
        return []
    return [deps.cases.closed(open_case(CaseKind.RECHARGE, recharge.id, "", "", recharge.created_at).id, f"{heard.actor}: it arrived")]


def _case(deps: Deps, recharge: Recharge, what: str, reason: str, now: datetime) -> Write:
    return deps.cases.opened(open_case(CaseKind.RECHARGE, f"{recharge.id}:{what}", recharge.order_id, reason, now))
