"""What the callback flow does with notices that nobody may believe, and with real money that fits nowhere."""

import pytest

from faka.contexts.catalog.errors import ChannelNotFound
from faka.contexts.orders.model import OrderState
from faka.contexts.payments.errors import ChannelClosedForOrders
from faka.contexts.payments.providers.base import ChannelClosed
from faka.flows.take_notice import take_notice
from faka.kernel.exchange import Forged, Malformed
from faka.kernel.ids import ChannelId, out_trade_no
from tests.kit.world import engine_world


pytestmark = pytest.mark.integration


@pytest.fixture
def world():
    with engine_world() as made:
        made.stock_up(3)
        yield made


@pytest.mark.parametrize("channel", ["alipay", "epay"])
def test_forged_notices_are_refused_change_nothing_and_leave_a_line_without_their_body(world, channel, caplog):
    order = world.buy(channel=channel, method={"alipay": "page", "epay": "epay"}[channel])
    provider = world.providers.by_id(channel)
    number = out_trade_no(order.payment_id)
    provider.open(number, order.total.minor)
    before = world.image()
    refused = 0
    for raw in provider.forgeries(number):
        caplog.clear()
        try:
            take_notice(world.deps, ChannelId(channel), raw)
        except (Forged, Malformed):
            refused += 1
            assert "notice_refused" in caplog.text
            assert number not in caplog.text
        assert world.order(order).state is OrderState.PENDING_PAYMENT
    assert refused >= 6
    changed = {pk for pk, row in world.image().items() if before.get(pk) != row and not pk.startswith("NOTICE#")}
    assert not changed


def test_a_channel_without_a_secret_neither_verifies_nor_sells(world):
    order = world.buy()
    [raw] = world.notices(order)
    world.providers.secrets.forget("faka/channels/alipay")
    world.clock.advance(minutes=6)
    with pytest.raises(ChannelClosed):
        take_notice(world.deps, ChannelId("alipay"), raw)
    with pytest.raises(ChannelClosedForOrders):
        world.buy()
    assert world.left == 2


def test_the_valid_notice_of_one_channel_is_nothing_at_another(world):
    order = world.buy()
    [raw] = world.notices(order)
    with pytest.raises((Forged, Malformed)):
        take_notice(world.deps, ChannelId("epay"), raw)
    with pytest.raises(ChannelNotFound):
        take_notice(world.deps, ChannelId("nobody"), raw)


def test_money_for_an_unknown_number_is_booked_in_suspense_acknowledged_and_a_persons_case(world):
    provider = world.providers.alipay
    provider.open("pay01ARZ3NDEKTSV4RRFFQ69G5FAV00", 500)
    [raw] = provider.pay("pay01ARZ3NDEKTSV4RRFFQ69G5FAV00")
    for _ in range(3):
        assert take_notice(world.deps, ChannelId("alipay"), raw).body == b"success"
    [receipt] = [row for row in world.rows("test-trade") if row["sk"] == "CHANNELTXN"]
    assert receipt["state"] == "ORPHAN"
    assert len([row for row in world.rows("test-trade") if row["sk"] == "CASE"]) == 1
    [entry] = [row for row in world.rows("test-journal") if row["sk"] == "TXN"]
    assert entry["kind"] == "receipt_suspended"


def test_a_wrong_amount_delivers_nothing_until_the_right_one_comes(world):
    order = world.buy()
    [short] = world.notices(order, amount_minor=1)
    assert world.deliver_notice(order, short).body == b"success"
    assert world.order(order).state is OrderState.ON_HOLD
    world.pay(order)
    assert world.order(order).state is OrderState.COMPLETED


def test_while_the_provider_of_a_weak_channel_is_down_the_notice_waits_and_is_applied_by_the_sweep(world):
    order = world.buy(channel="epay", method="epay")
    [raw] = world.notices(order)
    world.providers.epay.is_down = True
    assert world.deliver_notice(order, raw).body == b"success"
    assert world.order(order).state is OrderState.PENDING_PAYMENT
    world.providers.epay.is_down = False
    world.minute(2)
    assert world.order(order).state is OrderState.COMPLETED


def test_a_payment_after_the_last_card_went_to_another_is_refunded_and_nothing_is_oversold():
    with engine_world() as world:
        world.stock_up(1)
        late = world.buy()
        world.clock.advance(minutes=17)
        world.minute()
        other = world.buy()
        world.pay(other)
        [raw] = world.notices(late)
        assert world.deliver_notice(late, raw).body == b"success"
        order = world.order(late)
        assert (order.state, order.refund_state) == (OrderState.EXPIRED, "DUE")
        [refund] = [row for row in world.rows("test-trade") if row["sk"] == "REFUND"]
        assert refund["amount"]["minor"] == late.total.minor
        assert world.secrets(other) == ["SECRET-0"]
