"""What is kept of a row: the few values that a rule on other rows needs, in slots, so that a shop's year fits into one process.

Measured: 0.22 KB a row; an order's whole life (order, attempt, receipt, notice, claim rows, two entries, opening) is about 2.6 KB.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from sys import intern

from faka.contexts.orders.model import DeliveryState, MailState, OrderState, RefundNote, RefundState
from faka.contexts.stock.head import Head
from faka.contexts.stock.model import Extent
from faka.contexts.stock.standing import Standing
from faka.kernel.delivery import DeliveryKind
from faka.platform.table import Item
from faka.steps.invariants.books import Violation
from faka.steps.invariants.purchases import PurchaseFacts
from faka.steps.invariants.recharges import RechargeFacts
from faka.steps.invariants.stored import StoredFacts


class OrderFacts:
    """An order without its words."""

    __slots__ = (
        *("id", "is_recharge", "sku", "product", "product_version", "is_sealed", "quantity", "unit", "fee", "total", "currency"),
        *("channel", "attempt", "state", "delivery", "refund", "mail", "events", "owned", "gone", "held", "visitor", "contact"),
        *("paid_at", "reveals", "due", "created_at", "expires_at", "short_until", "replaced", "paid_by", "funds", "notes"),
        *("listed", "rate", "taken", "version", "asked_until", "paid_back"),
        *("exchanged", "kept_back"),
    )

    def __init__(self, row: Item) -> None:
        self.id: str = row["id"]
        self.sku = intern(row["sku_id"])
        self.product, self.product_version = intern(row["product_id"]), int(row["product_version"])
        kind = DeliveryKind(row["kind"])
        self.is_sealed, self.is_recharge = kind.is_sealed, kind is DeliveryKind.DIRECT_RECHARGE
        self.quantity = int(row["quantity"])
        self.unit, self.fee, self.total = (int(row[name]["minor"]) for name in ("unit", "fee", "total"))
        self.currency = intern(row["total"]["currency"])
        self.channel, self.attempt = intern(row["channel_id"]), int(row.get("attempt", 0))
        self.state = OrderState(row["state"])
        self.delivery = DeliveryState(row.get("delivery", "NONE"))
        self.refund = RefundState(row.get("refund_state", "NONE"))
        self.mail = MailState(row.get("mail", "NONE"))
        self.events: tuple[str, ...] = tuple(f"{run[0]}-{run[1]}" for run in row["runs"])
        self.owned = sum(run[3] for run in row["runs"])
        self.taken: tuple[tuple[int, int], ...] = tuple((run[4], run[3]) for run in row["runs"])
        self.gone: tuple[str, ...] = tuple(row.get("gone", ()))
        self.held: tuple[str, ...] = tuple(row.get("held", ()))
        self.visitor: str = row["visitor_hash"]
        self.contact: str = row["contact_hash"]
        self.paid_at: str | None = row.get("paid_at")
        self.reveals = int(row.get("reveals", 0))
        self.due: str | None = row.get("due_sk")
        self.created_at: str = row["created_at"]
        self.expires_at: str = row["expires_at"]
        self.short_until: str | None = row.get("short_until")
        question = row.get("question")
        self.asked_until: str | None = question["until"] if question else None
        self.paid_back = int(row.get("paid_back", 0))
        self.replaced = self.paid_back
        self.exchanged: tuple[tuple[int, int], ...] = tuple((int(one["old"]), int(one["new"])) for one in row.get("exchanges", ()))
        self.kept_back = sum(run[2] <= old < run[2] + run[3] for run in row["runs"] for old, _ in self.exchanged)
        self.version = int(row["version"])
        self.paid_by: str = row.get("paid_by", "")
        listed = row.get("listed")
        self.listed: tuple[int, str] | None = (int(listed["minor"]), intern(listed["currency"])) if listed else None
        self.rate: Item | None = row.get("rate")
        self.funds = int(row.get("funds_minor", 0))
        self.notes = tuple(RefundNote(id=n[0], amount_minor=n[1], status=n[2], is_own=n[3]) for n in row.get("refunds", ()))

    @property
    def is_open(self) -> bool:
        return self.state is OrderState.PENDING_PAYMENT or self.state is OrderState.ON_HOLD

    @property
    def goods(self) -> int:
        return self.unit * self.quantity


@dataclass(slots=True)
class AttemptFacts:
    id: str
    order: str
    channel: str
    state: str
    minor: int
    currency: str
    expires_at: str
    due: str | None


@dataclass(slots=True)
class ReceiptFacts:
    key: str
    channel: str
    attempt: str | None
    order: str | None
    state: str
    minor: int
    currency: str


@dataclass(slots=True)
class RefundFacts:
    id: str
    receipt: str
    order: str | None
    channel: str
    minor: int
    currency: str
    source: str
    status: str
    is_own: bool
    due: str | None


@dataclass(slots=True)
class NoticeFacts:
    """Only of notices that somebody must still look at, or looks at."""

    state: str
    received_at: str
    due: str | None


@dataclass(slots=True)
class CaseFacts:
    kind: str
    ref: str
    state: str
    due: str | None


@dataclass(slots=True)
class EntryFacts:
    kind: str
    ref: str
    debits: tuple[tuple[str, int], ...]
    credits: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class HoldFacts:
    kind: str
    who: str
    count: int
    orders: dict[str, str]
    """Order → product and quantity, as the row spells them."""
    sums: dict[str, int]


@dataclass(slots=True)
class ClaimFacts:
    """A claim as the ring or the journal tells it."""

    start: int
    count: int
    batch: int
    order: str
    """Empty where only the ring knows the claim: it remembers no names."""
    at: str


Place = tuple[int, int, str]
"""First number, first number after it, and whose they are."""


@dataclass(slots=True)
class SkuFacts:
    """The stock of one SKU."""

    standing: Standing | None = None
    allotted: tuple[int, int] = (0, 0)
    """Numbers and batches given out so far."""
    heads: dict[int, Head] = field(default_factory=dict)
    logs: dict[int, list[tuple[int, str, tuple[Extent, ...]]]] = field(default_factory=lambda: defaultdict(list))
    returned: Counter[str] = field(default_factory=Counter)
    """Claim → in how many log rows it came back."""
    drawer: dict[tuple[int, int, int], tuple[int, int] | None] = field(default_factory=dict)
    """Shard, mark and place of a withheld extent → its numbers, or None once it went back."""
    links: dict[int, int] = field(default_factory=dict)
    claims: dict[str, ClaimFacts] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    """What orders own."""
    runs: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    """Claim → the numbers of it that its order owns: all, or what is left where withheld cards were replaced."""
    owners: dict[str, str] = field(default_factory=dict)
    """Claim → the order that owns cards of it."""
    left: dict[str, str] = field(default_factory=dict)
    """Claim → the order that let it go."""
    owned: Counter[int] = field(default_factory=Counter)
    """Shard → cards that orders own."""
    replaced: int = 0
    """Cards that left their orders because they were withheld, for others or for their price; they belong nowhere."""
    pages: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Page → its batch and how many sealed cards it holds."""
    withheld: dict[int, tuple[str, frozenset[int]]] = field(default_factory=dict)
    """Batch → its state in the vault and its single void cards, where it has any of both."""


class Facts:
    """Everything that the rules look at, and what was found wrong while reading."""

    def __init__(self) -> None:
        self.wrong: list[Violation] = []
        self.orders: dict[str, OrderFacts] = {}
        self.fences: dict[str, tuple[str, ...]] = {}
        self.buyers: list[tuple[str, str]] = []
        self.attempts: dict[str, dict[str, AttemptFacts]] = defaultdict(dict)
        """Order → its attempts."""
        self.receipts: dict[str, ReceiptFacts] = {}
        self.refunds: dict[str, RefundFacts] = {}
        self.recharges: dict[str, RechargeFacts] = {}
        """Order → its recharge."""
        self.purchases: dict[str, PurchaseFacts] = {}
        self.buying: dict[str, str] = {}  # SKU → its last purchase
        self._by_order: dict[str, list[RefundFacts]] | None = None
        self.notices: dict[str, NoticeFacts] = {}
        self.notices_done: set[str] = set()
        self.cases: dict[str, CaseFacts] = {}
        self.differences: dict[str, str] = {}
        """A difference that a night found in a provider's bill → the partition that lists it."""
        self.entries: dict[str, EntryFacts] = {}
        self.costs: dict[tuple[str, int], tuple[int, str]] = {}
        """SKU and batch → what one card of it has cost."""
        self.accounts: Counter[str] = Counter()
        """Account → debits less credits."""
        self.stored = StoredFacts()
        self.openings: Counter[str] = Counter()
        self.cards_opened: dict[str, set[int]] = defaultdict(set)
        self.holds: dict[tuple[str, str], HoldFacts] = {}
        self.prices: dict[tuple[str, int], dict[str, tuple[int, str]]] = {}
        self.order_max: Counter[str] = Counter()
        """Product → the largest order of it that any version allowed."""
        self.stock: dict[str, SkuFacts] = defaultdict(SkuFacts)
        self.fence_events: set[str] = set()

    def refunds_of(self, order: str) -> list[RefundFacts]:
        """Indexed at the first question, when everything has been read."""
        if self._by_order is None:
            self._by_order = defaultdict(list)
            for refund in self.refunds.values():
                self._by_order[refund.order or ""].append(refund)
        return self._by_order.get(order, [])

    def say(self, invariant: str, subject: str, what: str) -> None:
        self.wrong.append(Violation(invariant, subject, what))
