"""A night from the provider's file to the closed day, over a real shop and the players' true files."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.statements.model import RunState
from faka.flows.reconcile import PlanRequest
from faka.flows.reconcile import repair as repairing
from faka.flows.reconcile.plan import plan
from tests.unit.flows.reconcile.given import ALIPAY, Nights, night_world


pytestmark = pytest.mark.integration


@pytest.fixture
def nights() -> Iterator[Nights]:
    with night_world() as given:
        yield given


def test_a_day_whose_lines_all_fit_is_balanced_and_closed(nights: Nights) -> None:
    orders = [nights.bought() for _ in range(3)]
    nights.morning()
    closed = nights.night()
    assert closed.state is RunState.BALANCED
    assert nights.reduced.is_closed
    assert (nights.reduced.lines, nights.reduced.matched, nights.reduced.discrepancies) == (3, 3, 0)
    evidence = gzip.decompress(nights.file("matched.jsonl.gz")).decode()
    assert all(nights.number(order) in evidence for order in orders)
    assert nights.summary()["match_rate_bp"] == 10_000


def test_a_lost_notice_is_found_in_the_bill_and_its_order_is_delivered(nights: Nights) -> None:
    nights.bought()
    order = nights.bought(is_heard=False)
    nights.morning()
    closed = nights.night()
    assert nights.world.order(order).state is OrderState.COMPLETED
    assert nights.world.secrets(order)
    assert nights.states() == ["STATE_MISMATCH AUTO_FIXED"]
    [action] = nights.rows()[0].actions
    assert (action.rule_version, action.before) == ("1", "attempt PENDING, order PENDING_PAYMENT")
    assert action.after.startswith("attempt SUCCEEDED, order COMPLETED")
    assert closed.state is RunState.BALANCED


def test_the_same_night_twice_changes_nothing(nights: Nights) -> None:
    nights.bought(is_heard=False)
    nights.morning()
    nights.night()
    before = nights.world.rows("test-journal")
    rows = nights.rows()
    nights.night()
    assert nights.rows() == rows
    kept = [row for row in nights.world.rows("test-journal") if not row["pk"].startswith("DAY#")]
    assert kept == [row for row in before if not row["pk"].startswith("DAY#")]


def test_a_closed_day_never_changes_and_a_later_end_of_it_stands_beside(nights: Nights) -> None:
    nights.bought()
    nights.bought(is_heard=False)
    nights.morning()
    nights.night(is_repaired=False)
    first = nights.deps.statements.closed_day(ALIPAY, nights.day)
    nights.night()
    assert nights.deps.statements.closed_day(ALIPAY, nights.day) == first
    [correction] = nights.deps.statements.corrections(ALIPAY, nights.day)
    assert first is not None
    assert correction["sha256"] != first["sha256"]


def test_a_day_run_again_with_nothing_new_makes_no_correction(nights: Nights) -> None:
    nights.bought()
    nights.morning()
    nights.night()
    nights.world.clock.advance(hours=3)
    nights.night()
    assert nights.deps.statements.corrections(ALIPAY, nights.day) == []


def test_a_finding_that_is_gone_in_the_next_run_of_the_day_is_cleared(nights: Nights) -> None:
    order = nights.world.buy()
    [raw] = nights.world.notices(order)
    nights.morning()
    assert nights.night(is_repaired=False).state is RunState.DISCREPANT
    nights.world.deliver_notice(order, raw)
    assert nights.night(is_repaired=False).state is RunState.BALANCED
    assert nights.states() == ["STATE_MISMATCH CLEARED"]


# -- the breaker ------------------------------------------------------------------------------------------------------------


def test_too_much_to_repair_is_touched_not_at_all(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repairing, "FREE_REPAIRS", 2)
    orders = [nights.bought(is_heard=False) for _ in range(3)]
    nights.morning()
    closed = nights.night()
    assert nights.repaired.is_tripped
    assert nights.repaired.repaired == 0
    assert closed.state is RunState.DISCREPANT
    assert {nights.world.order(order).state for order in orders} == {OrderState.PENDING_PAYMENT}
    assert all(nights.deps.cases.find(f"case_money_{one.id}") for one in nights.rows())  # type: ignore[arg-type]


def test_an_amount_above_the_limit_trips_it_too(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repairing, "MAJOR_MAX", 15)
    nights.bought(is_heard=False)
    nights.morning()
    nights.night()
    assert nights.repaired.is_tripped


def test_without_the_breaker_all_of_it_would_have_been_booked(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repairing, "FREE_REPAIRS", 2)
    monkeypatch.setattr(repairing, "is_too_much", lambda run, money: False)
    for _ in range(3):
        nights.bought(is_heard=False)
    nights.morning()
    nights.night()
    assert nights.repaired.repaired == 3


# -- the file ---------------------------------------------------------------------------------------------------------------


def test_a_bill_that_is_not_made_yet_is_waited_for_and_missing_at_the_deadline(nights: Nights) -> None:
    nights.bought()
    nights.world.clock.advance(hours=1)
    assert nights.night().state is RunState.FILE_MISSING
    assert nights.states() == ["FILE_MISSING OPEN"]
    assert nights.deps.statements.closed_day(ALIPAY, nights.day) is None


def test_a_late_bill_closes_the_day_and_clears_the_missing_file(nights: Nights) -> None:
    nights.bought()
    nights.world.clock.advance(hours=1)
    nights.night()
    nights.morning(2)
    assert nights.night().state is RunState.BALANCED
    assert nights.states() == ["FILE_MISSING CLEARED"]


def test_a_corrupt_bill_is_kept_and_never_matched(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    nights.bought()
    nights.morning()
    desk = nights.world.providers.alipay.desk
    whole = desk.bill(nights.day)
    monkeypatch.setattr(type(desk), "bill", lambda self, day: whole[: len(whole) // 2])
    assert nights.night().state is RunState.FILE_CORRUPT
    assert nights.states() == ["FILE_CORRUPT OPEN"]


def test_a_day_on_which_nothing_happened_is_no_data(nights: Nights) -> None:
    nights.morning()
    assert nights.night().state is RunState.NO_DATA


def test_a_day_without_a_bill_line_for_our_receipt_is_not_silent(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    nights.bought()
    nights.morning()
    monkeypatch.setattr(nights.world.providers.bank, "payments_on", lambda name, day: [])
    assert nights.night().state is RunState.DISCREPANT
    assert nights.states() == ["LOCAL_ONLY_PAYMENT OPEN"]


def test_the_plan_names_every_account_of_yesterday(nights: Nights) -> None:
    nights.morning()
    planned: Any = plan(nights.deps, PlanRequest())
    assert planned.day == nights.day
    assert set(planned.accounts) == {"alipay", "epay"}
