"""Show what is for sale: the listing and one product's page."""

from collections.abc import Sequence
from datetime import datetime

from faka.contexts.catalog.categories import Category, CategoryTree
from faka.contexts.catalog.errors import CategoryNotFound, ProductNotFound
from faka.contexts.catalog.listing import ShelfRow
from faka.contexts.catalog.model import ChannelRow, Product
from faka.contexts.catalog.policy import StockWord, stock_word
from faka.contexts.catalog.texts import Localized
from faka.kernel.delivery import DeliveryKind
from faka.kernel.ids import ProductId, SkuId
from faka.kernel.limits import SHELF_PAGE
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.steps.offered import Wanted, available
from faka.wiring import Deps


class Tile(Frozen):
    """One product in a listing. `price_to` differs from `price_from` where its SKUs have several prices."""

    id: ProductId
    title: Localized
    summary: Localized
    category: str
    kind: DeliveryKind
    price_from: Money
    price_to: Money
    stock: StockWord
    image_hue: int


class Shelf(Frozen):
    """One page of a listing, with the tree for the menu and the way from the top to the category."""

    tree: CategoryTree
    path: tuple[Category, ...]
    tiles: tuple[Tile, ...]
    total: int
    page: int
    pages: int


class ProductPage(Frozen):
    """A product as its page shows it at one moment.

    Before its opening time `is_open` is False and the page says when; nothing else about a closed product is shown.
    """

    product: Product
    is_open: bool
    stock: dict[SkuId, StockWord]
    channels: tuple[ChannelRow, ...]
    path: tuple[Category, ...]


def shelf(deps: Deps, category: str | None, at: datetime, page: int = 1) -> Shelf:
    """List what is on the shelf now, in a category with everything below it, or in the whole shop.

    Raises: CategoryNotFound.
    Bound:  SHELF_PAGE tiles a page; a page beyond the last shows the last.
    """
    tree = deps.catalog.tree()
    rows = [row for row in deps.catalog.shelf() if row.is_on_shelf(at)]
    if category is not None:
        within = tree.subtree(category)
        rows = [row for row in rows if row.category in within]
    pages = max(1, -(-len(rows) // SHELF_PAGE))
    page = min(max(1, page), pages)
    shown = rows[(page - 1) * SHELF_PAGE : page * SHELF_PAGE]
    path = tree.path(category) if category is not None else ()
    return Shelf(tree=tree, path=path, tiles=_tiles(deps, shown), total=len(rows), page=page, pages=pages)


def _tiles(deps: Deps, rows: Sequence[ShelfRow]) -> tuple[Tile, ...]:
    left = available(deps, (Wanted(id=sku.id, kind=row.kind, shards=sku.shards) for row in rows for sku in row.skus))
    return tuple(_tile(row, left) for row in rows)


def _tile(row: ShelfRow, left: dict[SkuId, int]) -> Tile:
    words = {stock_word(left.get(sku.id, 0), sku.per_order_min) for sku in row.skus}
    best = next(word for word in (StockWord.PLENTY, StockWord.FEW, StockWord.NONE) if word in words)
    return Tile(stock=best, **{name: getattr(row, name) for name in Tile.model_fields if name != "stock"})


def product_page(deps: Deps, product_id: str, at: datetime) -> ProductPage:
    """Show one product that is on the shelf, or that will be.

    Raises: ProductNotFound also for a draft, an unlisted product and one whose time is over.
    """
    product = deps.catalog.product(product_id)
    is_open = product.is_on_shelf(at)
    if not is_open and not product.opens_after(at):
        raise ProductNotFound(product.id)
    left = available(deps, (Wanted(id=sku.id, kind=product.kind, shards=sku.shards, price=sku.price) for sku in product.skus))
    words = {sku.id: stock_word(left.get(sku.id, 0), sku.per_order_min) for sku in product.skus}
    open_channels = (one for one in deps.catalog.channels() if one.enabled and one.currency is product.currency)
    return ProductPage(product=product, is_open=is_open, stock=words, channels=tuple(open_channels), path=_path(deps, product))


def _path(deps: Deps, product: Product) -> tuple[Category, ...]:
    """Where the product stands in the tree; a product may outlive its category, and its page then has no way up."""
    try:
        return deps.catalog.tree().path(product.category)
    except CategoryNotFound:
        return ()
