"""A payment that nobody told the shop of is found by the night's bill, booked once, and delivered; the night may come twice."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from infra.local.demo_reconcile import CHANNEL, SCHEDULE, SWEEP, Mended, last_billed, lose, read_report, reconcile, run_night
from infra.local.schedule import ScheduleFailed, asleep, fire
from tests.e2e.shopper import Shopper
from tests.kit.local import LocalCloud, running


pytestmark = pytest.mark.e2e

STATES = ["Plan the day", "Reconcile each account", "Collect the outcomes", "See if every account is done", "Close the night"]


def quiet(_: str) -> None:
    """Say nothing."""


def billed() -> date:
    return last_billed(datetime.now(UTC))


@pytest.mark.parametrize(
    ("now", "day"),
    [("2026-11-25T02:09:00", 23), ("2026-11-25T02:10:00", 24), ("2026-11-25T15:59:00", 24), ("2026-11-25T16:01:00", 24)],
)
def test_the_demo_takes_the_last_day_whose_bills_are_written(now: str, day: int) -> None:
    assert last_billed(datetime.fromisoformat(now)) == date(2026, 11, day)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """With every role enforced."""
    with running(tmp_path_factory.mktemp("shop"), "--enforce") as cloud:
        yield cloud


@pytest.fixture(scope="module")
def mended(cloud: LocalCloud) -> Mended:
    visitor = Shopper(cloud.shop, contact="lost@faka.example")
    return reconcile(cloud.shop, cloud.players, cloud.endpoint, quiet, visitor)


def test_a_lost_payment_is_found_by_the_bill_booked_and_delivered(mended: Mended) -> None:
    assert mended.card
    assert mended.night.status == "SUCCEEDED"
    assert [state for state, _ in mended.night.states] == STATES
    states = {outcome["channel"]: outcome["state"] for outcome in mended.night.output["outcomes"]}
    assert states[CHANNEL] == "BALANCED"
    assert mended.report["discrepancies"] == 1
    assert mended.report["bill"]["lines"] == 1


def test_the_repair_stands_in_the_books_once_with_the_rule_that_did_it(mended: Mended, cloud: LocalCloud) -> None:
    rows = _rows(cloud, "TradeTable")
    (found,) = [row for row in rows if row["pk"] == {"S": f"DISCREPANCY#{CHANNEL}#{billed().isoformat()}"}]
    assert found["state"] == {"S": "AUTO_FIXED"}
    assert found["actions"]["L"][0]["M"]["rule_version"] == {"S": "1"}
    (receipt,) = [row for row in rows if row["pk"]["S"].startswith("CHANNELTXN#") and row["order_id"] == {"S": mended.order}]
    assert receipt["state"] == {"S": "APPLIED"}
    closed = [row for row in _rows(cloud, "JournalTable") if row["pk"]["S"].startswith(f"DAY#{CHANNEL}#")]
    assert [row["sk"] for row in closed] == [{"S": "CLOSE"}]


def test_a_day_begins_once_by_its_schedule_and_a_second_run_of_it_moves_no_money(mended: Mended, cloud: LocalCloud) -> None:
    assert mended.night.status == "SUCCEEDED"
    assert fire(cloud.endpoint, SCHEDULE, day=billed().isoformat())["is_new"] is False
    before = _books(cloud)
    again = run_night(cloud.endpoint, billed(), quiet)
    assert again.status == "SUCCEEDED"
    assert _books(cloud) == before
    report = read_report(cloud.endpoint, CHANNEL, billed())
    assert (report["verdict"], report["matched"]) == ("BALANCED", 1)


def test_twin_without_the_night_the_payment_stays_lost(cloud: LocalCloud) -> None:
    visitor = Shopper(cloud.shop, number=2, contact="lost@faka.example")
    with asleep(cloud.endpoint, SWEEP):
        address, _ = lose(cloud.shop, cloud.players, visitor, quiet, billed())
        page = visitor.get(address)
    assert not any("data-reveal" in form.attributes for form in page.forms)


def test_a_schedule_whose_function_fails_says_so(cloud: LocalCloud) -> None:
    with pytest.raises(ScheduleFailed, match="InvalidRequest"):
        fire(cloud.endpoint, SCHEDULE, day="tomorrow")


def _books(cloud: LocalCloud) -> list[str]:
    """All entries of the ledger and all receipts."""
    rows = [*_rows(cloud, "JournalTable"), *_rows(cloud, "TradeTable")]
    return sorted(row["pk"]["S"] for row in rows if row["pk"]["S"].startswith(("TXN#", "CHANNELTXN#")))


def _rows(cloud: LocalCloud, table: str) -> list[dict[str, Any]]:
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=cloud.deployed()[table])
    return [row for page in pages for row in page["Items"]]
