"""The books of an epay gateway: it has no file of a day, only a list of orders, newest first, in pages.

The pages are kept as they came, one JSON document a line, between a line that says whose they are and one that says how many. An
order stands under the day on which it was paid; it may have been made the day before, so the pages are read a day further back.

A refund has no number and no time in these lists, so they prove payments only. In version 2 an answer's signature leaves its lists
out: what stands here is as good as the connection that it came by, and a repair asks for the order itself, which is signed.
"""

import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import BinaryIO, Final

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import Unreadable, members, text_of
from faka.contexts.payments.providers.base import ANSWER_BYTES_MAX, ProviderUnavailable
from faka.contexts.payments.providers.bill import BillCorrupt, BillFile, BillKind, BillLine, BillNotReady, BillStatus
from faka.contexts.payments.providers.canonical import NUMBER, beijing_time, money_of
from faka.kernel.clock import SHANGHAI, business_day
from faka.kernel.exchange import Malformed


PAGE_ORDERS: Final = 50
"""The most that gateways answer at once; they cut a larger wish down without a word."""

PAGES_MAX: Final = 2_000
"""100,000 orders in two days through one small gateway; asking for more takes longer than a function lives."""

BEFORE: Final = timedelta(days=1)
"""How much earlier than it was paid an order may have been made: the shop's live a quarter of an hour, late money a day."""

READY_AFTER: Final = timedelta(minutes=10)
"""What was paid at a minute to midnight is in the list by then."""

OVERLAP_ORDERS: Final = 20 * PAGE_ORDERS
"""New orders push known ones onto the next pages while we read: that many numbers are remembered, to take each once."""

Page = Callable[[int, int], tuple[bytes, dict[str, object]]]
"""Offset and limit → an answer's body and its members."""

_STATUS: Final = MappingProxyType({"1": BillStatus.DONE, "2": BillStatus.DONE, "3": BillStatus.OTHER, "4": BillStatus.PENDING})
"""Paid, paid and given back since, frozen by the gateway, pre-authorised. 0 is unpaid, which is no movement."""

_ANY_STATUS: Final = re.compile(r"[0-9]{1,2}", re.ASCII)


def fetch(account: ChannelAccount, page: Page, day: date, now: datetime, into: BinaryIO) -> BillFile | None:
    """Raises: BillNotReady, BillCorrupt (the list cannot be paged through), ProviderUnavailable."""
    start = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    if now < start + timedelta(days=1) + READY_AFTER:
        raise BillNotReady(account.id)
    kept, paid, last = _Kept(into), 0, frozenset[str]()
    kept.line({"kind": account.kind, "merchant": account.merchant_id, "day": day.isoformat()})
    for number in range(PAGES_MAX):
        body, values = page(number * PAGE_ORDERS, PAGE_ORDERS)
        rows = _rows(values)
        numbers = frozenset(text_of(row, "trade_no") for row in rows)
        if rows and numbers <= last:
            raise BillCorrupt("the gateway answers every page alike")
        kept.page(body)
        paid += sum(_day_of(row) == day and text_of(row, "status") in _STATUS for row in rows)
        if len(rows) < PAGE_ORDERS or _is_before(rows, start - BEFORE):
            kept.line({"pages": number + 1})
            return BillFile(media="application/jsonl", bytes=kept.size, sha256=kept.hash.hexdigest()) if paid else None
        last = numbers
    raise BillCorrupt("the list of orders has no end")


def lines(account: ChannelAccount, day: date, source: BinaryIO) -> Iterator[BillLine]:
    """Raises: BillCorrupt."""
    head = {"kind": str(account.kind), "merchant": account.merchant_id, "day": day.isoformat()}
    if _document(source.readline(ANSWER_BYTES_MAX), 1) != head:
        raise BillCorrupt("the pages are another account's, or another day's")
    known = _Known()
    for at in range(2, PAGES_MAX + 3):
        values = _document(source.readline(ANSWER_BYTES_MAX + 1), at)
        if values == {"pages": str(at - 2)}:
            break
        for row in _rows_of(values, at):
            line = _movement(account, row, at)
            if known.is_new(text_of(row, "trade_no")) and line is not None and _day_of(row) == day:
                yield line
    else:
        raise BillCorrupt("the pages have no end")
    if source.read(1):
        raise BillCorrupt("something comes after the end")


def _movement(account: ChannelAccount, row: dict[str, object], at: int) -> BillLine | None:
    """None for an order that nobody paid. Raises: BillCorrupt."""
    number, status = text_of(row, "trade_no"), text_of(row, "status")
    if not NUMBER.fullmatch(number) or not _ANY_STATUS.fullmatch(status):
        raise BillCorrupt(f"line {at}: an order without a number or a status")
    if text_of(row, "pid") not in ("", account.merchant_id):
        raise BillCorrupt(f"line {at}: another merchant's order")
    if status == "0":
        return None
    try:
        amount = money_of(text_of(row, "money"), account.currency)
    except Malformed:
        raise BillCorrupt(f"line {at}: an order without an amount") from None
    ours = text_of(row, "out_trade_no")
    return BillLine(
        kind=BillKind.PAY,
        status=_STATUS.get(status, BillStatus.OTHER),
        out_trade_no=ours if NUMBER.fullmatch(ours) else "",
        channel_txn_id=number,
        out_refund_no="",
        channel_refund_id="",
        amount_minor=amount.minor,
        currency=amount.currency,
        fee_e5=0,
        occurred_at=beijing_time(text_of(row, "endtime")),
        line_no=at,
    )


def _day_of(row: dict[str, object]) -> date | None:
    paid_at = beijing_time(text_of(row, "endtime"))
    return business_day(paid_at) if paid_at else None


def _is_before(rows: list[dict[str, object]], limit: datetime) -> bool:
    """Whether all that follows was made before this time. Raises: BillCorrupt where the list is not newest first."""
    made = [at for row in rows if (at := beijing_time(text_of(row, "addtime")))]
    if not made or made != sorted(made, reverse=True):
        raise BillCorrupt("the list of orders is not newest first")
    return made[-1] < limit


def _rows(values: Mapping[str, object]) -> list[dict[str, object]]:
    """Raises: ProviderUnavailable."""
    rows = values.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or len(rows) > PAGE_ORDERS:
        raise ProviderUnavailable("the gateway's list of orders is unreadable")
    return rows


def _rows_of(values: Mapping[str, object], at: int) -> list[dict[str, object]]:
    try:
        return _rows(values)
    except ProviderUnavailable:
        raise BillCorrupt(f"line {at} is no page of orders") from None


def _document(line: bytes, at: int) -> dict[str, object]:
    try:
        return {name: value for name, (value, _) in members(line).items()}
    except Unreadable:
        raise BillCorrupt(f"line {at} is unreadable, or the pages have no end") from None


class _Known:
    """The numbers of the last `OVERLAP_ORDERS` orders."""

    def __init__(self) -> None:
        self._order: deque[str] = deque()
        self._all: set[str] = set()

    def is_new(self, number: str) -> bool:
        if number in self._all:
            return False
        self._order.append(number)
        self._all.add(number)
        if len(self._order) > OVERLAP_ORDERS:
            self._all.discard(self._order.popleft())
        return True


class _Kept:
    """Writes lines, counts and hashes them."""

    def __init__(self, into: BinaryIO) -> None:
        self._into = into
        self.size = 0
        self.hash = hashlib.sha256()

    def line(self, document: Mapping[str, str | int]) -> None:
        self.page(json.dumps(document, separators=(",", ":")).encode())

    def page(self, body: bytes) -> None:
        """A body as it came; a break between two values is a blank to JSON, and inside a value there is none."""
        line = body.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
        self.size += self._into.write(line)
        self.hash.update(line)
