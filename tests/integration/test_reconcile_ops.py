"""What an operator types about a day's reconciliation, and the figure behind the alarm on old differences."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from faka.contexts.cases import case_id
from faka.flows.confirm_payment import propose_payment
from faka.flows.reconcile import AccountDay, PlanRequest
from faka.flows.reconcile.begin import begin
from faka.flows.reconcile.overdue import LOOK_BACK_DAYS, overdue
from faka.flows.reconcile.resolve import DifferenceMissing, approve_resolution, propose_resolution
from faka.flows.reconcile.work_list import ask_a_person, case_kind
from faka.kernel.errors import InvalidRequest
from infra.ops.reconcile import main
from tests.unit.flows.reconcile.given import ALIPAY, Nights, night_world


pytestmark = pytest.mark.integration


class Machine:
    """Remembers what was begun, as the service does by names."""

    def __init__(self) -> None:
        self.begun: dict[str, dict[str, str]] = {}

    def begin(self, name: str, **given: str) -> bool:
        is_new = name not in self.begun
        self.begun.setdefault(name, given)
        return is_new


@pytest.fixture
def nights() -> Iterator[Nights]:
    with night_world() as given:
        given.deps.__dict__["reconciliation"] = Machine()
        yield given


def typed(nights: Nights, capsys: Any, *words: str) -> str:
    assert main([*words], nights.deps) == 0
    return str(capsys.readouterr().out)


def left_open(nights: Nights) -> None:
    """A day with one difference that nothing mends."""
    nights.bought(is_heard=False)
    nights.morning()
    nights.night(is_repaired=False)


def test_the_schedule_begins_yesterday_in_shanghai_once(nights: Nights) -> None:
    nights.morning()
    assert begin(nights.deps, PlanRequest()).model_dump() == {"day": nights.day, "is_new": True}
    assert not begin(nights.deps, PlanRequest()).is_new
    assert nights.deps.reconciliation.begun == {f"recon-{nights.day}": {"day": nights.day.isoformat()}}  # type: ignore[attr-defined]


def test_a_day_is_run_again_only_when_somebody_says_so(nights: Nights, capsys: Any) -> None:
    nights.morning()
    assert "has begun" in typed(nights, capsys, "run")
    assert "--again" in typed(nights, capsys, "run")
    assert "has begun" in typed(nights, capsys, "run", "--day", nights.day.isoformat(), "--again")
    assert len(nights.deps.reconciliation.begun) == 2  # type: ignore[attr-defined]


def test_a_run_and_its_differences_are_shown(nights: Nights, capsys: Any) -> None:
    left_open(nights)
    shown = typed(nights, capsys, "show", "--day", nights.day.isoformat())
    assert "1 differences" in shown
    assert "STATE_MISMATCH" in shown
    assert "no run" in typed(nights, capsys, "show", "--day", "2020-01-01")
    assert "STATE_MISMATCH" in typed(nights, capsys, "show", "--open")


def test_nothing_is_open_after_the_repair(nights: Nights, capsys: Any) -> None:
    left_open(nights)
    nights.night()
    assert "nothing is open" in typed(nights, capsys, "show", "--open")


@pytest.mark.parametrize(("later", "counted"), [(1, 0), (2, 1), (LOOK_BACK_DAYS, 1), (LOOK_BACK_DAYS + 1, 0)])
def test_a_difference_is_overdue_from_the_second_day_on(nights: Nights, later: int, counted: int) -> None:
    left_open(nights)
    assert overdue(nights.deps, AccountDay(channel=ALIPAY, day=nights.day + timedelta(days=later))) == counted


def test_what_was_repaired_is_never_overdue(nights: Nights) -> None:
    left_open(nights)
    nights.night()
    assert overdue(nights.deps, AccountDay(channel=ALIPAY, day=nights.day + timedelta(days=2))) == 0


def test_what_the_repair_books_counts_toward_its_accounts_limit(nights: Nights) -> None:
    row = nights.deps.catalog.channel(ALIPAY)
    nights.deps.catalog.channel = lambda *_, **__: row.model_copy(update={"max_unsettled_minor": 10**9})  # type: ignore[method-assign]
    left_open(nights)
    nights.night()
    counted = [kept for kept in nights.world.rows("test-guard") if kept["pk"].startswith("TAKEN#")]
    assert [kept["minor"] for kept in counted] == [1580]


def test_a_repair_that_pays_an_order_in_full_answers_the_case_of_the_money_held_for_it(nights: Nights) -> None:
    order = nights.world.buy()
    [short] = nights.world.notices(order, 1000)
    nights.world.deliver_notice(order, short)
    nights.world.notices(order)
    nights.morning()
    nights.night()
    cases = {kept["kind"]: kept["state"] for kept in nights.world.rows("test-trade") if kept["pk"].startswith("CASE#")}
    assert cases["MONEY"] == "CLOSED"
    assert nights.world.secrets(order)


def test_a_difference_ends_with_two_names_and_its_case_is_answered(nights: Nights, capsys: Any) -> None:
    left_open(nights)
    [one] = nights.deps.statements.discrepancies(ALIPAY, nights.day)
    ask_a_person(nights.deps, one)
    words = ("resolve", one.channel, one.id, "--day", nights.day.isoformat(), "--reason", "a test payment of ours")
    name = typed(nights, capsys, "--by", "mei", *words).split()[0]
    assert main(["--by", "mei", "approve", name], nights.deps) == 1
    capsys.readouterr()
    assert "RESOLVED" in typed(nights, capsys, "--by", "lin", "approve", name)
    [after] = nights.deps.statements.discrepancies(ALIPAY, nights.day)
    assert after.actions[-1].by == "mei and lin"
    case = nights.deps.cases.find(case_id(case_kind(one), one.id))
    assert case is not None
    assert (case.state, case.outcome) == ("CLOSED", "a test payment of ours (mei and lin)")
    assert "nothing is open" in typed(nights, capsys, "show", "--open")
    assert main(["--by", "lin", *words], nights.deps) == 1, "what is decided stays decided"


def test_twin_without_the_look_at_who_it_is_one_person_ends_a_difference(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    left_open(nights)
    [one] = nights.deps.statements.discrepancies(ALIPAY, nights.day)
    proposal = propose_resolution(nights.deps, one.channel, nights.day, one.id, "mine alone", "mei")
    monkeypatch.setattr("faka.flows.reconcile.resolve.require_other", lambda _proposal, _kind, by, _at: by)
    assert approve_resolution(nights.deps, proposal.id, "mei").state == "RESOLVED"


def test_a_run_of_the_day_after_the_decision_leaves_it(nights: Nights) -> None:
    left_open(nights)
    [one] = nights.deps.statements.discrepancies(ALIPAY, nights.day)
    proposal = propose_resolution(nights.deps, one.channel, nights.day, one.id, "known", "mei")
    approve_resolution(nights.deps, proposal.id, "lin")
    nights.night(is_repaired=False)
    [after] = nights.deps.statements.discrepancies(ALIPAY, nights.day)
    assert after.state == "RESOLVED"


def test_a_proposal_about_a_payment_ends_no_difference_and_no_other_day_has_it(nights: Nights) -> None:
    left_open(nights)
    [one] = nights.deps.statements.discrepancies(ALIPAY, nights.day)
    with pytest.raises(DifferenceMissing):
        propose_resolution(nights.deps, one.channel, nights.day - timedelta(days=1), one.id, "known", "mei")
    order = nights.bought(is_heard=False)
    payment = propose_payment(nights.deps, order.id, "NUMBER-0001", "seen", "mei")
    with pytest.raises(InvalidRequest):
        approve_resolution(nights.deps, payment.id, "lin")
