"""The end of a recharge that no supplier takes: its money goes back."""

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.orders.model import OrderState
from faka.contexts.recharges import Recharge, RechargeState
from faka.platform.table import Write
from faka.steps.refund import give_up
from faka.wiring import Deps


def give_up_recharge(deps: Deps, recharge: Recharge, reason: str) -> Recharge:
    """Only where nothing is out: what may have been charged is never paid back.

    Writes: recharge, order, refund, ledger; one commit.
    Raises: IllegalTransition while an attempt is open; RechargeMoved, OrderMoved.
    """
    now = deps.clock.now()
    ended = recharge.moved(RechargeState.GIVEN_UP, now, "recharge", reason, due_at=None)
    order = deps.orders.get(recharge.order_id)
    also: list[Write] = [deps.recharges.replaced(recharge, ended)]
    if recharge.is_with_a_person:
        also.append(deps.cases.closed(case_id(CaseKind.RECHARGE, recharge.id), f"nothing was charged; {reason}"))
    if order.state is OrderState.PAID:
        give_up(deps, order, reason, "recharge", now, also)
    else:  # a person ended the order before
        deps.tables.commit(also)
    return ended
