"""Which ways to pay there are: for a choice on the product page, for its form when it arrives, for an order that waits."""

from collections.abc import Sequence

from faka.contexts.catalog.model import ChannelRow, Sight
from faka.contexts.catalog.rates import in_each, live_rates
from faka.contexts.catalog.routing import Wish, is_for, offered, takes
from faka.contexts.orders.model import Order
from faka.contexts.orders.price import Price, priced
from faka.contexts.payments.errors import ChannelClosedForOrders, ChannelNotForAmount
from faka.kernel.model import Frozen
from faka.kernel.money import Currency, Money
from faka.kernel.rate import Rate
from faka.steps.health import standings
from faka.wiring import Deps


class Choice(Frozen):
    """What a buyer has chosen so far. `order_id` draws the account of a group."""

    unit: Money
    quantity: int
    sight: Sight
    order_id: str


def ways_for(deps: Deps, choice: Choice) -> tuple[ChannelRow, ...]:
    """The accounts that are offered for a choice, one for each way to pay; none when every way is closed."""
    rows = [row for row in deps.catalog.channels() if row.enabled]
    return offered(rows, _wish(deps, choice, rows), standings(deps, rows))


def taken_by(deps: Deps, choice: Choice, channel: str, method: str) -> ChannelRow:
    """The account that takes a form's order: the one that the form names, or another of its group that is open.

    Raises: ChannelNotFound; ChannelClosedForOrders when none is, or when no such method is offered; ChannelNotForAmount.
    """
    row = deps.catalog.channel(channel)
    rows = [row] if not row.group else [one for one in deps.catalog.channels() if one.group == row.group and method in one.methods]
    wish = _wish(deps, choice, rows)
    known = standings(deps, rows)
    if method in row.methods and row.id in known and takes(row, wish, known[row.id]):
        return row
    others = offered([one for one in rows if one.id != row.id], wish, known)
    if others:
        return others[0]
    unit = wish.units.get(row.currency)
    raise ChannelNotForAmount(row.id) if unit and not is_for(row, unit.minor * wish.quantity) else ChannelClosedForOrders(row.id)


def ways_of(deps: Deps, order: Order, sight: Sight) -> tuple[ChannelRow, ...]:
    """The accounts that a waiting order can be paid by: the one it has, and one of each other way, in its own currency.

    An order keeps its currency. A second attempt in another one would leave the first, which may still be paid, without a price.
    """
    rows = [row for row in deps.catalog.channels() if row.enabled and row.currency is order.total.currency]
    wish = Wish(units={order.unit.currency: order.unit}, quantity=order.quantity, sight=sight, order_id=order.id)
    found = offered(rows, wish, standings(deps, rows))
    present = [row for row in rows if row.id == order.channel_id]
    by_way = {row.way: row for row in (*found, *present)}
    return tuple(sorted(by_way.values(), key=lambda row: (row.position, row.id)))


def price_by(deps: Deps, unit: Money, quantity: int, row: ChannelRow) -> tuple[Price, Rate | None]:
    """What goods cost by one account, with the buyer's fee, and the rate where it takes another currency than the price list's.

    Raises: ChannelClosedForOrders when no rate is live; ChannelNotForAmount.
    """
    rate = _rates(deps, unit, [row]).get(row.currency)
    units = in_each(unit, {row.currency: rate} if rate else {})
    if row.currency not in units:
        raise ChannelClosedForOrders(row.id)
    price = priced(units[row.currency], quantity, *row.buyer_fee)
    if not is_for(row, price.goods.minor):
        raise ChannelNotForAmount(row.id)
    return price, rate


def _wish(deps: Deps, choice: Choice, rows: Sequence[ChannelRow]) -> Wish:
    units = in_each(choice.unit, _rates(deps, choice.unit, rows))
    return Wish(units=units, quantity=choice.quantity, sight=choice.sight, order_id=choice.order_id)


def _rates(deps: Deps, unit: Money, rows: Sequence[ChannelRow]) -> dict[Currency, Rate]:
    """Rates are read only where a channel needs one."""
    if all(row.currency is unit.currency for row in rows):
        return {}
    return live_rates(deps.catalog.rates(), unit.currency, deps.clock.now())


def sight_of(device: str) -> Sight:
    """The device that an attempt remembers."""
    return "WECHAT" if device == "WECHAT" else "MOBILE" if device == "MOBILE" else "PC"
