"""A batch is declared bad and whoever does it dies (row A33): before and after the first write of each kind.

A kind is a verb with the kinds of rows that it names: to die at the same commit of the second buyer is the same. A read changes nothing:
to die at one is to die after the write before it."""

from typing import Any

import pytest

from faka.contexts.complaints import ComplaintState, Made
from faka.contexts.orders.model import Order
from faka.contexts.vault import Batch
from tests.integration.test_bad_batch import bought, declared, kept, made, paid
from tests.kit.crash import DyingClient, Killed, first_of_each_kind
from tests.kit.world import World, engine_world
from tests.unit.invariants.given import WRITES, streamed


pytestmark = pytest.mark.integration


def scene(world: World) -> tuple[Batch, list[Order]]:
    """One who has looked gets another card; one who has not needs more than are left; one has seen bad cards and a good one."""
    bad = bought(world, 5)
    seen, unseen = paid(world), paid(world, quantity=2)
    world.reveal(seen)
    bought(world, 3, "GOOD-{n}")
    mixed = paid(world, quantity=3)
    world.reveal(mixed)
    streamed(world)
    return bad, [seen, unseen, mixed]


def dead(world: World, bad: Batch, at: int, *, after: bool) -> bool:
    try:
        declared(world, bad, world.over(DyingClient(world.client, at, after=after)))
    except Killed:
        return True
    return False


def state(world: World, bad: Batch, orders: list[Order]) -> dict[str, Any]:
    """What a shop in which nobody died would say, and no sums that time may change."""
    now = [world.order(order) for order in orders]
    refunds = sorted(row["amount"]["minor"] for row in world.rows("test-trade") if row["sk"] == "REFUND")
    return {
        "made": sorted(made(world, bad).values()),
        "orders": [(order.state, order.delivery, order.paid_back, sum(run.count for run in order.runs)) for order in now],
        "refunds": refunds,
        "left": world.left,
    }


def test_whoever_dies_at_any_kind_of_call_the_next_run_ends_it() -> None:
    with engine_world() as world:
        bad, orders = scene(world)
        back = world.moment()
        kinds = first_of_each_kind(world.client, lambda client: declared(world, bad, world.over(client)))
        wanted = state(world, bad, orders)
        assert wanted["made"] == [Made.REFUNDED, Made.REFUNDED, Made.REPLACED]
        assert wanted["orders"][2][2:] == (2, 1)
        deaths = [(kind, at, after) for kind, at in kinds.items() for after in (False, True) if kind.split()[0] in WRITES]
        assert len(deaths) > 20
        for kind, at, after in deaths:
            back()
            assert dead(world, bad, at, after=after), kind
            done = declared(world, bad)
            assert state(world, bad, orders) == wanted, (kind, after)
            assert world.deps.complaints.get(done.complaint).state is ComplaintState.DRAFT
            kept(world)
