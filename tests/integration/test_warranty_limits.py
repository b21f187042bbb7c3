"""Limits of the warranty (row C21): beyond each of them a person has it once, and no card goes out."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from faka.contexts.orders.errors import NotReady
from faka.contexts.orders.model import DeliveryState, Order
from faka.contexts.quotas.store import QuotaStore
from faka.flows.refund_order import refund_order
from faka.flows.replace_card import CardNotOfOrder
from faka.steps import warranty
from faka.steps.warranty import Why
from tests.integration.test_bad_batch import bought, declared, kept
from tests.integration.test_warranty import cases, numbers, replaced, seen
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.integration


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world(holds_max=5) as made:
        yield made


def late(world: World) -> tuple[Order, int]:
    order = seen(world)
    world.clock.advance(days=31)
    return order, numbers(world, order)[0]


def fourth_of_an_order(world: World) -> tuple[Order, int]:
    order = seen(world, 4)
    every = numbers(world, order)
    for number in every[:3]:
        assert replaced(world, order, number).exchange
    return order, every[3]


def sixth_of_a_contact(world: World) -> tuple[Order, int]:
    for _ in range(5):
        order = seen(world)
        assert replaced(world, order, numbers(world, order)[0]).exchange
    order = seen(world)
    return order, numbers(world, order)[0]


def refunded_in_part(world: World) -> tuple[Order, int]:
    order = seen(world)
    refund_order(world.deps, order.id, 100, "slow", "mei")
    return order, numbers(world, order)[0]


def off(name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(name, value)


LIMITS = {
    Why.LATE: (late, off("faka.steps.warranty.timedelta", lambda days: timedelta(days=99 * days))),
    Why.ORDER: (fourth_of_an_order, off("faka.steps.warranty.OF_ORDER_MAX", 99)),
    Why.CONTACT: (sixth_of_a_contact, off("faka.flows.replace_card.OF_CONTACT_MAX", 99)),
    Why.REFUNDED: (refunded_in_part, off("faka.contexts.orders.model.Order.given_back_minor", 0)),
}


@pytest.mark.parametrize("why", LIMITS)
def test_beyond_a_limit_a_person_has_it_once_and_no_card_goes_out(world: World, why: Why) -> None:
    bought(world, 20)
    order, number = LIMITS[why][0](world)
    left, before = world.left, world.order(order)
    done = replaced(world, order, number)
    assert (done.exchange, done.why, done.case) == (None, why, f"case_warranty_{order.id}:{number}")
    assert replaced(world, order, number) == done
    assert (cases(world), world.left, world.order(order)) == ([done.case], left, before)
    kept(world)


@pytest.mark.parametrize("why", LIMITS)
def test_twin_without_the_limit_a_card_goes_out(world: World, monkeypatch: pytest.MonkeyPatch, why: Why) -> None:
    bought(world, 20)
    scene, lift = LIMITS[why]
    order, number = scene(world)
    lift(monkeypatch)
    assert replaced(world, order, number).exchange is not None


@pytest.mark.parametrize(("is_counted", "given"), [(True, False), (False, True)], ids=["counted in the commit", "twin: not counted"])
def test_two_at_once_do_not_get_past_the_contacts_limit(
    world: World, monkeypatch: pytest.MonkeyPatch, is_counted: bool, given: bool
) -> None:
    """Both have looked before either was counted: the commit decides, and the card that was taken goes back."""
    bought(world, 20)
    order, number = sixth_of_a_contact(world)
    monkeypatch.setattr(QuotaStore, "require_tries", lambda *_: None)
    if not is_counted:
        tried = QuotaStore.tried
        monkeypatch.setattr(QuotaStore, "tried", lambda store, what, who, _most, *rest: tried(store, what, who, 99, *rest))
    left = world.left
    done = replaced(world, order, number)
    assert (done.exchange is not None, world.left) == (given, left - given)
    kept(world)


def test_another_contact_and_the_next_window_begin_anew(world: World) -> None:
    bought(world, 20)
    sixth_of_a_contact(world)
    other = seen(world, contact="two@example.com")
    assert replaced(world, other, numbers(world, other)[0]).exchange
    world.clock.advance(days=31)
    again = seen(world)
    assert replaced(world, again, numbers(world, again)[0]).exchange


def test_without_other_cards_a_person_has_it(world: World) -> None:
    bought(world, 1)
    order = seen(world)
    assert replaced(world, order, numbers(world, order)[0]).why is Why.SOLD_OUT
    kept(world)


def test_when_cards_came_and_it_is_replaced_nobody_is_asked_any_more(world: World) -> None:
    bought(world, 1)
    order = seen(world)
    [number] = numbers(world, order)
    assert replaced(world, order, number).case
    bought(world, 1, "NEW-{n}")
    assert replaced(world, order, number).exchange
    [row] = [row for row in world.rows("test-trade") if row["sk"] == "CASE"]
    assert (row["state"], row["outcome"]) == ("CLOSED", "replaced by mei")
    kept(world)


def test_who_was_paid_back_for_a_bad_card_keeps_the_warranty_of_his_good_one(world: World) -> None:
    bad = bought(world, 1)
    bought(world, 1, "GOOD-{n}")
    order = seen(world, 2)
    assert declared(world, bad).refunded == 1
    bought(world, 2, "NEW-{n}")
    assert replaced(world, order, numbers(world, order)[0]).exchange
    assert world.secrets(order)[0].startswith("NEW")
    kept(world)


def test_nothing_is_replaced_that_nobody_saw_that_went_back_or_that_is_anothers(world: World) -> None:
    bought(world, 9)
    unseen, back, mine, other = world.pay(world.buy()), seen(world), seen(world), seen(world)
    refund_order(world.deps, back.id, None, "dead", "mei")
    for order in (unseen, back):
        with pytest.raises(NotReady):
            replaced(world, order, numbers(world, order)[0])
    with pytest.raises(CardNotOfOrder):
        replaced(world, mine, numbers(world, other)[0])
    assert (cases(world), world.left) == ([], 5)


def test_who_has_no_contact_is_counted_by_where_he_ordered(world: World) -> None:
    bought(world, 2)
    order = world.pay(world.buy())
    assert warranty.who_asks(order) == order.visitor_hash != ""
    assert warranty.who_asks(seen(world)) != order.visitor_hash


def test_of_a_link_that_was_opened_once_a_person_decides() -> None:
    with engine_world(kind="LINK") as world:
        bought(world, 3, "https://gift.test/{n}")
        order = seen(world)
        assert (order.delivery, replaced(world, order, numbers(world, order)[0]).why) == (DeliveryState.OPENED, Why.OPENED)
        kept(world)
