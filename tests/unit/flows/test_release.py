"""Cards that go back meet others that go back: each takes the next number of the log, and they make room for one another."""

import pytest

from faka.contexts.stock import LogMoved, Run
from faka.kernel.errors import Broken, TransactionBusy
from faka.kernel.ids import order_id
from faka.steps.release import TRIES_MAX, commit_return, give_back_unordered
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


def claimed_twice(world):
    """One form sent twice: the first sending's card went back behind a fence and was handed out to the second, whose memory has both."""
    world.stock_up(1)
    number, sku = order_id(world.command().form_id), world.sku.id
    first = world.deps.stock.claim(sku, f"{number}+a", 1, 1)
    give_back_unordered(world.deps, number, sku, first, "not enough in stock")
    second = world.deps.stock.claim(sku, f"{number}+b", 1, 1)
    assert first[0].extent == second[0].extent
    return number, sku, (*first, *second)


def test_of_a_card_that_was_claimed_twice_only_the_second_claim_goes_back():
    with engine_world() as world:
        number, sku, both = claimed_twice(world)
        give_back_unordered(world.deps, number, sku, both, "fenced")
        give_back_unordered(world.deps, number, sku, both, "fenced")
        assert world.left == 1


def test_twin_two_claims_of_one_card_that_nobody_gave_back_are_an_error():
    with engine_world() as world:
        _, sku, both = claimed_twice(world)
        with pytest.raises(Broken):
            give_back_unordered(world.deps, order_id(world.command().form_id), sku, both, "never ordered")
