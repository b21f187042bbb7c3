"""How a SKU is kept supplied: one row for each SKU that somebody has decided about."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from faka.kernel.errors import Broken, UnknownState
from faka.kernel.ids import ProductId, SkuId, handle
from faka.kernel.limits import PAGE_MAX
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.platform.table import Item, Key, TableName, Tables, Write, delete, put


RULES_MAX = 2_000
"""As many as products: each is looked at every minute, a hundred in one request."""

CARDS_MAX = 10_000
BASIS = 10_000
"""A margin is written in basis points."""


class SupplyRule(Frozen):
    sku: Annotated[SkuId, AfterValidator(handle)]
    product: Annotated[ProductId, AfterValidator(handle)]
    low: int = Field(default=0, ge=0, le=CARDS_MAX)
    """At so many cards or fewer the SKU is low, and people hear of it."""
    upto: int = Field(default=0, ge=0, le=CARDS_MAX)
    """So many are bought by the shop itself when it is low; 0: people buy."""
    unit_max: Money | None = None
    """What one card may cost."""
    day_max: int = Field(default=0, ge=0, le=CARDS_MAX)
    """Cards that the shop buys by itself on one day in Shanghai: what a runaway can cost."""
    window_s: int = Field(default=86_400, ge=600, le=30 * 86_400)
    """Within it people hear once that the product is low."""
    margin_min_bp: int = Field(default=0, ge=0, lt=BASIS)
    """Of the price, what must be left above a supplier's cost; below it the SKU rests."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.upto and (self.unit_max is None or not self.day_max):
            raise ValueError("what is bought by itself needs unit_max and day_max")
        if self.upto and self.upto <= self.low:
            raise ValueError("upto must be above low")
        return self


def floor(price: Money, rule: SupplyRule | None) -> Money:
    """The most that a supplier may ask for what is sold at `price`, rounded down."""
    left = BASIS - (rule.margin_min_bp if rule else 0)
    return Money(minor=price.minor * left // BASIS, currency=price.currency)


class SupplyRuleStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def every(self) -> list[SupplyRule]:
        """At most `RULES_MAX`. Raises: Broken beyond, UnknownState."""
        found: list[SupplyRule] = []
        after: Item | None = None
        while len(found) <= RULES_MAX:
            rows, after = self._tables.query(TableName.CATALOG, "SUPPLYRULES", limit=PAGE_MAX, after=after)
            found += [_read(row) for row in rows]
            if after is None:
                return found
        raise Broken(f"more than {RULES_MAX} supply rules")

    def saved(self, rule: SupplyRule) -> Write:
        return put(TableName.CATALOG, {**rule.model_dump(mode="json"), "pk": "SUPPLYRULES", "sk": rule.sku})

    def forgotten(self, sku: SkuId) -> Write:
        return delete(Key(TableName.CATALOG, "SUPPLYRULES", sku))


def _read(row: Item) -> SupplyRule:
    try:
        return SupplyRule.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
    except ValidationError as error:
        raise UnknownState(row["sk"]) from error
