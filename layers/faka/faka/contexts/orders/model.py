"""The order."""

from datetime import datetime

from pydantic import Field

from faka.contexts.orders.parts import REFUNDS_MAX, Entry, Exchange, OwnedRun, Question, RefundNote
from faka.contexts.orders.states import GIVES_BACK, TRANSITIONS, DeliveryState, MailState, OrderState, RefundState
from faka.kernel.delivery import DeliveryKind
from faka.kernel.errors import IllegalTransition
from faka.kernel.ids import ChannelId, OrderId, PaymentId, ProductId, SkuId, payment_id
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.kernel.rate import Rate


__all__ = [
    "GIVES_BACK",
    "LOG_MAX",
    "REFUNDS_MAX",
    "TRANSITIONS",
    "DeliveryState",
    "Entry",
    "Exchange",
    "MailState",
    "Order",
    "OrderState",
    "OwnedRun",
    "Question",
    "RefundNote",
    "RefundState",
]

LOG_MAX = 60
"""Transitions kept in the row. The longest life (late, short, replaced, refunded in parts) has about twenty."""


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
    is_account_saved: bool = False
    """It came from the buyer's device, which shows it to nobody in full; so no page of the order does."""
    former: tuple[dict[str, str], ...] = Field(default=(), repr=False)
    """Where it went before its buyer corrected it, the oldest first; at most `CORRECTIONS_MAX`."""
    question: Question | None = None
    carrier: str = ""
    """Who serves that account, as a supplier's look-up said; never a guess."""
    runs: tuple[OwnedRun, ...] = ()
    gone: tuple[str, ...] = ()
    paid_back: int = 0
    """Cards that turned out bad after they were seen, and whose price went back: they left `runs`, the others are still the buyer's."""
    exchanges: tuple[Exchange, ...] = ()
    """Under warranty, the oldest first; the warranty's limit bounds them."""
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

    def holds(self, number: int) -> bool:
        """Whether a card, by its place in stock, is the buyer's now."""
        return any(number in run.numbers for run in self.runs)

    def exchange_of(self, number: int) -> Exchange | None:
        """What became of a card that did not work, where it was replaced under warranty."""
        return next((one for one in self.exchanges if one.old == number), None)

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
