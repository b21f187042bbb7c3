"""Every noon yesterday's books are closed by themselves; what does not fit stays open, with a case and a figure that rings."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from faka.contexts.ledger import closes
from faka.contexts.ledger.closes import CloseStore, chain_of, day_ends
from faka.contexts.ledger.store import LedgerStore
from faka.contexts.ledger.transaction import Line, Side, Transaction
from faka.flows.books import balance, close_day, night
from faka.flows.books import close as closing
from faka.kernel.errors import Throttled
from faka.platform.table import Key, TableName, delete, put
from tests.kit import doors
from tests.kit.world import World, engine_world
from tests.unit.ledger.given import bought, cny, journal, row_of


pytestmark = pytest.mark.unit

Patch = pytest.MonkeyPatch
Capture = pytest.CaptureFixture[str]
DAY = date(2026, 3, 2)
NEXT = DAY + timedelta(days=1)
NOON = timedelta(hours=12, minutes=10)


@pytest.fixture
def world() -> Iterator[World]:
    """A day with a purchase and a sale, and the noon after it."""
    with engine_world() as made:
        made.clock.advance(seconds=(datetime(2026, 3, 2, 4, 0, tzinfo=UTC) - made.clock.now()).total_seconds())
        bought(made, 5, cny(500))
        made.pay(made.buy())
        noon_after(made, DAY)
        yield made


def noon_after(world: World, day: date) -> None:
    world.clock.advance(seconds=(day_ends(day) + NOON - world.clock.now()).total_seconds())


class Run(NamedTuple):
    answer: dict[str, Any]
    figures: dict[str, float]
    cases: list[str]


def noon(world: World, capsys: Capture) -> Run:
    """One run of the handler under its role: what it answered, counted and left on people's lists."""
    app = doors.load("closing")
    app.deps = world.deps
    capsys.readouterr()
    answer = app.handler({}, SimpleNamespace(**vars(doors.CONTEXT)))
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    figures = {name: sum(value) for line in printed for name, value in line.items() if name in ("BooksClosed", "BooksNotClosed")}
    return Run(answer, figures, [row["id"] for row in world.rows("test-trade") if row["sk"] == "CASE"])


def closed_days(world: World) -> list[str]:
    return sorted(row["day"] for row in world.rows("test-journal") if row["sk"] == "BOOKS")


def tamper(world: World) -> str:
    """Somebody with rights that no role has moves a sale in time; its own hash does not see it."""
    name = next(name for name in journal(world) if name.startswith("dlv:"))
    world.deps.tables.apply(put(TableName.JOURNAL, {**row_of(journal(world)[name]), "effective_at": "2026-03-02T00:00:00Z"}))
    return name


def test_yesterday_is_closed_and_its_chain_goes_on_from_the_day_before(world: World, capsys: Capture) -> None:
    first = noon(world, capsys)
    assert (first.answer["day"], first.answer["is_closed"], first.answer["transactions"]) == (DAY.isoformat(), True, len(journal(world)))
    assert (first.figures, first.cases) == ({"BooksClosed": 1, "BooksNotClosed": 0}, [])
    world.pay(world.buy())
    noon_after(world, NEXT)
    second = noon(world, capsys)
    before, own, _ = CloseStore(world.deps.tables).around(NEXT, NEXT + timedelta(days=1))
    assert before is not None
    assert own is not None
    assert (before.chain, own.by) == (first.answer["chain"], "closing")
    assert own.chain == chain_of(before.chain, own.hash, own.figures) == second.answer["chain"]


def test_the_schedule_may_ring_twice(world: World, capsys: Capture) -> None:
    assert noon(world, capsys).answer == noon(world, capsys).answer
    assert closed_days(world) == [DAY.isoformat()]


def test_a_noon_that_was_left_out_is_covered_by_the_next(world: World, capsys: Capture) -> None:
    noon(world, capsys)
    world.pay(world.buy())
    noon_after(world, NEXT + timedelta(days=1))
    assert noon(world, capsys).answer["transactions"] == 2
    assert closed_days(world) == ["2026-03-02", "2026-03-04"]


def test_a_closed_day_that_was_changed_keeps_the_next_one_open_and_asks_a_person_once(world: World, capsys: Capture) -> None:
    noon(world, capsys)
    tamper(world)
    for day in (NEXT, NEXT + timedelta(days=1)):
        noon_after(world, day)
        run = noon(world, capsys)
        assert (run.answer["is_closed"], run.answer["wrong"]) == (False, "closed_day_changed")
        assert run.figures == {"BooksNotClosed": 1}
        assert run.cases == ["case_books_closed_day_changed:2026-03-02"]
    assert closed_days(world) == [DAY.isoformat()]


def test_twin_without_a_look_at_the_last_close_a_change_is_closed_over(world: World, capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setattr(night, "close_day", lambda deps, day, by: None if day == DAY and closed_days(world) else close_day(deps, day, by))
    with pytest.raises(AssertionError):
        test_a_closed_day_that_was_changed_keeps_the_next_one_open_and_asks_a_person_once(world, capsys)
    assert closed_days(world) == [DAY.isoformat(), NEXT.isoformat()]


def test_a_transaction_that_was_changed_leaves_its_own_day_open(world: World, capsys: Capture) -> None:
    name = next(name for name in journal(world) if name.startswith("dlv:"))
    world.deps.tables.apply(put(TableName.JOURNAL, {**row_of(journal(world)[name]), "note": "nothing to see"}))
    run = noon(world, capsys)
    assert (run.answer["wrong"], run.cases) == ("ledger_tampered", [f"case_books_ledger_tampered:{name}"])
    assert closed_days(world) == []


def a_journal_that_is_uneven(world: World, monkeypatch: Patch) -> None:
    """One side more than the other, past every check of a single transaction."""
    now = world.clock.now() - timedelta(days=1)
    line = Line(account="revenue:sales/CNY", side=Side.CREDIT, amount_minor=1)
    facts: dict[str, Any] = {"id": "odd", "kind": "x", "ref": "x", "currency": "CNY", "lines": (line,), "reverses": "", "note": ""}
    odd = Transaction.model_construct(**facts, effective_at=now, recorded_at=now)
    every = LedgerStore.every
    monkeypatch.setattr(LedgerStore, "every", lambda self: iter([*every(self), odd]))


def test_books_that_are_uneven_are_not_closed(world: World, capsys: Capture, monkeypatch: Patch) -> None:
    a_journal_that_is_uneven(world, monkeypatch)
    run = noon(world, capsys)
    assert (run.answer["wrong"], run.cases) == ("books_uneven", ["case_books_books_uneven:2026-03-02"])
    assert closed_days(world) == []


def test_twin_without_the_trial_balance_uneven_books_are_frozen(world: World, capsys: Capture, monkeypatch: Patch) -> None:
    monkeypatch.setattr(closing, "require_even", lambda totals, what: None)
    assert balance.require_even is not closing.require_even
    with pytest.raises(AssertionError):
        test_books_that_are_uneven_are_not_closed(world, capsys, monkeypatch)
    assert closed_days(world) == [DAY.isoformat()]


def test_what_may_pass_is_raised_so_that_the_schedule_comes_again(world: World, capsys: Capture, monkeypatch: Patch) -> None:
    def busy(*_: object) -> None:
        raise Throttled("scan")

    with monkeypatch.context() as patch:
        patch.setattr(night, "close_day", busy)
        with pytest.raises(Throttled):
            noon(world, capsys)
    assert noon(world, capsys).answer["is_closed"]


def test_a_close_that_somebody_took_away_is_a_gap_and_is_covered_again(world: World, capsys: Capture) -> None:
    """Nobody may delete in the journal; where somebody did, the next close begins with the close before, and its chain says so."""
    noon(world, capsys)
    world.deps.tables.apply(delete(Key(TableName.JOURNAL, closes.close_key(DAY).pk, "BOOKS")))
    noon_after(world, NEXT)
    run = noon(world, capsys)
    _, own, _ = CloseStore(world.deps.tables).around(NEXT, NEXT + timedelta(days=1))
    assert own is not None
    assert (run.answer["transactions"], own.since) == (len(journal(world)), "")
