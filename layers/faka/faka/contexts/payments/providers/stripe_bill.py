"""Stripe's books of a day: its balance transactions, newest first, a page of up to a hundred a line.

```
GET /v1/balance_transactions?created[gte]=…&created[lt]=…&expand[]=data.source&limit=100[&starting_after=txn_…]
```
Each moves the balance by `amount`, of which `fee` stays with Stripe: `amount - fee == net`. The expanded `source` (charge,
refund, dispute) bears our numbers, and the price in the currency that the buyer saw. Where the balance is kept in another
currency, the line is in the buyer's and the fee is a line of its own in the balance's. What moved only in a currency that the
shop does not have (payouts of an account in Hong Kong dollars) is no line: there is nothing here to match it with.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import BinaryIO, Final

from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.providers.bill import (
    BILL_BYTES_MAX,
    BILL_LINES_MAX,
    BillCorrupt,
    BillFile,
    BillKind,
    BillLine,
    BillNotReady,
    BillStatus,
)
from faka.contexts.payments.providers.stripe_gateway import PAGE_BYTES_MAX, Gateway, Json, Page, page_of
from faka.contexts.payments.providers.stripe_objects import CURRENCIES, id_of, inner, our_number, time_of
from faka.kernel.clock import SHANGHAI, epoch_s
from faka.kernel.money import EXPONENT, Currency


PAGES_MAX = 3_000
"""300,000 movements a day, in the quarter of an hour that a function may run; a shop with more takes Stripe's report files."""

SETTLED_AFTER = timedelta(minutes=15)
"""A movement is in the list when it happens; the rest is for clocks that differ."""

_MINOR_MAX = 10**12
_KINDS: Final = MappingProxyType(
    {
        "charge": BillKind.PAY,
        "payment": BillKind.PAY,
        "refund": BillKind.REFUND,
        "payment_refund": BillKind.REFUND,
        "refund_failure": BillKind.REFUND,
        "payment_failure_refund": BillKind.REFUND,
        "stripe_fee": BillKind.FEE,
        "stripe_fx_fee": BillKind.FEE,
        "tax_fee": BillKind.FEE,
        "payout": BillKind.PAYOUT,
        "payout_cancel": BillKind.PAYOUT,
        "payout_failure": BillKind.PAYOUT,
        "adjustment": BillKind.ADJUST,
    }
)
_GIVEN_BACK = frozenset({"refund_failure", "payment_failure_refund"})
_REFUND_STATUS: Final = MappingProxyType(
    {
        "succeeded": BillStatus.DONE,
        "pending": BillStatus.PENDING,
        "requires_action": BillStatus.PENDING,
        "failed": BillStatus.FAILED,
        "canceled": BillStatus.FAILED,
    }
)


def fetch(gateway: Gateway, day: date, into: BinaryIO, now: datetime) -> BillFile | None:
    """Raises: BillNotReady while the day is not over; ProviderUnavailable."""
    begins, ends = _bounds(day)
    if now < ends + SETTLED_AFTER:
        raise BillNotReady("the day is not over")
    hours = (("created[gte]", str(epoch_s(begins))), ("created[lt]", str(epoch_s(ends))), ("expand[]", "data.source"))
    digest, length = hashlib.sha256(), 0
    for page in gateway.pages("balance_transactions", hours, PAGES_MAX):
        if not length and not page.objects:
            return None
        # Stripe indents its JSON. A line break stands between tokens only (in a text it is spelt `\n`), so a blank is the same.
        line = page.body.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
        length += len(line)
        if length > BILL_BYTES_MAX:
            raise ProviderUnavailable("stripe's books are too long")
        digest.update(line)
        into.write(line)
    return BillFile(media="application/jsonl", bytes=length, sha256=digest.hexdigest())


def parse(day: date, source: BinaryIO, *, is_live: bool) -> Iterator[BillLine]:
    """Raises: BillCorrupt, for a file without its last page too."""
    begins, ends = _bounds(day)
    count, has_more, before = 0, True, ends
    while body := source.readline(PAGE_BYTES_MAX + 2):
        page = _page(body, count)
        if not has_more:
            raise BillCorrupt(f"movement {count + 1}: after the last page")
        has_more = page.has_more
        for movement in page.objects:
            count += 1
            at = time_of(movement, "created")
            if at is None or not begins <= at < ends or at > before or count > BILL_LINES_MAX:
                raise BillCorrupt(f"movement {count}: created")
            before = at
            yield from _lines(movement, at, count, is_live)
    if has_more:
        raise BillCorrupt(f"movement {count + 1}: the last page is missing")


def _bounds(day: date) -> tuple[datetime, datetime]:
    begins = datetime.combine(day, time(), SHANGHAI)
    return begins, begins + timedelta(days=1)


def _page(body: bytes, count: int) -> Page:
    if not body.endswith(b"\n"):
        raise BillCorrupt(f"movement {count + 1}: the page is cut off or too long")
    try:
        return page_of(body)
    except ProviderUnavailable:
        raise BillCorrupt(f"movement {count + 1}: the page is unreadable") from None


def _lines(movement: Json, at: datetime, line_no: int, is_live: bool) -> Iterator[BillLine]:
    amount, fee, net = (_signed(movement, name, line_no) for name in ("amount", "fee", "net"))
    if amount - fee != net:
        raise BillCorrupt(f"movement {line_no}: net")
    source, kind = inner(movement, "source"), text_of(movement, "type")
    if source.get("livemode", is_live) is not is_live:
        raise BillCorrupt(f"movement {line_no}: livemode")
    if _KINDS.get(kind) in (BillKind.PAY, BillKind.REFUND) and not source:
        raise BillCorrupt(f"movement {line_no}: source")
    settled, shown = CURRENCIES.get(text_of(movement, "currency")), CURRENCIES.get(text_of(source, "currency"))
    if shown is None or shown is settled:
        if settled is not None:
            yield _line(movement, source, at, line_no, amount, settled, fee)
        return
    price = _signed(source, "amount", line_no)
    yield _line(movement, source, at, line_no, price if amount >= 0 else -price, shown, 0)
    if fee and settled is not None:
        yield _fee_line(movement, source, at, line_no, -fee, settled)


def _line(movement: Json, source: Json, at: datetime, line_no: int, amount: int, currency: Currency, fee: int) -> BillLine:
    kind = _kind(movement, source)
    is_refund = kind is BillKind.REFUND
    return BillLine(
        kind=kind,
        status=_status(text_of(movement, "type"), source),
        out_trade_no=our_number(source),
        channel_txn_id=id_of(source, "payment_intent") or id_of(source, "charge") or id_of(movement, "source") or text_of(movement, "id"),
        out_refund_no=our_number(source, "out_refund_no") if is_refund else "",
        channel_refund_id=id_of(movement, "source") if is_refund else "",
        amount_minor=amount,
        currency=currency,
        fee_e5=fee * 10 ** (5 - EXPONENT[currency]),
        occurred_at=at,
        line_no=line_no,
    )


def _fee_line(movement: Json, source: Json, at: datetime, line_no: int, amount: int, currency: Currency) -> BillLine:
    line = _line(movement, source, at, line_no, amount, currency, 0)
    return replace(line, kind=BillKind.FEE, status=BillStatus.DONE, out_refund_no="", channel_refund_id="")


def _kind(movement: Json, source: Json) -> BillKind:
    kind = _KINDS.get(text_of(movement, "type"), BillKind.ADJUST)
    is_disputed = text_of(source, "object") == "dispute" or text_of(movement, "reporting_category").startswith("dispute")
    return BillKind.CHARGEBACK if kind is BillKind.ADJUST and is_disputed else kind


def _status(kind: str, source: Json) -> BillStatus:
    """A refund that failed left the balance on one day and came back on another: both lines say FAILED and sum to nothing."""
    if kind in _GIVEN_BACK:
        return BillStatus.FAILED
    if _KINDS.get(kind) is BillKind.REFUND:
        return _REFUND_STATUS.get(text_of(source, "status"), BillStatus.OTHER)
    return BillStatus.DONE if kind in _KINDS else BillStatus.OTHER


def _signed(values: Json, name: str, line_no: int) -> int:
    """Raises: BillCorrupt."""
    text = text_of(values, name)
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 13) or int(digits) >= _MINOR_MAX:
        raise BillCorrupt(f"movement {line_no}: {name}")
    return int(text)
