"""Money is an integer of minor units with its currency; a float never touches it."""

import re
from enum import StrEnum

from faka.kernel.errors import InvalidAmount
from faka.kernel.limits import AMOUNT_MINOR_MAX
from faka.kernel.model import Frozen


class Currency(StrEnum):
    CNY = "CNY"
    USD = "USD"
    JPY = "JPY"
    USDT = "USDT"


EXPONENT = {Currency.CNY: 2, Currency.USD: 2, Currency.JPY: 0, Currency.USDT: 6}
"""Decimal places of the major unit. USDT settles on chain with six."""

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,8}))?", re.ASCII)
"""Digits only: no sign, no exponent, no NaN, no full-width or Arabic digits, no leading zeros."""


class Money(Frozen):
    """An amount. Negative amounts exist only as ledger signs, which carry a direction instead."""

    minor: int
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(minor=self.minor + other.minor, currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(minor=self.minor - other.minor, currency=self.currency)

    def times(self, count: int) -> "Money":
        return Money(minor=self.minor * count, currency=self.currency)

    def decimal(self) -> str:
        """The amount in major units with all its places, as providers print it: 1580 CNY is `15.80`."""
        places = EXPONENT[self.currency]
        if places == 0:
            return str(self.minor)
        return f"{self.minor // 10**places}.{self.minor % 10**places:0{places}d}"

    def _same(self, other: "Money") -> None:
        if other.currency is not self.currency:
            raise InvalidAmount(f"cannot combine {self.currency} with {other.currency}")


def parse_decimal(text: str, currency: Currency) -> Money:
    """Read an amount in major units from outside.

    Raises: InvalidAmount for anything but plain digits, for more places than the currency has (trailing zeros
    excepted, because providers print `10.00000`), and for amounts above the shop's bound.
    """
    match = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InvalidAmount("an amount is digits with an optional decimal point")
    places = EXPONENT[currency]
    fraction = (match.group(2) or "").rstrip("0")
    if len(fraction) > places:
        raise InvalidAmount(f"{currency} has {places} decimal places")
    minor = int(match.group(1)) * 10**places + int(fraction.ljust(places, "0") or "0")
    if minor > AMOUNT_MINOR_MAX:
        raise InvalidAmount("the amount is above the bound of the shop")
    return Money(minor=minor, currency=currency)


def allocate(total_minor: int, weights: list[int]) -> list[int]:
    """Split an amount by weights so that the parts add up to the whole.

    Largest remainder; ties go to the earlier part, so the split is a pure function of its input.
    Raises: InvalidAmount when there is nothing to split by.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise InvalidAmount("weights must be non-negative and not all zero")
    parts = [total_minor * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total_minor * weights[i] % whole), i))
    for i in by_remainder[: total_minor - sum(parts)]:
        parts[i] += 1
    return parts
