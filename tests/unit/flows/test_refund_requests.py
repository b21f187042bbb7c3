"""Who may decide that money goes back, how much of it at most, and what becomes of the order and its cards."""

from collections.abc import Callable, Iterator

import pytest

from faka.contexts.orders.errors import NothingToRefund, NotRefundable
from faka.contexts.orders.model import DeliveryState, Order, OrderState, RefundState
from faka.contexts.payments.refunds import RefundSource
from faka.flows.ask_refund import ask_refund
from faka.flows.refund_order import refund_order
from faka.kernel.ids import out_trade_no
from faka.kernel.refund import RefundStatus
from faka.steps.refund import drive, take_back
from infra.local.actors.bank import RefundWay
from tests.kit.world import World
from tests.unit.flows.given_refunds import (
    CARDS,
    PRICE,
    at_the_bank,
    balances,
    broken,
    entries,
    only,
    provider,
    refunding_world,
    refunds,
    sold,
    sweeps,
)


pytestmark = pytest.mark.unit


@pytest.fixture
def world() -> Iterator[World]:
    with refunding_world() as made:
        yield made


# -- who x what became of the goods -------------------------------------------------------------------------------


def unseen(world: World) -> Order:
    return sold(world)


def seen(world: World) -> Order:
    order = sold(world)
    world.reveal(order)
    return world.order(order)


def without_goods(world: World) -> Order:
    """Paid, and nothing is in stock; the cards that it had are lost."""
    sold(world, quantity=CARDS - 1)
    order = world.pays_for_nothing(world.buy(channel="wechatpay", method="native"))
    world.minute()
    return world.order(order)


def buyer(world: World, order: Order) -> Order:
    return ask_refund(world.deps, order.id, world.proof(order))


def staff(world: World, order: Order) -> Order:
    return refund_order(world.deps, order.id, None, "as agreed", "mei")


def staff_in_part(world: World, order: Order) -> Order:
    return refund_order(world.deps, order.id, 700, "late answer", "mei")


Act = Callable[..., Order]
Ends = tuple[OrderState, DeliveryState, RefundState, int, RefundSource, int]
ALLOWED: dict[tuple[Act, Act], Ends] = {
    (unseen, buyer): (OrderState.RETURNED, DeliveryState.RETURNED, RefundState.FULL, PRICE, RefundSource.SALES, CARDS),
    (unseen, staff): (OrderState.RETURNED, DeliveryState.RETURNED, RefundState.FULL, PRICE, RefundSource.SALES, CARDS),
    (unseen, staff_in_part): (OrderState.COMPLETED, DeliveryState.READY, RefundState.PARTIAL, 700, RefundSource.SALES, CARDS - 1),
    (without_goods, staff): (OrderState.FAILED, DeliveryState.NONE, RefundState.FULL, PRICE, RefundSource.FUNDS, 0),
    (seen, staff): (OrderState.COMPLETED, DeliveryState.REVOKED, RefundState.FULL, PRICE, RefundSource.SALES, CARDS - 1),
    (seen, staff_in_part): (OrderState.COMPLETED, DeliveryState.REVEALED, RefundState.PARTIAL, 700, RefundSource.SALES, CARDS - 1),
}
"""What was sold, who asks: how the order ends, how much goes back, out of what, and how many cards are for sale."""


@pytest.mark.parametrize(("goods", "who"), ALLOWED, ids=lambda act: act.__name__)
def test_order_money_and_cards_end_together(world: World, goods: Act, who: Act) -> None:
    order = goods(world)
    who(world, order)
    sweeps(world, minutes=2)
    state, delivery, refund_state, minor, source, left = ALLOWED[goods, who]
    after = world.order(order)
    assert (after.state, after.delivery, after.refund_state, after.funds_minor) == (state, delivery, refund_state, 0)
    assert (only(world).amount.minor, only(world).source, world.left) == (minor, source, left)
    assert [one.amount_minor for one in at_the_bank(world, order)] == [minor]
    assert (entries(world, only(world)), broken(world)) == (["due", "ok"], [])


@pytest.mark.parametrize("goods", [seen, without_goods], ids=lambda act: act.__name__)
def test_a_buyer_alone_gives_back_only_what_he_never_saw(world: World, goods: Act) -> None:
    order = goods(world)
    with pytest.raises(NotRefundable):
        buyer(world, order)
    assert (refunds(world), world.order(order), broken(world)) == ([], order, [])


@pytest.mark.parametrize(
    ("days", "waits", "may"), [(7, {"days": 7}, True), (7, {"days": 7, "seconds": 1}, False), (0, {"seconds": 1}, False)]
)
def test_the_rule_that_he_bought_under_says_for_how_long(days: int, waits: dict[str, int], *, may: bool) -> None:
    with refunding_world(refund_days=days) as world:
        order = unseen(world)
        world.clock.advance(**waits)
        if not may:
            with pytest.raises(NotRefundable):
                buyer(world, order)
        else:
            assert buyer(world, order).state is OrderState.RETURNED
        assert len(refunds(world)) == may


def test_asked_for_twice_it_is_one_refund_and_one_card(world: World) -> None:
    order = unseen(world)
    for _ in range(2):
        assert buyer(world, order).state is OrderState.RETURNED
    sweeps(world, minutes=2)
    assert ([one.amount_minor for one in at_the_bank(world, order)], world.left, broken(world)) == ([PRICE], CARDS, [])


def test_no_part_goes_back_while_goods_may_still_come(world: World) -> None:
    order = without_goods(world)
    with pytest.raises(NotRefundable):
        staff_in_part(world, order)
    assert (refunds(world), world.order(order)) == ([], order)


@pytest.mark.parametrize(("goods", "is_sold_again"), [(unseen, True), (seen, False)], ids=["unseen", "seen"])
def test_a_card_is_sold_again_only_if_nobody_ever_saw_it(world: World, goods: Act, *, is_sold_again: bool) -> None:
    order = goods(world)
    [card] = world.order(order).runs
    staff(world, order)
    later = [sold(world) for _ in range(world.left)]
    texts = [secret for each in later for secret in world.secrets(each)]
    assert len(set(texts)) == len(texts) == CARDS - (not is_sold_again)
    assert (f"SECRET-{card.start}" in texts) is is_sold_again


def test_twin_that_takes_back_what_was_seen_sells_a_read_card(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    as_if_unseen = lambda deps, order, _amount, reason, by, now: take_back(deps, order, reason, by, now)  # noqa: E731
    monkeypatch.setattr("faka.flows.refund_order.pay_back", as_if_unseen)
    order = seen(world)
    [read] = world.secrets(order)
    staff(world, world.order(order))
    assert read in [secret for _ in range(CARDS) for secret in world.secrets(sold(world))]


# -- parts --------------------------------------------------------------------------------------------------------


PARTS = [(1, 1_579), (700, 880), (527, 527, 526), (1_580,)]


@pytest.mark.parametrize("parts", PARTS, ids=str)
def test_parts_go_back_to_the_last_cent_and_not_one_more(world: World, parts: tuple[int, ...]) -> None:
    order = seen(world)
    for minor in parts:
        for wrong in (0, -1, world.order(order).refundable_minor + 1):
            with pytest.raises(NothingToRefund):
                refund_order(world.deps, order.id, wrong, "too much", "mei")
        refund_order(world.deps, order.id, minor, "a part", "mei")
        sweeps(world, minutes=2)
    with pytest.raises(NothingToRefund):
        refund_order(world.deps, order.id, None, "the rest", "mei")
    assert [one.amount_minor for one in at_the_bank(world, order)] == list(parts)
    assert (world.order(order).refund_state, balances(world), broken(world)) == (RefundState.FULL, {}, [])


def test_a_part_that_failed_is_not_given_back_beside_itself(world: World) -> None:
    order = seen(world)
    provider(world).refund_way = RefundWay.LATER
    refund_order(world.deps, order.id, 1_000, "a part", "mei")
    drive(world.deps, only(world))
    provider(world).fail_refund(out_trade_no(order.payment_id))
    sweeps(world, minutes=2)
    assert (only(world).status, world.order(order).refundable_minor) == (RefundStatus.FAILED, PRICE - 1_000)
    with pytest.raises(NothingToRefund):
        refund_order(world.deps, order.id, PRICE, "all of it", "mei")


def test_twin_that_adds_nothing_up_promises_more_than_came_and_only_the_bank_says_no(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Order, "refundable_minor", property(lambda order: order.total.minor))
    order = seen(world)
    for minor in (1_000, 1_000):
        refund_order(world.deps, order.id, minor, "a part", "mei")
    sweeps(world, minutes=2)
    assert {one.status for one in refunds(world)} == {RefundStatus.SUCCEEDED, RefundStatus.FAILED}
    assert any(fault.startswith("I8") for fault in broken(world))
