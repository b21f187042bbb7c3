"""The order and its state table."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from faka.kernel.delivery import DeliveryKind
from faka.kernel.errors import IllegalTransition
from faka.kernel.ids import ChannelId, OrderId, PaymentId, ProductId, RefundId, SkuId, payment_id
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.kernel.rate import Rate
from faka.kernel.refund import RefundStatus


LOG_MAX = 60
"""Transitions kept in the row. The longest life (late, short, replaced, refunded in parts) has about twenty."""


class OrderState(StrEnum):
    PENDING_PAYMENT = "PENDING_PAYMENT"
    PAID = "PAID"
    SHORT = "SHORT"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    CANCELED = "CANCELED"
    ON_HOLD = "ON_HOLD"
    FAILED = "FAILED"
    FENCED = "FENCED"
    RETURNED = "RETURNED"
    """Was completed; nobody ever saw the goods, they are stock again and the money goes back."""


class DeliveryState(StrEnum):
    NONE = "NONE"
    READY = "READY"
    REVEALED = "REVEALED"
    OPENED = "OPENED"
    WITHHELD = "WITHHELD"
    """The goods were frozen or voided before anybody saw them, and nothing replaces them yet: a case is open."""
    RETURNED = "RETURNED"
    """Never shown, and no longer the buyer's."""
    DONE = "DONE"
    """A recharge that arrived: there is nothing to open."""
    REVOKED = "REVOKED"
    """Shown once, paid back in whole: the cards are in quarantine for good and are not shown again."""


class RefundState(StrEnum):
    NONE = "NONE"
    DUE = "DUE"
    """Money is on its way back."""
    PARTIAL = "PARTIAL"
    FULL = "FULL"
    """All that the order cost went back."""
    EXTRA = "EXTRA"
    """What went back was beside the order's price: a second payment, one of another amount."""
    FAILED = "FAILED"
    """The way back is closed; a person finds another."""


class MailState(StrEnum):
    NONE = "NONE"
    DUE = "DUE"
    SENT = "SENT"
    FAILED = "FAILED"


_S = OrderState
TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    _S.PENDING_PAYMENT: frozenset({_S.PAID, _S.COMPLETED, _S.EXPIRED, _S.CANCELED, _S.ON_HOLD}),
    _S.PAID: frozenset({_S.COMPLETED, _S.SHORT, _S.ON_HOLD, _S.FAILED}),
    _S.SHORT: frozenset({_S.COMPLETED, _S.FAILED}),
    _S.ON_HOLD: frozenset({_S.PAID, _S.COMPLETED, _S.EXPIRED, _S.FAILED}),
    _S.EXPIRED: frozenset({_S.PAID, _S.COMPLETED, _S.ON_HOLD}),
    _S.CANCELED: frozenset({_S.PAID, _S.COMPLETED, _S.ON_HOLD}),
    _S.COMPLETED: frozenset({_S.RETURNED}),
    _S.FAILED: frozenset(),
    _S.FENCED: frozenset(),
    _S.RETURNED: frozenset(),
}
"""Who may follow whom. PENDING_PAYMENT goes straight to COMPLETED when the payment finds the cards already held: one
commit less, and no moment in which a paid order has no goods."""

GIVES_BACK = frozenset({_S.EXPIRED, _S.CANCELED, _S.FAILED, _S.FENCED, _S.RETURNED})
"""States in which an order owns no cards."""


class OwnedRun(Frozen):
    """Cards `start` to `start + count - 1` of the order's SKU, by claim `serial` of a shard."""

    shard: int
    serial: int
    start: int
    count: int
    batch: int
    expires: str = ""

    @property
    def event(self) -> str:
        return f"{self.shard}-{self.serial}"

    @property
    def numbers(self) -> range:
        return range(self.start, self.start + self.count)


REFUNDS_MAX = 20
"""Refunds that one order remembers. WeChat Pay allows fifty parts of one payment; nobody has needed twenty."""


class RefundNote(Frozen):
    """What the order's row knows of one refund; its own row knows the rest."""

    id: RefundId
    amount_minor: int
    status: RefundStatus
    is_own: bool
    """Out of what the order cost; else money beside it."""


class Question(Frozen):
    """The buyer is asked for another account: nothing can arrive at his."""

    since: datetime
    until: datetime
    """His money goes back then."""
    mail: MailState


class Entry(Frozen):
    """One line of the order's own history, written in the same commit as the change."""

    at: datetime
    state: OrderState
    actor: str
    reason: str


class Order(Frozen):
    id: OrderId
    product_id: ProductId
    product_version: int
    sku_id: SkuId
    shards: int
    kind: DeliveryKind
    quantity: int
    unit: Money
    fee: Money
    total: Money
    channel_id: ChannelId
    attempt: int = 0
    """Which payment attempt is the open one; changing the way to pay closes it and opens the next."""
    contact: str
    contact_hash: str
    visitor_hash: str
    locale: str
    consent: str
    code_hash: str
    request_hash: str
    state: OrderState
    delivery: DeliveryState = DeliveryState.NONE
    refund_state: RefundState = RefundState.NONE
    mail: MailState = MailState.NONE
    account: dict[str, str] = Field(default_factory=dict, repr=False)
    """Where a recharge goes."""
    former: tuple[dict[str, str], ...] = Field(default=(), repr=False)
    """Where it went before its buyer corrected it, the oldest first; at most `CORRECTIONS_MAX`."""
    question: Question | None = None
    carrier: str = ""
    """Who serves that account, as a supplier's look-up said; never a guess."""
    runs: tuple[OwnedRun, ...] = ()
    gone: tuple[str, ...] = ()
    paid_back: int = 0
    """Cards that turned out bad after they were seen, and whose price went back: they left `runs`, the others are still the buyer's."""
    rate: Rate | None = None
    """At which the catalogue's price was turned into the channel's currency; frozen with the order."""
    listed: Money | None = None
    """The unit price of the catalogue, where the order is in another currency."""
    paid_by: str = ""
    """The receipt of the money that paid the order."""
    funds_minor: int = 0
    """The order's account in the ledger: paid, and neither earned nor given back yet. Never below zero."""
    refunds: tuple[RefundNote, ...] = ()
    held: tuple[str, ...] = ()
    """Receipts of another amount than asked for, while a person has not decided."""
    version: int = 1
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None = None
    completed_at: datetime | None = None
    revealed_at: datetime | None = None
    reveals: int = 0
    open_id: str = ""
    short_until: datetime | None = None
    hand_by: str = ""
    """Who sends it, where people do, until `hand_until`."""
    hand_until: datetime | None = None
    is_late: bool = False
    case_id: str = ""
    log: tuple[Entry, ...] = ()
    due_at: datetime | None = None

    @property
    def payment_id(self) -> PaymentId:
        return payment_id(self.id, self.attempt)

    @property
    def is_open(self) -> bool:
        """Whether the order holds cards that nobody has paid for."""
        return self.state in (OrderState.PENDING_PAYMENT, OrderState.ON_HOLD)

    @property
    def owns_its_cards(self) -> bool:
        return sum(run.count for run in self.runs) + self.paid_back == self.quantity

    def owns(self, event: str) -> bool:
        return any(run.event == event for run in self.runs)

    @property
    def given_back_minor(self) -> int:
        """What of the order's own money went back or is on its way, whatever became of the way."""
        return sum(note.amount_minor for note in self.refunds if note.is_own)

    @property
    def refundable_minor(self) -> int:
        return self.total.minor - self.given_back_minor if self.paid_at is not None and self.paid_by else 0

    def asked(self, until: datetime, at: datetime, actor: str, reason: str) -> "Order":
        """The order while its buyer is asked for another account. The mail's turn is the sweep's next round."""
        question = Question(since=at, until=until, mail=MailState.DUE if self.contact else MailState.NONE)
        changes = {"question": question, "due_at": at if self.contact else until, "hand_by": "", "hand_until": None}
        return self.changed(at, actor, reason, **changes)

    def moved(self, state: OrderState, at: datetime, actor: str, reason: str, **changes: object) -> "Order":
        """The order after a transition, which also ends whatever its buyer was asked.

        Raises: IllegalTransition for a change outside the state table.
        """
        if state not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.id}: {self.state} to {state}")
        return self.changed(at, actor, reason, **{"question": None, **changes}, state=state)

    def changed(self, at: datetime, actor: str, reason: str, **changes: object) -> "Order":
        """The order after a change that keeps its state, with the line in its history."""
        state = changes.get("state", self.state)
        entry = Entry.model_validate({"at": at, "state": state, "actor": actor, "reason": reason})
        log = (*self.log, entry)[-LOG_MAX:]
        return self.model_copy(update={**changes, "log": log, "version": self.version + 1})
