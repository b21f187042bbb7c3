"""Refunds: asked for by the buyer, by staff and by the rule; told, asked about, failed; beside openings and the sweep."""

from typing import Any

from faka.contexts.orders.model import DeliveryState, OrderState
from faka.contexts.payments.refunds import RefundSource
from faka.flows.ask_refund import ask_refund
from faka.flows.refund_order import refund_order, refund_receipt
from faka.platform.table import TableName
from infra.local.actors.trade import RefundWay
from tests.kit.sinks import Canaries
from tests.kit.world import World
from tests.simulation.oracle import ended
from tests.simulation.people import Buyer
from tests.simulation.play import Habits, Notice, Play
from tests.simulation.registry import scenario
from tests.simulation.scenarios.given import left, money, orders, owner_of, paid, placed


def refunds(play: Play) -> list[dict[str, Any]]:
    return [row for row in play.cloud.rows(TableName.TRADE) if row["sk"] == "REFUND"]


def gives_back(play: Play, order_id: str, name: str) -> None:
    """The buyer's wish, from one tab."""
    order = next(each for each in play.facts if each.id == order_id)
    proof = play.cloud.world.proof(order)
    play.cast(name, lambda play: play.cloud.run_flow(name, lambda deps: ask_refund(deps, order_id, proof)))


def staff_gives_back(play: Play, order_id: str, name: str, amount_minor: int | None = None) -> None:
    play.cast(name, lambda play: play.cloud.run_flow(name, lambda deps: refund_order(deps, order_id, amount_minor, "as agreed", name)))  # type: ignore[arg-type]


def once_in_whole(play: Play) -> list[str]:
    """Each order's money went back once, all of it, or not at all."""
    wrong = []
    for row in orders(play):
        sums = [one["amount"]["minor"] for one in refunds(play) if one["order_id"] == row["id"] and one["source"] == RefundSource.SALES]
        is_given_back = row["state"] == OrderState.RETURNED or row.get("delivery") == DeliveryState.REVOKED
        wanted = [row["total"]["minor"]] if is_given_back else []
        if sums != wanted:
            wrong.append(f"{row['id']} is {row['state']} and {sums} go back")
    return wrong


@scenario(paid(1, 2), then=once_in_whole, habits=Habits(minutes=1), pair=True, share=1.5)
def two_tabs_give_the_goods_back(play: Play) -> None:
    """The buyer asks for his money in two tabs, and the sweep takes it to the provider."""
    [order] = play.facts
    for name in ("tab a", "tab b"):
        gives_back(play, order.id, name)


def _shown_or_returned(play: Play) -> list[str]:
    shown = {order for order, _ in play.shown}
    returned = {row["id"] for row in orders(play) if row["state"] == OrderState.RETURNED}
    return [*(f"{each} was shown and went back" for each in shown & returned), *once_in_whole(play)]


@scenario(paid(1, 2), then=_shown_or_returned, pair=True, share=2)
def he_looks_while_he_gives_back(play: Play) -> None:
    """One tab opens the goods, the other gives them back: either, never both; then the next buyer comes for the card."""
    [order] = play.facts
    owner = owner_of(play, order, "looking")
    play.cast("looks", lambda play: owner.reveal())
    gives_back(play, order.id, "gives back")


@scenario(paid(1, 2), then=_shown_or_returned, share=1)
def staff_gives_back_what_he_looks_at(play: Play) -> None:
    """A person gives back the whole order while its buyer opens the goods: seen goods never become stock."""
    [order] = play.facts
    owner = owner_of(play, order, "looking")
    play.cast("looks", lambda play: owner.reveal())
    staff_gives_back(play, order.id, "mei")


@scenario(paid(1, 1), then=_shown_or_returned, habits=Habits(minutes=1), share=1)
def his_card_is_sold_again(play: Play) -> None:
    """The last card comes back and another buyer reaches for it, while its mail is on the way."""
    [order] = play.facts
    gives_back(play, order.id, "gives back")
    play.cast("ann", _ann)


def _ann(play: Play) -> None:
    ann = Buyer(play, "ann")
    if ann.submit():
        ann.pay()
        ann.reveal()


@scenario(paid(1, 2), then=once_in_whole, habits=Habits(minutes=1), share=1)
def staff_and_buyer_give_back_at_once(play: Play) -> None:
    """Two people decide the same in the same moment."""
    [order] = play.facts
    gives_back(play, order.id, "buyer")
    staff_gives_back(play, order.id, "mei")


def _never_more_than_came(play: Play) -> list[str]:
    [order] = play.facts
    own = sum(one["amount"]["minor"] for one in refunds(play) if one["order_id"] == order.id)
    there = sum(one.amount_minor for one in play.cloud.providers.refunds)
    return [f"{own} decided, {there} gone, {order.total.minor} came"] if max(own, there) > order.total.minor else []


@scenario(paid(1, 2), then=_never_more_than_came, habits=Habits(minutes=1), pair=True, share=1.5)
def three_parts_go_back_at_once(play: Play) -> None:
    """Three people give back 700, 800 and 900 of 1580: two of them at most."""
    [order] = play.facts
    for name, amount_minor in (("mei", 700), ("bo", 800), ("li", 900)):
        staff_gives_back(play, order.id, name, amount_minor)


def _on_its_way(world: World, marks: Canaries) -> list[Any]:
    """A refund that the provider has taken and not finished."""
    [order] = paid(1, 2)(world, marks)
    world.providers.by_id(order.channel_id).refund_way = RefundWay.LATER
    ask_refund(world.deps, order.id, world.proof(order))
    world.minute()
    return [world.order(order)]


def _provider(play: Play) -> Any:
    return play.cloud.providers.by_id(play.facts[0].channel_id)


def _number(play: Play) -> str:
    return "pay" + play.facts[0].payment_id[4:]


def _told(play: Play, raw: Any) -> None:
    if raw is not None:
        play.notices += [Notice(play.facts[0].channel_id, raw) for _ in range(2)]


@scenario(_on_its_way, then=once_in_whole, habits=Habits(minutes=1), pair=True, share=2)
def a_refund_is_told_while_it_is_asked_about(play: Play) -> None:
    """The provider's word about a refund comes twice, while two sweeps ask about it."""
    play.cloud.clock.advance(seconds=61)
    _told(play, _provider(play).finish_refund(_number(play)))
    for name in ("sweep a", "sweep b"):
        play.cast(name, lambda play: play.sweep())


def _slow(world: World, marks: Canaries) -> list[Any]:
    orders = paid(1, 2)(world, marks)
    world.providers.by_id(orders[0].channel_id).refund_way = RefundWay.LATER
    return list(orders)


@scenario(_slow, then=once_in_whole, habits=Habits(minutes=1), share=1)
def a_refund_takes_its_time(play: Play) -> None:
    """The provider takes the refund and does not finish it: it is on its way, and nothing else is said."""
    [order] = play.facts
    gives_back(play, order.id, "buyer")
    for name in ("sweep a", "sweep b"):
        play.cast(name, lambda play: play.sweep())


def _failed_with_a_person(play: Play) -> list[str]:
    [row] = refunds(play)
    cases = [one for one in play.cloud.rows(TableName.TRADE) if one["sk"] == "CASE" and one["id"] == f"case_refund_{row['id']}"]
    return [] if row["status"] == "FAILED" and cases else [f"{row['status']} with {len(cases)} cases"]


def _by_wechat(world: World, marks: Canaries) -> list[Any]:
    """The same at a provider that says so when a refund comes to nothing."""
    world.deps.tables.commit([world.deps.catalog.save_channel(world.providers.also("wechatpay").row())])
    world.clock.advance(minutes=6)
    [order] = paid(1, 2, channel="wechatpay", method="native")(world, marks)
    world.providers.by_id("wechatpay").refund_way = RefundWay.LATER
    ask_refund(world.deps, order.id, world.proof(order))
    world.minute()
    return [world.order(order)]


@scenario(_by_wechat, then=_failed_with_a_person, habits=Habits(minutes=1), share=1.5)
def a_refund_comes_to_nothing(play: Play) -> None:
    """The bank sends the money back: notice and question meet, and a person has it."""
    play.cloud.clock.advance(seconds=61)
    _told(play, _provider(play).fail_refund(_number(play)))
    play.cast("sweep", lambda play: play.sweep())


def _held(world: World, marks: Canaries) -> list[Any]:
    [order] = placed(1, 2)(world, marks)
    [raw] = world.notices(order, order.total.minor - 1)
    world.deliver_notice(order, raw)
    return [world.order(order)]


@scenario(_held, share=1.5, habits=Habits(minutes=1))
def a_held_amount_goes_back_while_the_right_one_comes(play: Play) -> None:
    """A person gives back a wrong amount in the moment in which the right one pays the order."""
    [order] = play.facts
    [key] = order.held
    play.cast("mei", lambda play: play.cloud.run_flow("mei", lambda deps: refund_receipt(deps, key, "too little", "mei")))
    play.notify(order.channel_id, money(play, order))


def _each_card_is_one(play: Play) -> list[str]:
    """One was never sold, and each order that went back gave one; a wish that died before its commit changed nothing."""
    returned, there = ended(play, OrderState.RETURNED), left(play)
    return [] if there == 1 + returned else [f"{returned} orders went back and {there} cards are for sale"]


@scenario(paid(2, 3), then=_each_card_is_one, share=1)
def two_orders_go_back_to_one_shard(play: Play) -> None:
    """Two buyers give back at once: both cards are for sale again."""
    for i, order in enumerate(play.facts):
        gives_back(play, order.id, f"buyer {i}")
