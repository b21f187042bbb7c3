"""A short soak: eight buyers, all faults, and a judge who finds nothing; and the same judge on what must not be."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from faka.platform.table import Item
from faka.steps.invariants import Books
from infra.bench.cloud import ROOT
from infra.soak.course import HOLD_TTL_S, Options
from infra.soak.diary import Diary
from infra.soak.judge import Evidence, Giving, Taking, money_back, spellings, verdict
from infra.soak.plan import ACTS, Act, Kind, faults, visit
from infra.soak.report import document, table
from infra.soak.run import Outcome, soak
from infra.tools.whole import whole


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

SEED = int(os.environ.get("SOAK_SEED", "7"))
SECONDS, BUYERS = 15, 8
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EMPTY = Evidence(Books(), Diary(), ())


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return soak(Options(seconds=SECONDS, buyers=BUYERS, seed=SEED, orders_per_check=25))


def test_while_everything_breaks_no_promise_does(outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    told = document(outcome)
    with capsys.disabled():
        print(f"\n{table(told)}")
    assert not outcome.broken, f"{told['replay']}\n" + "\n".join(map(str, outcome.broken))
    assert outcome.checks[-1] == len(outcome.diary.placed) > BUYERS
    assert outcome.diary.shown
    assert outcome.evidence.takings
    assert outcome.evidence.givings
    assert outcome.evidence.logs


def test_functions_live_by_the_settings_of_the_run(outcome: Outcome) -> None:
    orders = [row for row in outcome.evidence.books.trade if row["sk"] == "ORDER" and "expires_at" in row]
    held = {datetime.fromisoformat(row["expires_at"]) - datetime.fromisoformat(row["created_at"]) for row in orders}
    assert held == {timedelta(seconds=HOLD_TTL_S)}


def test_every_kind_of_fault_fell(outcome: Outcome) -> None:
    fallen = {name.partition(":")[0] for name in outcome.fell}
    assert set(Kind) - fallen == set()
    assert any(name.startswith("notice ") for name in fallen)


def test_a_seed_repeats_faults_and_buyers_and_a_round_of_faults_fits_into_the_shortest_run() -> None:
    for seed in range(50):
        plan = list(faults(seed, SECONDS))
        assert plan == list(faults(seed, SECONDS))
        assert {fault.kind for fault in plan} == set(Kind)
        assert all(earlier.at_s < later.at_s < SECONDS for earlier, later in pairwise(plan))
    assert [visit(1, n) for n in range(99)] == [visit(1, n) for n in range(99)] != [visit(2, n) for n in range(99)]
    assert {visit(1, n).act for n in range(400)} == set(ACTS) == set(Act)


# -- twins: the same judge, and one thing that must not be -----------------------------------------------------------------


def changed_rows(evidence: Evidence, change: Callable[[list[Item]], list[Item]]) -> Evidence:
    return replace(evidence, books=replace(evidence.books, trade=change(list(evidence.books.trade))))


def sold_twice(rows: list[Item]) -> list[Item]:
    """One delivered order gets the cards of another one of its SKU."""
    sold = [row for row in rows if row["sk"] == "ORDER" and row["state"] == "COMPLETED" and row["quantity"] == 1]
    one, other = next((a, b) for a in sold for b in sold if a is not b and a["sku_id"] == b["sku_id"])
    return [row | {"runs": other["runs"]} if row is one else row for row in rows]


def without_a_receipt(rows: list[Item]) -> list[Item]:
    gone = next(row for row in rows if row["sk"] == "CHANNELTXN")
    return [row for row in rows if row is not gone]


def seen_by(evidence: Evidence, **changes: Any) -> Evidence:
    before = evidence.diary
    return replace(evidence, diary=replace(before, **{name: getattr(before, name) + more for name, more in changes.items()}))


def twin_of(evidence: Evidence, name: str) -> Evidence:
    (order, cards), *_ = evidence.diary.shown
    match name:
        case "one card in two orders":
            return changed_rows(evidence, sold_twice)
        case "one card shown to two buyers":
            return seen_by(evidence, shown=[("ord_another", cards)])
        case "another card the second time":
            return seen_by(evidence, shown=[(order, ("ZQ-S0",))])
        case "back to waiting":
            return seen_by(evidence, seen=[(order, "pending_payment.none.none")])
        case "two orders of one form":
            return seen_by(evidence, forms=[(order, "ord_another")])
        case "shown without an audit":
            return seen_by(evidence, shown=[(order, cards)] * 50)
        case "a payment that nobody booked":
            return changed_rows(evidence, without_a_receipt)
        case "a receipt without a payment":
            return replace(evidence, takings=evidence.takings[1:])
        case "a payment of another amount":
            return replace(evidence, takings=[replace(each, minor=each.minor + 1) for each in evidence.takings])
        case "money given back that no refund asked for":
            return replace(evidence, givings=[*evidence.givings, Giving("alipay", "A1", 100)])
        case "a refund that never happened":
            refund = {"pk": "REFUND#x", "sk": "REFUND", "status": "SUCCEEDED", "channel_id": "alipay", "channel_txn_id": "A1"}
            return changed_rows(evidence, lambda rows: [*rows, refund | {"amount": {"minor": 100}}])
        case "a card in a log":
            return replace(evidence, logs={"relay.log": b"... " + spellings(evidence.mark)[-1]})
        case "a message that died":
            return replace(evidence, dead_letters={"FulfilDead": 1})
        case _:
            return seen_by(evidence, own_faults=["POST /o/x/cards"])


@pytest.mark.parametrize(
    ("name", "invariant"),
    [
        ("one card in two orders", "I1"),
        ("one card shown to two buyers", "I1"),
        ("another card the second time", "I12"),
        ("back to waiting", "I12"),
        ("two orders of one form", "I7"),
        ("shown without an audit", "I5"),
        ("a payment that nobody booked", "I3"),
        ("a receipt without a payment", "I3"),
        ("a payment of another amount", "I3"),
        ("money given back that no refund asked for", "I3"),
        ("a refund that never happened", "I3"),
        ("a card in a log", "I13"),
        ("a message that died", "I14"),
        ("an answer 500", "I2"),
    ],
)
def test_the_same_judge_is_red_when_there_is(outcome: Outcome, name: str, invariant: str) -> None:
    wrong = verdict(twin_of(outcome.evidence, name), outcome.judged_at, is_quiet=True)
    assert invariant in {each.invariant for each in wrong} - {each.invariant for each in outcome.broken}


def test_money_on_its_way_is_no_fault_before_the_world_is_quiet_and_one_afterwards() -> None:
    evidence = replace(EMPTY, takings=[Taking("epay", "E1", 100, is_first=True)])
    assert not verdict(evidence, NOON, is_quiet=False)
    assert [each.invariant for each in verdict(evidence, NOON, is_quiet=True)] == ["I3"]


@pytest.mark.parametrize(("status", "sums"), [("SUCCEEDED", {1}), ("SUBMITTED", {0, 1}), ("WITH_PERSON", {0, 1}), ("FAILED", {0})])
def test_a_refund_stands_for_no_more_sums_than_its_state_tells(status: str, sums: set[int]) -> None:
    refund = {"pk": "REFUND#x", "sk": "REFUND", "status": status, "channel_id": "epay", "channel_txn_id": "E1", "amount": {"minor": 100}}
    for count in range(3):
        wrong = money_back([Giving("epay", "E1", 100)] * count, [refund])
        assert bool(wrong) is (count not in sums), (status, count)
    assert money_back([Giving("epay", "E1", 99)], [refund]), "of another amount"
    assert money_back([Giving("epay", "E2", 100)], [refund]), "of another payment"


def test_a_second_payment_that_no_answer_confirms_may_be_a_persons_case_and_a_first_one_may_not() -> None:
    case = {"pk": "CASE#x", "sk": "CASE", "id": "case_notice_epay:E1.TRADE_SUCCESS"}
    evidence = changed_rows(EMPTY, lambda _: [case])
    second, first = (replace(evidence, takings=[Taking("epay", "E1", 100, is_first=is_first)]) for is_first in (False, True))
    assert "I3" not in {each.invariant for each in verdict(second, NOON, is_quiet=True)}
    assert "I3" in {each.invariant for each in verdict(first, NOON, is_quiet=True)}


@pytest.mark.load
def test_a_shop_without_a_guard_is_found_out(tmp_path: Path) -> None:
    """Orders are written over whoever changed them meanwhile. On demand: a minute of load, and the seed does not hold the race."""
    for part in ("layers", "functions", "statemachines"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "template.yaml").write_text(whole(ROOT / "template.yaml"))
    store = tmp_path / "layers/faka/faka/contexts/orders/store.py"
    guard, nothing = 'when="#version = :seen"', 'when="#version >= :seen OR #version < :seen"'
    assert guard in store.read_text()
    store.write_text(store.read_text().replace(guard, nothing))
    found = soak(Options(seconds=60, buyers=16, seed=SEED, orders_per_check=100, root=tmp_path))
    assert found.broken
