"""Orders of good cards and bad ones (row A33): whose bad cards were paid back still has his good ones, and nothing is paid twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from faka.contexts.complaints import ComplaintStore, Made
from faka.contexts.orders.model import DeliveryState, Order
from faka.contexts.vault import Batch, CardWithheld
from faka.flows.ask_refund import ask_refund
from faka.flows.refund_order import refund_order
from faka.flows.withhold import freeze
from faka.steps import make_good as step
from faka.steps import replace
from pages.visitor import codes_value
from tests.integration.test_bad_batch import bought, declared, kept, made, paid
from tests.kit.doors import Shop
from tests.kit.world import World, engine_world
from tests.unit.invariants.given import SKUS, streamed


pytestmark = pytest.mark.integration


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made_:
        yield made_


def mixed(world: World, *, quantity: int = 2) -> tuple[Batch, Order]:
    """GIVEN an order of one bad card and good ones, all of them seen."""
    bad = bought(world, 1)
    bought(world, quantity - 1, "GOOD-{n}")
    order = paid(world, quantity=quantity)
    world.reveal(order)
    return bad, order


def mixed_and_paid_back(world: World) -> tuple[Batch, Order]:
    """GIVEN that its bad card was paid back; then new cards come."""
    bad, order = mixed(world)
    assert declared(world, bad).refunded == 1
    bought(world, 5, "NEW-{n}")
    streamed(world)
    return bad, order


def open_cases(world: World) -> list[str]:
    return [row["pk"] for row in world.rows("test-trade") if row["sk"] == "CASE" and row["state"] == "OPEN"]


def refunds(world: World) -> list[int]:
    return [int(row["amount"]["minor"]) for row in world.rows("test-trade") if row["sk"] == "REFUND"]


# -- what is good stays his -----------------------------------------------------------------------------------------


def test_who_was_paid_back_for_a_bad_card_still_sees_his_good_one(world: World) -> None:
    bad, order = mixed(world)
    done = declared(world, bad)
    assert (done.refunded, done.refunded_minor, refunds(world)) == (1, order.unit.minor, [order.unit.minor])
    assert [text[:4] for text in world.secrets(order)] == ["GOOD"]
    now = world.order(order)
    assert (now.delivery, now.paid_back, open_cases(world)) == (DeliveryState.REVEALED, 1, [])
    kept(world)


def test_twin_bad_cards_that_stay_in_the_order_hide_the_good_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, order = mixed(world)
    monkeypatch.setattr(step, "_left_with", lambda *_: {})
    declared(world, bad)
    with pytest.raises(CardWithheld):
        world.reveal(order)
    assert (world.order(order).delivery, len(open_cases(world))) == (DeliveryState.WITHHELD, 1)


def test_the_page_says_how_many_were_paid_back_and_offers_the_others(world: World) -> None:
    bad, order = mixed(world, quantity=3)
    shop, path = Shop(world.deps), f"/o/{order.id}"
    shop.cookies["__Host-orders"] = codes_value({}, order.id, world.proof(order).code)
    said = ("Bad cards were paid back", "did not work: 1", "Show my 2 cards")
    assert not any(one in shop.get(path).text for one in said[:2])
    declared(world, bad)
    assert all(one in shop.get(path).text for one in said)
    opened = shop.post(f"{path}/cards").text
    assert ("did not work: 1" in opened, opened.count("GOOD-"), "BAD-" in opened) == (True, opened.count("GOOD-"), False)
    assert "本订单有 1 张卡密失效" in shop.get(path, accept_language="zh-CN").text


def test_whose_cards_are_all_bad_has_his_fee_back_too(world: World) -> None:
    bad = bought(world, 2)
    order = paid(world, quantity=2)
    world.reveal(order)
    changed = world.order(order)
    assert declared(world, bad).refunded_minor == changed.total.minor
    assert world.order(order).delivery is DeliveryState.REVOKED
    kept(world)


def test_who_met_the_freeze_first_is_answered_in_the_same_commit(world: World) -> None:
    bad, order = mixed(world)
    freeze(world.deps, bad.id, "mei", "complaints")
    with pytest.raises(CardWithheld):
        world.reveal(order)
    assert len(open_cases(world)) == 1
    declared(world, bad)
    assert (world.order(order).delivery, open_cases(world)) == (DeliveryState.REVEALED, [])
    assert len(world.secrets(order)) == 1
    kept(world)


# -- nothing twice --------------------------------------------------------------------------------------------------


def _said_to_nobody(_store: Any, _batch: object, made: Any) -> Any:
    from faka.platform.table import TableName, put

    return put(TableName.TRADE, {"pk": f"MADEGOOD#{made.at}", "sk": made.order, **made.model_dump(mode="json")})


@pytest.mark.parametrize(("left_with", "paid_times"), [(step._left_with, 1), (lambda *_: {}, 2)], ids=["they left", "twin: they stay"])
def test_bad_cards_that_left_their_order_are_not_found_again_even_without_its_row(
    world: World, monkeypatch: pytest.MonkeyPatch, left_with: Any, paid_times: int
) -> None:
    bad, order = mixed(world, quantity=3)
    monkeypatch.setattr(ComplaintStore, "made_good", _said_to_nobody)
    monkeypatch.setattr(step, "_left_with", left_with)
    declared(world, bad)
    declared(world, bad)
    assert refunds(world) == [order.unit.minor] * paid_times


def test_cards_that_come_later_are_not_touched_for_who_was_paid_back(world: World) -> None:
    bad, _ = mixed_and_paid_back(world)
    before = world.image()
    declared(world, bad)
    assert world.image() == before
    kept(world)


def test_two_batches_of_one_order_are_paid_back_one_after_the_other(world: World) -> None:
    first, order = mixed(world, quantity=3)
    second = world.deps.vault.batch(order.sku_id, max(run.batch for run in order.runs))
    assert declared(world, first).refunded_minor == order.unit.minor
    assert declared(world, second).refunded_minor == order.total.minor - order.unit.minor
    now = world.order(order)
    assert (now.paid_back, now.delivery, now.refundable_minor) == (1, DeliveryState.REVOKED, 0)
    kept(world)


# -- a person -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("others", [0, 3], ids=["no other cards", "other cards"])
def test_an_order_that_had_all_its_money_back_gets_nothing_more(world: World, others: int) -> None:
    bad = bought(world, 2)
    unseen, seen = paid(world), paid(world)
    world.reveal(seen)
    for order, parts in ((unseen, (unseen.total.minor - 1, 1)), (seen, (seen.total.minor,))):
        for part in parts:
            refund_order(world.deps, order.id, part, "slow", "mei")
    if others:
        bought(world, others, "GOOD-{n}")
    before = refunds(world)
    done = declared(world, bad)
    assert (done.buyers, done.replaced, done.refunded, done.with_a_person) == (0, 0, 0, 0)
    assert (refunds(world), world.left, open_cases(world)) == (before, others, [])
    kept(world)


def test_what_cost_nothing_and_has_no_other_cards_goes_to_a_person_once() -> None:
    with engine_world(skus=SKUS) as world:
        world.sku = world.product.sku("gift")
        bad = bought(world, 2)
        order = world.buy(sku="gift", contact="a@example.com")
        done = declared(world, bad)
        assert (done.with_a_person, done.refunded_minor, made(world, bad)) == (1, 0, {order.id: Made.CASE})
        assert (world.order(order).delivery, open_cases(world)) == (DeliveryState.WITHHELD, [f"CASE#case_short_withheld:{order.id}"])
        before = world.image()
        assert (declared(world, bad), world.image()) == (done, before)
        kept(world)


def withheld(world: World, *, is_seen: bool) -> Order:
    """GIVEN that a person is asked about an order whose only card is frozen."""
    batch = bought(world, 1)
    order = paid(world)
    if is_seen:
        world.reveal(order)
    freeze(world.deps, batch.id, "mei", "complaints")
    with pytest.raises(CardWithheld):
        world.reveal(order)
    assert len(open_cases(world)) == 1
    return order


WAYS_OUT = {
    "paid back unseen, by staff": (False, lambda world, order: refund_order(world.deps, order.id, None, "gone", "mei")),
    "paid back unseen, by himself": (False, lambda world, order: ask_refund(world.deps, order.id, world.proof(order))),
    "paid back though seen": (True, lambda world, order: refund_order(world.deps, order.id, None, "gone", "mei")),
    "others came": (False, lambda world, order: (bought(world, 1, "GOOD-{n}"), looked(world, order))),
}


def looked(world: World, order: Order) -> None:
    with pytest.raises(CardWithheld):
        world.reveal(order)


@pytest.mark.parametrize("way", WAYS_OUT)
def test_nobody_is_asked_any_more_about_an_order_that_is_withheld_no_more(world: World, way: str) -> None:
    is_seen, go = WAYS_OUT[way]
    order = withheld(world, is_seen=is_seen)
    go(world, order)
    assert (world.order(order).delivery is DeliveryState.WITHHELD, open_cases(world)) == (False, [])
    kept(world)


def test_twin_a_case_that_stays_open_asks_a_person_to_make_it_good_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.steps.refund.end.answered", lambda *_: [])
    order = withheld(world, is_seen=True)
    refund_order(world.deps, order.id, None, "gone", "mei")
    assert len(open_cases(world)) == 1
    with pytest.raises(AssertionError, match="nothing is withheld"):
        kept(world)


def test_a_part_that_goes_back_leaves_the_question_open(world: World) -> None:
    order = withheld(world, is_seen=True)
    refund_order(world.deps, order.id, 1, "slow", "mei")
    assert (world.order(order).delivery, len(open_cases(world))) == (DeliveryState.WITHHELD, 1)
    kept(world)


def test_a_person_who_answered_once_is_asked_again_when_other_cards_of_the_order_are_withheld(world: World) -> None:
    order = answered_once(world)
    assert (world.order(order).delivery, len(open_cases(world))) == (DeliveryState.WITHHELD, 1)
    kept(world)


def test_twin_a_case_that_stays_closed_leaves_the_order_to_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replace.CaseExists, "row", {"state": "OPEN"}, raising=False)
    monkeypatch.setattr(replace.CaseExists, "__init__", lambda self, *_: None)
    answered_once(world)
    assert open_cases(world) == []
    with pytest.raises(AssertionError, match="WITHHELD without a case that asks somebody"):
        kept(world)


def answered_once(world: World) -> Order:
    """GIVEN that the case of its first batch is answered. WHEN its second batch is frozen and the buyer looks."""
    first, order = mixed(world)
    second = world.deps.vault.batch(order.sku_id, max(run.batch for run in order.runs))
    freeze(world.deps, first.id, "mei", "complaints")
    with pytest.raises(CardWithheld):
        world.reveal(order)
    declared(world, first)
    assert open_cases(world) == []
    freeze(world.deps, second.id, "mei", "complaints")
    with pytest.raises(CardWithheld):
        world.reveal(order)
    return order
