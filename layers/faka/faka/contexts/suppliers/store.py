"""Suppliers, and which of their goods serve which SKU, as rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from faka.kernel.errors import Conflict, FakaError, NotFound, UnknownState
from faka.kernel.ids import SkuId, SupplierId, handle
from faka.kernel.model import Frozen
from faka.kernel.money import Currency, Money
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, put, update


Model = TypeVar("Model", bound=Frozen)

OFFERS_MAX = 20
"""Suppliers of one SKU that are compared; nobody has more."""

SUPPLIERS_MAX = 200


class SupplierMissing(NotFound):
    """No such supplier."""


class SupplierMoved(Conflict):
    """Somebody else changed the supplier's row since it was read; carries it."""


class OfferMoved(Conflict):
    """Somebody else changed or withdrew the offer since it was read."""


class SupplierRow(Frozen):
    """One account at one supplier; its secret stands elsewhere, under `secret_name`."""

    id: Annotated[SupplierId, AfterValidator(handle)]
    name: str = Field(min_length=1, max_length=80)
    kind: str
    account: dict[str, str] = Field(max_length=8)
    gateway: str = Field(max_length=200)
    currency: Currency
    enabled: bool = False
    """What a person last said; whether he may be asked, `is_open` says."""
    admitted_until: datetime | None = None
    """Until when his papers admit him, written when one is decided; None: not admitted."""
    grade: str = Field(default="", max_length=1)
    """How he has done for weeks, A to D (`scorecard`); empty: not judged yet."""
    grade_reasons: tuple[str, ...] = Field(default=(), max_length=8)
    version: int = 0

    @property
    def secret_name(self) -> str:
        return f"faka/suppliers/{self.id}"

    @property
    def is_low(self) -> bool:
        """Asked only where nobody else can be."""
        return self.grade == "D"

    def is_admitted(self, at: datetime) -> bool:
        return self.admitted_until is not None and at < self.admitted_until

    def is_open(self, at: datetime) -> bool:
        """Whether something new may be ordered there."""
        return self.enabled and self.is_admitted(at)

    def changed(self, **changes: Any) -> "SupplierRow":
        """Validated like any row, one version further."""
        return SupplierRow.model_validate({**self.model_dump(), **changes, "version": self.version + 1})


class Offer(Frozen):
    """A SKU can be had from this supplier, by this name of his, at this cost as he last said."""

    sku: SkuId
    supplier_id: SupplierId
    goods_id: str = Field(min_length=1, max_length=64)
    face_minor: int | None = Field(default=None, gt=0)
    cost: Money
    enabled: bool = True
    fields: dict[str, str] = Field(default={}, max_length=8)
    """How this supplier calls fields of the product's form, where he calls them otherwise."""

    carriers: tuple[str, ...] = Field(default=(), max_length=8)
    """Whose numbers it is sold for, as look-ups name them; empty: any."""

    def addressed(self, account: Mapping[str, str]) -> dict[str, str]:
        """The buyer's account in this supplier's words."""
        return {self.fields.get(name, name): value for name, value in account.items()}


class SupplierStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, name: SupplierId) -> SupplierRow:
        """Raises: SupplierMissing."""
        row = self._tables.get(Key(TableName.CATALOG, "SUPPLIERS", name))
        if row is None:
            raise SupplierMissing(name)
        return _read(SupplierRow, row)

    def rows(self) -> list[SupplierRow]:
        """By name; at most `SUPPLIERS_MAX`."""
        rows, _ = self._tables.query(TableName.CATALOG, "SUPPLIERS", limit=SUPPLIERS_MAX)
        return [_read(SupplierRow, row) for row in rows]

    def offers(self, sku: SkuId) -> list[Offer]:
        """Enabled or not, in one request."""
        rows, _ = self._tables.query(TableName.CATALOG, f"OFFERS#{sku}", limit=OFFERS_MAX)
        return [_read(Offer, row) for row in rows]

    def save(self, supplier: SupplierRow) -> Write:
        return put(TableName.CATALOG, _item(supplier))

    def inserted(self, supplier: SupplierRow) -> Write:
        """Else SupplierMoved: somebody else was first."""
        return insert(TableName.CATALOG, _item(supplier), otherwise=_moved)

    def replaced(self, before: SupplierRow, after: SupplierRow) -> Write:
        """Only over the row that was read. Else SupplierMoved: a closing and an approval at once both count."""
        when = "#version = :seen" if before.version else "attribute_not_exists(#version) OR #version = :seen"
        return put(TableName.CATALOG, _item(after), when=when, otherwise=_moved, seen=before.version)

    def save_offer(self, offer: Offer) -> Write:
        return put(TableName.CATALOG, {**offer.model_dump(mode="json"), "pk": f"OFFERS#{offer.sku}", "sk": offer.supplier_id})

    def repriced(self, before: Offer, cost: Money) -> Write:
        """Only what it costs, and only over the offer that was read: nobody's withdrawal is undone. Else OfferMoved."""
        return update(
            Key(TableName.CATALOG, f"OFFERS#{before.sku}", before.supplier_id),
            "SET #cost = :cost",
            when="#cost = :was AND #enabled = :yes AND #goods_id = :goods",
            otherwise=lambda _: OfferMoved(f"{before.sku} at {before.supplier_id}"),
            cost=cost.model_dump(mode="json"),
            was=before.cost.model_dump(mode="json"),
            yes=True,
            goods=before.goods_id,
        )


def _item(supplier: SupplierRow) -> Item:
    return {**supplier.model_dump(mode="json"), "pk": "SUPPLIERS", "sk": supplier.id}


def _moved(row: Item | None) -> FakaError:
    return SupplierMoved("supplier moved", row)


def _read(model: type[Model], row: Item) -> Model:
    try:
        return model.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error
