"""What the shop needs from a payment provider, and the words that both sides use.

```
PaymentOrder ──create──► Checkout          what the buyer is shown: a QR, an address to go to, or a form
RawRequest ──parse_notice──► PaymentEvent | RefundEvent   a verified fact, or Forged / Malformed
out_trade_no ──query──► PaymentEvent|None  the provider's own word; None: it knows no such trade
out_trade_no ──close──► CloseResult        so that a buyer cannot pay what we have given back
ok ──acknowledge──► HttpAnswer             the very bytes that stop or keep the provider's repeats
RefundOrder ──refund──► RefundEvent        accepted is not done (`refunding`)
RefundOrder ──query_refund──► RefundEvent|None
day ──fetch_bill──► BillFile ──parse_bill──► BillLine, BillLine, …   the provider's own books (`bill`)
```
An adapter is pure but for its transport: keys, clock and chance arrive as arguments. It proves that a message is the
provider's and is addressed to *this* account; whether number, amount and currency fit an order is decided above, by
one monotonic rule for all providers. No text of an error here holds a body, an address with a key, or a field's value.
"""

from datetime import datetime
from enum import StrEnum

from faka.kernel.errors import Conflict, Rejected, Unavailable
from faka.kernel.ids import ChannelId
from faka.kernel.model import Frozen
from faka.kernel.money import Money


NOTICE_BYTES_MAX = 64 * 1024
"""Real notices are 1 to 3 KB; the bound keeps a forger from buying our memory with his bandwidth."""

NOTICE_FIELDS_MAX = 100
"""The longest notice in the providers' documents has 31 fields."""

ANSWER_BYTES_MAX = 256 * 1024
"""Answers to query, close and precreate are 1 to 4 KB; an answer above the bound is not read on."""


class ProviderKind(StrEnum):
    ALIPAY = "alipay"
    WECHATPAY = "wechatpay"
    EPAY = "epay"
    EPAY_RSA = "epay_rsa"
    STRIPE = "stripe"
    EPUSDT = "epusdt"


class Device(StrEnum):
    PC = "PC"
    MOBILE = "MOBILE"


class CheckoutKind(StrEnum):
    QR = "QR"
    """`url` is the text of the QR."""
    REDIRECT = "REDIRECT"
    """`url` is where the buyer goes, by link or by 303."""
    FORM = "FORM"
    BRIDGE = "BRIDGE"
    """`fields` are what the page hands to the payment app that it is open in (WeChat's JSAPI)."""


class EventSource(StrEnum):
    NOTICE = "NOTICE"
    QUERY = "QUERY"
    BILL = "BILL"
    STAFF = "STAFF"
    """Two persons of the shop say so (a transfer that no provider reports)."""


class EventState(StrEnum):
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    CLOSED = "CLOSED"  # without a payment
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"
    """Was paid once, and some or all of it went back. Never a (second) payment."""
    UNKNOWN = "UNKNOWN"
    """A status outside the closed list: stored, alarmed, never paid."""


class CloseResult(StrEnum):
    CLOSED = "CLOSED"
    """Nobody can pay this trade any more."""
    ALREADY_PAID = "ALREADY_PAID"
    """Money has moved: query and apply."""
    NOT_FOUND = "NOT_FOUND"
    """The provider has nothing that it could close: a QR that nobody scanned, or a provider without a closing call
    (epay). Closing on our side alone is right, and a late payment stays possible."""


class PaymentOrder(Frozen):
    """What a provider is told about one payment attempt."""

    out_trade_no: str
    amount: Money
    subject: str
    device: Device = Device.PC
    method: str
    """One of the adapter's `methods`."""
    expires_at: datetime
    notify_url: str
    return_url: str
    client_ip: str = ""
    payer_id: str = ""
    """Who pays, by the provider's own name for him at our account, where a way to pay needs it (WeChat's openid)."""


class Checkout(Frozen):
    kind: CheckoutKind
    url: str
    fields: tuple[tuple[str, str], ...] = ()
    valid_until: datetime
    provider_ref: str = ""
    """What the provider must be told to find this trade again where our number is not enough: opaque to all but its adapter,
    at most 128 of letters, digits, `_`, `.`, `-`. Kept with the attempt and handed back to `query` and `close`."""


class PaymentEvent(Frozen):
    """One fact about one payment, proved to be the provider's and ours."""

    channel_id: ChannelId
    kind: ProviderKind
    source: EventSource
    out_trade_no: str
    channel_txn_id: str
    """The provider's number of the trade; empty only where nothing was paid."""
    state: EventState
    status: str
    """The provider's own word, 1 to 40 letters, for the log and the case."""
    amount: Money
    """The order's amount at the provider (never what a coupon left to pay)."""
    refunded: Money | None = None
    paid_at: datetime | None = None
    payer_ref: str = ""
    """Pseudonym of the payer within this channel; empty where the provider names none."""
    dedupe_key: str
    """Same for each repeat of the same fact; letters, digits, `.`, `_`, `-` only, so it can stand in a key."""
    raw_sha256: str


class ChannelClosed(Unavailable):
    """The channel has no usable secret or key. It neither sells nor verifies until somebody configures it."""


class ProviderUnavailable(Unavailable):
    """The provider did not answer, answered unsigned, or said that it cannot now. The outcome is unknown."""


class MethodNotOffered(Rejected):
    """The channel has no such way to pay."""


class AlreadyPaid(Conflict):
    """The provider says that this trade was paid: query instead of paying again."""
