"""Wallets: two spends of one balance, a balance beside money on its way, one gift code in two hands."""

from typing import Any

from faka.contexts.orders.model import OrderState
from faka.flows.pay_with_balance import pay_with_balance
from faka.flows.redeem_value import redeem_value
from faka.platform.table import TableName
from tests.kit.sinks import Canaries
from tests.kit.world import World
from tests.simulation.oracle import ended
from tests.simulation.play import Habits, Play
from tests.simulation.registry import scenario
from tests.simulation.scenarios.given import money, placed
from tests.simulation.scenarios.refunds import gives_back, once_in_whole
from tests.unit.wallets.given import ADDRESS, issued, pays, purse, redemption


def _rich(count: int, minor: int) -> Any:
    """Orders that wait, and one wallet."""

    def given(world: World, marks: Canaries) -> list[Any]:
        orders = placed(count, count + 1)(world, marks)
        return [*orders, purse(world, minor)]

    return given


def _pays(play: Play, i: int, name: str) -> None:
    order, held = play.facts[i], play.facts[-1]
    proof = play.cloud.world.proof(order)
    play.cast(
        name,
        lambda play: play.cloud.run_flow(name, lambda deps: pay_with_balance(deps, order.id, proof, held.number, held.code, ADDRESS)),
    )


def _one_is_paid(play: Play) -> list[str]:
    """At most: who dies at paying has not paid, and presses again or does not."""
    found = ended(play, OrderState.COMPLETED)
    return [] if found <= 1 else [f"a balance for one order paid {found}"]


@scenario(_rich(2, 2_000), then=_one_is_paid, pair=True, share=1.5)
def one_balance_two_orders(play: Play) -> None:
    """Two tabs pay two orders out of a balance that is enough for one."""
    for i in range(2):
        _pays(play, i, f"tab {i}")


@scenario(_rich(1, 5_000), then=_one_is_paid, habits=Habits(minutes=1), pair=True, share=1.5)
def one_order_paid_twice_by_a_balance(play: Play) -> None:
    """Two tabs pay one order."""
    for name in ("tab a", "tab b"):
        _pays(play, 0, name)


@scenario(_rich(1, 5_000), then=_one_is_paid, habits=Habits(minutes=1), share=1.5)
def a_balance_beside_money_on_its_way(play: Play) -> None:
    """The buyer pays at the provider and with his wallet: one of them buys, the other goes back or was never taken."""
    order = play.facts[0]
    play.notify(order.channel_id, money(play, order))
    _pays(play, 0, "wallet")


def _gift(world: World, marks: Canaries) -> list[Any]:
    [code] = issued(world, 5_000)
    return [redemption(world, code), redemption(world, code)]


def _credited_once(play: Play) -> list[str]:
    """Or not at all, where both hands died before their commit; that the code is then still good, I10 sees."""
    rows = [row for row in play.cloud.rows(TableName.TRADE) if row["sk"] == "WALLET"]
    whole = sum(row["balance_minor"] for row in rows)
    return [] if whole in (0, 5_000) else [f"a gift of 5000 is {whole} in {len(rows)} wallets"]


@scenario(_gift, then=_credited_once, pair=True, share=1)
def one_gift_code_in_two_hands(play: Play) -> None:
    """Two people redeem one code, each into a wallet of his own."""
    for i, wish in enumerate(play.facts):
        play.cast(f"hand {i}", lambda play, i=i, wish=wish: play.cloud.run_flow(f"hand {i}", lambda deps: redeem_value(deps, wish)))  # type: ignore[misc]


def _bought(world: World, marks: Canaries) -> list[Any]:
    [order, held] = _rich(1, 5_000)(world, marks)
    return [pays(world, order, held)]


@scenario(_bought, then=once_in_whole, habits=Habits(minutes=1), share=1)
def a_balance_comes_back(play: Play) -> None:
    """What a wallet bought is given back twice at once, and two sweeps put it into the wallet."""
    [order] = play.facts
    for name in ("tab a", "tab b"):
        gives_back(play, order.id, name)
    for name in ("sweep a", "sweep b"):
        play.cast(name, lambda play: play.sweep())
