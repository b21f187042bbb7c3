"""A provider's own books of one day: what is fetched, kept and read.

`fetch_bill` writes the file exactly as it came (or, where a provider has no file, one JSON document a line as its pages
came) and says what proves it. `parse_bill` reads that file again as a stream, holds it against what it says of itself
(header, summary, end mark) and yields one line per movement. A day is 00:00 to 24:00 in Shanghai by the provider's time.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from faka.kernel.errors import FakaError, Rejected, Unavailable
from faka.kernel.model import Frozen
from faka.kernel.money import Currency


BILL_BYTES_MAX = 1 << 30
"""1 GB as it came; a million lines are 18 MB packed and 250 MB plain. What is longer is no bill of a shop on one account."""

BILL_LINES_MAX = 10_000_000
"""Ten million lines of 60 bytes fill the function's disk; above that a file has to be split first."""


class BillKind(StrEnum):
    PAY = "PAY"
    REFUND = "REFUND"
    FEE = "FEE"
    CHARGEBACK = "CHARGEBACK"
    PAYOUT = "PAYOUT"
    ADJUST = "ADJUST"


class BillStatus(StrEnum):
    """What a line says of its movement."""

    DONE = "DONE"
    PENDING = "PENDING"
    """A refund that was started; such a line is never updated."""
    FAILED = "FAILED"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class BillLine:
    kind: BillKind
    status: BillStatus
    out_trade_no: str
    channel_txn_id: str
    out_refund_no: str
    channel_refund_id: str
    amount_minor: int
    """Signed: in is positive, out is negative. The order's amount, never what a coupon left to pay."""
    currency: Currency
    fee_e5: int
    """What the provider keeps, in 1/100000 of the major unit (WeChat prints five places); negative where it gives back."""
    occurred_at: datetime | None
    line_no: int
    """Where to look in the file, from 1."""


class BillFile(Frozen):
    """What was fetched."""

    media: str
    """`text/csv`, `application/gzip`, `application/zip`, `application/jsonl`: what the bytes are."""
    bytes: int
    sha256: str
    provider_hash: str = ""
    """`sha1:…` where the provider names one; already compared by `fetch_bill`."""


class BillNotReady(Unavailable):
    """The provider still makes it: later."""


class BillNotOffered(Rejected):
    """The provider keeps no books that could be fetched: its days are matched by nothing but its own answers, and a report says so."""


class BillCorrupt(FakaError):
    """The file is not what the provider says it is: another hash, another sum, no end. Fetch it again; never match with it.

    The detail names line number and column, never a value.
    """
