"""The listing: one small row for each product, so that all of them can be read at once."""

from faka.contexts.catalog.model import Product, Shelved
from faka.contexts.catalog.texts import Localized
from faka.kernel.delivery import DeliveryKind
from faka.kernel.ids import ProductId, SkuId
from faka.kernel.model import Frozen
from faka.kernel.money import Money


class SkuStub(Frozen):
    """As much of a SKU as a tile needs to ask for its stock."""

    id: SkuId
    shards: int
    per_order_min: int


class ShelfRow(Shelved):
    """One product in the listing: enough for a tile, small enough to read all of them."""

    id: ProductId
    version: int
    kind: DeliveryKind
    category: str
    title: Localized
    summary: Localized
    price_from: Money
    price_to: Money
    skus: tuple[SkuStub, ...]
    image_hue: int
    position: int

    @classmethod
    def of(cls, product: Product) -> "ShelfRow":
        prices = sorted((sku.price for sku in product.skus), key=lambda price: price.minor)
        stubs = tuple(SkuStub(id=sku.id, shards=sku.shards, per_order_min=sku.per_order_min) for sku in product.skus)
        same = {name: getattr(product, name) for name in cls.model_fields if name not in ("price_from", "price_to", "skus")}
        return cls(price_from=prices[0], price_to=prices[-1], skus=stubs, **same)
