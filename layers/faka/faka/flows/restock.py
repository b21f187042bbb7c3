"""Go on with a purchase of cards from wherever it stands (`steps.purchase.begin_purchase` begins one).

| `next` | what goes on |
|---|---|
| submit | the cheapest supplier who has enough is ordered from, once; all silent: asked again for an hour |
| ask | the order that is out is asked about; beyond an hour a person is called, once |
| count | the cards lie in an import: when it is over, what became stock is held against what was bought |
| give_up | nothing is out and nobody is left: a case |
| end | SEALED or GIVEN_UP |
"""

from typing import Annotated

from pydantic import Field

from faka.contexts.cases import CaseKind, open_case
from faka.contexts.purchases import Purchase, PurchaseMoved, PurchaseState
from faka.contexts.purchases.model import ENDED, LIMIT, SILENCE_MAX
from faka.kernel.ids import PurchaseId
from faka.kernel.model import Frozen
from faka.steps.purchase import SuppliersSilent, ask_purchase, call_for_purchase, count_cards, is_any_left, submit_purchase
from faka.wiring import Deps


COUNT_PAUSE_S = 10
COUNT_PAUSE_SLOW_S = 300
"""An import that somebody has stopped may wait for days; an execution has 25,000 events."""

SILENT_PAUSE_S = 60
"""Where everybody who may sell it is silent, they are asked again; an hour of it is a person's."""


class PurchaseRequest(Frozen):
    purchase: Annotated[str, Field(pattern=r"^pur_[0-9A-HJKMNP-TV-Z]{26}$")]

    @property
    def name(self) -> PurchaseId:
        return PurchaseId(self.purchase)


class Standing(Frozen):
    state: PurchaseState
    next: str
    wait_s: int


def go_on(deps: Deps, name: PurchaseId) -> Standing:
    """One step. Each may be done again after any death. Raises: PurchaseMissing, Unavailable from the services."""
    purchase = deps.purchases.get(name)
    step = _next(deps, purchase)
    try:
        match step:
            case "submit":
                sent = submit_purchase(deps, purchase)
                # Offers stand in rows; where nobody sells it now, nothing was sent.
                purchase = _given_up(deps, purchase, "nobody sells it at this price") if sent is purchase else sent
            case "ask":
                purchase = call_for_purchase(deps, ask_purchase(deps, purchase))
            case "count":
                purchase = call_for_purchase(deps, count_cards(deps, purchase))
            case "give_up":
                purchase = _given_up(deps, purchase, "nobody sells it at this price")
    except SuppliersSilent:
        if deps.clock.now() < purchase.created_at + LIMIT:
            return Standing(state=purchase.state, next="ask", wait_s=SILENT_PAUSE_S)
        purchase = _given_up(deps, purchase, "no supplier answers")
    except PurchaseMoved:
        purchase = deps.purchases.get(name)
    return Standing(state=purchase.state, next=_next(deps, purchase), wait_s=_wait_s(deps, purchase))


def _given_up(deps: Deps, purchase: Purchase, why: str) -> Purchase:
    now = deps.clock.now()
    changed = purchase.moved(PurchaseState.GIVEN_UP, now, why)
    reason = f"{purchase.quantity} cards of {purchase.sku_id} were not bought: {why}"
    case = open_case(CaseKind.SUPPLIER, f"{purchase.id}:nobody", purchase.id, reason, now)
    deps.tables.commit([deps.purchases.replaced(purchase, changed), deps.cases.opened(case)])
    return changed


def _next(deps: Deps, purchase: Purchase) -> str:
    if purchase.state in ENDED:
        return "end"
    if purchase.state is PurchaseState.RECEIVED:
        return "count"
    if purchase.is_open:
        return "leave" if purchase.is_left else "ask"
    return "submit" if is_any_left(deps, purchase) else "give_up"


def _wait_s(deps: Deps, purchase: Purchase) -> int:
    if purchase.state is not PurchaseState.RECEIVED:
        return purchase.wait_s
    is_slow = deps.clock.now() >= purchase.touched_at + SILENCE_MAX
    return COUNT_PAUSE_SLOW_S if is_slow else COUNT_PAUSE_S
