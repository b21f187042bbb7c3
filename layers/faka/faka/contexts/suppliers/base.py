"""What the shop needs from a supplier, and the words that both sides use.

```
          catalogue ──► SupplierGoods, …       what he sells, at what price, of what he has
goods     ──quote──► Quote                     price and stock now
goods, account ──check_account──► AccountCheck before anybody pays
SupplyOrder ──submit──► Progress               accepted is not done
SupplyOrder ──buy_cards──► Progress            the cards come with it, or with a later query
number    ──query──► Progress | None           None: he knows no such order, which right after a submit means nothing
RawRequest ──parse_notice──► Progress          proved to be his, else Forged / Malformed
          balance ──► Money                    what of our deposit is left
day       ──statement──► StatementLine, …      his own books
```
An adapter is pure but for its transport. It proves who speaks and reads what is said; what follows for an order is decided
above, by one rule for all suppliers. A time-out, an answer that nobody can read and a status outside the closed list are all
*unknown*: the order may have been charged. No text of an error holds a body, an address with a key, an account or a card.
"""

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from pydantic import ConfigDict, Field

from faka.contexts.suppliers.account import SupplierAccount
from faka.kernel.errors import Rejected, Unavailable
from faka.kernel.exchange import HttpAnswer, RawRequest
from faka.kernel.ids import SupplierId
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.kernel.secret import Secret


CARDS_MAX = 100
"""Cards of one purchase: what suppliers of this kind allow at once."""

GOODS_MAX = 5_000
"""Goods of one catalogue that are read; a longer one is cut, and says so."""

FIELDS_MAX = 8
"""Fields of an account: number, server, role, and room."""


class SupplyState(StrEnum):
    PROCESSING = "PROCESSING"
    """He has the order; its end is open."""
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    """Proved: nothing was charged, or it was given back."""
    REVERSED = "REVERSED"
    """It had succeeded, and he took it back."""
    UNKNOWN = "UNKNOWN"
    """A word outside the closed list. It is asked about again and decides nothing."""


class CardGiven(Frozen):
    """One card as a supplier hands it over; sealed before it is kept anywhere."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    number: Secret = Field(repr=False)
    secret: Secret = Field(repr=False)
    expires: date | None = None


class SupplyOrder(Frozen):
    """What a supplier is asked for under one number of ours. The number is never used for anything else."""

    number: str
    """At most 32 letters and digits; new for each attempt."""
    goods_id: str
    quantity: int = 1
    face_minor: int | None = None
    """Where he sells any amount: how much arrives, in minor units of his account's currency."""
    account: dict[str, str] = Field(default_factory=dict, repr=False)
    """Where it goes, by the names of `SupplierGoods.fields`; empty for cards."""
    unit_cost_max: Money | None = None
    """What may be charged for one; a supplier whose price is higher by now must refuse or is refused before."""
    notify_url: str = ""
    placed_at: datetime


class Progress(Frozen):
    """What a supplier says of one order, in whichever way it was said."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    supplier_id: SupplierId
    number: str
    state: SupplyState
    status: str
    """His own word, 1 to 40 letters, for the log and the case."""
    supplier_no: str = ""
    cost: Money | None = None
    """What he charged, where he says so."""
    reason: str = ""
    """Why it failed, in a closed list of ours: `balance`, `stock`, `account`, `price`, `goods`, `refused`."""
    cards: tuple[CardGiven, ...] = Field(default=(), repr=False)
    raw_sha256: str = ""


class SupplierGoods(Frozen):
    goods_id: str
    name: str
    cost: Money
    """Of one; for any amount (`face_min_minor`), of one minor unit's worth times a hundred."""
    stock: int | None = None
    """None: he says *there is some*."""
    is_card: bool
    fields: tuple[str, ...] = ()
    """What must be known of the account; empty for cards."""
    face_min_minor: int | None = None
    face_max_minor: int | None = None


class Quote(Frozen):
    cost: Money
    stock: int | None
    is_on_sale: bool


class CheckVerdict(StrEnum):
    GOOD = "GOOD"
    BAD = "BAD"
    """He says that nothing can arrive there."""
    NOT_OFFERED = "NOT_OFFERED"
    """He has no such look-up, or did not answer in time: no verdict, and no reason to refuse a buyer."""


class AccountCheck(Frozen):
    verdict: CheckVerdict
    carrier: str = ""
    region: str = ""
    nickname: str = ""
    """As he prints it, for the buyer to recognise; masked by him."""


class StatementLine(Frozen):
    number: str
    supplier_no: str
    cost: Money
    state: SupplyState
    at: datetime


class SupplierUnavailable(Unavailable):
    """No answer, or none that can be read. Whether he acted is unknown."""


class SupplyRefused(Rejected):
    """He says by a proved answer that he did not take the order, and why: the word is one of `Progress.reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NoStatement(Rejected):
    """This supplier gives no list of a day; his numbers are asked for one by one."""


class SupplierAdapter(Protocol):
    """One supplier, opened for one account."""

    @property
    def account(self) -> SupplierAccount: ...
    @property
    def grace_s(self) -> int:
        """How long after a submit *no such order* means nothing."""
        ...

    @property
    def is_idempotent(self) -> bool:
        """Whether the same number sent twice is documented to be one order."""
        ...

    def catalogue(self) -> Iterator[SupplierGoods]:
        """At most `GOODS_MAX`, page by page. Raises: SupplierUnavailable, also between two pages."""
        ...

    def quote(self, goods_id: str) -> Quote | None:
        """None: he does not sell it. Raises: SupplierUnavailable."""
        ...

    def balance(self) -> Money:
        """Raises: SupplierUnavailable."""
        ...

    def check_account(self, goods_id: str, account: dict[str, str]) -> AccountCheck:
        """Raises: SupplierUnavailable."""
        ...

    def submit(self, order: SupplyOrder) -> Progress:
        """Order a recharge. Raises: SupplyRefused (proved); SupplierUnavailable: the outcome is unknown."""
        ...

    def buy_cards(self, order: SupplyOrder) -> Progress:
        """Order `quantity` cards. Raises: as `submit`."""
        ...

    def query(self, number: str, *, supplier_no: str = "", is_card: bool = False) -> Progress | None:
        """Raises: SupplierUnavailable."""
        ...

    def parse_notice(self, raw: RawRequest) -> Progress:
        """Raises: Forged, Malformed."""
        ...

    def acknowledge(self, ok: bool) -> HttpAnswer: ...

    def statement(self, day: date) -> Iterator[StatementLine]:
        """His own list of a day in Shanghai, at most a million lines. Raises: SupplierUnavailable, NoStatement."""
        ...
