"""Money that comes after its order ended (row C08), in another amount or twice (C09): never lost, never double, and the buyer is told."""

from collections import Counter
from collections.abc import Iterator

import pytest

from faka.contexts.cases import CaseKind
from faka.contexts.orders.model import Order, OrderState, RefundState
from faka.flows.order_page import open_order
from faka.flows.take_notice import take_notice
from faka.kernel.ids import ChannelId, out_trade_no
from faka.steps.settle import decide
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.unit

LATE = {"1 s": {"seconds": 1}, "1 h": {"hours": 1}, "5 days": {"days": 5}}


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        yield made


def expired(world: World) -> Order:
    order = world.buy(contact="buyer@example.com")
    world.clock.advance(minutes=16, seconds=30)
    world.sweep()
    assert world.order(order).state is OrderState.EXPIRED
    return order


def comes(world: World, order: Order, times: int = 3) -> Order:
    """The buyer pays now, and the provider says so several times."""
    [raw] = world.notices(order)
    for _ in range(times):
        assert world.deliver_notice(order, raw).body == b"success"
        world.minute()
    return world.order(order)


def books(world: World) -> tuple[Counter[str], dict[str, int]]:
    facts: Counter[str] = Counter()
    accounts: Counter[str] = Counter()
    for row in world.rows("test-journal"):
        if row["sk"] == "TXN":
            facts[row["kind"]] += 1
            for line in row["lines"]:
                accounts[line["account"].split("/")[0]] += line["amount_minor"] * (1 if line["side"] == "D" else -1)
    return facts, {name: sum_ for name, sum_ in accounts.items() if sum_}


@pytest.mark.parametrize("by", LATE)
def test_late_money_buys_its_goods_once_where_there_are_some(world: World, by: str) -> None:
    world.stock_up(2)
    order = expired(world)
    world.clock.advance(**LATE[by])
    after = comes(world, order)
    assert (after.state, after.is_late, after.refund_state) == (OrderState.COMPLETED, True, RefundState.NONE)
    assert len(world.secrets(order)) == 1
    assert world.left == 1
    assert books(world) == (
        Counter({"receipt_applied": 1, "delivered": 1}),
        {"psp:alipay:clearing": 1580, "revenue:sales": -1580},
    )
    assert len(world.letters) == 1, "the buyer, who may have left the page, is told"


@pytest.mark.parametrize("by", LATE)
def test_late_money_for_which_nothing_is_left_is_due_back_once(world: World, by: str) -> None:
    world.stock_up(1)
    order = expired(world)
    assert world.pay(world.buy()).state is OrderState.COMPLETED
    world.clock.advance(**LATE[by])
    [raw] = world.notices(order)
    for _ in range(3):
        assert world.deliver_notice(order, raw).body == b"success"
    after = world.order(order)
    assert (after.state, after.refund_state) == (OrderState.EXPIRED, RefundState.DUE)
    [refund] = [row for row in world.rows("test-trade") if row["sk"] == "REFUND"]
    assert (refund["order_id"], refund["amount"]["minor"]) == (order.id, 1580)
    assert books(world)[1] == {"psp:alipay:clearing": 3160, "revenue:sales": -1580, "refund:alipay:in_transit": -1580}
    page = open_order(world.deps, order.id, world.proof(order))
    assert page.order.refund_state is RefundState.DUE, "the order page tells him"
    world.minute(3)
    assert world.order(order).refund_state is RefundState.EXTRA, "and that it is done"
    assert books(world)[1] == {"psp:alipay:clearing": 1580, "revenue:sales": -1580}
    [given_back] = world.providers.alipay.refunds(out_trade_no(order.payment_id))
    assert given_back.amount_minor == 1580


def test_money_after_a_week_is_due_back_even_if_there_are_goods(world: World) -> None:
    world.stock_up(2)
    order = expired(world)
    world.clock.advance(days=7)
    after = comes(world, order)
    assert (after.state, after.refund_state, world.left) == (OrderState.EXPIRED, RefundState.EXTRA, 2)


def test_twin_without_its_end_late_money_would_buy_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "LATE_MAX", decide.LATE_MAX * 10)
    world.stock_up(2)
    order = expired(world)
    world.clock.advance(days=7)
    assert comes(world, order).state is OrderState.COMPLETED


# -- amounts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [-1579, -1, 1, 10_000])
def test_another_amount_delivers_nothing_and_becomes_an_entry_and_a_persons_case(world: World, wrong: int) -> None:
    world.stock_up(2)
    order = world.buy()
    [raw] = world.notices(order, order.total.minor + wrong)
    for _ in range(2):
        assert world.deliver_notice(order, raw).body == b"success"
    world.minute(20)
    after = world.order(order)
    assert (after.state, after.paid_at) == (OrderState.ON_HOLD, None)
    assert books(world) == (
        Counter({"receipt_suspended": 1}),
        {"psp:alipay:clearing": 1580 + wrong, "suspense:unidentified_receipts": -1580 - wrong},
    )
    [case] = [row for row in world.rows("test-trade") if row["sk"] == "CASE"]
    assert (case["kind"], case["ref"], case["state"]) == (CaseKind.MONEY, order.id, "OPEN")
    assert world.left == 1, "its card stays held until somebody decides"


def test_a_second_payment_is_an_entry_and_a_refund(world: World) -> None:
    world.stock_up(2)
    order = world.buy()
    world.pay(order)
    [second] = world.notices(order)
    assert world.deliver_notice(order, second).body == b"success"
    after = world.order(order)
    assert (after.state, after.refund_state) == (OrderState.COMPLETED, RefundState.DUE)
    assert books(world) == (
        Counter({"receipt_applied": 1, "delivered": 1, "receipt_suspended": 1, "refund_due": 1}),
        {"psp:alipay:clearing": 3160, "revenue:sales": -1580, "refund:alipay:in_transit": -1580},
    )
    assert len([row for row in world.rows("test-trade") if row["sk"] == "REFUND"]) == 1
    assert world.secrets(order) == ["SECRET-0"]


def test_money_of_another_channel_never_pays_an_order(world: World) -> None:
    """GIVEN epay has a trade under the number of an Alipay payment THEN its honest notice is money of unknown purpose."""
    world.stock_up(2)
    order = world.buy()
    number = out_trade_no(order.payment_id)
    world.providers.epay.open(number, order.total.minor)
    [raw] = world.providers.epay.pay(number)
    assert take_notice(world.deps, ChannelId("epay"), raw).body == b"success"
    assert world.order(order).state is OrderState.PENDING_PAYMENT
    assert books(world)[0] == Counter({"receipt_suspended": 1})
