"""What an order costs. Pure, in integer minor units; the only place that multiplies a price."""

from faka.kernel.errors import Conflict
from faka.kernel.model import Frozen
from faka.kernel.money import Money


BASIS_POINTS = 10_000


class PriceChanged(Conflict):
    """The total differs from what the buyer was shown; nothing was ordered."""

    public_message = "The price has changed since you opened this page. Please check the new total and confirm again."


class Price(Frozen):
    unit: Money
    quantity: int
    goods: Money
    fee: Money
    total: Money


def priced(unit: Money, quantity: int, fee_bp: int, fee_fixed_minor: int = 0) -> Price:
    """Goods plus the buyer's fee: basis points rounded half up to the minor unit, and a fixed part; a free order has no fee."""
    goods = unit.times(quantity)
    rounded = (goods.minor * fee_bp + BASIS_POINTS // 2) // BASIS_POINTS
    fee = Money(minor=rounded + fee_fixed_minor if goods.minor else 0, currency=unit.currency)
    return Price(unit=unit, quantity=quantity, goods=goods, fee=fee, total=goods + fee)
