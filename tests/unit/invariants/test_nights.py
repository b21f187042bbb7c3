"""What nights and closed books leave behind is known to the rules: every row of theirs, by its kind and its attributes."""

from collections.abc import Iterator

import pytest

from faka.contexts.statements.model import RunState
from faka.flows.books.close import close_day
from faka.platform.table import TableName
from faka.steps.invariants import kinds, violations
from faka.steps.invariants.concern import Concern
from faka.steps.invariants.tally import Tally
from tests.unit.flows.reconcile.given import Nights, night_world
from tests.unit.invariants.given import books_of


pytestmark = pytest.mark.integration

NEW = {TableName.TRADE: ("RECON", "DISCREPANCY"), TableName.JOURNAL: ("DAY", "BOOKS")}


@pytest.fixture(scope="module")
def nights() -> Iterator[Nights]:
    """One order of the day was not heard of, one payment is a stranger's that nobody may book by himself; then the books are closed."""
    with night_world() as given:
        given.bought()
        given.bought(is_heard=False)
        given.world.providers.alipay.pay("till00000001", 60_000_00)
        given.morning()
        assert given.night().state is RunState.DISCREPANT
        given.world.providers.bank._trades.pop(("alipay", "till00000001"))  # the provider takes its line back
        given.night()
        close_day(given.deps, given.day, "mei")
        yield given


def told(nights: Nights) -> list[str]:
    return [
        f"{each.invariant} {each.subject}: {each.what}"
        for each in violations(books_of(nights.world), nights.world.clock.now(), is_quiet=False)
    ]


def test_every_row_of_a_night_and_of_closed_books_is_known(nights: Nights) -> None:
    books = books_of(nights.world)
    found = {table: {row["pk"].partition("#")[0] for row in getattr(books, table.value)} for table in NEW}
    assert all(set(names) <= found[table] for table, names in NEW.items())
    assert {row["sk"].partition("#")[0] for row in books.journal if row["pk"].startswith("DAY#")} == {"CLOSE", "CORRECTION"}
    assert told(nights) == []


KINDS = [(table, kind) for table, names in NEW.items() for kind in names]


@pytest.mark.parametrize(("table", "kind"), KINDS)
def test_twin_an_unknown_kind_is_told(nights: Nights, table: TableName, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(kinds.ATTRIBUTES[table], kind)
    assert f"I13 {table} {kind}: a row of no known kind" in told(nights)


def test_a_case_about_a_difference_is_looked_at_again_together_with_it(nights: Nights) -> None:
    tally = Tally()
    tally.take_all(books_of(nights.world))
    [case] = [row for row in books_of(nights.world).trade if row["sk"] == "CASE" and "_dsc_" in row["id"]][:1]
    assert any(key.pk.startswith("DISCREPANCY#") for key in tally.keys_of(Concern("case", case["id"])))
