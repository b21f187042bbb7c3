"""Where a log ends: found in few reads, however many of its rows wait for room in the head's queue."""

import pytest

from faka.contexts.stock.log import log_key
from faka.platform.table import Tables, insert
from tests.kit.engine import Engine
from tests.unit.stock.given import SKU, Given


pytestmark = pytest.mark.unit

READS_MAX = 60
"""Read units of one return: about 20 for the head, its standing orders and the next rows, the rest for the log's end."""


def given_waiting(rows: int) -> tuple[Given, Engine]:
    """A shard whose log has so many rows that the head has not taken in."""
    engine = Engine(is_metered=True)
    given = Given(engine.tables())
    given.cards(10)
    for number in range(2, 2 + rows):
        key = log_key(SKU, 0, number)
        given.tables.apply(
            insert(key.table, {"pk": key.pk, "sk": key.sk, "why": "RETURN", "x": [[1000 + 2 * number, 1, 1, 99_999]], "e": []})
        )
    return given, engine


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4, 17, 18, 100, 101, 1_000, 6_000])
def test_the_next_log_number_follows_the_last_row_however_many_wait(rows: int) -> None:
    given, engine = given_waiting(rows)
    engine.units.clear()
    [write] = given.stock.returned(SKU, given.claim("ord_a", 1))
    assert write.key == log_key(SKU, 0, 2 + rows)
    assert engine.units["read"] <= READS_MAX


def test_scattered_singles_that_come_back_cost_the_same_from_the_first_to_the_last() -> None:
    engine = Engine(is_metered=True)
    given = Given(engine.tables())
    given.cards(2_000)
    runs = [given.claim(f"ord_{n}", 1)[0] for n in range(600)]
    costs = []
    for run in runs[::2]:
        engine.units.clear()
        given.bring_back(run)
        costs.append(engine.units["read"])
    assert max(costs) <= READS_MAX


def test_two_returns_that_find_the_same_end_leave_no_gap(quick_tables: Tables) -> None:
    given = Given(quick_tables)
    given.cards(10)
    one, other = given.claim("ord_a", 1), given.claim("ord_b", 1)
    first, second = given.stock.returned(SKU, one), given.stock.returned(SKU, other)
    assert first[0].key == second[0].key == log_key(SKU, 0, 2)
    given.tables.commit(first)
    assert given.stock.returned(SKU, other)[0].key == log_key(SKU, 0, 3)


@pytest.fixture
def quick_tables() -> Tables:
    return Engine().tables()
