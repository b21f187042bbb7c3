"""Ask suppliers for price and stock of what is sold from them, and write down what pages may promise.

```
offers of a SKU ─► quotes, all suppliers at once ─► costs that moved: the offer says so ─► the SKU's row of supply
                                                     a supplier who is silent, closed or too dear is not in it
```
Pages read the row and never a supplier: one who hangs slows this function alone, and within its next round his goods are shown as gone.
Where a SKU can be had only above its floor it rests, and a person hears of it once; it comes back by itself.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.catalog.listing import ShelfRow
from faka.contexts.catalog.model import ListingState, Sku
from faka.contexts.suppliers.rules import SupplyRule, floor
from faka.contexts.suppliers.store import Offer, OfferMoved
from faka.contexts.suppliers.supply import Source, Supply
from faka.kernel.delivery import DeliveryKind
from faka.kernel.ids import SupplierId
from faka.kernel.money import Money
from faka.platform import telemetry
from faka.platform.table import Write
from faka.steps.asked_again import asked_again
from faka.steps.quotes import Quotes, quotes
from faka.wiring import Deps


BELIEVED = timedelta(hours=1)
"""How long a row is believed where nobody writes it any more: longer than any pause of this function, shorter than a blind night."""

RENEW = timedelta(minutes=30)
"""A row that says the same is written again when so little of its time is left: twice an hour and not sixty times."""

SKUS_MAX = 1_000
"""SKUs of one round, two reads each; a shop with more rotates them through SUPPLYRULES' order, which nobody has needed."""


def sync_supply(deps: Deps, has_time: Callable[[], bool]) -> dict[str, int]:
    """One round; answers how many SKUs were looked at, how many can be had and how many offers changed their cost."""
    now = deps.clock.now()
    rules = {rule.sku: rule for rule in deps.supply_rules.every()}
    skus = list(_sold_from_suppliers(deps))[:SKUS_MAX]
    offers = {sku.id: [one for one in deps.suppliers.offers(sku.id) if one.enabled] for sku in skus}
    rows = {row.id: row for row in deps.suppliers.rows() if row.is_open(now)}
    wanted: dict[SupplierId, set[str]] = {}
    for one in (one for found in offers.values() for one in found if one.supplier_id in rows):
        wanted.setdefault(one.supplier_id, set()).add(one.goods_id)
    told = quotes(deps, wanted, has_time)
    telemetry.count("SuppliersSilent", sum(found is None for found in told.values()))
    kept = deps.supplies.get_many([sku.id for sku in skus])
    done = {"SKUS": len(skus), "HAD": 0, "REPRICED": 0}
    for sku in skus:
        heard = [_heard(one, told) for one in offers[sku.id] if one.supplier_id in rows and one.supplier_id in told]
        unasked = any(one.supplier_id in rows and one.supplier_id not in told for one in offers[sku.id])
        done["REPRICED"] += sum(_repriced(deps, was, now_is) for was, now_is, _ in filter(None, heard))
        if not unasked:  # without time to ask, what was known stays
            done["HAD"] += _written(deps, sku, [one[1:] for one in heard if one], rules.get(sku.id), kept.get(sku.id))
    return done


def _sold_from_suppliers(deps: Deps) -> Iterable[Sku]:
    """SKUs of listed products that a supplier sends."""
    rows: list[ShelfRow] = [row for row in deps.catalog.shelf(fresh=True) if row.state is ListingState.LISTED]
    products = deps.catalog.products([row.id for row in rows if row.kind is DeliveryKind.DIRECT_RECHARGE])
    return (sku for product in products.values() for sku in product.skus)


def _heard(offer: Offer, told: dict[SupplierId, Quotes | None]) -> tuple[Offer, Offer, int | None] | None:
    """The offer as it was and as it is, and its stock; None where it cannot be had. A cost for *any amount* is per unit: it says nothing
    of this offer's."""
    found = told[offer.supplier_id]
    quote = found.get(offer.goods_id) if found is not None else None
    if quote is None or not quote.is_on_sale or quote.cost.currency is not offer.cost.currency:
        return None
    is_whole = offer.face_minor is None
    return offer, offer.model_copy(update={"cost": quote.cost}) if is_whole else offer, quote.stock


def _repriced(deps: Deps, before: Offer, after: Offer) -> bool:
    if before.cost == after.cost:
        return False
    try:
        deps.tables.apply(deps.suppliers.repriced(before, after.cost))
    except OfferMoved:  # withdrawn or rewritten by a person meanwhile; he knows better, and the next round asks again
        return False
    telemetry.note("offer_repriced", supplier_id=after.supplier_id, before=before.cost.decimal(), after=after.cost.decimal())
    return True


def _written(deps: Deps, sku: Sku, heard: list[tuple[Offer, int | None]], rule: SupplyRule | None, kept: Supply | None) -> bool:
    """The SKU's row, where it says something new; whether the SKU can be had."""
    now, most = deps.clock.now(), floor(sku.price, rule)
    fit = [one for one in heard if one[0].cost.currency is most.currency and one[0].cost.minor <= most.minor]
    sources = tuple(Source(cost=offer.cost, stock=stock, until=now + BELIEVED) for offer, stock in fit)
    supply = Supply(sku=sku.id, sources=sources, rests=bool(heard) and not fit)
    if kept is None or not _same(kept, supply) or _ends_soon(kept, now):
        deps.tables.commit([deps.supplies.written(supply), *_told(deps, sku, most, kept is not None and kept.rests, supply.rests)])
    return bool(sources)


def _told(deps: Deps, sku: Sku, most: Money, rested: bool, rests: bool) -> list[Write]:
    """In the commit of the row that says so, so that it is said once."""
    cause = f"{sku.id}:floor"
    if rests and not rested:
        telemetry.note("sku_rests", sku=sku.id, floor=most.decimal())
        reason = f"{sku.id} rests: every supplier asks more than {most.decimal()} {most.currency}; it is sold at {sku.price.decimal()}"
        return [asked_again(deps, CaseKind.SUPPLIER, cause, sku.id, reason)]
    if rested and not rests:
        return [deps.cases.closed(case_id(CaseKind.SUPPLIER, cause), "answered: it does not rest any more")]
    return []


def _same(one: Supply, other: Supply) -> bool:
    return one.rests == other.rests and [(each.cost, each.stock) for each in one.sources] == [
        (each.cost, each.stock) for each in other.sources
    ]


def _ends_soon(kept: Supply, now: datetime) -> bool:
    return any(source.until is None or source.until < now + RENEW for source in kept.sources)
