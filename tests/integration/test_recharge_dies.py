"""A worker of a recharge dies before or after any call: one order at one supplier at a time, and an end with its money."""

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.suppliers.base import SupplyState
from faka.flows.fulfil import fulfil
from faka.wiring import Deps
from tests.kit.crash import DyingClient, Killed
from tests.unit.recharges.given import ScriptedSupplier, TopUps, top_ups


pytestmark = pytest.mark.integration

DONE, BUSY, NO = SupplyState.SUCCEEDED, SupplyState.PROCESSING, SupplyState.FAILED


def plots() -> dict[str, tuple[tuple[ScriptedSupplier, ...], OrderState]]:
    return {
        "done at once": ((ScriptedSupplier("first", DONE),), OrderState.COMPLETED),
        "takes its time": ((ScriptedSupplier("first", BUSY, DONE),), OrderState.COMPLETED),
        "silent, charged": ((ScriptedSupplier("first", "lost, charged", DONE), ScriptedSupplier("second", DONE)), OrderState.COMPLETED),
        "fails, then another": ((ScriptedSupplier("first", BUSY, NO), ScriptedSupplier("second", BUSY, DONE)), OrderState.COMPLETED),
        "nobody": ((ScriptedSupplier("first", "refused"),), OrderState.FAILED),
    }


def one_death(shop: TopUps, at: int, after: bool) -> bool:
    """Whether the hand died at its `at`-th call; the same questions are then asked again by a living one."""
    order = shop.world.pay(shop.ordered())
    client = DyingClient(shop.world.client, at, after=after)
    dying = shop.wired(shop.world.over(client))
    died = not _lived(shop, dying, order.id)
    shop.world.minute(2)  # the sweep begins the order's recharge where nobody had
    recharge = shop.recharge(order)
    shop.play(recharge)
    return died


def _lived(shop: TopUps, deps: Deps, order_id: str) -> bool:
    try:
        fulfil(deps, order_id)  # type: ignore[arg-type]
        recharge, what = deps.recharges.get(f"rch_{order_id[4:]}"), "submit"  # type: ignore[arg-type]
        for _ in range(12):
            stands = shop.step(recharge, what, deps)
            if stands.next == "end":
                return True
            shop.world.clock.advance(seconds=stands.wait_s)
            what = stands.next
    except Killed:
        return False
    return True


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("plot", plots())
def test_death_at_any_call_ends_in_one_charge_and_books_that_balance(plot: str, after: bool) -> None:
    at = 1
    while True:
        suppliers, end = plots()[plot]
        with top_ups(*suppliers) as shop:
            died = one_death(shop, at, after)
            [order] = [row for row in shop.world.rows("test-trade") if row["sk"] == "ORDER" and "sku_id" in row]
            assert order["state"] == end, (plot, at)
            sent = [each.number for one in shop.suppliers.values() for each in one.sent]
            assert len(sent) == len(set(sent)), "no number is sent twice"
            assert len(shop.charged) <= 2 if plot == "fails, then another" else len(shop.charged) <= 1
            assert all(sum(lines.values()) == 0 for lines in shop.entries().values())
            assert shop.refunded_minor() == (order["total"]["minor"] if end is OrderState.FAILED else 0)
        if not died:
            break
        at += 1
    assert at > 8
