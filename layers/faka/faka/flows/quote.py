"""Say what something costs before anything is ordered."""

from faka.contexts.orders.price import Price, priced
from faka.kernel.errors import InvalidRequest
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.steps.offered import Wanted, available
from faka.steps.ways import price_by
from faka.wiring import Deps


class QuantityNotOffered(InvalidRequest):
    """Outside the SKU's limits for one order."""

    public_message = "Please choose a quantity within the limits of this product."


class QuoteRequest(Frozen):
    product: str
    sku: str
    quantity: int
    channel: str = ""


class Quote(Frozen):
    price: Price
    version: int
    available: int


def quote(deps: Deps, request: QuoteRequest) -> Quote:
    """The server's price for a choice, with the channel's fee, and how many can be had now (at most a second old).

    Where the channel takes another currency than the price list, the price is in the channel's, at the rate of this moment.
    Raises: ProductNotFound, OffShelf, UnknownSku, QuantityNotOffered, ChannelNotFound, ChannelClosedForOrders,
    ChannelNotForAmount.
    """
    product = deps.catalog.product(request.product)
    product.require_on_shelf(deps.clock.now())
    sku = product.sku(request.sku)
    if not sku.per_order_min <= request.quantity <= sku.per_order_max:
        raise QuantityNotOffered("quantity")
    left = available(deps, [Wanted(id=sku.id, kind=product.kind, shards=sku.shards, price=sku.price)])[sku.id]
    return Quote(price=_price(deps, sku.price, request), version=product.version, available=left)


def _price(deps: Deps, unit: Money, request: QuoteRequest) -> Price:
    if not request.channel:
        return priced(unit, request.quantity, 0)
    price, _rate = price_by(deps, unit, request.quantity, deps.catalog.channel(request.channel))
    return price
