"""A card is replaced under warranty and whoever does it dies (row C21): before and after each write; the next run ends it, once."""

import pytest

from faka.contexts.orders.model import Order
from faka.contexts.vault import Batch
from faka.steps.invariants import violations
from tests.integration.test_bad_batch import bought
from tests.integration.test_warranty import numbers, replaced, seen
from tests.kit.crash import DyingClient, Killed, first_of_each_kind
from tests.kit.world import World, engine_world
from tests.unit.invariants.given import WRITES, books_of, settled


pytestmark = pytest.mark.integration


def scene(world: World) -> tuple[Batch, Order, int]:
    batch = bought(world, 6)
    order = seen(world, 2)
    return batch, order, numbers(world, order)[0]


def deaths(world: World, order: Order, number: int) -> list[tuple[str, int, bool]]:
    kinds = first_of_each_kind(world.client, lambda client: replaced(world, order, number, world.over(client)))
    return [(kind, at, after) for kind, at in kinds.items() for after in (False, True) if kind.split()[0] in WRITES]


def test_dead_at_any_write_the_next_run_ends_the_replacement_once() -> None:
    with engine_world() as world:
        batch, order, number = scene(world)
        back = world.moment()
        every = deaths(world, order, number)
        assert len(every) >= 8
        for kind, at, after in every:
            back()
            with pytest.raises(Killed):
                replaced(world, order, number, world.over(DyingClient(world.client, at, after=after)))
            done = replaced(world, order, number).exchange
            assert done is not None, kind
            assert world.order(order).exchanges == (done,), kind
            assert world.deps.vault.batch(order.sku_id, batch.ordinal).void == {number}, kind
            settled(world, 16)
            assert world.left == 3, kind
            counted = [row["n"] for row in world.rows("test-guard") if row["pk"].startswith("TRIES#warranty#")]
            assert counted == [1], kind
            assert not violations(books_of(world), world.clock.now(), is_quiet=True), kind


def test_a_death_after_the_commit_leaves_only_the_suppliers_side_to_the_next_run() -> None:
    """Without a next run the card is the buyer's, replaced once and counted once; only its supplier is not told yet."""
    with engine_world() as world:
        batch, order, number = scene(world)
        back = world.moment()
        first = next(at for kind, at, _ in deaths(world, order, number) if "ORDER" in kind.split())
        back()
        with pytest.raises(Killed):
            replaced(world, order, number, world.over(DyingClient(world.client, first, after=True)))
        assert len(world.order(order).exchanges) == 1
        assert world.deps.vault.batch(order.sku_id, batch.ordinal).void == frozenset()
