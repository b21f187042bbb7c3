"""What other card shops lost goods by when a provider spoke (F05 to F07, F16, F18), each as it happened there."""

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from faka.contexts.orders.model import Order, OrderState
from faka.contexts.payments.providers import account
from faka.contexts.payments.providers.base import ChannelClosed, EventState
from faka.contexts.payments.providers.epay import Epay
from faka.flows.take_notice import take_notice
from faka.kernel.exchange import Forged, Malformed
from faka.kernel.ids import ChannelId, out_trade_no
from faka.kernel.secret import Secret
from faka.steps.settle import booking
from infra.local.actors.spelling import md5
from tests.kit.world import World, engine_world
from tests.security.absent import routes_of
from tests.security.attack import Doors
from tests.security.tills import due_back, forget, postings, tell


pytestmark = pytest.mark.security


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(40)
        yield made


# -- F05: the provider repeats itself ----------------------------------------------------------------------------------


def repeated(world: World, times: int) -> tuple[int, int]:
    """How many cards left stock, and how often money is due back, after one payment that is told `times` times."""
    order, before = world.buy(), world.left + 1
    [raw] = world.notices(order)
    for _ in range(times):
        tell(world, order, raw)
        world.minute()
    return before - world.left, len(due_back(world))


@pytest.mark.parametrize("times", [2, 20])
def test_f05_a_notice_that_comes_again_takes_no_second_card(world: World, times: int) -> None:
    assert repeated(world, times) == (1, 0)


def test_twin_f05_where_nothing_remembers_the_movement_it_is_booked_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    forget(monkeypatch)
    assert repeated(world, 3)[1] > 0


# -- F06: a valid signature, and no money ------------------------------------------------------------------------------


def unpaid_but_told(world: World) -> Order:
    """The gateway signs a success that its own books do not know."""
    order = world.buy(channel="epay", method="epay")
    number = out_trade_no(order.payment_id)
    trade = world.providers.epay.open(number, order.total.minor)
    desk = world.providers.epay.desk
    told = {"out_trade_no": number, "trade_no": "2026030299", "trade_status": "TRADE_SUCCESS", "type": "alipay", "name": "x"}
    told |= {"pid": world.providers.epay.channel["account"]["pid"], "money": order.total.decimal()}
    assert trade.state != "PAID"
    [sample] = [world.providers.epay.notice(number)]
    raw = sample.model_copy(update={"query": tuple(desk.signed(told).items()), "body": b"", "method": "GET", "headers": {}})
    world.deliver_notice(order, raw)
    return world.order(order)


def test_f06_a_signed_success_without_money_behind_it_pays_nothing(world: World) -> None:
    order = unpaid_but_told(world)
    world.minute(3)
    assert world.order(order).paid_at is None
    assert postings(world) == Counter()


def test_twin_f06_who_believes_the_signature_alone_hands_the_goods_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Epay, "needs_query", False)
    assert unpaid_but_told(world).state is OrderState.COMPLETED


def test_f06_from_expired_to_paid_there_is_the_late_way_only(world: World) -> None:
    order = world.buy()
    world.clock.advance(minutes=20)
    world.sweep()
    assert world.order(order).state is OrderState.EXPIRED
    after = world.pay(order)
    assert (after.state, after.is_late) == (OrderState.COMPLETED, True), "its cards were claimed anew"


# -- F07: an empty secret, and the notice of somebody else -------------------------------------------------------------

NO_SECRETS: dict[str, str | None] = {
    "missing": None,
    "empty": "",
    "blank": " " * 32,
    "short": "Ab3dEf6hIj9kLm2",
    "placeholder": "your-epay-key-goes-here-1",
}


def forged_with_nothing(world: World, order: Order, key: str) -> Any:
    """What everybody can sign where the key is empty or known."""
    told = {"out_trade_no": out_trade_no(order.payment_id), "trade_no": "1", "trade_status": "TRADE_SUCCESS", "type": "alipay", "name": "x"}
    told |= {"pid": world.providers.epay.channel["account"]["pid"], "money": order.total.decimal()}
    signed = {**told, "sign": md5(told, key), "sign_type": "MD5"}
    return world.providers.epay.pay(out_trade_no(order.payment_id), order.total.minor)[0].model_copy(
        update={"query": tuple(signed.items()), "body": b"", "method": "GET", "headers": {}}
    )


@pytest.mark.parametrize("how", NO_SECRETS)
def test_f07_a_channel_without_a_real_secret_is_closed_and_verifies_nothing(world: World, how: str) -> None:
    order, key = world.buy(channel="epay", method="epay"), NO_SECRETS[how]
    without_secret(world, key)
    raw = forged_with_nothing(world, order, key or "")
    with pytest.raises(ChannelClosed):
        take_notice(world.deps, ChannelId("epay"), raw)
    page = Doors(world).send(
        ("GET", "/v1/callbacks/{channel}/{account}"),
        params={"channel": "epay", "account": "epay"},
        query=raw.query,
        headers={"accept": "*/*"},
    )
    assert page.status == 503
    assert world.order(order).paid_at is None


@pytest.mark.parametrize("how", ["empty", "blank", "short", "placeholder"])
def test_twin_f07_where_any_secret_will_do_everybody_can_sign(world: World, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "is_usable", lambda _: True)
    order, key = world.buy(channel="epay", method="epay"), NO_SECRETS[how] or ""
    without_secret(world, key)
    event = world.deps.adapter(ChannelId("epay")).parse_notice(forged_with_nothing(world, order, key))
    assert event.state is EventState.SUCCEEDED


def without_secret(world: World, key: str | None) -> None:
    if key is None:
        world.providers.secrets.forget("faka/channels/epay")
    else:
        world.providers.secrets.write("faka/channels/epay", {"key": Secret(key)})
    world.clock.advance(minutes=6)


@pytest.mark.parametrize(("mine", "other"), [("alipay", "epay"), ("epay", "alipay")])
def test_f07_the_notice_of_one_channel_completes_no_order_of_another(world: World, mine: str, other: str) -> None:
    order = world.buy(channel=mine, method={"alipay": "page", "epay": "epay"}[mine])
    number = out_trade_no(order.payment_id)
    world.providers.by_id(other).open(number, order.total.minor)
    [raw] = world.providers.by_id(other).pay(number)
    with pytest.raises((Forged, Malformed)):
        take_notice(world.deps, ChannelId(mine), raw)
    take_notice(world.deps, ChannelId(other), raw)
    world.minute(2)
    assert world.order(order).paid_at is None, "money of another channel is somebody's, and not this order's"


def test_twin_f07_where_the_channel_is_not_compared_it_does(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = booking.decide

    def careless(payment: Any, order: Any, event: Any, now: Any) -> Any:
        return real(payment and payment.model_copy(update={"channel_id": event.channel_id}), order, event, now)

    monkeypatch.setattr(booking, "decide", careless)
    order = world.buy(channel="epay", method="epay")
    number = out_trade_no(order.payment_id)
    world.providers.alipay.open(number, order.total.minor)
    [raw] = world.providers.alipay.pay(number)
    take_notice(world.deps, ChannelId("alipay"), raw)
    assert world.order(order).paid_at is not None


# -- F16: parallel requests credit several times -----------------------------------------------------------------------


def at_once(world: World, order: Order, raw: Any, times: int = 5) -> None:
    """Several at the same moment, on an engine whose conditional writes are atomic."""
    gate = threading.Barrier(times)

    def run() -> None:
        gate.wait()
        tell(world, order, raw)

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_f16_five_notices_at_once_are_booked_once_and_no_account_can_be_filled(world: World) -> None:
    order = world.buy()
    [raw] = world.notices(order)
    at_once(world, order, raw)
    world.minute(2)
    assert postings(world) == Counter(receipt_applied=1, delivered=1)
    assert routes_of(r"recharge|top-?up|deposit") == []


def test_twin_f16_where_nothing_remembers_the_movement_five_are_several(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    forget(monkeypatch)
    order = world.buy()
    [raw] = world.notices(order)
    for _ in range(5):
        tell(world, order, raw)
    assert due_back(world)


# -- F18: two orders of one amount -------------------------------------------------------------------------------------


def test_f18_of_two_open_orders_of_one_amount_the_paid_one_is_paid(world: World) -> None:
    first, second = world.buy(), world.buy()
    assert first.total == second.total
    world.pay(second)
    world.minute(2)
    assert (world.order(first).paid_at, world.order(second).state) == (None, OrderState.COMPLETED)


def test_twin_f18_who_matches_by_amount_pays_the_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = world.buy(), world.buy()
    real = booking._read
    monkeypatch.setattr(
        booking, "_read", lambda deps, event: real(deps, event.model_copy(update={"out_trade_no": out_trade_no(first.payment_id)}))
    )
    world.pay(second)
    assert world.order(first).paid_at is not None
