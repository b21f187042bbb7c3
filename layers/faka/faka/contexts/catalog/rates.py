"""Exchange rates that staff set: prices in one currency, a channel that takes another.

A rate is no market quote. It holds for orders placed while it is younger than its age limit; each order keeps the rate that
it was placed at, so a new one changes nothing that somebody has ordered. A rate that is too old sells nothing: the channels
that need it are not offered until somebody has looked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from faka.contexts.catalog.texts import Moment, Short
from faka.kernel.model import Frozen
from faka.kernel.money import Currency, Money
from faka.kernel.rate import RATE_E8_MAX, Rate, converted


RATES_MAX = 12
"""Four currencies have twelve ordered pairs."""

AGE_H_MAX = 24 * 31
"""Nobody may let a rate stand for longer than a month unseen."""


class RateRow(Frozen):
    """One pair. `age_h` says for how many hours after `at` it may be used."""

    base: Currency
    to: Currency
    rate_e8: Annotated[int, Field(strict=True, ge=1, le=RATE_E8_MAX)]
    at: Moment
    age_h: Annotated[int, Field(strict=True, ge=1, le=AGE_H_MAX)] = 24
    by: Short = ""

    @model_validator(mode="after")
    def _is_a_pair(self) -> Self:
        if self.base is self.to:
            raise ValueError("a rate joins two currencies")
        return self

    def is_live(self, now: datetime) -> bool:
        """From `at` until its age limit, both ends included."""
        return timedelta(0) <= now - self.at <= timedelta(hours=self.age_h)

    def frozen(self) -> Rate:
        """What an order keeps."""
        return Rate(base=self.base, to=self.to, rate_e8=self.rate_e8, at=self.at)


def live_rates(rows: Sequence[RateRow], base: Currency, now: datetime) -> dict[Currency, Rate]:
    """The rates by which a price in `base` may be taken now, by the other currency."""
    return {row.to: row.frozen() for row in rows if row.base is base and row.is_live(now)}


def in_each(unit: Money, rates: dict[Currency, Rate]) -> dict[Currency, Money]:
    """A unit price in every currency that it can be paid in.

    The unit is what is converted, never a sum: so quantity times unit is the price of the goods in the order's own currency.
    """
    return {unit.currency: unit} | {to: converted(unit, rate) for to, rate in rates.items()}
