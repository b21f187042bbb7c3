"""A way back that is closed, late, or told of in two opposite words: each asks a person, with a deadline, once."""

import importlib
from collections.abc import Iterator

import pytest

from faka.contexts.cases import CASE_DEADLINE
from faka.contexts.orders.model import Order, RefundState
from faka.contexts.payments.providers.refunding import RefundProgress
from faka.contexts.payments.refunds import REFUND_DEADLINE, Refund, RefundExists
from faka.flows.refund_order import RefundUndecided, refund_again, refund_by_hand, refund_order
from faka.kernel.ids import out_trade_no
from faka.kernel.refund import RefundStatus
from faka.steps.refund import hear
from infra.local.actors.bank import RefundWay
from infra.ops import refunds as terminal
from tests.kit.world import World
from tests.unit.flows.given_refunds import (
    PRICE,
    at_the_bank,
    balances,
    broken,
    brought_to,
    case_of,
    entries,
    is_asking,
    only,
    provider,
    refunding_world,
    refunds,
    said,
    sold,
    sweeps,
)


pytestmark = pytest.mark.unit

DONE, NOTHING_CAME = RefundProgress.SUCCEEDED, RefundProgress.FAILED


@pytest.fixture
def world() -> Iterator[World]:
    with refunding_world() as made:
        yield made


def test_a_refund_that_fails_days_later_is_money_in_suspense_and_a_case_with_a_deadline(world: World) -> None:
    order = sold(world)
    refund = brought_to(world, order, RefundStatus.SUCCEEDED)
    sweeps(world, days=4)
    raw = provider(world).fail_refund(out_trade_no(order.payment_id))
    assert raw is not None
    for _ in range(3):
        world.deliver_notice(order, raw)
    case = case_of(world, refund)
    assert case is not None
    assert (only(world).status, world.order(order).refund_state, case.state) == (RefundStatus.FAILED, RefundState.FAILED, "OPEN")
    assert case.deadline_at == world.clock.now() + CASE_DEADLINE
    assert (entries(world, refund), balances(world)["suspense:failed_refunds"], broken(world)) == (["due", "ok", "back"], -PRICE, [])


def test_it_is_tried_again_under_one_new_number_with_its_whole_time(world: World) -> None:
    order = sold(world)
    first = brought_to(world, order, RefundStatus.FAILED)
    sweeps(world, days=4)
    again = refund_again(world.deps, first.id, "he has another card", "mei")
    assert again.deadline_at == world.clock.now() + REFUND_DEADLINE
    with pytest.raises(RefundExists):
        refund_again(world.deps, first.id, "asked twice", "bo")
    provider(world).refund_way = RefundWay.AT_ONCE
    sweeps(world, minutes=2)
    assert [(one.refund_no, one.state) for one in at_the_bank(world, order)] == [(first.number, "FAILED"), (again.number, "SUCCEEDED")]
    assert (balances(world), world.order(order).refund_state, broken(world)) == ({}, RefundState.FULL, [])
    assert (is_asking(world, first), is_asking(world, again)) == (False, False)


def test_what_is_done_after_its_deadline_answers_the_case_and_may_ask_anew(world: World) -> None:
    order = sold(world)
    refund = brought_to(world, order, RefundStatus.SUBMITTED)
    sweeps(world, days=4)
    assert (only(world).status, is_asking(world, refund)) == (RefundStatus.SUBMITTED, True)
    provider(world).finish_refund(out_trade_no(order.payment_id))
    sweeps(world, days=1)
    assert (only(world).status, is_asking(world, refund)) == (RefundStatus.SUCCEEDED, False)
    sweeps(world, days=2)
    hear(world.deps, refund.id, said(refund, NOTHING_CAME))
    assert (is_asking(world, refund), broken(world)) == (True, [])


def test_what_a_person_called_done_and_came_to_nothing_asks_him_again(world: World) -> None:
    refund = brought_to(world, sold(world), RefundStatus.WITH_PERSON)
    refund_by_hand(world.deps, refund.id, "seen on their page", "mei")
    assert (only(world).status, is_asking(world, refund)) == (RefundStatus.SUCCEEDED, False)
    hear(world.deps, refund.id, said(refund, NOTHING_CAME))
    assert (only(world).status, is_asking(world, refund), broken(world)) == (RefundStatus.FAILED, True, [])


# -- two opposite words -------------------------------------------------------------------------------------------


def failed_part(world: World) -> tuple[Order, Refund]:
    """700 of 1580 were on their way, and the provider said that they came to nothing."""
    order = sold(world)
    provider(world).refund_way = RefundWay.LATER
    refund_order(world.deps, order.id, 700, "late answer", "mei")
    world.minute()
    provider(world).fail_refund(out_trade_no(order.payment_id))
    sweeps(world, minutes=2)
    provider(world).refund_way = RefundWay.AT_ONCE
    assert only(world).status is RefundStatus.FAILED
    return order, only(world)


def says_done_after_all(world: World, order: Order, refund: Refund) -> None:
    """The bank did it all the same, and says so three times."""
    [at_bank] = [one for one in at_the_bank(world, order) if one.refund_no == refund.number]
    trade = world.providers.bank.find("wechatpay", refund.out_trade_no)
    assert trade is not None
    world.providers.bank.finish_refund(trade, at_bank)
    for _ in range(3):
        hear(world.deps, refund.id, said(refund, DONE))


def gone(world: World, order: Order) -> list[int]:
    return [one.amount_minor for one in at_the_bank(world, order) if one.state == "SUCCEEDED"]


def test_failed_and_then_done_stops_a_second_try_until_somebody_has_looked(world: World) -> None:
    order, refund = failed_part(world)
    says_done_after_all(world, order, refund)
    case = case_of(world, refund)
    assert case is not None
    assert case.reason == only(world).doubt == "the provider first said failed and now done"
    with pytest.raises(RefundUndecided, match="look at the provider"):
        refund_again(world.deps, refund.id, "it failed", "mei")
    refund_by_hand(world.deps, refund.id, "it is on their page", "mei")
    assert (only(world).status, entries(world, refund)) == (RefundStatus.SUCCEEDED, ["due", "fail", "late"])
    assert (gone(world, order), is_asking(world, refund), broken(world)) == ([700], False, [])
    assert "suspense:failed_refunds" not in balances(world)


def test_who_has_looked_may_be_sure_that_it_failed(world: World) -> None:
    order, refund = failed_part(world)
    hear(world.deps, refund.id, said(refund, DONE))
    refund_again(world.deps, refund.id, "not on their page", "mei", is_sure=True)
    sweeps(world, minutes=2)
    assert (gone(world, order), is_asking(world, refund), broken(world)) == ([700], False, [])


def test_twin_where_nobody_doubts_the_second_try_pays_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = importlib.import_module("faka.steps.refund.hear")
    monkeypatch.setattr(heard, "_asks_a_person", lambda _deps, refund, *_: refund)
    order, refund = failed_part(world)
    says_done_after_all(world, order, refund)
    refund_again(world.deps, refund.id, "it failed", "mei")
    sweeps(world, minutes=2)
    assert gone(world, order) == [700, 700]


def test_done_after_it_was_tried_again_asks_a_person_who_answers_once(world: World) -> None:
    order, refund = failed_part(world)
    refund_again(world.deps, refund.id, "it failed", "mei")
    sweeps(world, minutes=2)
    assert not is_asking(world, refund)
    says_done_after_all(world, order, refund)
    assert (gone(world, order), is_asking(world, refund), broken(world)) == ([700, 700], True, [])
    refund_by_hand(world.deps, refund.id, "the buyer sends one back", "mei")
    hear(world.deps, refund.id, said(refund, DONE))
    assert (is_asking(world, refund), broken(world)) == (False, [])
    with pytest.raises(RefundUndecided):
        refund_by_hand(world.deps, refund.id, "again", "mei")


def test_done_of_another_amount_asks_once_and_is_answered_once(world: World) -> None:
    refund = brought_to(world, sold(world), RefundStatus.SUCCEEDED)
    for _ in range(2):
        hear(world.deps, refund.id, said(refund, DONE, PRICE - 1))
    assert is_asking(world, refund)
    refund_by_hand(world.deps, refund.id, "their rounding", "mei")
    hear(world.deps, refund.id, said(refund, DONE, PRICE - 1))
    assert (is_asking(world, refund), entries(world, refund), broken(world)) == (False, ["due", "ok"], [])


def test_the_terminal_shows_the_doubt_and_asks_for_a_look(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    order, refund = failed_part(world)
    says_done_after_all(world, order, refund)
    assert terminal.main(["--by", "mei", "show", refund.id], world.deps) == 0
    assert "BUT: the provider first said failed and now done" in capsys.readouterr().out
    assert terminal.main(["--by", "mei", "again", refund.id, "--reason", "x"], world.deps) == 1
    assert terminal.main(["--by", "mei", "again", refund.id, "--reason", "x", "--sure"], world.deps) == 0
    assert len(refunds(world)) == 2
