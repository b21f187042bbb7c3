"""A worker dies before and after each of its calls, from checkout to reveal. Two rounds of the sweep later the order is
delivered, once; or, where nobody paid, the cards are back."""

from collections import Counter
from contextlib import suppress

import pytest

from faka.contexts.orders.model import DeliveryState, MailState, OrderState
from faka.flows.checkout import checkout
from faka.flows.deliver import deliver
from faka.flows.order_page import check_payment
from tests.kit.crash import DyingClient, Killed
from tests.kit.world import World, engine_world, english


pytestmark = pytest.mark.integration

CALLS_MAX = 25


def dies(world: World, work, at: int, *, after: bool) -> bool:
    """Run `work(deps)` over a client that dies at call `at`; says whether it got that far."""
    client = DyingClient(world.client, at, after=after)
    with suppress(Killed):
        work(world.over(client))
    return client.calls >= at


def assert_delivered_once(world: World, order) -> None:
    order = world.order(order)
    assert (order.state, order.delivery) == (OrderState.COMPLETED, DeliveryState.READY)
    assert order.mail is MailState.SENT
    assert 1 <= len(world.letters) <= 2  # at least once: dying between sending and noting sends a second one
    rows = world.rows("test-journal")
    kinds = Counter(row["kind"] for row in rows if row["sk"] == "TXN")
    assert kinds == {"receipt_applied": 1, "delivered": 1}
    assert world.secrets(order) == ["SECRET-0"]
    assert world.left == 4


def paid_story(world: World):
    world.stock_up(5)
    order = world.buy(contact="buyer@example.com")
    return order, world.notices(order)[0]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 7))
def test_dying_while_taking_a_notice_is_healed_within_two_minutes(at, after):
    with engine_world() as world:
        order, raw = paid_story(world)
        dies(world, lambda deps: world.deliver_notice(order, raw, deps), at, after=after)
        world.minute(2)
        if world.order(order).paid_at is None:  # nothing was stored: the provider's own repeat, or the question by the ladder
            assert (at == 1 and not after) or world.providers.alipay.calls["query"] > 0
        assert_delivered_once(world, order)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 6))
def test_dying_while_mailing_is_healed_within_two_minutes(at, after):
    with engine_world() as world:
        order, raw = paid_story(world)
        world.deliver_notice(order, raw)
        dies(world, lambda deps: deliver(deps, order.id, english), at, after=after)
        world.minute(2)
        assert_delivered_once(world, order)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 6))
def test_dying_while_revealing_shows_nothing_unaudited_and_the_next_look_works(at, after):
    with engine_world() as world:
        order, raw = paid_story(world)
        world.deliver_notice(order, raw)
        world.minute(2)
        dies(world, lambda deps: world.reveal(order, deps), at, after=after)
        assert world.secrets(order) == ["SECRET-0"]
        openings = [row for row in world.rows("test-journal") if row["pk"] == f"AUDIT#{order.id}"]
        assert len(openings) == world.order(order).reveals
        assert world.left == 4


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, CALLS_MAX))
def test_dying_at_checkout_loses_no_card(at, after):
    with engine_world() as world:
        world.stock_up(5)
        command = world.command(contact="buyer@example.com", quantity=2)
        world.sweep()  # the round before: it notes up to which minute claims have been checked
        before = world.image()
        got_there = dies(world, lambda deps: checkout(deps, command), at, after=after)
        if not got_there:
            return  # the flow has fewer calls
        world.announce(before)
        world.clock.advance(minutes=20)
        world.minute(2)
        assert world.left == 5
        numbers = Counter(number for row in world.rows("test-trade") if row["sk"] == "ORDER" for number in _numbers(row))
        assert not numbers


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, CALLS_MAX))
def test_dying_at_expiry_gives_the_cards_back_once(at, after):
    with engine_world() as world:
        world.stock_up(5)
        order = world.buy(quantity=2)
        world.clock.advance(minutes=17)
        before = world.image()
        if not dies(world, world.sweep, at, after=after):
            return  # the flow has fewer calls
        world.announce(before)
        world.minute(2)
        assert world.order(order).state is OrderState.EXPIRED
        assert world.left == 5


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, CALLS_MAX))
def test_dying_on_a_late_payment_delivers_or_refunds_once_and_loses_no_card(at, after):
    with engine_world() as world:
        world.stock_up(5)
        order = world.buy(contact="buyer@example.com")
        world.clock.advance(minutes=17)
        world.minute(1)
        assert world.order(order).state is OrderState.EXPIRED
        raw = world.notices(order)[0]
        before = world.image()
        if not dies(world, lambda deps: world.deliver_notice(order, raw, deps), at, after=after):
            return  # the flow has fewer calls
        world.announce(before)
        world.deliver_notice(order, raw)
        world.minute(5)
        after_all = world.order(order)
        assert (after_all.state, after_all.is_late) == (OrderState.COMPLETED, True)
        assert len(world.secrets(order)) == 1
        assert world.left == 4


def test_with_no_notice_at_all_the_ladder_finds_the_money():
    with engine_world() as world:
        world.stock_up(5)
        order = world.buy(contact="buyer@example.com")
        world.providers.alipay.lose("pay" + order.payment_id[4:], order.total.minor)
        world.minute(2)
        assert_delivered_once(world, order)


def test_twin_without_the_sweep_a_dead_worker_leaves_a_paid_order_alone():
    with engine_world() as world:
        order, raw = paid_story(world)
        dies(world, lambda deps: world.deliver_notice(order, raw, deps), 4, after=False)
        world.clock.advance(minutes=5)
        assert world.order(order).paid_at is None


def test_asking_early_is_limited_to_one_question_in_five_seconds():
    with engine_world() as world:
        world.stock_up(1)
        order = world.buy()
        world.clock.advance(seconds=6)
        for _ in range(10):
            check_payment(world.deps, order.id, world.proof(order))
        assert world.providers.alipay.calls["query"] == 1


def _numbers(row):
    return [number for run in row.get("runs", []) for number in range(run[2], run[2] + run[3])]
