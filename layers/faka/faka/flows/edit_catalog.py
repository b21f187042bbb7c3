"""Change what is for sale: publish products, schedule them, arrange categories. Many at once: `flows.bulk_edit`."""

from datetime import datetime

from faka.contexts.catalog.categories import CategoryTree
from faka.contexts.catalog.errors import CategoryInUse, CategoryNotFound, InvalidProduct, ProductMoved
from faka.contexts.catalog.model import ChannelRow, ListingState, Product
from faka.contexts.catalog.policy import move, put, remove, require_publishable
from faka.contexts.catalog.texts import Localized
from faka.kernel.errors import InvalidRequest
from faka.kernel.limits import PRODUCTS_MAX
from faka.wiring import Deps


OWN_NAMES = frozenset({"free", "wallet"})
"""Channels of orders that cost nothing and of money out of a wallet; no provider stands behind them."""


def publish(deps: Deps, product: Product) -> Product:
    """Put a product's next version on record; `product.version` is the version that the editor saw, 0 for a new product.

    Writes: catalog (live row, permanent version, listing row, owners of new SKU ids), one commit.
    Raises: ProductNotFound, ProductMoved (carries the current row), CategoryNotFound, SkuTaken, NotYetSold, InvalidProduct,
            KindFixed, NoticeNotRenewed, InvalidRequest when the shop is full.
    A repeat after a lost answer meets its own version and answers it.
    """
    before = deps.catalog.product(product.id, fresh=True) if product.version else None
    require_publishable(product, before)
    if product.category not in deps.catalog.tree(fresh=True):
        raise CategoryNotFound(product.category)
    if before is None and len(deps.catalog.shelf()) >= PRODUCTS_MAX:
        raise InvalidRequest(f"a shop holds at most {PRODUCTS_MAX} products")
    after = product.changed(version=product.version + 1, change="")
    owned = before.sku_ids if before else frozenset()
    try:
        deps.tables.commit(deps.catalog.publish(after, product.version, owned))
    except ProductMoved:
        if deps.catalog.products([product.id]).get(product.id) != after:
            raise
    deps.catalog.forget()
    return deps.catalog.product(product.id, fresh=True)


def schedule(deps: Deps, product_id: str, on_at: datetime | None, off_at: datetime | None) -> Product:
    """List a product between two moments; None leaves that end open.

    Raises: ProductNotFound, ProductMoved, CategoryNotFound, NotYetSold.
    """
    live = deps.catalog.product(product_id, fresh=True)
    return publish(deps, live.changed(state=ListingState.LISTED, on_at=on_at, off_at=off_at))


def save_channel(deps: Deps, channel: ChannelRow) -> None:
    """Add or change a payment channel; its secrets are not part of it. Raises: InvalidProduct for a name that the shop uses itself."""
    if channel.id in OWN_NAMES:
        raise InvalidProduct(f"{channel.id} is how the shop pays itself; choose another id for the channel")
    deps.tables.commit([deps.catalog.save_channel(channel)])
    deps.catalog.forget()


# -- categories ---------------------------------------------------------------------------------------------------


def put_category(deps: Deps, category: str, parent: str | None, name: Localized, position: int = 0) -> CategoryTree:
    """Add a category, or rename and move it. Raises: CategoryNotFound, CategoryCycle, CategoryTooDeep, TreeMoved."""
    return _save_tree(deps, put(deps.catalog.tree(fresh=True), category, parent, name, position))


def move_category(deps: Deps, category: str, parent: str | None, position: int | None = None) -> CategoryTree:
    """Move a category with everything below it in one write.

    Raises: CategoryNotFound, CategoryCycle, CategoryTooDeep, TreeMoved.
    """
    return _save_tree(deps, move(deps.catalog.tree(fresh=True), category, parent, position))


def remove_category(deps: Deps, category: str) -> CategoryTree:
    """Take an empty category away.

    Raises: CategoryNotFound, CategoryInUse, TreeMoved.
    A product that is published into it at the same moment keeps its page and the whole listing, and only has no way up.
    """
    tree = remove(deps.catalog.tree(fresh=True), category)
    if any(row.category == category for row in deps.catalog.shelf(fresh=True)):
        raise CategoryInUse(category)
    return _save_tree(deps, tree)


def _save_tree(deps: Deps, tree: CategoryTree) -> CategoryTree:
    deps.tables.commit([deps.catalog.save_tree(tree)])
    return deps.catalog.tree(fresh=True)
