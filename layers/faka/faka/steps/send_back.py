"""An order whose account is wrong goes back to its buyer: he is asked for another, and nothing goes on until he has answered.

```
direct   recharge CREATED, FAILED ─► WAITING_FOR_BUYER ─ another account ─► CREATED, its machine begins anew
by hand  order SHORT, somebody's  ─► SHORT, nobody's  ─ another account ─► SHORT, back on the work list
                                          └─ a day, his wish, or the last correction used up ─► the money goes back
```
The order says what its buyer is asked, the recharge that it waits; both change in one commit.
"""

from datetime import timedelta

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.orders.model import Order, OrderState
from faka.contexts.recharges import Recharge, RechargeMoved, RechargeState, recharge_id
from faka.kernel.delivery import DeliveryKind
from faka.kernel.errors import Conflict
from faka.kernel.limits import CORRECTIONS_MAX
from faka.platform import telemetry
from faka.platform.table import Write
from faka.steps.recharge.end import give_up_recharge
from faka.steps.refund import give_up
from faka.wiring import Deps


ANSWER_WITHIN = timedelta(hours=24)
"""How long a buyer has. A mail is read within a day or not at all; his money is not kept for longer."""


class CannotGoBack(Conflict):
    """Its buyer has corrected it as often as he may, or it has ended: what is left is his money back."""


def send_back(deps: Deps, recharge: Recharge, actor: str, why: str) -> Recharge:
    """The recharge, waiting for its buyer. `why` names no account.

    Writes: recharge, order, and the case of a person who had it; one commit.
    Raises: IllegalTransition while an attempt is open and after the end; CannotGoBack, RechargeMoved, OrderMoved.
    """
    now = deps.clock.now()
    order = deps.orders.get(recharge.order_id)
    until = now + ANSWER_WITHIN
    waiting = recharge.sent_back(until, now, actor, why)
    also: list[Write] = [deps.recharges.replaced(recharge, waiting)]
    if recharge.is_with_a_person:
        also.append(deps.cases.closed(case_id(CaseKind.RECHARGE, recharge.id), f"{actor}: sent back to the buyer"))
    _ask(deps, order, actor, why, also)
    return waiting


def send_back_by_hand(deps: Deps, order: Order, actor: str, why: str) -> Order:
    """An order that a person has taken. Raises: CannotGoBack, OrderMoved."""
    closed = deps.cases.closed(case_id(CaseKind.STUCK, order.id), f"{actor}: sent back to the buyer")
    return _ask(deps, order, actor, why, [closed])


def no_other_account(deps: Deps, order: Order) -> Order:
    """The order that asks its buyer, ended at his wish: its money goes back, and nothing was charged.

    Raises: OrderMoved, RechargeMoved, IllegalTransition where he has answered meanwhile.
    """
    why = "the buyer wants his money and names no other account"
    if order.kind is not DeliveryKind.DIRECT_RECHARGE:
        return give_up(deps, order, why, "buyer", deps.clock.now())
    recharge = deps.recharges.get(recharge_id(order.id))
    if recharge.state is not RechargeState.WAITING_FOR_BUYER:
        raise RechargeMoved(recharge.id)
    give_up_recharge(deps, recharge, why)
    return deps.orders.get(order.id)


def _ask(deps: Deps, order: Order, actor: str, why: str, also: list[Write]) -> Order:
    if len(order.former) >= CORRECTIONS_MAX or order.state not in (OrderState.PAID, OrderState.SHORT):
        raise CannotGoBack(order.id)
    now = deps.clock.now()
    asked = order.asked(now + ANSWER_WITHIN, now, actor, why)
    deps.tables.commit([deps.orders.replaced(order, asked), *also])
    telemetry.count("OrdersSentBack")
    return asked
