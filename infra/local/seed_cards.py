"""Cards that look like cards: random, never derived, in the files that suppliers send."""

import csv
import io
import secrets
from collections.abc import Callable
from datetime import date, timedelta


_SYMBOLS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without I, O, 0 and 1, as printed on real cards, so that a person can type them."""
_URL_SYMBOLS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"


def _symbols(count: int, of: str = _SYMBOLS) -> str:
    return "".join(secrets.choice(of) for _ in range(count))


def _grouped(groups: int, size: int) -> str:
    return "-".join(_symbols(size) for _ in range(groups))


def _digits(count: int) -> str:
    return _symbols(count, "0123456789")


LIKENESSES: dict[str, tuple[tuple[str, ...], Callable[[], tuple[str, ...]]]] = {
    "serial": (("兑换码",), lambda: (_grouped(4, 4),)),
    "licence": (("激活码",), lambda: (_grouped(5, 5),)),
    "number_password": (("卡号", "密码"), lambda: ("8826" + _digits(12), _digits(8))),
    "book_link": (("链接",), lambda: (f"https://moyu.example/r/{_symbols(22, _URL_SYMBOLS)}",)),
    "gift_link": (("链接",), lambda: (f"https://qingning.example/gift/{_symbols(26, _URL_SYMBOLS)}",)),
}
"""Name → columns and one card. `.example` leads nowhere by standard, so no demo link can ever open a real page."""


def card_file(like: str, count: int, expires: date | None = None) -> bytes:
    """A CSV file of new cards, as a supplier with a spreadsheet writes it."""
    columns, make = LIKENESSES[like]
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow([*columns, *(["有效期"] if expires else [])])
    for _ in range(count):
        rows.writerow([*make(), *([expires.isoformat()] if expires else [])])
    return written.getvalue().encode()


def expiry(today: date, days: int | None) -> date | None:
    return None if days is None else today + timedelta(days=days)
