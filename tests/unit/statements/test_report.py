"""The work list is safe to open, a closed day's hash says the same of the same day, and rows change by their table only."""

import csv
import io
from datetime import UTC, datetime
from itertools import product

import pytest

from faka.contexts.statements import report
from faka.contexts.statements.found import discrepancy, gone, seen_again
from faka.contexts.statements.model import (
    DISCREPANCY_TRANSITIONS,
    RUN_TRANSITIONS,
    Discrepancy,
    DiscrepancyClass,
    DiscrepancyState,
    Run,
    RunState,
)
from faka.contexts.statements.tally import Finding
from faka.flows.reconcile.work_list import Keeper
from faka.kernel.errors import IllegalTransition
from faka.kernel.ids import ChannelId
from tests.unit.statements.given import DAY, ours, theirs


pytestmark = pytest.mark.unit

CHANNEL = ChannelId("alipay")
NOW = datetime(2026, 3, 3, 2, 30, tzinfo=UTC)


def given(kind: DiscrepancyClass = DiscrepancyClass.AMOUNT_MISMATCH, key: str = "P:1:2", **of_theirs: str) -> Discrepancy:
    return discrepancy(Finding(kind, key, theirs(0, **of_theirs), ours(0)), CHANNEL, DAY)


def cells(*found: Discrepancy) -> list[list[str]]:
    text = "".join(report.work_list(found, "1900000001"))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize("bait", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_text_from_outside_is_a_formula(bait: str) -> None:
    one = discrepancy(Finding(DiscrepancyClass.BILL_ONLY_PAYMENT, "k", theirs(0, number=bait)), CHANNEL, DAY)
    head, row = cells(one)
    assert row[head.index("out_trade_no")] == f"'{bait}"


def test_without_neutralising_a_number_from_outside_would_be_calculated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "neutral", lambda text: text)
    one = discrepancy(Finding(DiscrepancyClass.BILL_ONLY_PAYMENT, "k", theirs(0, number="=1+1")), CHANNEL, DAY)
    assert "=1+1" in cells(one)[1]


def test_a_row_tells_both_sides_and_their_difference() -> None:
    head, row = cells(given(amount="1500"))
    told = dict(zip(head, row, strict=True))
    assert (told["our_amount"], told["their_amount"], told["difference"]) == ("1580", "1500", "-80")
    assert (told["class"], told["severity"], told["state"]) == ("AMOUNT_MISMATCH", "CRITICAL", "OPEN")


def test_every_class_suggests_what_to_do() -> None:
    assert set(report.SUGGESTED) == set(DiscrepancyClass)


def test_the_hash_of_a_day_depends_on_its_figures_alone() -> None:
    run = Run(channel=CHANNEL, day=DAY, started_at=NOW, changed_at=NOW)
    later = run.model_copy(update={"version": 9, "changed_at": NOW.replace(hour=9)})
    sums = {"theirs": {"MATCHED": {"CNY": [1, 1580]}}}
    assert report.sha256_of(report.figures(run, sums, ["b", "a"])) == report.sha256_of(report.figures(later, sums, ["a", "b"]))
    other = {"theirs": {"MATCHED": {"CNY": [1, 1581]}}}
    assert report.sha256_of(report.figures(run, sums, [])) != report.sha256_of(report.figures(run, other, []))


# -- rows -------------------------------------------------------------------------------------------------------------------


def test_the_same_finding_has_the_same_id_and_another_day_another() -> None:
    assert given().id == given(amount="1").id
    assert given().id != given(DiscrepancyClass.STATE_MISMATCH).id
    assert given().id != discrepancy(Finding(DiscrepancyClass.AMOUNT_MISMATCH, "P:1:2"), CHANNEL, DAY.replace(day=3)).id


@pytest.mark.parametrize(("before", "after"), list(product(DiscrepancyState, DiscrepancyState)))
def test_a_discrepancy_moves_by_its_table_only(before: DiscrepancyState, after: DiscrepancyState) -> None:
    one = given().model_copy(update={"state": before})
    if after in DISCREPANCY_TRANSITIONS[before]:
        assert one.moved(after).state is after
    else:
        with pytest.raises(IllegalTransition):
            one.moved(after)


@pytest.mark.parametrize(("before", "after"), list(product(RunState, RunState)))
def test_a_run_moves_by_its_table_only(before: RunState, after: RunState) -> None:
    run = Run(channel=CHANNEL, day=DAY, state=before, started_at=NOW, changed_at=NOW)
    if after in RUN_TRANSITIONS[before]:
        assert run.moved(after, NOW).version == 2
    else:
        with pytest.raises(IllegalTransition):
            run.moved(after, NOW)


@pytest.mark.parametrize("state", ["AUTO_FIXED", "RESOLVED", "WRITTEN_OFF"])
def test_what_is_decided_stays_decided_however_often_it_is_found(state: str) -> None:
    kept = given().model_copy(update={"state": DiscrepancyState(state)})
    assert seen_again(kept, given(amount="7")) is None
    assert gone(kept) is None


def test_what_vanished_and_comes_back_is_open_again_unless_another_day_has_it() -> None:
    vanished = gone(given())
    assert vanished is not None
    back = seen_again(vanished, given())
    assert back is not None
    assert back.state is DiscrepancyState.OPEN
    crossed = gone(given(), "RECON#alipay#2026-03-03")
    assert crossed is not None
    assert seen_again(crossed, given()) is None


def test_rows_are_bounded_the_gravest_first_and_in_any_order_of_findings() -> None:
    found = [given(DiscrepancyClass.BILL_ONLY_PAYMENT, f"k{n}") for n in range(1_100)] + [given(key="grave")]
    found += [given(DiscrepancyClass.FEE_MISMATCH, f"fee{n}") for n in range(80)]
    one, other = Keeper(), Keeper()
    for finding in found:
        one.take(finding)
    for finding in reversed(found):
        other.take(finding)
    one._shorten()
    other._shorten()
    assert (one._grave, one._light, one.overflow) == (other._grave, other._light, other.overflow)
    assert (len(one._grave), len(one._light), one.overflow, one.count) == (500, 50, 601, 1_181)
    assert one._grave[0].match_key == "grave"
