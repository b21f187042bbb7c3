"""What a balance makes possible at the till (F10): a payment in two parts, and the last money spent twice."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from faka.contexts.orders.model import Order, OrderState
from faka.contexts.wallets.errors import BalanceTooLow
from faka.contexts.wallets.store import WalletStore
from faka.kernel.errors import FakaError
from faka.kernel.ids import out_trade_no
from faka.platform.table import Write, update
from tests.kit.world import World
from tests.security.absent import code_of, routes_of
from tests.security.tills import tell
from tests.unit.flows.meeting import elsewhere
from tests.unit.stock.wire import Wire
from tests.unit.wallets.given import Purse, balance, faults, pays, purse, quick_world


pytestmark = pytest.mark.security

PRICE = 1_580

CALLS_MAX = 60
"""Of one payment by balance; it makes fewer than twenty."""


def receipts(world: World) -> list[tuple[str, str, int]]:
    """State, channel and minor units of every movement of money that is on record."""
    rows = (row for row in world.rows("test-trade") if row["sk"] == "CHANNELTXN")
    return sorted((row["state"], row["channel_id"], row["amount"]["minor"]) for row in rows)


def test_f10_a_balance_that_is_too_low_pays_no_part_and_what_is_missing_pays_nothing() -> None:
    for held_minor in (1, PRICE // 2, PRICE - 1):
        with quick_world() as world:
            world.stock_up(2)
            held, order = purse(world, held_minor), world.buy()
            with pytest.raises(BalanceTooLow):
                pays(world, order, held)
            assert receipts(world) == []

            [rest] = world.notices(order, PRICE - held_minor)
            tell(world, order, rest)

            assert world.order(order).paid_at is None
            assert balance(world, held) == held_minor
            assert ("APPLIED", "alipay", PRICE - held_minor) not in receipts(world)


@pytest.mark.parametrize("turn", range(3))
def test_f10_balance_success_and_refund_in_any_order_hand_over_once_and_one_way_pays_all_of_it(turn: int) -> None:
    with quick_world() as world:
        world.stock_up(2)
        held, order = purse(world, 5_000), world.buy()
        [success] = world.notices(order)
        refund = world.providers.alipay.refund(out_trade_no(order.payment_id))
        told = [success, refund, success]
        for raw in told[:turn]:
            tell(world, order, raw)
        with suppress(FakaError):
            pays(world, order, held)
        for raw in told[turn:]:
            tell(world, order, raw)
        world.minute(2)
        applied = [receipt for receipt in receipts(world) if receipt[0] == "APPLIED"]
        assert [minor for _, _, minor in applied] == [PRICE]
        assert world.left == 1
        assert faults(world) == []


def test_f10_no_route_and_no_name_splits_a_payment_or_fills_a_wallet_without_a_code() -> None:
    assert code_of(r"split_tender|split_payment|part_payment|overdraft|recharge_wallet") == []
    assert routes_of(r"recharge|top-?up|transfer|withdraw") == []
    assert routes_of(r"wallet|balance") == [
        "GET /o/{no}/balance",
        "GET /wallet",
        "POST /o/{no}/balance",
        "POST /wallet",
        "POST /wallet/redeem",
    ]


def spent_at_once() -> Iterator[tuple[World, Purse, list[Order]]]:
    """One wallet with money for one order and two that want it: the second pays before each call of the first."""
    for call in range(1, CALLS_MAX):
        with quick_world() as world:
            world.stock_up(2)
            held, orders = purse(world, PRICE), [world.buy(), world.buy()]

            def second(world: World = world, held: Purse = held, orders: list[Order] = orders) -> None:
                with suppress(FakaError):
                    pays(world, orders[1], held)

            wire = Wire(world.client).first(call, elsewhere(second))
            with suppress(FakaError):
                pays(world, orders[0], held, world.over(wire))
            if wire.calls < call:
                return
            yield world, held, orders
    raise AssertionError("more calls than expected")


def bought(world: World, orders: list[Order]) -> int:
    return sum(world.order(order).state is OrderState.COMPLETED for order in orders)


def test_f10_two_spends_at_once_buy_one_order_and_never_more_than_the_balance() -> None:
    met = 0
    for world, held, orders in spent_at_once():
        assert (bought(world, orders), balance(world, held)) == (1, 0)
        assert faults(world) == []
        met += 1
    assert met > 3


def test_twin_f10_where_the_balance_is_compared_beforehand_only_both_are_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = WalletStore.debited

    def careless(store: WalletStore, *given: object) -> Write:
        write = honest(store, *given)  # type: ignore[arg-type]
        kept = {name: value for name, value in write.values.items() if name != "currency"}
        return update(write.key, write.expression, when="attribute_exists(pk)", otherwise=write.otherwise, **kept)

    monkeypatch.setattr(WalletStore, "debited", careless)
    assert any(bought(world, orders) == 2 and faults(world) for world, _, orders in spent_at_once())
