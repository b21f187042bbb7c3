"""A delivery books what the very cards have cost: by batch, by currency, once, and without another request when warm."""

from collections.abc import Iterator

import pytest

from faka.contexts.ledger.costs import REMEMBERED_MAX, CostStore
from faka.contexts.ledger.store import AlreadyPosted
from faka.contexts.orders.model import OrderState
from faka.flows.checkout import checkout
from faka.kernel.ids import SkuId
from faka.kernel.money import Money
from faka.steps.earn import earned, recovered
from tests.kit.engine import Engine
from tests.kit.world import World, engine_world
from tests.unit.catalog.given import sku
from tests.unit.ledger.given import books, bought, cny, journal, lines, usd


pytestmark = pytest.mark.unit


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        yield made


def reads(world: World) -> int:
    engine: Engine = world.client
    return engine.requests["batch_get_item"]


def delivers(world: World, quantity: int = 1) -> str:
    """A sale, its goods handed over by `earned` alone: whoever commits it is another test's business."""
    order = world.buy(quantity=quantity)
    goods = order.total - order.fee
    world.deps.tables.commit(earned(world.deps, order, order.runs, goods, order.fee, world.clock.now()))
    return order.id


def test_profit_of_an_order_is_its_price_less_the_cost_of_its_very_cards(world: World) -> None:
    """GIVEN five cards for 5.00 and three for 6.50 WHEN six are sold at 15.80 THEN 94.80 - 25.00 - 6.50 = 63.30 are earned."""
    bought(world, 5, cny(500))
    bought(world, 3, cny(650))
    order = delivers(world, quantity=6)
    assert lines(journal(world)[f"dlv:{order}"]) == {
        ("D", f"order:{order}:funds/CNY"): 9480,
        ("C", "revenue:sales/CNY"): 9480,
        ("D", "expense:cogs/CNY"): 3150,
        ("C", "inventory:cards/CNY"): 3150,
    }
    assert books(world)["inventory:cards/CNY"] == 2 * 650, "two of the dearer cards are left, at what they cost"
    assert books(world)["supplier:north:payable/CNY"] == 5 * 500 + 3 * 650


def test_cards_bought_in_another_currency_are_booked_in_that_currency_beside_the_sale(world: World) -> None:
    bought(world, 1, cny(500))
    bought(world, 2, usd(90))
    order = delivers(world, quantity=3)
    made = journal(world)
    assert lines(made[f"dlv:{order}"])["D", "expense:cogs/CNY"] == 500
    assert lines(made[f"cst:{order}:USD"]) == {("D", "expense:cogs/USD"): 180, ("C", "inventory:cards/USD"): 180}


def test_what_is_given_away_has_cost_and_no_revenue() -> None:
    with engine_world(skus=(sku("gift", 0),)) as world:
        bought(world, 2, cny(70))
        order = world.buy().id
        assert lines(journal(world)[f"cst:{order}:CNY"]) == {("D", "expense:cogs/CNY"): 70, ("C", "inventory:cards/CNY"): 70}
        assert f"dlv:{order}" not in journal(world)


def test_a_free_order_books_its_cost_when_it_is_placed_and_once() -> None:
    with engine_world(skus=(sku("gift", 0),)) as world:
        bought(world, 2, cny(70))
        command = world.command(sku="gift")
        order = checkout(world.deps, command)
        assert checkout(world.deps, command).id == order.id
        assert order.state is OrderState.COMPLETED
        assert books(world) == {"expense:cogs/CNY": 70, "inventory:cards/CNY": 70, "supplier:north:payable/CNY": 140}


def test_cards_of_unknown_cost_are_sold_without_a_cost(world: World) -> None:
    bought(world, 1, None)
    order = delivers(world)
    assert {side for side, _ in lines(journal(world)[f"dlv:{order}"])} == {"D", "C"}
    assert "expense:cogs/CNY" not in books(world)


def test_a_warm_sale_asks_nothing_about_cost(world: World) -> None:
    bought(world, 6, cny(500))
    asked = []
    for _ in range(3):
        order = world.buy()
        before = reads(world)
        earned(world.deps, order, order.runs, order.total, order.fee, world.clock.now())
        asked.append(reads(world) - before)
    assert asked == [1, 0, 0]


def test_twin_without_memory_every_sale_would_ask(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CostStore, "__init__", _forgetful)
    with pytest.raises(AssertionError):
        test_a_warm_sale_asks_nothing_about_cost(world)


class _Nothing(dict):  # type: ignore[type-arg]
    def __setitem__(self, key: object, value: object) -> None:
        return


def _forgetful(self: CostStore, tables: object) -> None:
    self._tables = tables  # type: ignore[assignment]
    self._known = _Nothing()


def test_that_a_batch_has_no_cost_is_remembered_too(world: World) -> None:
    bought(world, 3, None)
    first = world.buy()
    earned(world.deps, first, first.runs, first.total, first.fee, world.clock.now())
    second = world.buy()
    before = reads(world)
    earned(world.deps, second, second.runs, second.total, second.fee, world.clock.now())
    assert reads(world) == before


def test_an_instance_remembers_a_bounded_number_of_batches() -> None:
    store = CostStore(Engine().tables())
    name = SkuId("vip")
    for start in range(0, REMEMBERED_MAX + 50, 50):
        store.units(name, range(start, start + 50))
    assert len(store._known) == REMEMBERED_MAX


def test_the_cost_of_a_batch_is_said_once(world: World) -> None:
    batch = bought(world, 1, cny(500))
    with pytest.raises(AlreadyPosted):
        world.deps.tables.apply(world.deps.costs.noted(batch.sku, batch.ordinal, batch.id, cny(1)))
    assert world.deps.costs.units(batch.sku, [batch.ordinal]) == {batch.ordinal: cny(500)}


def test_unseen_cards_that_come_back_are_stock_again_at_what_they_cost(world: World) -> None:
    bought(world, 5, cny(500))
    bought(world, 3, cny(650))
    number = delivers(world, quantity=6)
    order = world.deps.orders.get(number)  # type: ignore[arg-type]
    before = books(world)["inventory:cards/CNY"]
    world.deps.tables.commit(recovered(world.deps, order, order.runs, "rfd_1", world.clock.now()))
    assert books(world)["inventory:cards/CNY"] - before == 3150
    assert "expense:cogs/CNY" not in books(world)


def test_a_whole_sale_through_the_door_earns_it_once(world: World) -> None:
    """GIVEN a batch at 5.00 WHEN one card is bought, paid and told about three times THEN it has cost 5.00 once."""
    bought(world, 2, cny(500))
    order = world.buy()
    [raw] = world.notices(order)
    for _ in range(3):
        world.deliver_notice(order, raw)
    assert world.order(order).state is OrderState.COMPLETED
    assert books(world)["expense:cogs/CNY"] == 500
    assert books(world)["inventory:cards/CNY"] == 500
    assert books(world)["revenue:sales/CNY"] - books(world)["expense:cogs/CNY"] == 1080


def test_money_of_a_run_is_counted_once_per_card(world: World) -> None:
    batch = bought(world, 4, cny(333))
    order = world.buy(quantity=4)
    units = world.deps.costs.units(batch.sku, [run.batch for run in order.runs])
    assert set(units.values()) == {Money(minor=333, currency=cny(0).currency)}
    assert world.deps.costs.of_runs(batch.sku, order.runs) == {cny(0).currency: 4 * 333}
