"""Bulk edits as values: what to change, which products at which versions, and how far it got."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from faka.contexts.catalog.errors import PriceVanished
from faka.contexts.catalog.model import ListingState, Product, Sku
from faka.contexts.catalog.texts import Handle, Moment, Position, Short
from faka.kernel.ids import ProductId
from faka.kernel.limits import BULK_PRODUCTS_MAX
from faka.kernel.model import Frozen
from faka.kernel.money import Money


class PriceEdit(Frozen):
    """Raise or lower every price by basis points; fractions of a minor unit are cut off in the buyer's favour."""

    what: Literal["price"] = "price"
    by_bp: Annotated[int, Field(strict=True, ge=-9_999, le=100_000)]

    def apply(self, product: Product) -> Product:
        """Raises: PriceVanished."""
        return product.changed(skus=tuple(self._sku(sku) for sku in product.skus))

    def _sku(self, sku: Sku) -> Sku:
        floor_to_minor = sku.price.minor * (10_000 + self.by_bp) // 10_000
        if sku.price.minor and not floor_to_minor:
            raise PriceVanished(sku.id)
        price = Money(minor=floor_to_minor, currency=sku.price.currency)
        return Sku.model_validate({name: getattr(sku, name) for name in Sku.model_fields} | {"price": price})


class ListingEdit(Frozen):
    """Put products on sale or take them off, at once or at a time."""

    what: Literal["listing"] = "listing"
    state: ListingState
    on_at: Moment | None = None
    off_at: Moment | None = None

    def apply(self, product: Product) -> Product:
        return product.changed(state=self.state, on_at=self.on_at, off_at=self.off_at)


class CategoryEdit(Frozen):
    """Move products into another category."""

    what: Literal["category"] = "category"
    category: Handle
    position: Position | None = None

    def apply(self, product: Product) -> Product:
        position = product.position if self.position is None else self.position
        return product.changed(category=self.category, position=position)


Edit = Annotated[PriceEdit | ListingEdit | CategoryEdit, Field(discriminator="what")]


class Target(Frozen):
    """One product of a bulk edit at the version that the editor saw. That version's row is the before-image."""

    product: Handle
    seen: Annotated[int, Field(strict=True, ge=1)]

    @property
    def id(self) -> ProductId:
        return ProductId(self.product)


class ChangeState(StrEnum):
    RUNNING = "RUNNING"
    DONE = "DONE"
    UNDOING = "UNDOING"
    UNDONE = "UNDONE"


class Change(Frozen):
    """A bulk edit. Its row is written before the first product changes, so a crash leaves nothing unexplained."""

    id: str
    edit: Edit
    targets: Annotated[tuple[Target, ...], Field(min_length=1, max_length=BULK_PRODUCTS_MAX)]
    state: ChangeState = ChangeState.RUNNING
    by: Short
    at: Moment

    @property
    def undo_mark(self) -> str:
        """What a product version carries that the undo wrote; the edit's own versions carry the bare id."""
        return f"{self.id}-undo"
