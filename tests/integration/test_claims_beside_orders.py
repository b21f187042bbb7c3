"""Claims that no order owns: each goes back once, whatever row stands under their number by then."""

import pytest

from faka.contexts.stock import OutOfStock
from faka.flows.checkout import checkout
from faka.kernel.ids import order_id
from faka.steps.release import give_back_unordered
from tests.kit.world import engine_world


pytestmark = pytest.mark.integration


@pytest.fixture
def world():
    with engine_world() as made:
        made.stock_up(6)
        yield made


def claim(world, number, tag, quantity=2):
    return world.deps.stock.claim(world.sku.id, f"{number}{tag}", quantity, 1)


def test_a_second_claim_of_a_fenced_number_goes_back_too_and_the_first_does_not_go_back_twice(world):
    number = order_id(world.command().form_id)
    first, second = claim(world, number, "+q2"), claim(world, number, "+q1", 1)
    give_back_unordered(world.deps, number, world.sku.id, first, "test")
    assert world.left == 5
    for _ in range(2):
        give_back_unordered(world.deps, number, world.sku.id, [*first, *second], "test")
    assert world.left == 6


def test_a_checkout_that_comes_after_its_fence_sells_nothing_and_keeps_nothing(world):
    command = world.command(quantity=2)
    number = order_id(command.form_id)
    give_back_unordered(world.deps, number, world.sku.id, claim(world, number, "+q1", 1), "test")
    with pytest.raises(OutOfStock):
        checkout(world.deps, command)
    assert world.left == 6


def test_claims_beside_an_order_go_back_and_its_own_stay(world):
    command = world.command(quantity=2)
    order = checkout(world.deps, command)
    stray = claim(world, order.id, "+q1", 1)
    for _ in range(2):
        give_back_unordered(world.deps, order.id, world.sku.id, [*stray], "test")
    assert world.left == 4
    assert world.order(order).owns_its_cards
