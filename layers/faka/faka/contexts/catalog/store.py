"""Rows of the catalogue.

| row | pk / sk | written |
|---|---|---|
| live product | `PRODUCT#{id}` / `LIVE` | put, conditional on the version that the editor saw |
| its versions | `PRODUCT#{id}` / `V#{version:06}` | insert; no code updates or deletes one |
| listing | `SHELF` / `{id}` | put in the commit of its product |
| owner of a SKU id | `OWNER#{sku}` / `OWNER` | put unless another product has it |
| categories | `CATEGORIES` / `TREE` | put, conditional on the version |
| channels | `CHANNELS` / `{id}` | put |
| exchange rates | `RATES` / `{base}-{to}` | put |
| bulk changes | `CHANGE#{id}` / `CHANGE` | insert, then state only |
"""

from collections.abc import Collection, Sequence
from typing import TypeVar

from pydantic import ValidationError

from faka.contexts.catalog.cache import Recent
from faka.contexts.catalog.categories import CategoryTree
from faka.contexts.catalog.edits import Change, ChangeState
from faka.contexts.catalog.errors import ChangeMoved, ChangeNotFound, ChannelNotFound, ProductMoved, ProductNotFound, SkuTaken, TreeMoved
from faka.contexts.catalog.listing import ShelfRow
from faka.contexts.catalog.model import ChannelRow, Product
from faka.contexts.catalog.rates import RATES_MAX, RateRow
from faka.kernel.clock import Clock
from faka.kernel.errors import Broken, FakaError, UnknownState
from faka.kernel.ids import ChannelId, ProductId, SkuId, is_handle
from faka.kernel.limits import CHANNELS_MAX, PAGE_MAX, PRODUCTS_MAX
from faka.kernel.model import Frozen
from faka.platform.table import Item, Key, TableName, Tables, Write, check, insert, put, update


Model = TypeVar("Model", bound=Frozen)


def product_key(product: str) -> Key:
    return Key(TableName.CATALOG, f"PRODUCT#{product}", "LIVE")


def version_key(product: str, version: int) -> Key:
    return Key(TableName.CATALOG, f"PRODUCT#{product}", f"V#{version:06}")


def owner_key(sku: str) -> Key:
    return Key(TableName.CATALOG, f"OWNER#{sku}", "OWNER")


def channel_key(channel: str) -> Key:
    return Key(TableName.CATALOG, "CHANNELS", channel)


def change_key(change: str) -> Key:
    return Key(TableName.CATALOG, f"CHANGE#{change}", "CHANGE")


TREE = Key(TableName.CATALOG, "CATEGORIES", "TREE")


class CatalogStore:
    """Reads may be up to `CATALOG_CACHE_S` old unless `fresh` is asked for; writes are described, not done."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._recent = Recent(clock)

    def forget(self) -> None:
        """Answer from the tables again; for a process that has just changed them."""
        self._recent.forget()

    # -- products -------------------------------------------------------------------------------------------------

    def product(self, product: str, *, fresh: bool = False) -> Product:
        """The live version. Raises: ProductNotFound."""
        return self._recent.get(("product", product), lambda: self._product(product, strong=fresh), fresh=fresh)

    def _product(self, product: str, *, strong: bool) -> Product:
        row = self._tables.get(product_key(product), strong=strong) if is_handle(product) else None
        if row is None:
            raise ProductNotFound(product)
        return _read(Product, row)

    def products(self, products: Sequence[str]) -> dict[ProductId, Product]:
        """Live versions read strongly, in hundreds; absent ones are absent."""
        rows = self._tables.batch_get([product_key(product) for product in products])
        return {product.id: product for product in (_read(Product, row) for row in rows.values())}

    def product_version(self, product: str, version: int) -> Product:
        """A version for good, as an order refers to it. Raises: ProductNotFound."""
        return self._recent.get(("version", f"{product}#{version}"), lambda: self._version(product, version))

    def _version(self, product: str, version: int) -> Product:
        row = self._tables.get(version_key(product, version))
        if row is None:
            raise ProductNotFound(f"{product} version {version}")
        return _read(Product, row)

    def versions(self, targets: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Product]:
        rows = self._tables.batch_get([version_key(*target) for target in targets])
        return {(product.id, product.version): product for product in (_read(Product, row) for row in rows.values())}

    def shelf(self, *, fresh: bool = False) -> list[ShelfRow]:
        """Every product's listing row, whatever its state; `is_on_shelf(now)` tells which a buyer may see."""
        return self._recent.get(("shelf", ""), lambda: self._shelf(strong=fresh), fresh=fresh)

    def _shelf(self, *, strong: bool) -> list[ShelfRow]:
        found: list[ShelfRow] = []
        after: Item | None = None
        while len(found) < PRODUCTS_MAX:
            rows, after = self._tables.query(TableName.CATALOG, "SHELF", limit=PAGE_MAX, strong=strong, after=after)
            found += [_read(ShelfRow, row) for row in rows]
            if after is None:
                return sorted(found, key=lambda row: (row.position, row.id))
        raise Broken(f"more than {PRODUCTS_MAX} products")

    def publish(self, product: Product, expected_version: int, owned: Collection[SkuId] = ()) -> list[Write]:
        """The version after `expected_version` (0: the product is new) as live row, permanent row and listing row.

        `owned` are SKUs that the version before had already, so that their ids need no new claim.
        Else: ProductMoved with the current row; SkuTaken.
        """
        after = product.changed(version=expected_version + 1)
        body = after.model_dump(mode="json", exclude_none=True)
        when = "#version = :seen" if expected_version else "attribute_not_exists(pk)"
        seen = {"seen": expected_version} if expected_version else {}
        listing = ShelfRow.of(after).model_dump(mode="json", exclude_none=True)
        return [
            put(TableName.CATALOG, _at(product_key(after.id), body), when=when, otherwise=_product_moved, **seen),
            insert(TableName.CATALOG, _at(version_key(after.id, after.version), body), otherwise=_product_moved),
            put(TableName.CATALOG, _at(Key(TableName.CATALOG, "SHELF", after.id), listing)),
            *(self._owned(sku.id, after.id) for sku in after.skus if sku.id not in owned),
        ]

    def _owned(self, sku: SkuId, product: ProductId) -> Write:
        """Claim a SKU id for good: stock rows are keyed by it alone, so two products with one id would sell one stock."""
        row = _at(owner_key(sku), {"product": product})
        return put(
            TableName.CATALOG, row, when="attribute_not_exists(pk) OR #product = :product", otherwise=_sku_taken, product=str(product)
        )

    # -- categories and channels ------------------------------------------------------------------------------------

    def tree(self, *, fresh: bool = False) -> CategoryTree:
        return self._recent.get(("tree", ""), lambda: self._tree(strong=fresh), fresh=fresh)

    def _tree(self, *, strong: bool) -> CategoryTree:
        row = self._tables.get(TREE, strong=strong)
        return _read(CategoryTree, row) if row else CategoryTree()

    def save_tree(self, tree: CategoryTree) -> Write:
        """Write the whole tree over the version that it was made from. Else: TreeMoved."""
        after = CategoryTree(categories=tree.categories, version=tree.version + 1)
        when = "#version = :seen" if tree.version else "attribute_not_exists(pk)"
        seen = {"seen": tree.version} if tree.version else {}
        body = after.model_dump(mode="json", exclude_none=True)
        return put(TableName.CATALOG, _at(TREE, body), when=when, otherwise=lambda row: TreeMoved(row=row), **seen)

    def channels(self, *, fresh: bool = False) -> list[ChannelRow]:
        """Every payment channel in the shop's order, enabled or not."""
        return self._recent.get(("channels", ""), lambda: self._channels(strong=fresh), fresh=fresh)

    def _channels(self, *, strong: bool) -> list[ChannelRow]:
        rows, _ = self._tables.query(TableName.CATALOG, "CHANNELS", limit=CHANNELS_MAX, strong=strong)
        return sorted((_read(ChannelRow, row) for row in rows), key=lambda channel: (channel.position, channel.id))

    def channel(self, channel: str, *, fresh: bool = False) -> ChannelRow:
        """Raises: ChannelNotFound."""
        return self._recent.get(("channel", channel), lambda: self._channel(ChannelId(channel), strong=fresh), fresh=fresh)

    def _channel(self, channel: ChannelId, *, strong: bool) -> ChannelRow:
        row = self._tables.get(channel_key(channel), strong=strong) if is_handle(channel) else None
        if row is None:
            raise ChannelNotFound("no such channel")
        return _read(ChannelRow, row)

    def save_channel(self, channel: ChannelRow) -> Write:
        return put(TableName.CATALOG, _at(channel_key(channel.id), channel.model_dump(mode="json")))

    def rates(self, *, fresh: bool = False) -> list[RateRow]:
        """Every exchange rate, live or too old."""
        return self._recent.get(("rates", ""), lambda: self._rates(strong=fresh), fresh=fresh)

    def _rates(self, *, strong: bool) -> list[RateRow]:
        rows, _ = self._tables.query(TableName.CATALOG, "RATES", limit=RATES_MAX, strong=strong)
        return [_read(RateRow, row) for row in rows]

    def save_rate(self, rate: RateRow) -> Write:
        return put(TableName.CATALOG, _at(Key(TableName.CATALOG, "RATES", f"{rate.base}-{rate.to}"), rate.model_dump(mode="json")))

    # -- bulk changes -----------------------------------------------------------------------------------------------

    def change(self, change: str) -> Change:
        """Raises: ChangeNotFound."""
        row = self._tables.get(change_key(change))
        if row is None:
            raise ChangeNotFound("no such change")
        return _read(Change, row)

    def begin_change(self, change: Change) -> Write:
        return insert(
            TableName.CATALOG, _at(change_key(change.id), change.model_dump(mode="json", exclude_none=True)), otherwise=_change_moved
        )

    def change_is(self, change: str, state: ChangeState) -> Write:
        """Hold that a change is still in a state, in the commit of one of its steps. Else: ChangeMoved."""
        return check(change_key(change), "#state = :state", otherwise=_change_moved, state=state.value)

    def change_moved(self, change: str, before: Sequence[ChangeState], after: ChangeState) -> Write:
        """Else: ChangeMoved."""
        seen = {f"s{number}": state.value for number, state in enumerate(before)}
        when = " OR ".join(f"#state = :{name}" for name in seen)
        return update(change_key(change), "SET #state = :after", when=when, otherwise=_change_moved, after=after.value, **seen)


def _at(key: Key, body: Item) -> Item:
    return {"pk": key.pk, "sk": key.sk, **body}


def _read(model: type[Model], row: Item) -> Model:
    """Raises: UnknownState when the row does not fit its model."""
    try:
        return model.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
    except (ValidationError, FakaError) as error:
        raise UnknownState(f"catalogue row {row['pk']} {row['sk']}") from error


def _product_moved(row: Item | None) -> FakaError:
    return ProductMoved("another version was published in between", row)


def _sku_taken(row: Item | None) -> FakaError:
    return SkuTaken("the SKU id belongs to another product", row)


def _change_moved(row: Item | None) -> FakaError:
    return ChangeMoved("the change is in another state", row)
