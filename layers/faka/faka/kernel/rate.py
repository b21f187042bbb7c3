"""An exchange rate as a person set it, and the one place that converts an amount. Integers only."""

from datetime import datetime

from pydantic import Field

from faka.kernel.errors import InvalidAmount
from faka.kernel.model import Frozen
from faka.kernel.money import EXPONENT, Currency, Money


RATE_SCALE = 100_000_000
"""Eight decimal places: providers and central banks print four to six, and one yen in USDT still has six figures that count."""

RATE_E8_MAX = 1_000_000 * RATE_SCALE
"""A million of one for one of the other: above every pair of the shop's currencies by three powers of ten."""


class Rate(Frozen):
    """How many `to` one `base` is, in units of 1e-8 of the major unit, as it stood at `at`."""

    base: Currency
    to: Currency
    rate_e8: int = Field(strict=True, ge=1, le=RATE_E8_MAX)
    at: datetime


def converted(amount: Money, rate: Rate) -> Money:
    """The amount in the rate's other currency, rounded half up to its minor unit; what costs something costs at least one.

    Raises: InvalidAmount for another currency than the rate's, and for a negative amount.
    """
    if amount.currency is not rate.base or amount.minor < 0:
        raise InvalidAmount(f"cannot convert {amount.currency} by a rate of {rate.base}")
    over = amount.minor * rate.rate_e8 * 10 ** EXPONENT[rate.to]
    under = RATE_SCALE * 10 ** EXPONENT[rate.base]
    minor = (2 * over + under) // (2 * under)
    return Money(minor=max(minor, min(amount.minor, 1)), currency=rate.to)
