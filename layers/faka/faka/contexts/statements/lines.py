"""One movement as both sides know it: a row of a part.

A row is a tuple of texts, as it stands in the part's file: a day has a million of them, and most are looked at once. Amounts
are signed minor units (in is positive), times epoch seconds, both in their one canonical spelling.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar

from faka.kernel.clock import SHANGHAI


PAY, REFUND, ATTEMPT = "PAY", "REFUND", "ATTEMPT"
CHARGEBACK, FEE = "CHARGEBACK", "FEE"
DONE, PENDING, FAILED = "DONE", "PENDING", "FAILED"

CUT = timedelta(minutes=30)
"""Two clocks and a slow notice: what we date this near to midnight may stand in the neighbouring day's bill."""

PAYMENT_PATIENCE_DAYS = 2
REFUND_PATIENCE_DAYS = 7
"""For so many days' bills an unmatched line of ours is looked for. Refunds are dated by their start at one provider and by
their end at another, and banks take a week."""


class Theirs(NamedTuple):
    """A line of the provider's bill."""

    kind: str
    status: str
    number: str
    """`out_trade_no`."""
    txn: str
    refund_no: str
    refund_id: str
    amount: str
    currency: str
    fee_e5: str
    at: str
    """Empty where the bill does not say."""
    line_no: str


class Ours(NamedTuple):
    """A movement in our books: a receipt, a refund; or an attempt, which is a movement that we do not believe in."""

    kind: str
    state: str
    number: str
    txn: str
    refund_no: str
    refund_id: str
    amount: str
    currency: str
    at: str
    day: str
    """The day under which it is listed here, ISO. Not the run's day: carried from there."""
    order_id: str
    goods: str
    """`WAITING`: paid for, and not handed over in good time. Else empty."""


Side = TypeVar("Side", Theirs, Ours)


class Movement(Protocol):
    """What a line of a parsed bill says of itself."""

    @property
    def kind(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def out_trade_no(self) -> str: ...
    @property
    def channel_txn_id(self) -> str: ...
    @property
    def out_refund_no(self) -> str: ...
    @property
    def channel_refund_id(self) -> str: ...
    @property
    def amount_minor(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def fee_e5(self) -> int: ...
    @property
    def occurred_at(self) -> datetime | None: ...
    @property
    def line_no(self) -> int: ...


def key_of(line: Theirs | Ours) -> str:
    """What names a movement. A refund of ours is named by its number alone; on a bill one number can stand at several refunds."""
    if line.kind != REFUND:
        return f"{line.kind[0]}:{line.number}:{line.txn}"
    if isinstance(line, Ours):
        return f"R:{line.refund_no}"
    return f"R:{line.refund_no}:{line.number}:{line.refund_id}{':back' if came_back(line) else ''}"


def came_back(line: Theirs) -> bool:
    """A refund's money that is with us again: the buyer's bank did not take it, perhaps days later."""
    return line.kind == REFUND and not line.amount.startswith("-")


def read_part(body: bytes, shape: type[Side]) -> Iterator[Side]:
    """The rows of a part's file. What repeats in every row is kept once: a part's rows are most of a function's memory."""
    few: dict[str, str] = {}
    once = few.setdefault
    for row in csv.reader(io.TextIOWrapper(io.BytesIO(body), encoding="utf-8", newline="")):
        for column in _REPEATED:
            row[column] = once(row[column], row[column])
        yield shape._make(row)


_REPEATED = (0, 1, 7)
"""Kind, status or state, and currency: the same columns on both sides."""


def write_rows(rows: Iterable[Theirs | Ours]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def time_of(at: str) -> datetime | None:
    return datetime.fromtimestamp(int(at), UTC) if at else None


def starts_at(day: date) -> datetime:
    """The first moment of a day in Shanghai."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def is_near_cut(line: Ours) -> bool:
    """Within half an hour of the midnight at either end of its day, or of no known time."""
    at = time_of(line.at)
    if at is None:
        return True
    start = starts_at(date.fromisoformat(line.day))
    return at < start + CUT or at > start + timedelta(days=1) - CUT
