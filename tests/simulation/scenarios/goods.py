"""Goods after payment: opening them in two tabs, a link that opens once, cards that are frozen, stock that comes too late."""

from faka.contexts.orders.model import Order
from faka.flows.fulfil import fulfil
from faka.flows.withhold import void_card
from faka.kernel.ids import SkuId
from tests.kit.sinks import Canaries
from tests.kit.world import World
from tests.simulation.people import Buyer, operates
from tests.simulation.play import Habits, Play
from tests.simulation.registry import scenario
from tests.simulation.scenarios.given import cards, delivered, money, owner_of, paid, placed


@scenario(paid(1, 2), then=delivered(1), habits=Habits(minutes=1), share=0.7)
def two_tabs_and_the_mail(play: Play) -> None:
    """Two tabs open the cards while the mail goes out."""
    [order] = play.facts
    for tab in ("tab one", "tab two"):
        play.cast(tab, lambda play, tab=tab: _opens(play, order, tab))  # type: ignore[misc]
    play.cloud.queues["deliver"].put(f'{{"detail": {{"order_id": "{order.id}"}}}}')


def _opens(play: Play, order: Order, tab: str, open_id: str = "") -> tuple[str, ...]:
    buyer = owner_of(play, order, tab)
    buyer.look()
    cards_shown = buyer.reveal(open_id)
    buyer.look()
    return cards_shown


def _opened_once(play: Play) -> list[str]:
    tabs = sum(1 for _ in play.shown)
    return [f"a one-use link was opened {tabs} times"] if tabs > 1 else []


@scenario(paid(1, 2), then=_opened_once, product={"kind": "LINK"}, pair=True, share=0.3)
def one_link_two_people(play: Play) -> None:
    """A link that opens once, and two people with it."""
    [order] = play.facts
    for n, tab in enumerate(("first", "second")):
        play.cast(tab, lambda play, tab=tab, n=n: owner_of(play, order, tab).reveal(f"01JQ000000000000000000000{n}"))  # type: ignore[misc]


def _a_batch_and_an_order(world: World, marks: Canaries) -> tuple[SkuId, int, Order]:
    world.stock_up(2, secret=marks.secret, number=marks.number)
    order = world.pay(world.buy(contact="buyer@example.com"))
    world.stock_up(2, secret=marks.secret, number=marks.number)
    return world.sku.id, order.runs[0].start, order


@scenario(_a_batch_and_an_order, habits=Habits(minutes=1), share=0.5)
def a_sold_card_is_voided_before_it_is_seen(play: Play) -> None:
    """An operator voids the very card while its buyer opens it and another one buys: it is shown before, or replaced, never lost."""
    sku, number, order = play.facts
    operates(play, "operator", lambda deps: void_card(deps, sku, number, "ops", "complaint"))
    play.cast("buyer", lambda play: _opens(play, order, "buyer"))
    play.cast("other", lambda play: _buys_and_opens(play, "other"))


def _buys_and_opens(play: Play, name: str) -> None:
    buyer = Buyer(play, name)
    if buyer.submit():
        buyer.pay()
        buyer.reveal()


@scenario(cards(1), habits=Habits(minutes=2), share=0.4)
def new_stock_while_the_last_is_sold(play: Play) -> None:
    """A batch is linked while buyers take the last card: nobody is told "sold out" for ever, and no number is lost."""
    for name in ("ann", "bob"):
        play.cast(name, lambda play, name=name: _buys_and_opens(play, name))  # type: ignore[misc]
    marks, world = play.marks, play.cloud.world
    operates(play, "operator", lambda deps: world.stock_up(3, secret=marks.secret, number=marks.number, deps=deps), tries=1)


@scenario(placed(2, 3), habits=Habits(minutes=1), share=1)
def the_worker_and_the_sweep_fulfil(play: Play) -> None:
    """Two paid orders, their queue worker, the sweep and an operator's command at once."""
    for order in play.facts:
        play.notify(order.channel_id, money(play, order))
        play.cloud.queues["fulfil"].put(f'{{"detail": {{"order_id": "{order.id}"}}}}')
    [first, _] = play.facts
    operates(play, "by hand", lambda deps: fulfil(deps, first.id))
    play.cast("sweep", lambda play: play.sweep())
