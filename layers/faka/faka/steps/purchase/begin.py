"""Begin a purchase of cards, one of a SKU at a time, and its machine."""

from faka.contexts.purchases import Purchase, PurchaseRuns
from faka.contexts.purchases.model import CARDS_MAX, ENDED
from faka.kernel.clock import business_day, epoch_s
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import ProductId, PurchaseId, SkuId, ulid
from faka.kernel.money import Money
from faka.wiring import Deps


AGAIN_S = 60
"""One machine a minute for one purchase: two do no harm, and nobody needs more."""


def begin_purchase(deps: Deps, product: ProductId, sku: SkuId, quantity: int, unit_max: Money, by: str) -> Purchase:
    """Raises: InvalidRequest, ProductNotFound, UnknownSku, PurchaseRuns while another one of this SKU is not over."""
    if not 1 <= quantity <= CARDS_MAX or not by.strip():
        raise InvalidRequest(f"say who buys, and 1 to {CARDS_MAX} cards")
    known = deps.catalog.product(product, fresh=True)
    if not known.kind.is_sealed or known.sku(sku).price.currency is not unit_max.currency:
        raise InvalidRequest("only cards are bought for stock, in the currency that they are sold in")
    last = deps.purchases.running(sku)
    if last is not None and deps.purchases.get(last.purchase).state not in ENDED:
        raise PurchaseRuns(last.purchase)
    now = deps.clock.now()
    name = PurchaseId(f"pur_{ulid(now, deps.chance)}")
    purchase = Purchase(id=name, product_id=product, sku_id=sku, quantity=quantity, unit_max=unit_max, by=by, created_at=now)
    deps.tables.commit(deps.purchases.placed(purchase, business_day(now), last))
    return purchase


def set_going(deps: Deps, name: PurchaseId) -> bool:
    """Begin the purchase's machine, again where an earlier one has ended. Whether this call began it. Raises: MachineUnavailable."""
    return deps.restocking.begin(f"{name}-{epoch_s(deps.clock.now()) // AGAIN_S}", purchase=name)
