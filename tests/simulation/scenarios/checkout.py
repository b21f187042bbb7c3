"""Buyers at the checkout: the last cards, double clicks, limits, prices that change."""

from faka.contexts.orders.model import OrderState
from tests.simulation.oracle import ended
from tests.simulation.people import Buyer
from tests.simulation.play import Habits, Play, Script
from tests.simulation.registry import scenario
from tests.simulation.scenarios.given import cards, left, orders
from tests.unit.catalog.given import sku


def _whole_purchase(name: str, **chosen: str) -> Script:
    def script(play: Play) -> None:
        buyer = Buyer(play, name, **chosen)
        if buyer.submit():
            buyer.pay()
            buyer.look()
            buyer.reveal()
            buyer.look()

    return script


def _submits(name: str, **chosen: str) -> Script:
    def script(play: Play) -> None:
        Buyer(play, name, **chosen).submit()

    return script


def _sold_at_most_what_was_there(play: Play) -> list[str]:
    count = ended(play, OrderState.COMPLETED)
    return [f"{count} cards sold of 2"] if count > 2 else []


@scenario(cards(2), then=_sold_at_most_what_was_there, habits=Habits(minutes=1), share=0.3)
def three_buyers_for_two_cards(play: Play) -> None:
    """Whole purchases by three people while two cards are left."""
    for name in ("ann", "bob", "cem"):
        play.cast(name, _whole_purchase(name, contact="buyer@example.com"))


@scenario(cards(4), habits=Habits(minutes=1), pair=True, product={"skus": (sku("video-vip-month", shards=2),)}, share=2)
def two_buyers_for_more_than_there_is(play: Play) -> None:
    """Three and two of four cards, spread over two shards: one gets his, the other is told."""
    play.cast("ann", _submits("ann", quantity="3"))
    play.cast("bob", _submits("bob", quantity="2"))


def _one_order(play: Play) -> list[str]:
    found = len(orders(play))
    return [] if found <= 1 else [f"one form made {found} orders"]


@scenario(cards(3), then=_one_order, habits=Habits(minutes=1), pair=True, share=2.5)
def the_same_form_twice(play: Play) -> None:
    """A double click: two requests with one form."""
    for tab in ("tab one", "tab two"):
        play.cast(tab, lambda play: _form(play).submit())


def _form(play: Play, **chosen: str) -> Buyer:
    return Buyer(play, "one form", address="203.0.113.9", **chosen)


@scenario(cards(3), then=_one_order, habits=Habits(minutes=1), pair=True, share=1.2)
def one_form_with_two_bodies(play: Play) -> None:
    """The form's one-time number under two different purchases."""
    play.cast("one card", lambda play: _form(play).submit())
    play.cast("two cards", lambda play: _form(play, quantity="2").submit())


@scenario(cards(5), holds_max=2, habits=Habits(minutes=1), share=0.4)
def one_visitor_above_his_limit(play: Play) -> None:
    """Three orders of one visitor at once, where two may be open."""
    for name in ("first", "second", "third"):
        play.cast(name, _submits(name, address="203.0.113.9"))


def _nothing_left_over(play: Play) -> list[str]:
    owned = sum(run[3] for row in orders(play) for run in row.get("runs", []))
    return [] if left(play) + owned == 2 else [f"{left(play)} for sale and {owned} owned, of 2"]


@scenario(cards(2), then=_nothing_left_over, habits=Habits(minutes=2, stride_s=200), share=0.5)
def nobody_pays(play: Play) -> None:
    """Two orders whose holds run out while a third buyer comes."""
    for name in ("ann", "bob", "cem"):
        play.cast(name, _submits(name))


@scenario(cards(2), then=_nothing_left_over, habits=Habits(minutes=1), product={"skus": (sku("video-vip-month", 0),)}, share=0.5)
def free_of_charge(play: Play) -> None:
    """A product without a price: the order has its goods at once."""
    for name in ("ann", "bob", "cem"):
        play.cast(name, _gets(name))


def _gets(name: str) -> Script:
    def script(play: Play) -> None:
        buyer = Buyer(play, name, channel="")
        if buyer.submit():
            buyer.reveal()

    return script


@scenario(cards(3), share=0.3)
def a_buyer_names_his_price(play: Play) -> None:
    """A form that says what it wants to pay, one way and another."""
    for name, price in (("cheap", "1"), ("free", "0"), ("dear", "999999")):
        play.cast(name, _submits(name, seen_total_minor=price))


@scenario(cards(2), then=_one_order, share=0.1)
def one_sale(play: Play) -> None:
    """One whole purchase with nobody else there."""
    play.cast("ann", _whole_purchase("ann", contact="buyer@example.com"))
