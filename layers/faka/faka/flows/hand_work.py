"""Goods that a person sends: a work list, one person at a time, a deadline after which the money goes back.

```
SHORT (case open) ─take─► his for half an hour ─┬─ done ──► COMPLETED, earned, the buyer is told
       ▲                                        ├─ failed ► FAILED, the money goes back
       │                                        ├─ sent back ► its buyer is asked for another account, the deadline waits with him
       └──────────── he lets it go, or time ────┘                ▲
       └──────────────────────── the deadline ────────────────────┘   (the sweep)
```
Each end is one commit with its money. Who is second finds the order moved.
"""

from datetime import datetime, timedelta

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.model import DeliveryState, Order, OrderState
from faka.kernel.errors import Conflict, InvalidRequest
from faka.kernel.ids import OrderId
from faka.platform.table import Write
from faka.steps.earn import earned
from faka.steps.refund import give_up
from faka.steps.send_back import send_back_by_hand
from faka.wiring import Deps


LEASE = timedelta(minutes=30)
"""How long an order is one person's. Sending something by hand takes minutes; who went home must not keep a buyer waiting."""

NOTE_MAX = 200

MAIL_PATIENCE = timedelta(seconds=45)


class NotByHand(Conflict):
    """The order waits for nobody's hand: it has ended, is of another kind, or its buyer is asked for another account."""


class TakenByAnother(Conflict):
    """Somebody else is at it, or nobody has taken it; carries who."""


def take(deps: Deps, order_id: OrderId, by: str) -> Order:
    """The order is `by`'s for half an hour; taken again by the same person it is his for another.

    Raises: OrderNotFound, NotByHand, TakenByAnother, OrderMoved, InvalidRequest.
    """
    order, now = _waiting(deps, order_id, by), deps.clock.now()
    if _holder(order, now) not in ("", by):
        raise TakenByAnother(order.hand_by)
    after = order.changed(now, by, "takes it", hand_by=by, hand_until=now + LEASE)
    deps.tables.apply(deps.orders.replaced(order, after))
    return after


def done(deps: Deps, order_id: OrderId, by: str, note: str) -> Order:
    """It was sent: the order is delivered and earned, and its buyer is told.

    Raises: as `take`; InvalidRequest for a note that is missing or too long.
    """
    order, now = _mine(deps, order_id, by, note), deps.clock.now()
    due_at = now + MAIL_PATIENCE if order.contact else None
    changes = {"completed_at": now, "delivery": DeliveryState.DONE, "due_at": due_at, "funds_minor": 0, "hand_until": None}
    after = order.moved(OrderState.COMPLETED, now, by, f"sent by hand: {note.strip()}", **changes)
    earning = earned(deps, after, (), order.total - order.fee, order.fee, now)
    deps.tables.commit([deps.orders.replaced(order, after), *earning, _closed(deps, order, f"{by}: {note.strip()}")])
    return after


def failed(deps: Deps, order_id: OrderId, by: str, note: str) -> Order:
    """It cannot be sent: the money goes back. Raises: as `done`."""
    order = _mine(deps, order_id, by, note)
    return give_up(deps, order, f"not sent: {note.strip()}", by, deps.clock.now(), [_closed(deps, order, f"{by}: {note.strip()}")])


def sent_back(deps: Deps, order_id: OrderId, by: str, note: str) -> Order:
    """Its account is wrong: the buyer is asked for another, and the order is nobody's until he has answered.

    Raises: as `done`; CannotGoBack.
    """
    return send_back_by_hand(deps, _mine(deps, order_id, by, note), by, f"sent back: {note.strip()}")


def _waiting(deps: Deps, order_id: OrderId, by: str) -> Order:
    if not by.strip():
        raise InvalidRequest("say who you are")
    order = deps.orders.get(order_id)
    if order.state is not OrderState.SHORT or order.kind.is_sealed or order.question is not None:
        raise NotByHand(order.id)
    return order


def _mine(deps: Deps, order_id: OrderId, by: str, note: str) -> Order:
    order = _waiting(deps, order_id, by)
    if not 0 < len(note.strip()) <= NOTE_MAX:
        raise InvalidRequest(f"say what was done, in at most {NOTE_MAX} characters, without the account or a code")
    if _holder(order, deps.clock.now()) != by:
        raise TakenByAnother(order.hand_by or "nobody")
    return order


def _holder(order: Order, now: datetime) -> str:
    return order.hand_by if order.hand_until is not None and now < order.hand_until else ""


def _closed(deps: Deps, order: Order, outcome: str) -> Write:
    return deps.cases.closed(case_id(CaseKind.STUCK, order.id), outcome)


__all__ = ["LEASE", "NotByHand", "OrderMoved", "TakenByAnother", "done", "failed", "sent_back", "take"]
