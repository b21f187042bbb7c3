"""A closed day does not change: its figures are frozen, what comes later belongs to a later day, and whatever is altered shows."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from faka.contexts.ledger import closes
from faka.contexts.ledger.balances import Totals
from faka.contexts.ledger.channels import denied, fees_of_day
from faka.contexts.ledger.closes import AlreadyClosed, Close, CloseStore, day_ends
from faka.contexts.ledger.model import receipt_suspended
from faka.contexts.ledger.purchases import stock_purchased
from faka.contexts.ledger.transaction import reversal
from faka.flows.books import ClosedDayChanged, DayNotOver, LaterDayClosed, close_day
from faka.flows.books import close as closing
from faka.flows.books.close import DayTooOld
from faka.kernel.clock import business_day
from faka.kernel.ids import BatchId, ChannelId
from faka.platform.table import Key, TableName, delete, put
from infra.ops import books as command
from tests.kit.world import World, engine_world
from tests.unit.ledger.given import books, bought, cny, journal, row_of


pytestmark = pytest.mark.unit

DAY = date(2026, 3, 2)


@pytest.fixture
def world() -> Iterator[World]:
    """A day with a purchase and two sales, and its night: a quarter of an hour past midnight in Shanghai and more."""
    with engine_world() as made:
        made.clock.advance(seconds=(datetime(2026, 3, 2, 4, 0, tzinfo=UTC) - made.clock.now()).total_seconds())
        bought(made, 5, cny(500))
        made.pay(made.buy())
        made.pay(made.buy())
        until(made, DAY)
        yield made


def until(world: World, day: date, after: timedelta = timedelta(hours=1)) -> None:
    world.clock.advance(seconds=(day_ends(day) + after - world.clock.now()).total_seconds())


def tamper(world: World, **changes: object) -> None:
    """Somebody with rights that no role has changes a sale of the closed day."""
    name = next(name for name in journal(world) if name.startswith("dlv:"))
    world.deps.tables.apply(put(TableName.JOURNAL, {**row_of(journal(world)[name]), **changes}))


def test_the_figures_of_a_day_are_the_ledgers(world: World) -> None:
    made = close_day(world.deps, DAY, "ops")
    there = {one.account: one.balance_minor for one in made.figures if one.balance_minor}
    assert there == books(world)
    assert (made.since, made.transactions) == ("", len(journal(world)))


def test_a_close_again_compares_and_changes_nothing(world: World) -> None:
    first = close_day(world.deps, DAY, "ops")
    world.clock.advance(days=3)
    assert close_day(world.deps, DAY, "somebody else") == first
    assert len([row for row in world.rows("test-journal") if row["sk"] == "BOOKS"]) == 1


def test_what_is_corrected_later_belongs_to_a_later_day_and_leaves_the_closed_hash_alone(world: World) -> None:
    first = close_day(world.deps, DAY, "ops")
    sale = next(one for name, one in journal(world).items() if name.startswith("dlv:"))
    world.deps.tables.commit([world.deps.ledger.posted(reversal(sale, "delivered by mistake", world.clock.now()))])
    world.deps.tables.commit([world.deps.ledger.posted(fees_of_day(ChannelId("alipay"), DAY, cny(19), world.clock.now()))])
    until(world, DAY + timedelta(days=1))
    second = close_day(world.deps, DAY + timedelta(days=1), "ops")
    assert close_day(world.deps, DAY, "ops") == first
    assert (second.since, second.transactions) == (DAY.isoformat(), 2)
    figures = {one.account: one for one in second.figures}
    assert figures["revenue:sales/CNY"].debit_minor == 1580
    assert figures["revenue:sales/CNY"].balance_minor == 1580, "closing balances go on from the day before"
    assert figures["expense:channel_fee/CNY"].balance_minor == 19


@pytest.mark.parametrize("what", ["changed", "moved in time", "removed", "added"])
def test_whatever_is_altered_behind_a_closed_day_shows(world: World, what: str) -> None:
    close_day(world.deps, DAY, "ops")
    match what:
        case "changed":
            other = receipt_suspended("alipay:x", ChannelId("alipay"), cny(1), world.clock.now(), day_ends(DAY) - timedelta(hours=9))
            name = next(name for name in journal(world) if name.startswith("rcp:"))
            world.deps.tables.apply(put(TableName.JOURNAL, {**row_of(other), "pk": f"TXN#{name}"}))
        case "moved in time":
            tamper(world, effective_at="2026-03-02T00:00:00Z")
        case "removed":
            name = next(name for name in journal(world) if name.startswith("dlv:"))
            world.deps.tables.apply(delete(Key(TableName.JOURNAL, f"TXN#{name}", "TXN")))
        case _:
            extra = stock_purchased(BatchId("bat_x"), "", cny(1), day_ends(DAY) - timedelta(hours=1))
            world.deps.tables.commit([world.deps.ledger.posted(extra)])
    with pytest.raises(ClosedDayChanged):
        close_day(world.deps, DAY, "ops")


def test_twin_a_hash_over_nothing_does_not_see_another_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "hash_of", lambda digests: "0")
    with pytest.raises(pytest.fail.Exception):
        test_whatever_is_altered_behind_a_closed_day_shows(world, "moved in time")


def test_a_close_that_is_made_anew_no_longer_fits_the_next_one(world: World) -> None:
    """Somebody changes the first day *and* writes its close again: the second day's chain tells."""
    close_day(world.deps, DAY, "ops")
    until(world, DAY + timedelta(days=1))
    close_day(world.deps, DAY + timedelta(days=1), "ops")
    tamper(world, effective_at="2026-03-02T00:00:00Z")
    world.deps.tables.apply(delete(closes.close_key(DAY)))
    forged = closing._read(world.deps, DAY, None, world.clock.now(), "ops")
    world.deps.tables.commit(CloseStore(world.deps.tables).closed(forged, []))
    assert close_day(world.deps, DAY, "ops") == forged, "by itself it fits"
    with pytest.raises(ClosedDayChanged):
        close_day(world.deps, DAY + timedelta(days=1), "ops")


def test_a_day_is_closed_when_late_commits_of_it_are_over(world: World) -> None:
    for day in (business_day(world.clock.now()), DAY + timedelta(days=2)):
        with pytest.raises(DayNotOver):
            close_day(world.deps, day, "ops")
    until(world, DAY + timedelta(days=1), timedelta(minutes=19))
    with pytest.raises(DayNotOver):
        close_day(world.deps, DAY + timedelta(days=1), "ops")


def test_a_night_that_was_missed_is_covered_by_the_next_close(world: World) -> None:
    close_day(world.deps, DAY, "ops")
    world.pay(world.buy())
    until(world, DAY + timedelta(days=2))
    made = close_day(world.deps, DAY + timedelta(days=2), "ops")
    assert (made.since, made.transactions) == (DAY.isoformat(), 2)
    with pytest.raises(LaterDayClosed):
        close_day(world.deps, DAY + timedelta(days=1), "ops")


def test_two_who_close_days_around_each_other_at_once_do_not_both_cover_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN somebody closes the day after while we read WHEN we commit THEN we are told, and only his close is there."""
    until(world, DAY + timedelta(days=1))
    real = closing._read

    def meanwhile(deps: object, day: date, *rest: object) -> Close:
        made = real(deps, day, *rest)  # type: ignore[arg-type]
        if day == DAY:
            monkeypatch.setattr(closing, "_read", real)
            close_day(world.deps, DAY + timedelta(days=1), "the other")
        return made

    monkeypatch.setattr(closing, "_read", meanwhile)
    with pytest.raises(AlreadyClosed):
        close_day(world.deps, DAY, "ops")
    assert [row["day"] for row in world.rows("test-journal") if row["sk"] == "BOOKS"] == ["2026-03-03"]


def test_twin_without_looking_at_the_days_around_both_closes_would_cover_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = CloseStore.closed
    monkeypatch.setattr(CloseStore, "closed", lambda self, close, open_days: real(self, close, []))
    with pytest.raises(pytest.fail.Exception):
        test_two_who_close_days_around_each_other_at_once_do_not_both_cover_the_same(world, monkeypatch)


def test_a_day_of_long_ago_is_not_closed_any_more(world: World) -> None:
    world.clock.advance(days=120)
    with pytest.raises(DayTooOld):
        close_day(world.deps, DAY, "ops")
    made = close_day(world.deps, business_day(world.clock.now()) - timedelta(days=1), "ops")
    assert made.transactions == len(journal(world)), "the newest day covers them all"


def test_too_many_accounts_become_families_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "FIGURES_MAX", 5)
    totals = Totals()
    at = datetime(2026, 3, 2, tzinfo=UTC)
    for n in range(9):
        totals.add(stock_purchased(BatchId(f"bat_{n}"), f"supplier-{n}", cny(100 + n), at))
    totals.add(denied("r", ChannelId("alipay"), cny(7), at))
    figures = {one.account: one.balance_minor for one in closing.folded(totals, totals)}
    assert len(figures) <= 5
    assert figures["supplier:*:payable/CNY"] == sum(100 + n for n in range(9))
    assert figures["inventory:cards/CNY"] == figures["supplier:*:payable/CNY"]


def test_the_command_closes_and_compares(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["close", "2026-03-02", "--json"], world.deps) == 0
    first = json.loads(capsys.readouterr().out)
    assert command.main(["close", "2026-03-02"], world.deps) == 0
    assert first["chain"] in capsys.readouterr().out
    tamper(world, effective_at="2026-03-02T00:00:00Z")
    assert command.main(["close", "2026-03-02"], world.deps) == 1
    assert capsys.readouterr().err == "closed_day_changed: 2026-03-02\n"
