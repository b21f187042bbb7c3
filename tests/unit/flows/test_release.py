"""Cards that go back meet others that go back: each takes the next number of the log, and they make room for one another."""

import pytest

from faka.contexts.stock import LogMoved, Run
from faka.kernel.errors import TransactionBusy
from faka.steps.release import TRIES_MAX, commit_return
from tests.kit.clock import CountingPause
from tests.kit.world import engine_world


pytestmark = pytest.mark.unit


class Collides:
    """Somebody else takes the log number, so many times."""

    def __init__(self, real, times):
        self._real, self.left = real, times

    def __call__(self, sku, runs):
        if self.left:
            self.left -= 1
            raise LogMoved("taken")
        return self._real(sku, runs)


def returning(world, monkeypatch, times):
    world.stock_up(4)
    order = world.buy(quantity=2)
    runs = tuple(Run.model_validate(run.model_dump()) for run in order.runs)
    world.deps.pause = CountingPause()
    monkeypatch.setattr(world.deps.stock, "returned", Collides(world.deps.stock.returned, times))
    after = order.changed(world.clock.now(), "test", "gives back", runs=(), gone=tuple(run.event for run in runs))
    commit_return(world.deps, order.sku_id, runs, lambda: [world.deps.orders.replaced(order, after)])


@pytest.mark.parametrize("times", [0, 1, TRIES_MAX - 1])
def test_returns_that_collide_wait_a_little_and_get_through(monkeypatch, times):
    with engine_world() as world:
        returning(world, monkeypatch, times)
        assert world.left == 4
        assert world.deps.pause.count == times
        assert (world.deps.pause.seconds > 0) is (times > 0)


def test_a_storm_of_returns_ends_and_leaves_the_cards_to_the_sweep(monkeypatch):
    with engine_world() as world:
        with pytest.raises(TransactionBusy):
            returning(world, monkeypatch, TRIES_MAX)
        assert world.left == 2
        assert world.deps.pause.seconds < 3, "the door that waits here has less than a quarter of a minute"
