"""Give a paid order its goods when the payment's own commit could not: nothing held any more, or goods that are not sealed.

PAID ─► claim ─► COMPLETED          PAID ─► SHORT ─► (each sweep) claim ─► COMPLETED
                                             └─ past its deadline ─► FAILED, its money goes back
"""

from contextlib import suppress
from datetime import datetime, timedelta

from faka.contexts.cases import CaseKind, case_id, open_case
from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.model import DeliveryState, Order, OrderState, OwnedRun
from faka.contexts.recharges import Recharge, RechargeExists, recharge_id
from faka.contexts.recharges.model import LIMIT
from faka.kernel.delivery import DeliveryKind
from faka.kernel.ids import OrderId
from faka.platform.table import Write
from faka.steps.claim import claim_for
from faka.steps.earn import earned
from faka.steps.refund import give_up
from faka.steps.release import disown, owned
from faka.wiring import Deps


SHORT_PATIENCE = timedelta(hours=24)
"""How long a paid order waits for restock before its money is due back."""

SHORT_RETRY = timedelta(seconds=60)
MAIL_PATIENCE = timedelta(seconds=45)

RECHARGE_WATCH = timedelta(minutes=10)
"""How often an order looks whether its recharge has a machine, while it waits for its end."""


def fulfil(deps: Deps, order_id: OrderId) -> Order:
    """Move a paid order one step towards its end; any other order is left as it is.

    Raises: OrderNotFound; OrderMoved is swallowed, because whoever moved it did this work.
    """
    order = deps.orders.get(order_id)
    if order.state not in (OrderState.PAID, OrderState.SHORT):
        return order
    try:
        if order.kind is DeliveryKind.DIRECT_RECHARGE:
            return _recharging(deps, order)
        if not order.kind.is_sealed:
            return _by_hand(deps, order)
        if order.owns_its_cards:
            return _completed(deps, order, order.runs)
        return _claimed(deps, order)
    except OrderMoved:
        return deps.orders.get(order_id)


def _claimed(deps: Deps, order: Order) -> Order:
    runs = claim_for(deps, order)
    if runs is None:
        return _short(deps, deps.orders.get(order.id))
    try:
        return _completed(deps, order, owned(runs))
    except OrderMoved:
        disown(deps, deps.orders.get(order.id), runs)
        raise


def _completed(deps: Deps, order: Order, runs: tuple[OwnedRun, ...]) -> Order:
    now = deps.clock.now()
    due_at = now + MAIL_PATIENCE if order.contact else None
    changes = {"runs": runs, "completed_at": now, "delivery": DeliveryState.READY, "due_at": due_at, "funds_minor": 0}
    after = order.moved(OrderState.COMPLETED, now, "fulfil", "goods assigned", **changes)
    earning = earned(deps, after, runs, order.total - order.fee, order.fee, now)
    deps.tables.commit([deps.orders.replaced(order, after), *earning, *_answered(deps, order, "the goods came")])
    return after


def _answered(deps: Deps, order: Order, outcome: str) -> list[Write]:
    """What a short order asked a person is answered when the order moves on by itself."""
    return (
        [deps.cases.closed(case_id(CaseKind.SHORT, order.id), outcome)] if order.state is OrderState.SHORT and order.kind.is_sealed else []
    )


def _short(deps: Deps, order: Order) -> Order:
    now = deps.clock.now()
    if order.state is OrderState.PAID:
        until = now + SHORT_PATIENCE
        after = order.moved(OrderState.SHORT, now, "fulfil", "nothing in stock", short_until=until, due_at=now + SHORT_RETRY)
        case = open_case(CaseKind.SHORT, order.id, order.id, "paid and nothing in stock", now)
        deps.tables.commit([deps.orders.replaced(order, after), deps.cases.opened(case)])
        return after
    if order.short_until is not None and now < order.short_until:
        after = order.model_copy(update={"due_at": now + SHORT_RETRY, "version": order.version + 1})
        deps.tables.apply(deps.orders.replaced(order, after))
        return after
    return _given_up(deps, order, now)


def _given_up(deps: Deps, order: Order, now: datetime) -> Order:
    return give_up(deps, order, "no restock in time", "fulfil", now, _answered(deps, order, "never restocked; its money goes back"))


def _recharging(deps: Deps, order: Order) -> Order:
    """The recharge is written down, then its machine begins under its name; here again only where one of both is missing.

    Raises: MachineUnavailable: the order stays due, and the sweep tries again.
    """
    now = deps.clock.now()
    watched = order.model_copy(update={"due_at": now + RECHARGE_WATCH, "version": order.version + 1})
    name = recharge_id(order.id)
    if deps.recharges.find(name) is None:
        price = order.total - order.fee
        recharge = Recharge(
            id=name,
            order_id=order.id,
            sku_id=order.sku_id,
            account=order.account,
            carrier=order.carrier,
            price=price,
            created_at=now,
            limit_at=now + LIMIT,
            due_at=now + RECHARGE_WATCH,
        )
        with suppress(RechargeExists):
            deps.tables.apply(deps.recharges.placed(recharge))
    deps.recharging.begin(name, recharge=name)
    deps.tables.apply(deps.orders.replaced(order, watched))
    return watched


def _by_hand(deps: Deps, order: Order) -> Order:
    """A person's work from the start (`flows.hand_work`); nobody's in time, and the money goes back."""
    now = deps.clock.now()
    if order.state is OrderState.SHORT:
        until = order.question.until if order.question else order.short_until  # the deadline stands still while its buyer is asked
        if until is None or now < until:
            return order
        return give_up(deps, order, "not sent in time", "fulfil", now, [deps.cases.closed(case_id(CaseKind.STUCK, order.id), "too late")])
    until = now + SHORT_PATIENCE
    after = order.moved(OrderState.SHORT, now, "fulfil", "delivered by hand", short_until=until, due_at=until)
    case = open_case(CaseKind.STUCK, order.id, order.id, "deliver by hand", now)
    deps.tables.commit([deps.orders.replaced(order, after), deps.cases.opened(case)])
    return after
