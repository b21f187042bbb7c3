"""How much of each SKU can be had: cards from stock, top-ups from suppliers, work by hand always."""

from collections.abc import Iterable

from faka.contexts.stock import OutOfStock
from faka.contexts.suppliers.supply import PLENTY, source_of
from faka.kernel.delivery import DeliveryKind
from faka.kernel.ids import SkuId
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.wiring import Deps


class Wanted(Frozen):
    """As much of a SKU as its availability depends on; without a price, whatever it costs at a supplier."""

    id: SkuId
    kind: DeliveryKind
    shards: int
    price: Money | None = None


def available(deps: Deps, wanted: Iterable[Wanted]) -> dict[SkuId, int]:
    """In at most two requests a hundred: the heads of stock, and the rows of supply."""
    rows = list(wanted)
    sealed = {one.id: one.shards for one in rows if one.kind.is_sealed}
    found = deps.stock.available(sealed) if sealed else {}
    found |= _supplied(deps, [one for one in rows if one.kind is DeliveryKind.DIRECT_RECHARGE])
    return found | {one.id: PLENTY for one in rows if one.kind is DeliveryKind.MANUAL_RECHARGE}


def _supplied(deps: Deps, rows: list[Wanted]) -> dict[SkuId, int]:
    if not rows:
        return {}
    now = deps.clock.now()
    supplies = deps.supplies.get_many([one.id for one in rows])
    return {one.id: supplies[one.id].available(now, one.price) if one.id in supplies else 0 for one in rows}


def require_supplier(deps: Deps, sku: SkuId, price: Money) -> None:
    """Somebody who is open sells it for no more than the buyer pays, as offers and papers stand now, and the SKU does not rest, as pages
    know it. Raises: OutOfStock."""
    now = deps.clock.now()
    supply = deps.supplies.get_many([sku]).get(sku)
    if supply is not None and not supply.available(now, price):
        raise OutOfStock(0)
    for offer in deps.suppliers.offers(sku):
        cost = source_of(offer).cost
        is_fit = offer.enabled and cost.currency is price.currency and cost.minor <= price.minor
        if is_fit and deps.suppliers.get(offer.supplier_id).is_open(now):
            return
    raise OutOfStock(0)
