"""Attempts, receipts, notices."""

from datetime import datetime, timedelta
from enum import StrEnum

from faka.kernel.ids import ChannelId, OrderId, PaymentId
from faka.kernel.model import Frozen
from faka.kernel.money import Money


CHECK_LADDER_S = (5, 30, 60, 180, 300, 600)
"""When to ask the provider about an unpaid attempt, in seconds after its creation; the last question comes at expiry.
WeChat Pay's advice is the same ladder. The steps below a minute are taken by the waiting page, the rest by the sweep."""

EXPIRY_GRACE_S = 60
"""The provider closes its page at our expiry; a minute lets a payment that began in time be reported."""

CLOSE_PATIENCE_S = 1800
"""How long an unanswered close may keep stock reserved. After it the stock goes back, and the late-payment rule covers
money that still comes."""


class PaymentState(StrEnum):
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    CLOSED = "CLOSED"
    MISMATCH = "MISMATCH"


class ReceiptState(StrEnum):
    APPLIED = "APPLIED"
    HELD = "HELD"
    REFUND_DUE = "REFUND_DUE"
    ORPHAN = "ORPHAN"


class NoticeState(StrEnum):
    RECEIVED = "RECEIVED"
    APPLIED = "APPLIED"
    IGNORED = "IGNORED"
    PARKED = "PARKED"


class Payment(Frozen):
    id: PaymentId
    order_id: OrderId
    channel_id: ChannelId
    method: str
    device: str
    amount: Money
    state: PaymentState = PaymentState.PENDING
    version: int = 1
    created_at: datetime
    expires_at: datetime
    checks: int = 0
    checked_at: datetime | None = None
    qr_text: str = ""
    page_url: str = ""
    """The provider's page for this attempt, where it gives one address and would refuse to give it twice."""
    provider_ref: str = ""
    """By what the provider finds this attempt, where our number is not enough (`Checkout.provider_ref`)."""
    is_late: bool = False
    due_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state is PaymentState.PENDING

    def next_check_at(self, now: datetime) -> datetime:
        """The first step of the ladder that lies ahead, else the question at expiry, else every minute."""
        last = self.expires_at + timedelta(seconds=EXPIRY_GRACE_S)
        steps = [self.created_at + timedelta(seconds=offset) for offset in CHECK_LADDER_S]
        ahead = [step for step in [*steps, last] if now < step <= last]
        return ahead[0] if ahead else now + timedelta(seconds=60)

    def changed(self, **changes: object) -> "Payment":
        return self.model_copy(update={**changes, "version": self.version + 1})


class Receipt(Frozen):
    """One movement of money at the provider, as it was proved to us."""

    channel_id: ChannelId
    channel_txn_id: str
    payment_id: PaymentId | None
    order_id: OrderId | None
    out_trade_no: str
    amount: Money
    paid_at: datetime
    source: str
    state: ReceiptState
    reason: str = ""
    wallet: str = ""
    """Whose balance it was, where it came out of a wallet; a refund goes back into it."""
    recorded_at: datetime

    @property
    def key(self) -> str:
        return f"{self.channel_id}:{self.channel_txn_id}"


class Notice(Frozen):
    """A callback as it came: stored before it is acted on, so that no money depends on our next step."""

    channel_id: ChannelId
    dedupe_key: str
    method: str
    headers: dict[str, str]
    query: list[tuple[str, str]]
    body: bytes
    sha256: str
    received_at: datetime
    state: NoticeState = NoticeState.RECEIVED
    tries: int = 0
