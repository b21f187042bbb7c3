"""Reading what suppliers say: exact numbers, names once, nothing of it in an error.

What cannot be read is *unknown*, as if nobody had answered: he may have acted.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Never

from faka.contexts.suppliers.base import CARDS_MAX, CardGiven, SupplierUnavailable
from faka.kernel.errors import InvalidAmount
from faka.kernel.limits import AMOUNT_MINOR_MAX
from faka.kernel.money import EXPONENT, Currency, Money
from faka.kernel.secret import Secret


NUMBER = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
"""Order numbers, ours and theirs."""

CARD_LENGTH_MAX = 500
"""Letters of one card; the longest are links of 200."""

_AMOUNT = re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,12})?", re.ASCII)
_BREAK = re.compile("[\\x00-\\x1f\\x7f]")
"""A card is one field of one line; one that breaks the line would be two cards."""

_HALF = re.compile("[\ud800-\udfff]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _refuse(_: str) -> Never:
    raise ValueError("not a number")


def _distinct(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name came twice")
    return found


# Numbers stay the text that they were: nothing becomes a float. A boolean stays one, so that `true` cannot pass for `1`.
_decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse, object_pairs_hook=_distinct)


def read_json(body: bytes) -> object:
    """Raises: SupplierUnavailable, without a chain: a decoder's error carries the document."""
    try:
        found: object = _decoder.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        found = None
    if found is None:
        raise SupplierUnavailable("the answer is unreadable")
    return found


def object_of(value: object) -> dict[str, object]:
    """An object; empty for everything else."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def text_of(values: Mapping[str, object], name: str) -> str:
    """A string or a number as text; empty for everything else (null, booleans, lists, half a letter that nothing can store)."""
    value = values.get(name)
    return value if isinstance(value, str) and not _HALF.search(value) else ""


def cost_of(text: str, currency: Currency) -> Money:
    """What something costs us. Suppliers price to a hundredth of a cent: a broken minor unit counts as a whole one, so that
    a bound on the cost holds.

    Raises: InvalidAmount.
    """
    if not _AMOUNT.fullmatch(text):
        raise InvalidAmount("an amount is digits with an optional decimal point")
    minor = int((Decimal(text) * 10 ** EXPONENT[currency]).to_integral_value(ROUND_CEILING))
    if minor > AMOUNT_MINOR_MAX:
        raise InvalidAmount("the amount is above the bound of the shop")
    return Money(minor=minor, currency=currency)


def cost_or_none(text: str, currency: Currency) -> Money | None:
    """Of an order: a supplier that does not say what he charged has still done it."""
    try:
        return cost_of(text, currency)
    except InvalidAmount:
        return None


def card_of(number: str, secret: str, expires: str = "") -> CardGiven:
    """Raises: SupplierUnavailable for a card without a secret, of impossible length or of several lines: it is asked for again."""
    if not secret or len(secret) > CARD_LENGTH_MAX or len(number) > CARD_LENGTH_MAX or _BREAK.search(number + secret):
        raise SupplierUnavailable("a card is unreadable")
    return CardGiven(number=Secret(number), secret=Secret(secret), expires=_date_of(expires))


def bounded(cards: Sequence[object]) -> Sequence[object]:
    """Raises: SupplierUnavailable for more cards than one purchase can have."""
    if len(cards) > CARDS_MAX:
        raise SupplierUnavailable("more cards than one purchase has")
    return cards


def _date_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if _DATE.fullmatch(text[:10]) else None
    except ValueError:
        return None
