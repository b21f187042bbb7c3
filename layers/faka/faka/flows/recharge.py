"""The machine's questions about one recharge. Each may be asked twice and after any death; what it answers is where the recharge stands.

| task | what is done |
|---|---|
| submit | the next attempt is sent, where none is out and a supplier is left |
| ask | the attempt that is out is asked about; beyond its limit a person is called, once |
| send_back | nobody is left, and a supplier has proved the account wrong: the buyer is asked for another |
| give_up | nothing is out and nobody is left: the money goes back; a carrier that nobody knows is asked of a person first |
"""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.model import OrderState
from faka.contexts.recharges import Recharge, RechargeMoved, RechargeState
from faka.contexts.recharges.model import ENDED
from faka.kernel.ids import RechargeId
from faka.kernel.model import Frozen
from faka.platform import telemetry
from faka.steps.recharge import ask, call_a_person, call_for_carrier, give_up_recharge, submit
from faka.steps.recharge.route import needs_carrier
from faka.steps.recharge.submit import is_any_left
from faka.steps.send_back import send_back
from faka.wiring import Deps


class RechargeRequest(Frozen):
    recharge: Annotated[str, Field(pattern=r"^rch_[0-9A-HJKMNP-TV-Z]{26}$")]

    @property
    def name(self) -> RechargeId:
        return RechargeId(self.recharge)


class Standing(Frozen):
    """Where a recharge stands: `next` is what the machine does with it."""

    state: RechargeState
    next: str
    """`submit`, `ask`, `send_back`, `wait_for_buyer`, `give_up`, `leave` (a person's) or `end`."""
    wait_s: int
    """Before it, where it is `ask`."""
    attempts: int


def submit_next(deps: Deps, asked: RechargeRequest) -> Standing:
    """Raises: RechargeMissing, TransactionBusy, Throttled, UnknownOutcome."""
    return _standing(deps, _tried(deps, asked, submit))


def ask_supplier(deps: Deps, asked: RechargeRequest) -> Standing:
    """Raises: as `submit_next`."""
    return _standing(deps, call_a_person(deps, _tried(deps, asked, ask)))


def ask_buyer(deps: Deps, asked: RechargeRequest) -> Standing:
    """Raises: as `submit_next`."""
    return _standing(deps, _tried(deps, asked, _sent_back))


def _sent_back(deps: Deps, recharge: Recharge) -> Recharge:
    if not recharge.may_be_sent_back or is_any_left(deps, recharge):
        return recharge
    if deps.orders.get(recharge.order_id).state is not OrderState.PAID:
        return give_up_recharge(deps, recharge, "its order has ended")
    return send_back(deps, recharge, "recharge", "nothing can arrive at this account")


def give_back(deps: Deps, asked: RechargeRequest) -> Standing:
    """Raises: as `submit_next`; RechargeMoved, OrderMoved where somebody was first."""
    recharge = deps.recharges.get(asked.name)
    if _next(deps, recharge) != "give_up":
        return _standing(deps, recharge)
    if _needs_a_person(deps, recharge):
        return _standing(deps, call_for_carrier(deps, recharge))
    is_unanswered = recharge.state is RechargeState.WAITING_FOR_BUYER
    why = "nobody named another account in time" if is_unanswered else "no supplier could recharge this account"
    recharge = give_up_recharge(deps, recharge, why)
    telemetry.count("RechargesGivenUp")
    return _standing(deps, recharge)


def _tried(deps: Deps, asked: RechargeRequest, step: Callable[[Deps, Recharge], Recharge]) -> Recharge:
    recharge = deps.recharges.get(asked.name)
    try:
        return step(deps, recharge)
    except (RechargeMoved, OrderMoved):
        return deps.recharges.get(asked.name)


def _standing(deps: Deps, recharge: Recharge) -> Standing:
    wait_s = recharge.wait_s(deps.clock.now())
    return Standing(state=recharge.state, next=_next(deps, recharge), wait_s=wait_s, attempts=len(recharge.attempts))


def _next(deps: Deps, recharge: Recharge) -> str:
    if recharge.state in ENDED:
        return "end"
    if recharge.correct_until is not None:
        return "wait_for_buyer" if deps.clock.now() < recharge.correct_until else "give_up"
    if recharge.is_open:
        return "leave" if recharge.is_left(deps.clock.now()) else "ask"
    if is_any_left(deps, recharge):
        return "submit"
    if recharge.may_be_sent_back:
        return "send_back"
    return "leave" if recharge.is_with_a_person and _needs_a_person(deps, recharge) else "give_up"


def _needs_a_person(deps: Deps, recharge: Recharge) -> bool:
    """Only where somebody sells it who must be told the carrier; three days after the limit the money goes back without him."""
    if recharge.state not in (RechargeState.CREATED, RechargeState.FAILED) or recharge.is_left(deps.clock.now()):
        return False
    return not is_any_left(deps, recharge) and needs_carrier(deps, recharge)
