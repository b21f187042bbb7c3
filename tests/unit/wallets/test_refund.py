"""What a wallet paid goes back into that wallet, at once and once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from faka.contexts.orders.model import OrderState, RefundState
from faka.contexts.payments.refunds import refund_from
from faka.flows.ask_refund import ask_refund
from faka.flows.refund_order import refund_order
from faka.steps.invariants import Question, Tally, Violation
from faka.steps.refund import drive
from tests.kit.world import World
from tests.unit.invariants.given import books_of
from tests.unit.wallets.given import balance, faults, pays, purse, quick_world


pytestmark = pytest.mark.unit


@pytest.fixture
def world() -> Iterator[World]:
    with quick_world() as made:
        made.stock_up(5)
        yield made


def broken(world: World) -> list[Violation]:
    tally = Tally()
    tally.take_all(books_of(world))
    settings = world.settings
    return tally.violations(
        Question(
            now=world.clock.now(),
            is_quiet=False,
            overdue_after=None,
            holds_max=settings.faka_holds_max,
            held_cards_max=settings.faka_held_cards_max,
            hold_ttl=timedelta(seconds=settings.faka_hold_ttl_s),
        )
    )


def test_goods_given_back_unseen_fill_the_wallet_again(world: World) -> None:
    held, order = purse(world, 5_000), world.buy()
    pays(world, order, held)
    ask_refund(world.deps, order.id, world.proof(order))
    assert balance(world, held) == 5_000 - order.unit.minor
    world.minute(2)
    after = world.order(order)
    assert (after.state, after.refund_state, balance(world, held)) == (OrderState.RETURNED, RefundState.FULL, 5_000)
    assert (faults(world), broken(world)) == ([], [])


def test_a_part_goes_back_and_the_rest_stays_spent(world: World) -> None:
    held, order = purse(world, 5_000), world.buy()
    pays(world, order, held)
    refund_order(world.deps, order.id, 80, "late answer", "mei")
    world.minute(2)
    assert (world.order(order).refund_state, balance(world, held)) == (RefundState.PARTIAL, 5_000 - order.unit.minor + 80)
    assert (faults(world), broken(world)) == ([], [])


def test_two_sweeps_fill_it_once(world: World) -> None:
    held, order = purse(world, 5_000), world.buy()
    pays(world, order, held)
    ask_refund(world.deps, order.id, world.proof(order))
    [row] = [row for row in world.rows("test-trade") if row["sk"] == "REFUND"]
    refund = refund_from(row)
    drive(world.deps, refund)
    with pytest.raises(Exception, match="moved"):
        drive(world.deps, refund)
    assert balance(world, held) == 5_000
    assert broken(world) == []
