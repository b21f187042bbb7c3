"""Compare what suppliers ask now, and order from the cheapest, once."""

from faka.contexts.purchases import Attempt, Heard, Purchase, PurchaseState, Word, number_of
from faka.contexts.purchases.model import ATTEMPTS_MAX
from faka.contexts.suppliers.base import SupplierAdapter, SupplyOrder, SupplyRefused
from faka.contexts.suppliers.store import Offer
from faka.kernel.errors import Unavailable
from faka.kernel.money import Money
from faka.platform import telemetry
from faka.steps.purchase.hear import hear_purchase, heard_of
from faka.wiring import Deps


_BEFORE = frozenset({PurchaseState.CREATED, PurchaseState.FAILED})
Choice = tuple[Money, Offer, SupplierAdapter]


class SuppliersSilent(Unavailable):
    """Nobody who answers sells it, and somebody who might does not answer. Nothing was ordered."""


def submit_purchase(deps: Deps, purchase: Purchase) -> Purchase:
    """The purchase with its next attempt sent; unchanged where no supplier is left, and where one is out already.

    Raises: PurchaseMoved, Throttled, SuppliersSilent.
    """
    if purchase.state not in _BEFORE:
        return purchase
    choices, silent = _choices(deps, purchase)
    if not choices:
        if silent:
            raise SuppliersSilent(f"{purchase.id}: {silent} do not answer, and nobody else sells it")
        return purchase
    cost, offer, adapter = min(choices, key=lambda one: (one[0].minor, one[1].supplier_id))
    now = deps.clock.now()
    number = number_of(purchase.id, len(purchase.attempts))
    attempt = Attempt(number=number, supplier_id=offer.supplier_id, goods_id=offer.goods_id, cost_max=cost, sent_at=now)
    begun = purchase.model_copy(update={"attempts": (*purchase.attempts, attempt)})
    begun = begun.moved(PurchaseState.SUBMITTING, now, f"at {offer.supplier_id}")
    deps.tables.apply(deps.purchases.replaced(purchase, begun))
    return hear_purchase(deps, begun, _sent(deps, adapter, begun))


def is_any_left(deps: Deps, purchase: Purchase) -> bool:
    """Whether somebody who was not tried offers it, by the rows: what he asks now is asked of him later."""
    return len(purchase.attempts) < ATTEMPTS_MAX and bool(_offers(deps, purchase))


def _offers(deps: Deps, purchase: Purchase) -> list[Offer]:
    tried = {one.supplier_id for one in purchase.attempts}
    now = deps.clock.now()
    offers = [one for one in deps.suppliers.offers(purchase.sku_id) if one.enabled and one.supplier_id not in tried]
    return [one for one in offers if deps.suppliers.get(one.supplier_id).is_open(now)]


def _choices(deps: Deps, purchase: Purchase) -> tuple[list[Choice], int]:
    """Each at what he asks now, and how many did not answer. One who is silent, or has too few, is passed over: he delays nobody but
    himself."""
    if len(purchase.attempts) >= ATTEMPTS_MAX:
        return [], 0
    found, silent = [], 0
    for offer in _offers(deps, purchase):
        try:
            adapter = deps.supplier(offer.supplier_id)
            quote = adapter.quote(offer.goods_id)
        except Unavailable as error:
            telemetry.failed("quote_failed", error, channel_id=offer.supplier_id)
            silent += 1
            continue
        if quote is None or not quote.is_on_sale or (quote.stock is not None and quote.stock < purchase.quantity):
            continue
        if quote.cost.currency is purchase.unit_max.currency and quote.cost.minor <= purchase.unit_max.minor:
            found.append((quote.cost, offer, adapter))
    return found, silent


def _sent(deps: Deps, adapter: SupplierAdapter, purchase: Purchase) -> Heard:
    attempt = purchase.last
    order = SupplyOrder(
        number=attempt.number,
        goods_id=attempt.goods_id,
        quantity=purchase.quantity,
        unit_cost_max=attempt.cost_max,
        notify_url=f"{deps.settings.faka_notify_url}/v1/suppliers/{adapter.account.kind}/{attempt.supplier_id}",
        placed_at=attempt.sent_at,
    )
    try:
        return heard_of(deps, purchase, adapter.buy_cards(order), adapter, is_answer=False)
    except SupplyRefused as refused:
        return Heard(attempt.number, Word.FAILED, status=f"refused: {refused.reason}")
    except Unavailable as error:
        telemetry.failed("purchase_unknown", error, channel_id=attempt.supplier_id)
        return Heard(attempt.number, Word.UNKNOWN, "no answer", is_answer=False)
