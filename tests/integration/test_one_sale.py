"""One sale from shelf to card, and what the rows say afterwards."""

import pytest

from faka.contexts.orders.errors import KeyReusedWithOtherBody, OrderNotFound
from faka.contexts.orders.model import DeliveryState, OrderState
from faka.contexts.quotas.errors import QuotaExceeded
from faka.contexts.stock import OutOfStock
from faka.flows.checkout import checkout
from faka.flows.order_page import change_method
from faka.kernel.ids import out_trade_no
from faka.steps.proof import Proof, prove
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.integration


@pytest.fixture
def world(dynamodb):
    return World(dynamodb)


def test_a_paid_order_has_its_card_and_only_its_owner_reads_it(world):
    world.stock_up(3)
    order = world.buy()
    assert order.state is OrderState.PENDING_PAYMENT
    assert world.left == 2

    paid = world.pay(order)
    assert (paid.state, paid.delivery) == (OrderState.COMPLETED, DeliveryState.READY)
    assert world.secrets(order) == ["SECRET-0"]
    assert world.order(order).delivery is DeliveryState.REVEALED

    with pytest.raises(OrderNotFound):
        prove(world.deps, order.id, Proof(code="0" * 16))


def test_the_ledger_balances_and_says_what_was_earned(world):
    world.stock_up(1)
    order = world.buy()
    world.pay(order)
    lines = [line for row in world.rows("test-journal") if row["sk"] == "TXN" for line in row["lines"]]
    per_account: dict[str, int] = {}
    for line in lines:
        signed = line["amount_minor"] if line["side"] == "D" else -line["amount_minor"]
        per_account[line["account"]] = per_account.get(line["account"], 0) + signed
    assert sum(per_account.values()) == 0
    assert per_account[f"order:{order.id}:funds/CNY"] == 0
    assert per_account["psp:alipay:clearing/CNY"] == 1580
    assert per_account["revenue:sales/CNY"] == -1580


def test_the_same_form_twice_is_one_order(world):
    world.stock_up(3)
    command = world.command()
    first, second = checkout(world.deps, command), checkout(world.deps, command)
    assert first.id == second.id
    assert world.left == 2


def test_a_used_form_with_another_body_is_refused_and_takes_nothing(world):
    world.stock_up(5)
    command = world.command()
    checkout(world.deps, command)
    with pytest.raises(KeyReusedWithOtherBody):
        checkout(world.deps, command.model_copy(update={"quantity": 2}))
    assert world.left == 4


def test_a_partial_take_goes_back_when_the_rest_is_not_there(world):
    world.stock_up(3)
    with pytest.raises(OutOfStock):
        world.buy(quantity=5)
    assert world.left == 3
    world.buy(quantity=3)
    assert world.left == 0


def test_the_engine_tells_the_same_story():
    """The crash and order tests run on the engine; this one holds it to the story that moto tells above."""
    with engine_world() as world:
        world.stock_up(3)
        order = world.buy(contact="buyer@example.com")
        world.pay(order)
        world.minute(2)
        assert world.secrets(order) == ["SECRET-0"]
        assert len(world.letters) == 1


def test_one_visitor_holds_no_more_than_the_quota_and_paying_frees_it(dynamodb):
    world = World(dynamodb, holds_max=2)
    world.stock_up(10)
    first, _ = world.buy(address="10.9.9.9"), world.buy(address="10.9.9.9")
    with pytest.raises(QuotaExceeded):
        world.buy(address="10.9.9.9")
    assert world.left == 8
    world.pay(first)
    world.buy(address="10.9.9.9")
    assert world.left == 7


def test_a_contact_holds_no_more_than_the_quota_from_any_address(dynamodb):
    world = World(dynamodb, holds_max=2)
    world.stock_up(10)
    world.buy(contact="a@example.com")
    world.buy(contact="a@example.com")
    with pytest.raises(QuotaExceeded):
        world.buy(contact="A@EXAMPLE.com")
    assert world.left == 8


def test_an_unpaid_order_expires_and_its_card_is_sold_to_the_next(world):
    world.stock_up(1)
    order = world.buy()
    with pytest.raises(OutOfStock):
        world.buy()
    world.clock.advance(minutes=16)
    world.minute()
    assert world.order(order).state is OrderState.EXPIRED
    assert world.left == 1
    assert world.secrets(_paid(world)) == ["SECRET-0"]


def test_a_mail_goes_out_once_with_a_link_and_without_the_card(world):
    world.stock_up(1)
    order = world.buy(contact="buyer@example.com")
    world.pay(order)
    world.minute(3)
    [(to, subject, text)] = world.letters
    assert to == "buyer@example.com"
    assert f"https://shop.test/o/{order.id}" in text
    assert "SECRET" not in subject + text


def _paid(world):
    order = world.buy()
    world.pay(order)
    return order


def test_changing_the_way_to_pay_closes_the_old_attempt_and_its_late_money_still_counts(world):
    world.stock_up(2)
    order = world.buy()
    changed = change_method(world.deps, order.id, world.proof(order), "epay", "epay")
    assert (changed.channel_id, changed.attempt) == ("epay", 1)
    [raw] = world.notices(order)  # the buyer had the first page open and pays there
    world.deliver_notice(order, raw)
    paid = world.order(order)
    assert (paid.state, paid.channel_id, paid.total) == (OrderState.COMPLETED, "alipay", order.total)
    world.clock.advance(minutes=17)
    world.minute(2)
    assert world.left == 1


def test_an_epay_notice_only_pays_when_the_provider_confirms_it(world):
    world.stock_up(1)
    order = world.buy(channel="epay", method="epay")
    provider = world.providers.epay
    number = out_trade_no(order.payment_id)
    provider.open(number, order.total.minor)
    false_alarm = provider.notice(number)
    assert world.deliver_notice(order, false_alarm).body == b"success"
    assert world.order(order).state is OrderState.PENDING_PAYMENT
    world.pay(order)
    assert world.order(order).state is OrderState.COMPLETED
