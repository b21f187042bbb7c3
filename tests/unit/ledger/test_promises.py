"""The nightly rules know what the books hold of cost and of closed days (I3, I13)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from faka.flows.books import close_day
from faka.kernel.clock import business_day
from faka.platform.table import Key, TableName, delete, put
from tests.kit.world import World, engine_world
from tests.unit.invariants.given import books_of, streamed, violations
from tests.unit.ledger.given import bought, cny, journal, row_of, usd


pytestmark = pytest.mark.unit


@pytest.fixture
def world() -> Iterator[World]:
    """Sales of cards that cost yuan, dollars and nobody knows what; the night after them."""
    with engine_world() as made:
        bought(made, 2, cny(500))
        bought(made, 2, usd(90))
        bought(made, 2, None)
        for _ in range(3):
            made.pay(made.buy(quantity=2))
        made.clock.advance(days=1)
        close_day(made.deps, business_day(made.clock.now()) - timedelta(days=1), "ops")
        streamed(made)
        yield made


def found(world: World) -> set[str]:
    return {each.invariant for each in violations(books_of(world), world.clock.now(), is_quiet=False)}


def test_costs_and_closed_days_break_no_promise(world: World) -> None:
    assert violations(books_of(world), world.clock.now(), is_quiet=False) == []


@pytest.mark.parametrize("prefix", ["dlv:", "cst:"])
def test_a_sale_booked_at_another_cost_than_its_cards_breaks_one(world: World, prefix: str) -> None:
    name = next(name for name, one in journal(world).items() if name.startswith(prefix) and "cogs" in str(one.lines))
    row = row_of(journal(world)[name])
    for line in row["lines"]:
        if "cogs" in line["account"] or "inventory" in line["account"]:
            line["amount_minor"] += 1
    world.deps.tables.apply(put(TableName.JOURNAL, row))
    assert found(world) == {"I3"}


def test_a_cost_that_was_never_booked_breaks_one(world: World) -> None:
    name = next(name for name in journal(world) if name.startswith("cst:"))
    world.deps.tables.apply(delete(Key(TableName.JOURNAL, f"TXN#{name}", "TXN")))
    assert found(world) == {"I3"}


def test_a_batch_that_costs_something_else_afterwards_breaks_one(world: World) -> None:
    row = next(row for row in world.rows("test-journal") if row["sk"] == "COST")
    world.deps.tables.apply(put(TableName.JOURNAL, {**row, "unit_minor": row["unit_minor"] + 1}))
    assert found(world) == {"I3"}
