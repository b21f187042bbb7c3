"""The order page and what it asks while it waits: it changes whenever a refund does, and never under goods that are open."""

from collections.abc import Iterator
from datetime import datetime
from itertools import product

import pytest

from faka.contexts.orders.model import DeliveryState, Order, OrderState, RefundNote, RefundState
from faka.contexts.orders.refunds import refund_state
from faka.flows import order_page
from faka.flows.ask_refund import ask_refund
from faka.flows.refund_order import refund_order
from faka.kernel.ids import RefundId
from faka.kernel.refund import RefundStatus
from pages import order as page
from pages.order_view import Bought, OrderView
from pages.visitor import codes_value
from tests.kit import roles
from tests.kit.doors import Shop
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.unit

BOUGHT = Bought("A video", "A month", "month", "", "")
DONE, FAR = RefundStatus.SUCCEEDED, RefundStatus.REQUESTED


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(4)
        yield made


def noted(order: Order, *statuses: RefundStatus, **changes: object) -> Order:
    """An order with one refund of a cent for each status."""
    notes = tuple(RefundNote(id=RefundId(f"rfd_{n}"), amount_minor=1, status=one, is_own=True) for n, one in enumerate(statuses))
    return order.model_copy(update={"refunds": notes, "refund_state": refund_state(notes, order.total.minor), **changes})


def drawn(world: World, order: Order, refunded_at: dict[str, datetime] | None = None) -> OrderView:
    return page.order_view(order, BOUGHT, "en", world.clock.now(), refunded_at=refunded_at or {})


# -- the words that tell a page that it is old ----------------------------------------------------------------------


def different_tags(order: Order) -> list[Order]:
    """The states in which the page and its script would not agree, so that it would be drawn again for ever."""
    refunds = [(), *((one,) for one in RefundStatus), tuple(RefundStatus)]
    every = [
        noted(order, *statuses, state=state, delivery=delivery, refund_state=refunded)
        for state, delivery, refunded, statuses in product(OrderState, DeliveryState, RefundState, refunds)
    ]
    every.append(order.asked(order.expires_at, order.created_at, "test", "test"))
    return [one for one in every if page.state_tag(one) != order_page.tag_of(one)]


def test_page_and_script_say_the_same_of_every_state(world: World) -> None:
    assert different_tags(world.buy()) == []


def test_twin_a_page_that_leaves_the_refunds_out_disagrees_with_its_script(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "state_tag", lambda order: f"{order.state}.{order.delivery}.{order.refund_state}".lower())
    assert different_tags(world.buy()) != []


def test_one_of_two_refunds_that_ends_changes_the_tag_while_the_order_still_owes_the_other(world: World) -> None:
    order = world.pay(world.buy())
    before, after = noted(order, FAR, FAR), noted(order, DONE, FAR)
    assert before.refund_state is after.refund_state is RefundState.DUE
    assert order_page.tag_of(before) != order_page.tag_of(after)


# -- when the money was back ----------------------------------------------------------------------------------------


def looked(world: World, order: Order) -> order_page.OrderPage:
    return order_page.open_order(world.deps, order.id, world.proof(order))


def test_a_refund_has_its_time_when_it_is_done_and_none_before(world: World) -> None:
    order = world.pay(world.buy())
    asked = ask_refund(world.deps, order.id, world.proof(order))
    assert looked(world, order).refunded_at == {}
    world.minute(2)
    [note] = asked.refunds
    assert looked(world, order).refunded_at == {note.id: world.deps.refunds.get(note.id).finished_at}


def test_each_part_paid_back_has_the_time_of_its_own(world: World) -> None:
    order = world.pay(world.buy())
    for reason in ("late answer", "a dead card"):
        refund_order(world.deps, order.id, 1, reason, "mei")
        world.minute(2)
    times = looked(world, order).refunded_at
    lines = drawn(world, world.order(order), dict(times)).refunds
    first, second = (times[note.id] for note in world.order(order).refunds)
    assert first < second
    assert [line.at for line in lines] == [first, second]


def test_the_page_of_the_shop_says_the_time_in_both_languages(world: World) -> None:
    order = world.pay(world.buy())
    [note] = ask_refund(world.deps, order.id, world.proof(order)).refunds
    world.minute(2)
    done = world.deps.refunds.get(note.id).finished_at
    assert done is not None
    shop = Shop(world.deps)
    shop.cookies["__Host-orders"] = codes_value({}, order.id, world.proof(order).code)
    for language in ("en", "zh-CN"):
        assert page.i18n.moment(done) in shop.get(f"/o/{order.id}", accept_language=language).text.split("<dl", 1)[1]


def test_orders_without_a_finished_refund_read_no_refund(world: World) -> None:
    order = world.pay(world.buy())
    ask_refund(world.deps, order.id, world.proof(order))
    before = refunds_read()
    looked(world, order)
    assert refunds_read() == before
    world.minute(2)
    looked(world, order)
    assert refunds_read() == before + 1


def refunds_read() -> int:
    """How often the storefront's role was asked for a refund's row."""
    entries = [entry for (who, asked), entry in roles.book.seen.items() if who == "StorefrontFunction" and "REFUND#" in repr(asked)]
    return sum(entry.calls for entry in entries if entry.calls_judged[0].action == "dynamodb:GetItem")


# -- what the page asks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", list(RefundStatus))
def test_goods_in_the_buyers_hand_are_asked_about_only_while_money_is_on_its_way(world: World, status: RefundStatus) -> None:
    order = noted(world.pay(world.buy()), status)
    assert (drawn(world, order).stage, drawn(world, order).poll_s > 0) == ("ready", order.refund_state is RefundState.DUE)


@pytest.mark.parametrize("kind", ["CARD", "LINK"])
def test_a_page_with_open_goods_asks_for_nothing_because_an_answer_would_hide_them(world: World, kind: str) -> None:
    owed = noted(world.pay(world.buy()), FAR, kind=kind)
    before = drawn(world, owed)
    after = page.opened_view(before, [page.link_view("https://redeem.example/1")], "en", world.clock.now())
    assert (before.poll_s, after.poll_s) == (10, 0)
