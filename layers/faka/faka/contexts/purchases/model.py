"""A purchase of cards: what is wanted of a SKU, its attempts at suppliers, and who may follow whom.

```
CREATED ─► SUBMITTING ─► PROCESSING ─► RECEIVED ─► SEALED     the cards lie in an import; counted, they are stock
               │   └─► UNKNOWN ◄─┘ │       ▲
               │          └────────┼───────┘
               └────────► FAILED ◄─┘        FAILED ─► SUBMITTING, under a new number; or GIVEN_UP
```
As a recharge: an attempt is written before it is sent, asked about until it is answered, and never sent again. While one is open nothing
is bought anywhere else. One purchase of a SKU runs at a time.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from faka.kernel.errors import Broken, IllegalTransition
from faka.kernel.ids import CROCKFORD, BatchId, ProductId, PurchaseId, SkuId, SupplierId, is_ulid
from faka.kernel.model import Frozen
from faka.kernel.money import Money


ATTEMPTS_MAX = 5
CARDS_MAX = 100
"""Of one purchase: what suppliers of this kind sell at once."""

LIMIT = timedelta(hours=1)
"""How long a purchase may be open before a person is called: cards come with the order or within minutes."""

ASK_MAX = timedelta(days=3)
LADDER_S = (5, 15, 60, 300, 900, 3600)
MISSING_MIN = 2
"""*No such order* counts as *nothing was charged* only after the supplier's grace and this many times in a row."""

LOG_MAX = 40

SILENCE_MAX = timedelta(minutes=5)
"""Beyond the wait that it is in, a step takes two minutes at most; an import half a minute."""


class PurchaseState(StrEnum):
    CREATED = "CREATED"
    SUBMITTING = "SUBMITTING"
    PROCESSING = "PROCESSING"
    UNKNOWN = "UNKNOWN"
    RECEIVED = "RECEIVED"
    """The cards lie in an import of ours; how many are good is counted there."""
    SEALED = "SEALED"
    FAILED = "FAILED"
    GIVEN_UP = "GIVEN_UP"


_S = PurchaseState
TRANSITIONS: dict[PurchaseState, frozenset[PurchaseState]] = {
    _S.CREATED: frozenset({_S.SUBMITTING, _S.GIVEN_UP}),
    _S.SUBMITTING: frozenset({_S.PROCESSING, _S.UNKNOWN, _S.RECEIVED, _S.FAILED}),
    _S.PROCESSING: frozenset({_S.PROCESSING, _S.UNKNOWN, _S.RECEIVED, _S.FAILED}),
    _S.UNKNOWN: frozenset({_S.PROCESSING, _S.UNKNOWN, _S.RECEIVED, _S.FAILED}),
    _S.RECEIVED: frozenset({_S.SEALED}),
    _S.FAILED: frozenset({_S.SUBMITTING, _S.GIVEN_UP}),
    _S.SEALED: frozenset(),
    _S.GIVEN_UP: frozenset(),
}
OPEN = frozenset({_S.SUBMITTING, _S.PROCESSING, _S.UNKNOWN})
ENDED = frozenset({_S.SEALED, _S.GIVEN_UP})


class Attempt(Frozen):
    number: str
    supplier_id: SupplierId
    goods_id: str
    cost_max: Money
    """Of one card, as he quoted it when he was chosen."""
    state: PurchaseState = PurchaseState.SUBMITTING
    status: str = ""
    supplier_no: str = ""
    cost: Money | None = None
    """Of all cards, where he says what he charged."""
    asked: int = 0
    missing: int = 0
    sent_at: datetime
    ended_at: datetime | None = None


class Entry(Frozen):
    at: datetime
    state: PurchaseState
    number: str
    status: str


class Purchase(Frozen):
    id: PurchaseId
    product_id: ProductId
    sku_id: SkuId
    quantity: int = Field(ge=1, le=CARDS_MAX)
    unit_max: Money
    """What one card may cost."""
    by: str
    state: PurchaseState = PurchaseState.CREATED
    attempts: tuple[Attempt, ...] = ()
    batch: BatchId | None = None
    new: int = 0
    """Cards that are stock now."""
    version: int = 1
    created_at: datetime
    is_with_a_person: bool = False
    log: tuple[Entry, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def last(self) -> Attempt:
        """Raises: Broken before the first attempt."""
        if not self.attempts:
            raise Broken(f"{self.id}: no attempt")
        return self.attempts[-1]

    @property
    def next_batch(self) -> BatchId:
        """The import of the attempt that is out."""
        return batch_of(self.id, len(self.attempts) - 1)

    @property
    def charged(self) -> Money:
        """All of it: what he says, or what he had quoted where he does not say."""
        return self.last.cost or self.last.cost_max.times(self.quantity)

    @property
    def unit_cost(self) -> Money:
        """What one card has cost: its share of what he charged, rounded up; `purchase_charged` books the rest."""
        return Money(minor=-(-self.charged.minor // self.quantity), currency=self.charged.currency)

    @property
    def due_at(self) -> datetime | None:
        """When its machine has been silent for too long. None: it has ended, or has been a person's for days."""
        if self.state in ENDED or self.is_left:
            return None
        return self.touched_at + timedelta(seconds=self.wait_s) + SILENCE_MAX

    @property
    def is_left(self) -> bool:
        """Asked about for days beyond its limit: its case is all that is left."""
        return self.is_open and self.is_with_a_person and self.touched_at >= self.last.sent_at + LIMIT + ASK_MAX

    @property
    def called_since(self) -> datetime:
        """What its limit counts from: the order that is out, or its cards in the import."""
        return self.touched_at if self.state is PurchaseState.RECEIVED else self.last.sent_at

    @property
    def question(self) -> str:
        """The cause of the case about what its limit has passed."""
        return f"{self.last.number}:import" if self.state is PurchaseState.RECEIVED else self.last.number

    @property
    def touched_at(self) -> datetime:
        return self.log[-1].at if self.log else self.created_at

    @property
    def wait_s(self) -> int:
        asked = self.attempts[-1].asked if self.attempts else 0
        return LADDER_S[min(asked, len(LADDER_S) - 1)]

    def moved(self, state: PurchaseState, at: datetime, status: str, **changes: object) -> "Purchase":
        """Raises: IllegalTransition."""
        if state not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.id}: {self.state} to {state}")
        number = self.attempts[-1].number if self.attempts else ""
        entry = Entry(at=at, state=state, number=number, status=status)
        return self.model_copy(update={**changes, "state": state, "log": (*self.log, entry)[-LOG_MAX:], "version": self.version + 1})


def number_of(purchase: PurchaseId, attempt: int) -> str:
    """31 letters and digits. Raises: Broken beyond `ATTEMPTS_MAX`."""
    if not 0 <= attempt < ATTEMPTS_MAX:
        raise Broken(f"{purchase}: attempt {attempt}")
    return f"pur{purchase[4:]}{attempt:02d}"


def purchase_of(number: str) -> PurchaseId | None:
    """The purchase that a supplier's notice names, or None when the number was never ours."""
    if len(number) == 31 and number.startswith("pur") and is_ulid(number[3:29]) and number[29:].isascii() and number[29:].isdigit():
        return PurchaseId(f"pur_{number[3:29]}")
    return None


def batch_of(purchase: PurchaseId, attempt: int = 0) -> BatchId:
    """The import that an attempt's cards go through: one, whoever comes again. Raises: Broken as `number_of`."""
    if not 0 <= attempt < ATTEMPTS_MAX:
        raise Broken(f"{purchase}: attempt {attempt}")
    last = CROCKFORD[(CROCKFORD.index(purchase[-1]) + attempt) % len(CROCKFORD)]
    return BatchId(f"bat_{purchase[4:-1]}{last}")
