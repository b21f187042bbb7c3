"""Go on with a purchase of cards from wherever it stands (`flows.buy_cards` begins one).

| `next` | what goes on |
|---|---|
| submit | the cheapest supplier who has enough is ordered from, once |
| ask | the order that is out is asked about; beyond an hour a person is called, once |
| count | the cards lie in an import: when it is over, what became stock is held against what was bought |
| give_up | nothing is out and nobody is left: a case |
| end | SEALED or GIVEN_UP |
"""

from typing import Annotated

from pydantic import Field

from faka.contexts.cases import CaseKind, open_case
from faka.contexts.purchases import Purchase, PurchaseMoved, PurchaseState
from faka.contexts.purchases.model import ASK_MAX, ENDED, LIMIT
from faka.kernel.ids import PurchaseId
from faka.kernel.model import Frozen
from faka.steps.purchase import ask_purchase, call_for_purchase, count_cards, is_any_left, submit_purchase
from faka.wiring import Deps


COUNT_PAUSE_S = 10


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
                purchase = _given_up(deps, purchase) if sent is purchase else sent
            case "ask":
                purchase = call_for_purchase(deps, ask_purchase(deps, purchase))
            case "count":
                purchase = count_cards(deps, purchase)
            case "give_up":
                purchase = _given_up(deps, purchase)
    except PurchaseMoved:
        purchase = deps.purchases.get(name)
    return Standing(state=purchase.state, next=_next(deps, purchase), wait_s=_wait_s(purchase))


def _given_up(deps: Deps, purchase: Purchase) -> Purchase:
    now = deps.clock.now()
    changed = purchase.moved(PurchaseState.GIVEN_UP, now, "nobody sells it at this price")
    case = open_case(CaseKind.SUPPLIER, purchase.id, purchase.id, f"{purchase.quantity} cards of {purchase.sku_id}: nobody sells them", now)
    deps.tables.commit([deps.purchases.replaced(purchase, changed), deps.cases.opened(case)])
    return changed


def _next(deps: Deps, purchase: Purchase) -> str:
    if purchase.state in ENDED:
        return "end"
    if purchase.state is PurchaseState.RECEIVED:
        return "count"
    if purchase.is_open:
        is_left = purchase.is_with_a_person and deps.clock.now() >= purchase.created_at + LIMIT + ASK_MAX
        return "leave" if is_left else "ask"
    return "submit" if is_any_left(deps, purchase) else "give_up"


def _wait_s(purchase: Purchase) -> int:
    return COUNT_PAUSE_S if purchase.state is PurchaseState.RECEIVED else purchase.wait_s
