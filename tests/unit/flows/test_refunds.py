"""Whatever a provider does with a refund that it is told of: one number, one refund there, books that add up."""

import importlib
from collections.abc import Callable, Iterator

import pytest

from faka.contexts.orders.model import Order
from faka.contexts.payments.providers.refunding import RefundNotOffered
from faka.flows.refund_order import refund_again, refund_order
from faka.kernel.ids import out_trade_no, ulid
from faka.kernel.refund import RefundStatus
from faka.steps.refund import drive
from infra.local.actors.bank import RefundWay
from tests.kit.world import World
from tests.unit.flows.given_refunds import (
    PRICE,
    STANDS,
    Listening,
    at_the_bank,
    balances,
    broken,
    brought_to,
    entries,
    is_asking,
    only,
    provider,
    refunding_world,
    sold,
    sweeps,
)


pytestmark = pytest.mark.unit

REQUESTED, SUBMITTED, SUCCEEDED, FAILED, WITH_PERSON = RefundStatus


@pytest.fixture
def world() -> Iterator[World]:
    with refunding_world() as made:
        yield made


# -- told: where it stands x what the provider does ---------------------------------------------------------------


def asked_for(world: World, order: Order) -> None:
    brought_to(world, order, REQUESTED)


def told_and_never_arrived(world: World, order: Order) -> None:
    asked_for(world, order)
    provider(world).is_down = True
    drive(world.deps, only(world))
    provider(world).is_down = False


def told_and_the_answer_was_lost(world: World, order: Order) -> None:
    asked_for(world, order)
    provider(world).loses_answers = True
    drive(world.deps, only(world))
    provider(world).loses_answers = False


def on_its_way(world: World, order: Order) -> None:
    brought_to(world, order, SUBMITTED)


def accepts(world: World, _order: Order) -> None:
    provider(world).refund_way = RefundWay.LATER


def does_it_at_once(world: World, _order: Order) -> None:
    provider(world).refund_way = RefundWay.AT_ONCE


def has_too_little(world: World, _order: Order) -> None:
    provider(world).refund_way = RefundWay.SHORT


def refuses(world: World, order: Order) -> None:
    """Somebody gave all of it back from the provider's own pages: there is nothing left to refund."""
    provider(world).refund_way = RefundWay.AT_ONCE
    provider(world).refund(out_trade_no(order.payment_id), PRICE)


def is_down(world: World, _order: Order) -> None:
    provider(world).is_down = True


def loses_the_answer(world: World, _order: Order) -> None:
    provider(world).loses_answers = True


def fails_it(world: World, order: Order) -> None:
    provider(world).fail_refund(out_trade_no(order.payment_id))


def finishes_it(world: World, order: Order) -> None:
    provider(world).finish_refund(out_trade_no(order.payment_id))


TELL, ASK, BOTH = ["refund"], ["query_refund"], ["query_refund", "refund"]

Act = Callable[[World, Order], None]
TOLD: dict[tuple[Act, Act], tuple[RefundStatus, list[str], int]] = {
    (asked_for, accepts): (SUBMITTED, TELL, 1),
    (asked_for, does_it_at_once): (SUCCEEDED, TELL, 1),
    (asked_for, has_too_little): (REQUESTED, TELL, 0),
    (asked_for, refuses): (FAILED, TELL, 0),
    (asked_for, is_down): (SUBMITTED, TELL, 0),
    (asked_for, loses_the_answer): (SUBMITTED, TELL, 1),
    (told_and_never_arrived, accepts): (SUBMITTED, BOTH, 1),
    (told_and_never_arrived, does_it_at_once): (SUCCEEDED, BOTH, 1),
    (told_and_never_arrived, has_too_little): (SUBMITTED, BOTH, 0),
    (told_and_never_arrived, refuses): (FAILED, BOTH, 0),
    (told_and_never_arrived, is_down): (SUBMITTED, ASK, 0),
    (told_and_never_arrived, loses_the_answer): (SUBMITTED, ASK, 0),
    (told_and_the_answer_was_lost, does_it_at_once): (SUCCEEDED, ASK, 1),
    (told_and_the_answer_was_lost, has_too_little): (SUCCEEDED, ASK, 1),
    (told_and_the_answer_was_lost, is_down): (SUBMITTED, ASK, 1),
    (told_and_the_answer_was_lost, loses_the_answer): (SUBMITTED, ASK, 1),
    (on_its_way, accepts): (SUBMITTED, ASK, 1),
    (on_its_way, finishes_it): (SUCCEEDED, ASK, 1),
    (on_its_way, fails_it): (FAILED, ASK, 1),
    (on_its_way, is_down): (SUBMITTED, ASK, 1),
    (on_its_way, loses_the_answer): (SUBMITTED, ASK, 1),
}
"""Where it stands, what the provider does: where it stands then, what was called, how many refunds of ours the bank has."""

TABLE = pytest.mark.parametrize(("start", "answer"), TOLD, ids=lambda act: act.__name__)


def ours(world: World, order: Order) -> int:
    return sum(one.refund_no == only(world).number for one in at_the_bank(world, order))


@TABLE
def test_one_step_calls_what_it_may_call_and_concludes_what_was_said(world: World, start: Act, answer: Act) -> None:
    order = sold(world)
    start(world, order)
    answer(world, order)
    before, listening = only(world), Listening(world)
    drive(world.deps, before)
    after, calls, at_bank = TOLD[start, answer]
    assert (only(world).status, listening.verbs, ours(world, order)) == (after, calls, at_bank)
    assert listening.numbers == {before.number}
    assert is_asking(world, before) is (after is FAILED)
    assert broken(world) == []


@TABLE
def test_when_the_provider_is_well_again_the_money_is_there_once_or_a_person_is_asked(world: World, start: Act, answer: Act) -> None:
    order = sold(world)
    start(world, order)
    answer(world, order)
    listening = Listening(world)
    sweeps(world, minutes=2)
    provider(world).is_down = provider(world).loses_answers = False
    provider(world).refund_way = RefundWay.AT_ONCE
    sweeps(world, hours=2)
    if any(one.state == "PROCESSING" for one in at_the_bank(world, order)):
        finishes_it(world, order)
    sweeps(world, hours=1)
    sweeps(world, days=1)
    refund = only(world)
    is_refused = TOLD[start, answer][0] is FAILED
    assert (refund.status, is_asking(world, refund)) == ((FAILED, True) if is_refused else (SUCCEEDED, False))
    assert listening.numbers <= {refund.number}
    assert (balances(world), broken(world)) == (STANDS[entries(world, refund)[-1]], [])
    assert [one.amount_minor for one in at_the_bank(world, order)] == [PRICE]


@pytest.mark.parametrize("start", [asked_for, told_and_never_arrived, told_and_the_answer_was_lost], ids=lambda act: act.__name__)
def test_where_nobody_can_be_told_or_asked_a_person_has_it_and_no_call_is_repeated(world: World, start: Act) -> None:
    order = sold(world)
    start(world, order)

    def offers_nothing(verb: str) -> None:
        raise RefundNotOffered(verb)

    listening = Listening(world, offers_nothing)
    sweeps(world, minutes=10)
    assert (only(world).status, is_asking(world, only(world)), len(listening.asked)) == (WITH_PERSON, True, 1)
    assert (entries(world, only(world)), broken(world)) == (["due"], [])


@pytest.mark.parametrize("status", [SUCCEEDED, FAILED, WITH_PERSON], ids=str)
def test_a_refund_that_is_over_is_not_told_to_anybody_again(world: World, status: RefundStatus) -> None:
    refund = brought_to(world, sold(world), status)
    listening = Listening(world)
    assert drive(world.deps, refund) == refund
    sweeps(world, minutes=10)
    assert (listening.asked, only(world)) == ([], refund)


# -- twins --------------------------------------------------------------------------------------------------------


def a_part_whose_answer_was_lost(world: World) -> Order:
    order = sold(world)
    refund_order(world.deps, order.id, 700, "late answer", "mei")
    provider(world).loses_answers = True
    world.minute()
    provider(world).loses_answers = False
    return order


def test_an_answer_that_was_lost_costs_nothing(world: World) -> None:
    order = a_part_whose_answer_was_lost(world)
    sweeps(world, minutes=5)
    assert [one.amount_minor for one in at_the_bank(world, order)] == [700]
    assert (only(world).status, broken(world)) == (SUCCEEDED, [])


def test_twin_with_a_number_for_each_try_the_bank_gives_back_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = property(lambda _refund: f"rfd{ulid(world.clock.now(), world.chance)}")
    monkeypatch.setattr("faka.contexts.payments.refunds.Refund.number", fresh)
    order = a_part_whose_answer_was_lost(world)
    sweeps(world, minutes=5)
    assert [one.amount_minor for one in at_the_bank(world, order)] == [700, 700]


def test_twin_that_takes_no_answer_for_a_no_gives_back_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    step, heard = (importlib.import_module(f"faka.steps.refund.{name}") for name in ("drive", "hear"))
    monkeypatch.setattr(step, "later", lambda deps, refund, now, **_: heard.failed(deps, refund, "no answer", now))
    order = a_part_whose_answer_was_lost(world)
    refund_again(world.deps, only(world).id, "it failed", "mei")
    world.minute()
    assert [one.amount_minor for one in at_the_bank(world, order)] == [700, 700]
