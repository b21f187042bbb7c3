"""Giving money back through a provider: what is asked, what is answered.

A refund has one number for its whole life (`out_refund_no`). Whatever was not answered is asked about under that number,
and sent again under it; a second number would be a second refund.
"""

from datetime import datetime
from enum import StrEnum

from faka.contexts.payments.providers.base import EventSource, ProviderKind
from faka.kernel.errors import Rejected, Unavailable
from faka.kernel.ids import ChannelId
from faka.kernel.model import Frozen
from faka.kernel.money import Money


class RefundProgress(StrEnum):
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    """The provider gave up: the money is with us again. It can say so days after it had said SUCCEEDED."""
    UNKNOWN = "UNKNOWN"
    """A status outside the closed list: nothing is concluded from it."""


class RefundOrder(Frozen):
    """What a provider is told about one refund."""

    out_refund_no: str
    """Letters and digits, 29 of them; the same on every retry."""
    out_trade_no: str
    channel_txn_id: str
    amount: Money
    """What goes back."""
    total: Money
    """What was paid."""
    reason: str
    """Plain words for the buyer's statement, at most 60 characters; adapters cut what their provider does not take."""
    notify_url: str


class RefundEvent(Frozen):
    """One fact about one refund, proved to be the provider's and ours."""

    channel_id: ChannelId
    kind: ProviderKind
    source: EventSource
    out_refund_no: str
    """Empty where the provider does not say it; a refund that we did not start has a number of somebody else's."""
    out_trade_no: str
    channel_txn_id: str
    channel_refund_id: str
    state: RefundProgress
    status: str
    """The provider's own word, 1 to 40 letters."""
    amount: Money
    finished_at: datetime | None = None
    dedupe_key: str
    raw_sha256: str


class RefundRefused(Rejected):
    """Proved: the provider will not refund this under any repetition (time over, more than paid). A person decides.

    The detail is the provider's own code, letters and digits only.
    """


class RefundDelayed(Unavailable):
    """Proved: nothing moved, and the same number will do later (our balance there is short, too many requests)."""


class RefundNotOffered(Rejected):
    """The protocol has no such call; a person sends the money and says so."""
