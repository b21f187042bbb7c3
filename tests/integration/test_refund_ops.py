"""Giving money back from a terminal."""

from collections.abc import Iterator

import pytest

from faka.contexts.orders.model import DeliveryState, Order, OrderState
from infra.local.actors.trade import RefundWay
from infra.ops import refunds
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.integration


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(5)
        yield made


@pytest.fixture
def types(world: World, capsys: pytest.CaptureFixture[str]):
    def typed(*words: str) -> tuple[int, str]:
        code = refunds.main(["--by", "mei", *words], world.deps)
        read = capsys.readouterr()
        return code, read.out + read.err

    return typed


def paid(world: World) -> Order:
    return world.pay(world.buy())


def test_a_part_and_then_the_rest_goes_back_and_never_more(world: World, types) -> None:
    order = paid(world)
    code, read = types("order", order.id, "--amount", "5.80", "--reason", "late answer")
    assert (code, "5.80 CNY" in read, "10.00 CNY could still go back" in read) == (0, True, True)
    world.minute(2)
    assert types("order", order.id, "--amount", "10.01", "--reason", "too much")[0] == 1
    assert types("order", order.id, "--reason", "the rest")[0] == 0
    world.minute(2)
    after = world.order(order)
    assert (after.state, after.delivery, after.refund_state) == (OrderState.RETURNED, DeliveryState.RETURNED, "FULL")
    assert "nothing" in types("order", order.id, "--reason", "again")[1].replace("not_refundable", "nothing")
    assert types("list")[1].startswith("no refund is on its way")
    assert types("show", order.id)[1].count("SUCCEEDED") == 2


def test_goods_that_were_seen_are_shown_to_nobody_any_more(world: World, types) -> None:
    order = paid(world)
    world.reveal(order)
    assert types("order", order.id, "--reason", "the code was used")[0] == 0
    assert world.order(order).delivery is DeliveryState.REVOKED
    assert world.left == 4, "a card that somebody has seen is never stock again"


def test_what_nobody_can_be_asked_about_is_listed_and_ended_by_hand(world: World, types) -> None:
    order = world.pay(world.buy(channel="epay", method="epay"))
    types("order", order.id, "--amount", "1.00", "--reason", "part")
    world.minute(2)
    [name] = [word for word in types("list")[1].split() if word.startswith("rfd_")]
    assert "WITH_PERSON" in types("show", name)[1]
    code, read = types("done", name, "--reason", "sent by hand, receipt 77")
    assert (code, "SUCCEEDED" in read) == (0, True)
    assert types("done", name, "--reason", "twice")[0] == 1
    assert types("list")[1].startswith("no refund is on its way")


def test_a_wrong_amount_goes_back_and_its_order_ends(world: World, types) -> None:
    order = world.buy()
    [raw] = world.notices(order, 1)
    world.deliver_notice(order, raw)
    [key] = world.order(order).held
    assert types("receipt", key, "--reason", "one cent")[0] == 0
    world.minute(2)
    assert (world.order(order).state, world.left) == (OrderState.EXPIRED, 5)
    assert types("receipt", key, "--reason", "asked twice")[0] == 0, "it is one refund"
    assert len(world.providers.refunds) == 1


def test_a_refund_on_its_way_is_listed(world: World, types) -> None:
    order = paid(world)
    world.providers.alipay.refund_way = RefundWay.LATER
    types("order", order.id, "--reason", "as agreed")
    world.minute()
    assert "SUBMITTED" in types("list")[1]


@pytest.mark.parametrize(
    "words",
    [
        ("show", "rfd_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("again", "rfd_01ARZ3NDEKTSV4RRFFQ69G5FAV", "--reason", "x"),
        ("order", "ord_01ARZ3NDEKTSV4RRFFQ69G5FAV", "--reason", "x"),
        ("receipt", "alipay:1", "--reason", "x"),
    ],
)
def test_what_is_not_there_is_said_in_words(types, words: tuple[str, ...]) -> None:
    code, read = types(*words)
    assert code == 1
    assert ":" in read


def test_nobody_decides_without_a_reason(world: World, types) -> None:
    order = paid(world)
    code, read = types("order", order.id, "--reason", " ")
    assert (code, "why" in read) == (1, True)
    assert world.order(order).refunds == ()
