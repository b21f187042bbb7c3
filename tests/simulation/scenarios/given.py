"""Beginnings and endings that several scenarios share."""

from collections.abc import Callable
from typing import Any

from faka.contexts.orders.model import Order, OrderState
from faka.kernel.exchange import RawRequest
from faka.platform.table import TableName
from tests.kit.sinks import Canaries
from tests.kit.world import World
from tests.simulation.oracle import ended
from tests.simulation.people import Buyer
from tests.simulation.play import Play


CONTACT = "buyer@example.com"


def cards(count: int) -> Callable[[World, Canaries], None]:
    """So many cards on sale, and nothing else."""

    def given(world: World, marks: Canaries) -> None:
        world.stock_up(count, secret=marks.secret, number=marks.number)

    return given


def placed(count: int, stock: int, **chosen: Any) -> Callable[[World, Canaries], list[Order]]:
    """Orders that wait for their money."""

    def given(world: World, marks: Canaries) -> list[Order]:
        world.stock_up(stock, secret=marks.secret, number=marks.number)
        return [world.buy(**{"contact": CONTACT, **chosen}) for _ in range(count)]

    return given


def lapsed(count: int, stock: int) -> Callable[[World, Canaries], list[Order]]:
    """Orders whose time is over and whose cards went back; one after the other, so that they may outnumber the cards."""

    def given(world: World, marks: Canaries) -> list[Order]:
        world.stock_up(stock, secret=marks.secret, number=marks.number)
        ended = []
        for _ in range(count):
            ended.append(world.buy(contact=CONTACT))
            world.minute(6)
        return [world.order(order) for order in ended]

    return given


def paid(count: int, stock: int, **chosen: Any) -> Callable[[World, Canaries], list[Order]]:
    """Orders that have their goods; nobody has looked yet, and no mail is out."""

    def given(world: World, marks: Canaries) -> list[Order]:
        orders = placed(count, stock, **chosen)(world, marks)
        return [world.pay(order) for order in orders]

    return given


def mailed(count: int, stock: int) -> Callable[[World, Canaries], list[Order]]:
    """Orders whose buyers have had their mail, so that their address finds them."""

    def given(world: World, marks: Canaries) -> list[Order]:
        orders = paid(count, stock)(world, marks)
        for order in orders:
            world.cure(world.deps, order.id)
        return [world.order(order) for order in orders]

    return given


def money(play: Play, order: Order, amount_minor: int | None = None) -> list[RawRequest]:
    """The buyer of a staged order pays; the notices, not yet on their way."""
    provider = play.cloud.providers.by_id(order.channel_id)
    number = "pay" + order.payment_id[4:]
    if not provider.state(number):
        provider.open(number, order.total.minor)
    return provider.pay(number, amount_minor)


def owner_of(play: Play, order: Order, name: str) -> Buyer:
    """The buyer of a staged order, with the cookie that his browser got."""
    from pages.visitor import codes_value

    buyer = Buyer(play, name)
    buyer.order = order.id
    buyer.browser.cookies["__Host-orders"] = codes_value({}, order.id, play.cloud.world._codes[order.id])
    return buyer


def delivered(count: int) -> Callable[[Play], list[str]]:
    """Exactly so many orders end with goods."""

    def then(play: Play) -> list[str]:
        found = ended(play, OrderState.COMPLETED)
        return [] if found == count else [f"{found} orders have goods, not {count}"]

    return then


def left(play: Play) -> int:
    """Cards that could be sold now."""
    sku = play.cloud.world.sku
    return play.cloud.new_container().stock.available({sku.id: sku.shards}, strong=True)[sku.id]


def orders(play: Play) -> list[dict[str, Any]]:
    return [row for row in play.cloud.rows(TableName.TRADE) if row["sk"] == "ORDER" and "sku_id" in row]
