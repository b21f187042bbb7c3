"""Which ways to pay a buyer is shown and may take: several accounts, bounds, limits, currencies, trouble at a provider."""

from collections.abc import Iterator
from typing import Any

import pytest

from faka.contexts.catalog.model import ChannelRow, FeeBearer
from faka.contexts.catalog.rates import RateRow
from faka.contexts.payments.errors import ChannelClosedForOrders, ChannelNotForAmount
from faka.contexts.payments.health import FAILURES_OPEN, PAUSE_MIN, health_key
from faka.contexts.payments.providers.alipay import Alipay
from faka.contexts.payments.providers.base import MethodNotOffered
from faka.flows.checkout import PriceChanged
from faka.flows.order_page import change_method, check_payment, open_order
from faka.flows.quote import QuoteRequest, quote
from faka.kernel.ids import ChannelId, OrderId
from faka.kernel.money import Currency, Money
from faka.kernel.secret import Secret
from faka.platform.table import Key, TableName
from faka.steps import health
from faka.steps.ways import Choice, ways_for, ways_of
from tests.kit.clock import START
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.unit

ALIPAY, EPAY, SECOND = ChannelId("alipay"), ChannelId("epay"), ChannelId("alipay-2")


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(20)
        yield made


def save(world: World, row: ChannelRow, **changes: Any) -> ChannelRow:
    after = ChannelRow.model_validate(row.model_dump() | changes)
    world.deps.tables.commit([world.deps.catalog.save_channel(after)])
    world.deps.catalog.forget()
    return after


def set_alipay(world: World, **changes: Any) -> ChannelRow:
    return save(world, world.providers.alipay.row(), **changes)


def second_account(world: World, **changes: Any) -> ChannelRow:
    """Two accounts at Alipay behind one way to pay."""
    set_alipay(world, group="alipay")
    return save(world, world.providers.alipay.row(), id="alipay-2", group="alipay", **changes)


def choice(world: World, order: str = "ord_1", **changes: Any) -> Choice:
    return Choice.model_validate({"unit": world.sku.price, "quantity": 1, "sight": "PC", "order_id": order} | changes)


def shown(world: World, **changes: Any) -> list[str]:
    return [row.id for row in ways_for(world.deps, choice(world, **changes))]


def set_rate(world: World, rate_e8: int = 13_820_000, age_h: int = 24) -> None:
    row = RateRow(base=Currency.CNY, to=Currency.USD, rate_e8=rate_e8, at=START, age_h=age_h, by="test")
    world.deps.tables.commit([world.deps.catalog.save_rate(row)])
    world.deps.catalog.forget()


def rest(world: World, channel: ChannelId) -> None:
    for _ in range(FAILURES_OPEN):
        health.noted(world.deps, channel, ok=False)


# -- closed channels ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [None, "", " " * 32, "changeme-changeme-changeme"])
def test_a_channel_without_a_real_secret_is_not_shown(world: World, secret: str | None) -> None:
    name = world.providers.alipay.row().secret_name
    world.providers.secrets.forget(name)
    if secret is not None:
        world.providers.secrets.write(name, {"private_key": Secret(secret)})
    assert shown(world) == ["epay"]
    with pytest.raises(ChannelClosedForOrders):
        world.buy()
    assert world.left == 20


def test_with_every_channel_closed_nothing_is_shown_and_nothing_is_held(world: World) -> None:
    for provider in (world.providers.alipay, world.providers.epay):
        world.providers.secrets.forget(provider.row().secret_name)
    assert shown(world) == []
    with pytest.raises(ChannelClosedForOrders):
        world.buy(channel="epay", method="epay")
    assert world.left == 20


@pytest.mark.parametrize(("sight", "ways"), [("PC", ["alipay", "epay"]), ("MOBILE", ["alipay", "epay"]), ("WECHAT", ["epay"])])
def test_a_channel_is_shown_on_its_devices(world: World, sight: str, ways: list[str]) -> None:
    set_alipay(world, devices=("PC", "MOBILE"))
    assert shown(world, sight=sight) == ways


# -- amounts ------------------------------------------------------------------------------------------------------


def test_a_channel_takes_amounts_within_its_bounds_only(world: World) -> None:
    set_alipay(world, amount_min_minor=1581, amount_max_minor=3160)
    assert shown(world) == ["epay"]
    assert shown(world, quantity=2) == ["alipay", "epay"]
    assert shown(world, quantity=3) == ["epay"]
    for wrong in (1, 3):
        with pytest.raises(ChannelNotForAmount):
            world.buy(quantity=wrong)
        with pytest.raises(ChannelNotForAmount):
            quote(world.deps, QuoteRequest(product=world.product.id, sku=world.sku.id, quantity=wrong, channel="alipay"))
    assert world.buy(quantity=2).channel_id == "alipay"


def test_an_account_rests_for_the_day_once_its_limit_is_reached(world: World) -> None:
    set_alipay(world, max_unsettled_minor=3200)
    for number in range(2):
        assert shown(world)[0] == "alipay"
        health.taken(world.deps, ALIPAY, f"t{number}", Money(minor=1580, currency=Currency.CNY))
        world.clock.advance(seconds=5)
    assert shown(world) == ["epay"]
    with pytest.raises(ChannelClosedForOrders):
        world.buy()
    world.clock.advance(hours=12)  # midnight in Shanghai has passed
    assert shown(world)[0] == "alipay"


def test_an_account_without_a_limit_is_not_counted(world: World) -> None:
    health.taken(world.deps, ALIPAY, "t1", Money(minor=1580, currency=Currency.CNY))
    assert [row for row in world.rows("test-guard") if row["pk"].startswith("TAKEN#")] == []


def test_the_days_sum_is_spread_over_rows_and_adds_up(world: World) -> None:
    set_alipay(world, max_unsettled_minor=10**9)
    for number in range(40):
        health.taken(world.deps, ALIPAY, f"t{number}", Money(minor=number, currency=Currency.CNY))
    rows = [row for row in world.rows("test-guard") if row["pk"].startswith("TAKEN#alipay#2026-03-02")]
    assert len(rows) == 4
    assert sum(row["minor"] for row in rows) == sum(range(40))
    assert health.standings(world.deps, world.deps.catalog.channels(fresh=True))[ALIPAY].taken_minor == sum(range(40))


def test_noting_an_outcome_does_not_forget_the_days_sum(world: World) -> None:
    """The memory of an instance holds both; a look at the one must not pass for a look at the other."""
    row = set_alipay(world, max_unsettled_minor=3000)
    health.taken(world.deps, ALIPAY, "t1", Money(minor=2000, currency=Currency.CNY))
    health.noted(world.deps, ALIPAY, ok=True)
    assert health.standings(world.deps, [row])[ALIPAY].taken_minor == 2000


# -- several accounts ---------------------------------------------------------------------------------------------


def test_accounts_of_a_group_are_one_way_and_the_form_keeps_the_one_that_it_was_shown(world: World) -> None:
    second_account(world)
    command = world.command()
    [drawn, other] = [row.id for row in ways_for(world.deps, choice(world, order=f"ord_{command.form_id}"))]
    assert other == "epay"
    order = world.buy(form_id=command.form_id, channel=drawn)
    assert order.channel_id == drawn


def test_both_accounts_get_orders(world: World) -> None:
    second_account(world)
    assert {shown(world, order=f"ord_{number}")[0] for number in range(40)} == {"alipay", "alipay-2"}


def test_an_account_that_closed_after_the_page_was_shown_hands_its_order_to_another_of_its_group(world: World) -> None:
    second_account(world)
    command = world.command(channel="alipay-2")
    rest(world, SECOND)
    assert world.buy(**command.model_dump()).channel_id == "alipay"


def test_the_same_form_again_is_the_same_order_though_its_account_has_closed(world: World) -> None:
    second_account(world)
    command = world.command(channel="alipay-2")
    first = world.buy(**command.model_dump())
    assert first.channel_id == "alipay-2"
    rest(world, SECOND)
    assert world.buy(**command.model_dump()).id == first.id
    assert world.left == 19


def test_another_account_with_another_fee_is_told_before_it_is_taken(world: World) -> None:
    set_alipay(world, group="alipay", fee_bp=100)
    save(world, world.providers.alipay.row(), id="alipay-2", group="alipay")
    rest(world, SECOND)
    with pytest.raises(PriceChanged):
        world.buy(channel="alipay-2", seen_total_minor=1580)
    assert world.left == 20


# -- fees ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bearer", list(FeeBearer))
def test_the_fee_before_paying_is_the_fee_of_the_order_and_of_the_ledger(world: World, bearer: FeeBearer) -> None:
    set_alipay(world, fee_bp=120, fee_fixed_minor=30, fee_bearer=bearer)
    told = quote(world.deps, QuoteRequest(product=world.product.id, sku=world.sku.id, quantity=2, channel="alipay")).price
    order = world.pay(world.buy(quantity=2, seen_total_minor=told.total.minor))
    wanted = 38 + 30 if bearer is FeeBearer.BUYER else 0  # 3160 × 1.2 % is 37.92
    assert (told.fee.minor, order.fee.minor, order.total.minor) == (wanted, wanted, 3160 + wanted)
    lines = [line for row in world.rows("test-journal") if row["pk"] == f"TXN#dlv:{order.id}" for line in row["lines"]]
    booked = sum(line["amount_minor"] for line in lines if line["account"] == "revenue:fees/CNY")
    assert booked == wanted


# -- health -------------------------------------------------------------------------------------------------------


def test_a_provider_that_does_not_answer_gets_no_new_orders_while_its_open_ones_are_asked_about(world: World) -> None:
    waiting = world.buy(method="precreate")
    world.providers.alipay.is_down = True
    orders = [world.buy(method="precreate") for _ in range(FAILURES_OPEN)]
    for order in orders:
        assert open_order(world.deps, order.id, world.proof(order)).checkout is None
    assert shown(world) == ["epay"]
    with pytest.raises(ChannelClosedForOrders):
        world.buy(method="precreate")
    world.providers.alipay.is_down = False
    assert world.pay(waiting).paid_at is not None


def test_the_first_order_after_the_pause_finds_out_and_the_channel_is_back(world: World) -> None:
    rest(world, ALIPAY)
    world.clock.advance(PAUSE_MIN.total_seconds())
    order = world.buy(method="precreate")
    with pytest.raises(ChannelClosedForOrders):
        world.buy(method="precreate")
    assert open_order(world.deps, order.id, world.proof(order)).checkout is not None
    world.clock.advance(seconds=3)
    assert world.buy(method="precreate").channel_id == "alipay"


def test_an_address_that_we_sign_ourselves_says_nothing_of_a_providers_health(world: World) -> None:
    rest(world, ALIPAY)
    world.clock.advance(PAUSE_MIN.total_seconds())
    order = world.buy(method="page")
    assert open_order(world.deps, order.id, world.proof(order)).checkout is not None
    key = health_key(ALIPAY)
    row = world.deps.tables.get(Key(TableName.GUARD, key.pk, key.sk))
    assert row is not None
    assert row["is_probing"]


def test_an_order_can_leave_a_provider_that_rests(world: World) -> None:
    order = world.buy(method="precreate")
    rest(world, ALIPAY)
    assert [row.id for row in ways_of(world.deps, order, "PC")] == ["alipay", "epay"]
    assert change_method(world.deps, order.id, world.proof(order), "epay", "epay").channel_id == "epay"


def test_an_order_cannot_go_to_a_provider_that_rests(world: World) -> None:
    order = world.buy(channel="epay", method="epay")
    rest(world, ALIPAY)
    with pytest.raises(ChannelClosedForOrders):
        change_method(world.deps, order.id, world.proof(order), "alipay", "precreate")
    assert world.order(order).attempt == 0


# -- currencies ---------------------------------------------------------------------------------------------------


def test_a_channel_in_another_currency_is_shown_while_a_rate_is_live(world: World) -> None:
    save(world, world.providers.epay.row(), currency="USD")
    assert shown(world) == ["alipay"]
    set_rate(world, age_h=1)
    assert shown(world) == ["alipay", "epay"]
    world.clock.advance(hours=1, seconds=1)
    assert shown(world) == ["alipay"]
    with pytest.raises(ChannelClosedForOrders):
        world.buy(channel="epay", method="epay")


def test_an_order_keeps_the_rate_that_it_was_placed_at(world: World) -> None:
    save(world, world.providers.epay.row(), currency="USD", fee_bp=100)
    set_rate(world)
    told = quote(world.deps, QuoteRequest(product=world.product.id, sku=world.sku.id, quantity=3, channel="epay")).price
    order = world.buy(channel="epay", method="epay", quantity=3, seen_total_minor=told.total.minor)
    set_rate(world, rate_e8=20_000_000)
    kept = world.deps.orders.get(OrderId(order.id))
    assert (kept.unit, kept.total) == (Money(minor=218, currency=Currency.USD), Money(minor=661, currency=Currency.USD))
    assert kept.rate is not None
    assert (kept.rate.rate_e8, kept.rate.at, kept.listed) == (13_820_000, START, world.sku.price)
    with pytest.raises(PriceChanged):
        world.buy(channel="epay", method="epay", quantity=3, seen_total_minor=told.total.minor)


def test_an_order_keeps_its_currency_when_it_is_paid_another_way(world: World) -> None:
    save(world, world.providers.epay.row(), currency="USD")
    set_rate(world)
    order = world.buy()
    assert [row.id for row in ways_of(world.deps, order, "PC")] == ["alipay"]
    with pytest.raises(ChannelClosedForOrders):
        change_method(world.deps, order.id, world.proof(order), "epay", "epay")


# -- what a provider does not take --------------------------------------------------------------------------------


def test_a_way_that_the_provider_itself_does_not_take_leaves_a_page_that_offers_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An amount below the provider's own least, say: the page stands, the channel's health is not blamed."""
    order = world.buy(method="precreate")

    def refuses(*_given: Any) -> Any:
        raise MethodNotOffered("below the least amount")

    monkeypatch.setattr(Alipay, "create", refuses)
    for _ in range(FAILURES_OPEN):
        assert open_order(world.deps, order.id, world.proof(order)).checkout is None
    assert [row.id for row in ways_of(world.deps, order, "PC")] == ["alipay", "epay"]
    assert shown(world)[0] == "alipay"


def test_the_provider_is_told_the_address_of_the_buyer_who_opens_the_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """WeChat's pages for phones are not made without it."""
    order, told = world.buy(method="precreate"), []
    real = Alipay.create

    def heard(self: Alipay, wish: Any) -> Any:
        told.append(wish.client_ip)
        return real(self, wish)

    monkeypatch.setattr(Alipay, "create", heard)
    open_order(world.deps, order.id, world.proof(order), "203.0.113.7")
    assert told == ["203.0.113.7"]


def test_questions_without_an_answer_close_a_channel_whose_addresses_we_sign_ourselves(world: World) -> None:
    orders = [world.buy(method="page") for _ in range(FAILURES_OPEN)]
    world.providers.alipay.is_down = True
    world.clock.advance(seconds=10)
    for order in orders:
        check_payment(world.deps, order.id, world.proof(order))
    assert shown(world) == ["epay"]
