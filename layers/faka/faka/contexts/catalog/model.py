"""Products, SKUs and payment channels as values."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from faka.contexts.catalog.account_form import AccountForm, Only
from faka.contexts.catalog.errors import OffShelf, UnknownSku
from faka.contexts.catalog.texts import Count, Handle, Line, Localized, Moment, Name, Position, Short
from faka.kernel.delivery import DeliveryKind
from faka.kernel.ids import ChannelId, ProductId, SkuId, handle
from faka.kernel.limits import (
    AMOUNT_MINOR_MAX,
    SHARDS_MAX,
    SKUS_MAX,
    TEXT_LINE_MAX,
)
from faka.kernel.model import Frozen
from faka.kernel.money import Currency, Money


class Sku(Frozen):
    """What is bought: one price, one stock. The id names the stock's rows, so it never changes and no two products share it."""

    id: Annotated[SkuId, AfterValidator(handle)]
    name: Name
    price: Money
    face_value: Line = Localized()
    """What the card is worth where it is used (`¥50`, `31 days`), for the buyer's choice."""
    per_order_min: Count = 1
    per_order_max: Count = 10
    shards: Annotated[int, Field(strict=True, ge=1, le=SHARDS_MAX)] = 1
    position: Position = 0
    only: Only = Field(default={})
    """Where it goes to an account: the choices of the product's form that it is sold for; a field that is not named is free."""

    @field_validator("price", mode="before")
    @classmethod
    def _whole_minor(cls, value: Any) -> Any:
        if isinstance(value, dict) and type(value.get("minor")) is not int:
            raise ValueError("minor must be a whole number of minor units, such as 1580 for 15.80")
        return value

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not 0 <= self.price.minor * self.per_order_max <= AMOUNT_MINOR_MAX:
            raise ValueError("the price times the order limit must be between zero and the shop's largest amount")
        if self.per_order_min > self.per_order_max:
            raise ValueError("per_order_min is above per_order_max")
        return self


class ListingState(StrEnum):
    DRAFT = "DRAFT"
    LISTED = "LISTED"
    UNLISTED = "UNLISTED"


class Shelved(Frozen):
    """What decides whether something is on the shelf: a state, and a window that is compared with the clock at each request."""

    state: ListingState = ListingState.DRAFT
    on_at: Moment | None = None
    off_at: Moment | None = None

    def is_on_shelf(self, at: datetime) -> bool:
        """From `on_at` on, until just before `off_at`."""
        return self.state is ListingState.LISTED and not self.opens_after(at) and (self.off_at is None or at < self.off_at)

    def opens_after(self, at: datetime) -> bool:
        """Whether it is listed but its time has not come."""
        return self.state is ListingState.LISTED and self.on_at is not None and at < self.on_at


class Product(Shelved):
    """One version of a product. A version never changes once written; orders refer to it by number (A42)."""

    id: Annotated[ProductId, AfterValidator(handle)]
    version: Annotated[int, Field(strict=True, ge=0)] = 0
    kind: DeliveryKind
    category: Handle
    title: Name
    summary: Line = Localized()
    description: Localized = Localized()
    rights: Localized = Localized()
    guide_public: Localized = Localized()
    guide_after: Localized = Localized()
    notice: Localized = Localized()
    notice_version: Short = ""
    skus: Annotated[tuple[Sku, ...], Field(min_length=1, max_length=SKUS_MAX)]
    refund_days: Annotated[int, Field(strict=True, ge=0, le=30)] = 7
    """How long after the purchase a buyer may give back, by himself, what he never looked at; 0: never."""
    warranty_days: Annotated[int, Field(strict=True, ge=0, le=365)] = 30
    """How long after the delivery a card that does not work is replaced without asking a person; 0: never."""
    image_hue: Annotated[int, Field(strict=True, ge=0, le=359)] = 210
    position: Position = 0
    account_form: AccountForm | None = None
    """What the buyer is asked of the account that the goods go to; only kinds that go to one have it."""
    change: str = ""
    """The bulk change that wrote this version, empty for an edit by hand."""

    @field_validator("skus")
    @classmethod
    def _in_order(cls, skus: tuple[Sku, ...]) -> tuple[Sku, ...]:
        return tuple(sorted(skus, key=lambda sku: sku.position))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len({sku.id for sku in self.skus}) < len(self.skus):
            raise ValueError("two SKUs have the same id")
        if len({sku.price.currency for sku in self.skus}) > 1:
            raise ValueError("all SKUs of a product have one currency")
        if self.on_at and self.off_at and self.on_at >= self.off_at:
            raise ValueError("off_at must be after on_at")
        if bool(self.notice) != bool(self.notice_version):
            raise ValueError("a notice and its version belong together")
        self._require_account_fits()
        return self

    def _require_account_fits(self) -> None:
        if self.account_form is None:
            if any(sku.only for sku in self.skus):
                raise ValueError("a SKU's `only` names fields of the account form, and there is none")
            return
        if not self.kind.goes_to_account:
            raise ValueError(f"{self.kind} goes to no account, so it has no account form")
        for sku in self.skus:
            AccountForm.require_fits(sku.only, self.account_form.fields)
            if sku.per_order_max > 1 or sku.price.minor == 0:
                raise ValueError("what goes to an account is ordered one at a time and is not free: per_order_max 1, a price above 0")

    @property
    def currency(self) -> Currency:
        return self.skus[0].price.currency

    @property
    def sku_ids(self) -> frozenset[SkuId]:
        return frozenset(sku.id for sku in self.skus)

    def changed(self, **fields: object) -> "Product":
        """The product with other values, checked like a new one (pydantic's own copy checks nothing)."""
        return Product.model_validate({name: getattr(self, name) for name in type(self).model_fields} | fields)

    def sku(self, sku: str) -> Sku:
        """Raises: UnknownSku."""
        for one in self.skus:
            if one.id == sku:
                return one
        raise UnknownSku("no such SKU in this product")

    def require_on_shelf(self, at: datetime) -> None:
        """Raises: OffShelf."""
        if not self.is_on_shelf(at):
            raise OffShelf(self.id)


Method = Literal["page", "wap", "precreate", "native", "h5", "jsapi", "epay", "card", "usdt"]
"""The ways to pay of all adapters; each knows its own."""


class FeeBearer(StrEnum):
    BUYER = "BUYER"
    """The fee is added to the price, shown before paying, and booked as revenue:fees."""
    SHOP = "SHOP"
    """The buyer pays the price alone; what the provider keeps is a cost that its bill brings."""


Sight = Literal["PC", "MOBILE", "WECHAT"]
"""What a buyer looks at the shop with; WECHAT is the browser inside that app, which opens no other payment app."""

Minor = Annotated[int, Field(strict=True, ge=0, le=AMOUNT_MINOR_MAX)]
Points = Annotated[int, Field(strict=True, ge=0, le=2_000)]
"""Basis points. A fifth of the price is more than any provider of this trade takes; above it a row was mistyped."""


class ChannelRow(Frozen):
    """A payment account as the shop knows it: everything but its secrets, which stay under `secret_name`.

    Amounts are minor units of the channel's own currency; bounds are held against the price of the goods, without the fee.
    """

    id: Annotated[ChannelId, AfterValidator(handle)]
    kind: Literal["alipay", "wechatpay", "epay", "epay_rsa", "stripe", "epusdt"]
    title: Name
    enabled: bool = False
    methods: tuple[Method, ...] = Field(min_length=1, max_length=4)
    account: dict[str, Annotated[str, Field(max_length=TEXT_LINE_MAX)]] = Field(max_length=8)
    gateway: Annotated[str, Field(max_length=TEXT_LINE_MAX, pattern=r"^https?://[^\s]+$")]
    currency: Currency = Currency.CNY
    secret_name: Annotated[str, Field(min_length=1, max_length=TEXT_LINE_MAX)]
    position: Position = 0
    public_key: Annotated[str, Field(max_length=4_000)] = ""
    public_keys: dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=4_000)]] = Field(default={}, max_length=4)
    """The provider's keys by serial, where an old and a new one live side by side."""
    fee_bp: Points = 0
    fee_fixed_minor: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0
    fee_bearer: FeeBearer = FeeBearer.BUYER
    cost_bp: Points = 0
    """What the contract says that the provider keeps; the bill is held against it."""
    cost_fixed_minor: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0
    amount_min_minor: Minor = 0
    amount_max_minor: Minor = AMOUNT_MINOR_MAX
    devices: Annotated[tuple[Sight, ...], Field(min_length=1, max_length=3)] = ("PC", "MOBILE", "WECHAT")
    group: Annotated[str, Field(max_length=48)] = ""
    """Accounts of one group are one way to pay to the buyer, who sees one of them; an account without a group stands alone."""
    weight: Annotated[int, Field(strict=True, ge=0, le=1_000)] = 100
    """The account's share among the open ones of its group; 0 only where no other one is open."""
    max_unsettled_minor: Minor = 0
    """How much may come in by this account on one Shanghai day before it rests; 0 is no limit (`payments.exposure`)."""
    notify_base: Annotated[str, Field(max_length=TEXT_LINE_MAX, pattern=r"^(https?://[^\s/?#]+)?$")] = ""
    """The domain that this account's provider is told to call, where it is another than the shop's usual one."""

    @field_validator("group")
    @classmethod
    def _named(cls, group: str) -> str:
        return handle(group) if group else group

    @model_validator(mode="after")
    def _opens_somewhere(self) -> Self:
        if self.amount_min_minor > self.amount_max_minor:
            raise ValueError("amount_min_minor is above amount_max_minor")
        return self

    @property
    def way(self) -> str:
        """What the buyer chooses: the group, or the account itself."""
        return f"group:{self.group}" if self.group else f"channel:{self.id}"

    @property
    def is_weak(self) -> bool:
        """Whether its notices are signed by an MD5 over a shared key: a hint, which the shop asks about before it believes."""
        return self.kind in ("epay", "epusdt")

    @property
    def buyer_fee(self) -> tuple[int, int]:
        """Basis points and minor units that the buyer pays on top."""
        return (self.fee_bp, self.fee_fixed_minor) if self.fee_bearer is FeeBearer.BUYER else (0, 0)
