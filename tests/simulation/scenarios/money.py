"""Money: notices that repeat, come late, short, double, for nobody; the buyer's and the sweep's own questions beside them."""

from faka.contexts.orders.model import OrderState
from tests.kit.sinks import Canaries
from tests.kit.world import World
from tests.simulation.oracle import ended
from tests.simulation.people import Buyer, pay
from tests.simulation.play import Habits, Notice, Play
from tests.simulation.registry import scenario
from tests.simulation.scenarios.given import delivered, lapsed, money, orders, owner_of, placed


def _repeats(play: Play, count: int, **chosen: int) -> None:
    """The same notice so many times at once."""
    [raw] = money(play, play.facts[0], **chosen)
    play.notices += [Notice(play.facts[0].channel_id, raw) for _ in range(count)]


@scenario(placed(1, 2), then=delivered(1), pair=True, share=3.5)
def one_notice_three_times(play: Play) -> None:
    """A provider that repeats its notice while the first is still worked on."""
    _repeats(play, 3)


@scenario(placed(1, 2, channel="epay", method="epay"), then=delivered(1), pair=True, share=2)
def a_weak_notice_twice(play: Play) -> None:
    """A channel whose notices only make us ask."""
    _repeats(play, 2)


@scenario(placed(1, 2), then=delivered(1), habits=Habits(minutes=1), share=2)
def notice_question_and_sweep(play: Play) -> None:
    """The notice, the buyer's own question and the sweep find the same money."""
    [order] = play.facts
    play.cloud.clock.advance(seconds=31)
    _repeats(play, 2)
    play.cast("buyer asks", lambda play: _asks(play, order.id))
    play.cast("sweep", lambda play: play.sweep())


def _asks(play: Play, order_id: str) -> None:
    owner_of(play, play.facts[0], "asking").browser.post(f"/o/{order_id}/check", {"x": "1"})


def _money_ends(play: Play) -> list[str]:
    """Every order that was paid at the provider has goods or a refund."""
    wrong = []
    for row in orders(play):
        provider = play.cloud.providers.by_id(row["channel_id"])
        paid = provider.state("pay" + row["id"][4:] + f"{row.get('attempt', 0):02d}") == "PAID"
        if paid and row["state"] not in ("COMPLETED", "ON_HOLD") and row.get("refund_state", "NONE") == "NONE":
            wrong.append(f"{row['id']} is paid and {row['state']}")
    return wrong


@scenario(placed(1, 2), then=_money_ends, habits=Habits(minutes=1), pair=True, share=3)
def money_meets_the_end_of_the_hold(play: Play) -> None:
    """The notice comes in the minute in which the sweep gives the cards back."""
    play.cloud.clock.advance(seconds=250)
    _repeats(play, 2)
    play.cast("sweep a", lambda play: play.sweep())


@scenario(placed(1, 2), then=_money_ends, habits=Habits(minutes=1), share=2.5)
def two_sweeps_end_one_hold(play: Play) -> None:
    """The minute's sweep is started twice, with money on its way."""
    play.cloud.clock.advance(seconds=250)
    _repeats(play, 1)
    for name in ("sweep a", "sweep b"):
        play.cast(name, lambda play: play.sweep())


@scenario(lapsed(2, 1), then=_money_ends, pair=True, share=3)
def two_late_payments_for_one_card(play: Play) -> None:
    """Two orders that ended unpaid get their money late, and one card is left: one delivers, the other is refunded."""
    for order in play.facts:
        play.notify(order.channel_id, money(play, order))


@scenario(lapsed(1, 2), then=_money_ends, habits=Habits(minutes=1), share=0.5)
def late_money_and_a_new_buyer(play: Play) -> None:
    """Late money and a fresh checkout reach for the same card."""
    [order] = play.facts
    play.notify(order.channel_id, money(play, order))
    for name in ("ann", "bob"):
        play.cast(name, lambda play, name=name: _buys(play, name))  # type: ignore[misc]


def _buys(play: Play, name: str) -> None:
    buyer = Buyer(play, name)
    if buyer.submit():
        buyer.pay()


@scenario(placed(1, 2), then=_money_ends, share=1.5)
def short_then_right_then_double(play: Play) -> None:
    """Another amount, the right one, and the right one again: goods once, the rest is due back or a person's."""
    [order] = play.facts
    for amount in (order.total.minor - 1, None, None):
        play.notify(order.channel_id, money(play, order, amount))


@scenario(placed(1, 2), share=1)
def money_for_nobody(play: Play) -> None:
    """A payment under a number that we never gave out, twice, beside a good one."""
    [order] = play.facts
    stranger = play.cloud.providers.alipay
    stranger.open("pay01JQZZZZZZZZZZZZZZZZZZZZZZ00", 1580)
    play.notices += [Notice("alipay", raw) for raw in stranger.pay("pay01JQZZZZZZZZZZZZZZZZZZZZZZ00") * 2]
    play.notify(order.channel_id, money(play, order))


@scenario(placed(1, 2), then=_money_ends, pair=True, share=1.5)
def the_buyer_cancels_while_he_pays(play: Play) -> None:
    """Cancel on the page, and the notice of the money."""
    [_order] = play.facts
    _repeats(play, 1)
    play.cast("cancels", _cancels)


@scenario(placed(3, 4), then=_money_ends, habits=Habits(minutes=1), share=0.5)
def three_buyers_cancel_at_once(play: Play) -> None:
    """Cards of three orders go back to one shard in the same moment, while a fourth buyer comes."""
    for i in range(3):
        play.cast(f"cancels {i}", lambda play, i=i: _cancels(play, i))  # type: ignore[misc]
    play.cast("dan", lambda play: _buys(play, "dan"))


def _cancels(play: Play, i: int = 0) -> None:
    owner = owner_of(play, play.facts[i], f"canceling {i}")
    owner.browser.post(f"/o/{owner.order}/cancel", {"x": "1"})


@scenario(placed(1, 2), then=_money_ends, habits=Habits(minutes=1), share=1.2)
def another_way_to_pay_while_the_first_pays(play: Play) -> None:
    """The buyer changes the way to pay; the first way's money arrives all the same, then the second's."""
    [_order] = play.facts
    _repeats(play, 1)
    play.cast("changes", _changes_and_pays)


def _changes_and_pays(play: Play) -> None:
    owner = owner_of(play, play.facts[0], "changing")
    page = owner.browser.post(f"/o/{owner.order}/pay", {"channel": "epay:epay"})
    if page.status == 303:
        pay(play, owner.order, "epay", attempt=1)


@scenario(placed(1, 2), then=_money_ends, share=1)
def lost_notice_and_two_questions(play: Play) -> None:
    """Paid, and no notice ever comes: the page's question and the sweep's find it."""
    [order] = play.facts
    money(play, order)
    play.cloud.clock.advance(seconds=61)
    play.cast("buyer asks", lambda play: _asks(play, order.id))
    play.cast("sweep", lambda play: play.sweep())


def _liar(world: World, marks: Canaries) -> list[object]:
    return list(placed(1, 2, channel="epay", method="epay")(world, marks))


def _nothing_for_lies(play: Play) -> list[str]:
    found = ended(play, OrderState.COMPLETED)
    return [f"{found} orders have goods and nobody paid"] if found else []


@scenario(_liar, then=_nothing_for_lies, habits=Habits(minutes=1), share=1)
def a_notice_that_lies(play: Play) -> None:
    """A weak channel's notice says paid, well signed, and the provider knows nothing of money."""
    [order] = play.facts
    provider = play.cloud.providers.epay
    number = "pay" + order.payment_id[4:]
    provider.open(number, order.total.minor)
    play.notices += [Notice("epay", provider.notice(number)) for _ in range(2)]


def _only_its_own_channel_pays(play: Play) -> list[str]:
    found = [row for row in orders(play) if row["state"] == OrderState.COMPLETED]
    return [f"{row['id']} has goods for another channel's money" for row in found]


@scenario(placed(1, 2), then=_only_its_own_channel_pays, share=0.5)
def another_channels_money(play: Play) -> None:
    """A well signed notice of one provider, with real money, that names an order of another."""
    [order] = play.facts
    other = play.cloud.providers.epay
    number = "pay" + order.payment_id[4:]
    other.open(number, order.total.minor)
    play.notices += [Notice("epay", raw) for raw in other.pay(number) * 2]


def _unconfirmed(world: World, marks: Canaries) -> list[object]:
    """A weak channel's notice that came before the gateway's own books knew of the money: kept, not believed, due again."""
    [order] = placed(1, 2, channel="epay", method="epay")(world, marks)
    number = "pay" + order.payment_id[4:]
    world.providers.epay.open(number, order.total.minor)
    raw = world.providers.epay.notice(number)
    world.deliver_notice(order, raw)
    return [order, raw]


@scenario(_unconfirmed, then=lambda play: [] if ended(play, OrderState.COMPLETED) == 1 else ["paid, and no goods"], share=1)
def the_gateway_confirms_what_it_denied(play: Play) -> None:
    """Two sweeps ask about a kept notice while the gateway books the money and sends its notice again: a *no* may be noted too late."""
    order, raw = play.facts
    play.cloud.clock.advance(seconds=91)
    for name in ("sweep a", "sweep b"):
        play.cast(name, lambda play: play.sweep())

    def books(play: Play) -> None:
        provider = play.cloud.providers.epay
        provider.desk.bank.pay(provider._trade("pay" + order.payment_id[4:], None))
        play.notices.append(Notice(order.channel_id, raw))

    play.cast("gateway", books)
