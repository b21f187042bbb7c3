"""What the order page needs to know of an order, and what its template is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from faka.kernel.delivery import DeliveryKind
from faka.kernel.money import Money


class RefundFacts(Protocol):
    """What the page reads of one refund."""

    @property
    def id(self) -> str: ...
    @property
    def amount_minor(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def is_own(self) -> bool: ...


class QuestionFacts(Protocol):
    """What the page reads of a question to the buyer."""

    @property
    def until(self) -> datetime: ...


class ExchangeFacts(Protocol):
    """What the page reads of a card that was replaced."""

    @property
    def new(self) -> int: ...
    @property
    def at(self) -> datetime: ...


class OrderFacts(Protocol):
    """What the page reads of an order."""

    @property
    def id(self) -> str: ...
    @property
    def product_id(self) -> str: ...
    @property
    def kind(self) -> DeliveryKind: ...
    @property
    def account(self) -> Mapping[str, str]: ...
    @property
    def is_account_saved(self) -> bool: ...
    @property
    def question(self) -> QuestionFacts | None: ...
    @property
    def quantity(self) -> int: ...
    @property
    def paid_back(self) -> int: ...
    @property
    def exchanges(self) -> Sequence[ExchangeFacts]: ...
    @property
    def unit(self) -> Money: ...
    @property
    def fee(self) -> Money: ...
    @property
    def total(self) -> Money: ...
    @property
    def state(self) -> str: ...
    @property
    def delivery(self) -> str: ...
    @property
    def refund_state(self) -> str: ...
    @property
    def refunds(self) -> Sequence[RefundFacts]: ...
    @property
    def contact(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def paid_at(self) -> datetime | None: ...
    @property
    def revealed_at(self) -> datetime | None: ...
    @property
    def short_until(self) -> datetime | None: ...
    @property
    def is_late(self) -> bool: ...


@dataclass(frozen=True)
class Bought:
    """The product as it was when it was bought, in the reader's language."""

    title: str
    sku: str
    sku_id: str
    guide: str
    rights: str
    labels: Mapping[str, str] = field(default_factory=dict)
    """Where it goes to an account: how the product calls each field of it, and the words of its choices (`field=value`)."""


@dataclass(frozen=True)
class Way:
    """One way to pay. `value` is `channel:method`."""

    value: str
    kind: str
    title: str
    hint: str
    fee: str = ""
    """What it adds to the price, in words; empty where nothing."""
    is_chosen: bool = False

    @property
    def sign(self) -> str:
        return self.title[:1]


@dataclass(frozen=True)
class Pay:
    """How to pay now. `is_link` says whether the text of the QR can also be opened by tapping."""

    kind: str
    url: str
    title: str
    fields: tuple[tuple[str, str], ...] = ()
    is_link: bool = False


@dataclass(frozen=True)
class Part:
    label: str
    text: str


@dataclass(frozen=True)
class CardView:
    """One opened card. `qr_text` is the secret exactly as stored."""

    parts: tuple[Part, ...]
    qr_text: str
    expires: str = ""
    href: str = ""
    text: str = ""
    instead_at: datetime | None = None
    """Since when its buyer has it instead of one that did not work."""


@dataclass(frozen=True)
class RefundLine:
    """One refund on the receipt: how much, how far it is, and whether it is out of the price or of money beside it."""

    amount: str
    state: str
    what: str
    at: datetime | None = None
    """When it was done."""


@dataclass(frozen=True)
class GiveBack:
    """What the buyer may do himself with goods that nobody saw: how much goes back, and which way."""

    amount: str
    way: str


@dataclass(frozen=True)
class Asked:
    """The form for another account."""

    until: datetime
    fields: Sequence[object]
    """As on the product's page."""
    faults: Sequence[object] = ()


@dataclass(frozen=True)
class Remark:
    tone: str
    title: str
    text: str


@dataclass(frozen=True)
class OrderView:
    id: str
    tag: str
    stage: str
    headline: str
    step: int
    poll_s: int
    kind: str
    quantity: int
    product_id: str
    title: str
    sku: str
    unit: str
    fee: str
    total: str
    contact: str
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    revealed_at: datetime | None
    short_until: datetime | None
    now: datetime
    left: str
    again_href: str
    code: str = ""
    open_id: str = ""
    guide: str = ""
    rights: str = ""
    closed_text: str = ""
    pay: Pay | None = None
    ways: tuple[Way, ...] = ()
    cards: tuple[CardView, ...] = ()
    opened_at: datetime | None = None
    refund: Remark | None = None
    refunds: tuple[RefundLine, ...] = ()
    give_back: GiveBack | None = None
    asked: Asked | None = None
    account: tuple[Part, ...] = ()
    """Where it goes: as typed in full while it can still be given up, masked from then on; masked at once where it was chosen masked."""
    late: Remark | None = None
    paid_back: int = 0
    """Cards that were bad and whose price went back: they are not shown."""
    exchanged: tuple[datetime, ...] = ()
    """When cards that did not work were replaced."""
    faults: tuple[str, ...] = ()

    @property
    def here(self) -> int:
        """Cards that the buyer can look at."""
        return self.quantity - self.paid_back

    @property
    def more(self) -> bool:
        return self.here > len(self.cards) > 0

    @property
    def is_receipt_open(self) -> bool:
        return self.stage not in ("open", "opened", "pending")
