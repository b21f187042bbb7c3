"""A worker dies before and after each of its calls while a gift value is redeemed and while a balance pays: money is in one place at
every moment, and whoever presses again gets what he asked for, once."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from faka.contexts.orders.model import OrderState
from faka.flows import pay_with_balance as paying
from faka.flows.redeem_value import redeem_value
from faka.platform.table import Write
from faka.wiring import Deps
from tests.kit.crash import DyingClient, Killed
from tests.kit.world import World
from tests.unit.wallets.given import balance, faults, issued, page, pays, purse, quick_world, redemption


pytestmark = pytest.mark.integration

REDEEM_CALLS, PAY_CALLS = 8, 16
"""As many as the flows make, and one more: the last must find nothing to die at."""

PRICE = 1_580


def dies(world: World, work: Callable[[Deps], object], at: int, *, after: bool) -> bool:
    """Run `work` over a client that dies at call `at`; says whether it got that far."""
    client = DyingClient(world.client, at, after=after)
    with suppress(Killed):
        work(world.over(client))
    return client.calls >= at


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_dying_while_redeeming_leaves_the_amount_in_one_place_and_the_form_again_finds_it(*, after: bool) -> None:
    deaths = 0
    for at in range(1, REDEEM_CALLS + 1):
        with quick_world() as world:
            [code] = issued(world)
            asked = redemption(world, code)
            deaths += dies(world, lambda deps, asked=asked: redeem_value(deps, asked), at, after=after)
            assert faults(world) == []

            assert redeem_value(world.deps, asked).wallet.balance_minor == 5_000
            assert faults(world) == []
    assert 4 <= deaths < REDEEM_CALLS


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("channel", ["alipay", "epay"])
def test_dying_while_paying_takes_all_or_nothing_and_pressing_again_delivers(channel: str, *, after: bool) -> None:
    deaths = 0
    for at in range(1, PAY_CALLS + 1):
        with quick_world() as world:
            world.stock_up(2)
            held, order = purse(world), world.buy(channel=channel, method="page" if channel == "alipay" else "epay")
            deaths += dies(world, lambda deps, order=order, held=held: pays(world, order, held, deps), at, after=after)
            is_paid = world.order(order).paid_at is not None
            assert (balance(world, held), faults(world)) == (5_000 - PRICE * is_paid, [])

            assert pays(world, order, held).state is OrderState.COMPLETED
            assert (balance(world, held), faults(world)) == (5_000 - PRICE, [])
            assert (len(page(world, held).movements), world.left, world.secrets(order)) == (2, 1, ["SECRET-0"])
    assert 8 <= deaths < PAY_CALLS


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_who_never_presses_again_has_his_money_or_his_goods_after_the_expiry(*, after: bool) -> None:
    ends = set()
    for at in range(4, PAY_CALLS):
        with quick_world() as world:
            world.stock_up(2)
            held, order = purse(world), world.buy()
            dies(world, lambda deps, order=order, held=held: pays(world, order, held, deps), at, after=after)
            world.clock.advance(minutes=16)
            world.minute(2)
            state = world.order(order).state
            ends.add(state)
            assert (world.left, balance(world, held)) == {
                OrderState.COMPLETED: (1, 5_000 - PRICE),
                OrderState.EXPIRED: (2, 5_000),
            }[state]
            assert faults(world) == []
    assert ends == {OrderState.COMPLETED, OrderState.EXPIRED}


def test_twin_where_wallet_and_order_are_two_commits_a_death_between_them_takes_money_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = paying._writes

    def in_two(deps: Deps, *given: object) -> list[Write]:
        writes = honest(deps, *given)  # type: ignore[arg-type]
        money = [write for write in writes if write.key.pk.startswith(("WALLET#", "TXN#rcp:"))]
        deps.tables.commit(money)
        return [write for write in writes if write not in money]

    monkeypatch.setattr(paying, "_writes", in_two)
    losses = 0
    for at in range(1, PAY_CALLS):
        with quick_world() as world:
            world.stock_up(2)
            held, order = purse(world), world.buy()
            dies(world, lambda deps, order=order, held=held: pays(world, order, held, deps), at, after=True)
            losses += world.order(order).paid_at is None and balance(world, held) < 5_000
    assert losses
