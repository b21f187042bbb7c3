"""Change what a supplier offers of a SKU, and what pages say of it, in one commit."""

from faka.contexts.suppliers.store import Offer
from faka.platform.table import Write
from faka.wiring import Deps


def offered(deps: Deps, offer: Offer) -> list[Write]:
    """The offer as it is from now on. Of two at once the later snapshot stays, and the next mends it."""
    others = [one for one in deps.suppliers.offers(offer.sku) if one.supplier_id != offer.supplier_id]
    return [deps.suppliers.save_offer(offer), deps.supplies.noted(offer.sku, [*others, offer])]
