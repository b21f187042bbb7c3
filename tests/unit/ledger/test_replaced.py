"""Cards that are replaced: the order costs what its new cards have cost, the withheld ones are a loss, in one commit with the order."""

from collections.abc import Iterator

import pytest

from faka.contexts.orders.model import DeliveryState, Order
from faka.contexts.stock import Why
from faka.contexts.vault import Batch, BatchState, CardWithheld, moved
from faka.flows.books import profit_of_order
from faka.flows.withhold import void_card
from faka.steps import replace
from faka.steps.invariants import violations
from tests.kit.world import World, engine_world
from tests.unit.invariants.given import books_of
from tests.unit.ledger.given import books, bought, cny, journal, lines, usd


pytestmark = pytest.mark.unit


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        yield made


def freeze(world: World, batch: Batch) -> None:
    world.deps.tables.commit([moved(batch, BatchState.FROZEN)])
    world.deps.stock.withhold(batch.sku, batch.ordinal, Why.FROZEN)


def looks(world: World, order: Order) -> None:
    """The buyer looks: nothing is shown, others are arranged."""
    with pytest.raises(CardWithheld):
        world.reveal(order)


def replaced(world: World) -> tuple[Order, str]:
    """Three cards at 5.00 are sold, their batch is frozen, and three at 6.50 take their place."""
    bad = bought(world, 3, cny(500))
    order = world.pay(world.buy(quantity=3))
    bought(world, 4, cny(650))
    freeze(world, bad)
    looks(world, order)
    after = world.order(order)
    assert after.delivery is DeliveryState.READY
    return after, f"rep:{order.id}:{after.version}:CNY"


def broken(world: World) -> list[str]:
    return [f"{each.invariant} {each.what}" for each in violations(books_of(world), world.clock.now(), is_quiet=False)]


def test_an_order_costs_what_its_new_cards_have_cost_and_the_withheld_ones_are_a_loss(world: World) -> None:
    order, name = replaced(world)
    assert lines(journal(world)[name]) == {
        ("D", "expense:cogs/CNY"): 1950,
        ("D", "expense:loss/CNY"): 1500,
        ("C", "inventory:cards/CNY"): 1950,
        ("C", "expense:cogs/CNY"): 1500,
    }
    left = books(world)
    assert (left["expense:cogs/CNY"], left["expense:loss/CNY"], left["inventory:cards/CNY"]) == (1950, 1500, 650)
    [profit] = profit_of_order(world.deps, order.id)
    assert (profit.cost_minor, profit.other_minor, profit.profit_minor) == (1950, 1500, 3 * 1580 - 3450)
    assert broken(world) == []


def test_twin_a_replacement_that_is_not_booked_is_told_by_the_auditor(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replace, "exchanged", lambda *given: [])
    replaced(world)
    assert broken(world) == ["I3 its cards have cost 1950 CNY, booked are 1500"]


def test_only_the_withheld_cards_of_a_sale_are_lost(world: World) -> None:
    """GIVEN an order of two batches WHEN one of them is frozen THEN the other's cards stay what they were."""
    bad = bought(world, 1, cny(500))
    bought(world, 1, cny(700))
    order = world.pay(world.buy(quantity=2))
    bought(world, 1, cny(650))
    freeze(world, bad)
    looks(world, order)
    left = books(world)
    assert (left["expense:cogs/CNY"], left["expense:loss/CNY"]) == (700 + 650, 500)
    assert broken(world) == []


def test_cards_bought_in_other_currencies_are_booked_in_each(world: World) -> None:
    bad = bought(world, 1, cny(500))
    order = world.pay(world.buy())
    bought(world, 1, usd(90))
    freeze(world, bad)
    looks(world, order)
    version = world.order(order).version
    made = journal(world)
    assert lines(made[f"rep:{order.id}:{version}:CNY"]) == {("D", "expense:loss/CNY"): 500, ("C", "expense:cogs/CNY"): 500}
    assert lines(made[f"rep:{order.id}:{version}:USD"]) == {("D", "expense:cogs/USD"): 90, ("C", "inventory:cards/USD"): 90}
    assert broken(world) == []


def test_cards_that_are_replaced_twice_are_lost_twice(world: World) -> None:
    bad = bought(world, 1, cny(500))
    order = world.pay(world.buy())
    second = bought(world, 1, cny(600))
    freeze(world, bad)
    looks(world, order)
    bought(world, 1, cny(700))
    freeze(world, second)
    looks(world, order)
    left = books(world)
    assert (left["expense:cogs/CNY"], left["expense:loss/CNY"]) == (700, 1100)
    assert len([name for name in journal(world) if name.startswith("rep:")]) == 2
    assert broken(world) == []


def test_a_void_card_that_an_order_has_is_lost_once_when_it_is_replaced(world: World) -> None:
    bad = bought(world, 1, cny(500))
    order = world.pay(world.buy())
    good = bought(world, 2, cny(600))
    void_card(world.deps, bad.sku, bad.base, "olga", "complaint")
    assert "expense:loss/CNY" not in books(world)
    looks(world, order)
    void_card(world.deps, bad.sku, bad.base, "olga", "again")
    assert books(world)["expense:loss/CNY"] == 500
    void_card(world.deps, bad.sku, good.base + 1, "olga", "one that is in stock")
    assert books(world)["expense:loss/CNY"] == 1100
    assert "inventory:cards/CNY" not in books(world), "one is the order's, the others are lost"
    assert broken(world) == []


def test_where_nothing_replaces_them_nothing_is_booked(world: World) -> None:
    bad = bought(world, 1, cny(500))
    order = world.pay(world.buy())
    before = journal(world)
    freeze(world, bad)
    looks(world, order)
    assert world.order(order).delivery is DeliveryState.WITHHELD
    assert journal(world) == before


def test_cards_of_unknown_cost_replace_without_an_entry(world: World) -> None:
    bad = bought(world, 1, None)
    order = world.pay(world.buy())
    bought(world, 1, None)
    freeze(world, bad)
    looks(world, order)
    assert not [name for name in journal(world) if name.startswith("rep:")]
