"""Money near the cut of the day: in doubt for two days, cleared by the bill that has it, and a person's work after that."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from faka.contexts.orders.model import Order
from faka.contexts.statements.model import RunState
from faka.flows.reconcile import export as exporting
from faka.kernel.clock import SHANGHAI
from infra.local.actors.bank import Payment
from tests.unit.flows.reconcile.given import ALIPAY, Nights, night_world


pytestmark = pytest.mark.integration


@pytest.fixture
def nights() -> Iterator[Nights]:
    with night_world() as given:
        yield given


def at(nights: Nights, hour: int, minute: int) -> None:
    now = nights.world.clock.now().astimezone(SHANGHAI)
    nights.world.clock.set(now.replace(hour=hour, minute=minute))


def bank_payment(nights: Nights, order: Order) -> Payment:
    trade = nights.world.providers.bank.find("alipay", nights.number(order))
    assert trade is not None
    return trade.payments[0]


def paid_before_midnight(nights: Nights, *, the_bank_says_s: float) -> Order:
    """We heard it at ten to twelve; the provider books it so many seconds later."""
    at(nights, 23, 50)
    order = nights.bought()
    bank_payment(nights, order).paid_at += the_bank_says_s
    return order


def test_a_payment_that_the_provider_books_after_midnight_is_in_doubt_and_cleared_by_the_next_bill(nights: Nights) -> None:
    paid_before_midnight(nights, the_bank_says_s=900)
    nights.morning()
    assert nights.night().state is RunState.BALANCED
    assert nights.states() == ["LOCAL_ONLY_PAYMENT TIMING"]
    nights.morning(2)
    assert nights.night(day=nights.day + timedelta(days=1)).state is RunState.BALANCED
    assert nights.states() == ["LOCAL_ONLY_PAYMENT CLEARED"]
    assert nights.rows()[0].cleared_by == f"RECON#alipay#{nights.day + timedelta(days=1)}"


def test_a_day_run_again_does_not_bring_back_what_another_day_cleared(nights: Nights) -> None:
    paid_before_midnight(nights, the_bank_says_s=900)
    nights.morning()
    nights.night()
    nights.morning(2)
    nights.night(day=nights.day + timedelta(days=1))
    nights.night()
    assert nights.states() == ["LOCAL_ONLY_PAYMENT CLEARED"]
    assert nights.deps.statements.corrections(ALIPAY, nights.day) == []


def test_what_no_bill_shows_for_two_days_is_open_and_a_case(nights: Nights) -> None:
    paid_before_midnight(nights, the_bank_says_s=30 * 86_400)
    for days in range(3):
        nights.morning(days + 1)
        nights.night(day=nights.day + timedelta(days=days))
        assert nights.states() == [f"LOCAL_ONLY_PAYMENT {'OPEN' if days == 2 else 'TIMING'}"]
    assert nights.deps.cases.find(f"case_money_{nights.rows()[0].id}") is not None  # type: ignore[arg-type]


def test_a_payment_that_the_provider_books_before_midnight_and_we_after_it_is_matched_once(nights: Nights) -> None:
    at(nights, 23, 59)
    nights.world.clock.advance(minutes=6)
    order = nights.bought()
    bank_payment(nights, order).paid_at -= 600
    nights.morning()
    assert nights.night().state is RunState.BALANCED
    assert nights.reduced.matched == 1
    nights.morning(2)
    nights.night(day=nights.day + timedelta(days=1))
    assert nights.rows(day=nights.day + timedelta(days=1)) == []


def test_without_the_memory_of_the_bill_before_it_would_be_in_doubt(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_shown_before", lambda deps, channel, day: set())
    at(nights, 23, 59)
    nights.world.clock.advance(minutes=6)
    order = nights.bought()
    bank_payment(nights, order).paid_at -= 600
    nights.morning()
    nights.night()
    nights.morning(2)
    nights.night(day=nights.day + timedelta(days=1))
    assert len(nights.rows(day=nights.day + timedelta(days=1))) == 1


# -- money that goes back, and comes twice ----------------------------------------------------------------------------------


def test_a_refund_in_the_providers_console_is_a_persons_case(nights: Nights) -> None:
    order = nights.bought()
    trade = nights.world.providers.bank.find("alipay", nights.number(order))
    assert trade is not None
    nights.world.providers.bank.refund(trade, "console1", 100)
    nights.morning()
    assert nights.night().state is RunState.DISCREPANT
    assert nights.states() == ["BILL_ONLY_REFUND OPEN"]
    assert nights.deps.cases.find(f"case_refund_{nights.rows()[0].id}") is not None  # type: ignore[arg-type]


def test_a_second_payment_in_the_bill_becomes_a_refund_of_it(nights: Nights) -> None:
    order = nights.bought()
    trade = nights.world.providers.bank.find("alipay", nights.number(order))
    assert trade is not None
    second = nights.world.providers.bank.pay(trade)
    nights.morning()
    assert nights.night().state is RunState.BALANCED
    assert nights.states() == ["DUPLICATE_PAYMENT AUTO_FIXED"]
    receipt = nights.deps.payments.receipt(f"alipay:{second.trade_no}")
    assert receipt is not None
    assert receipt.state == "REFUND_DUE"


def test_money_of_no_number_of_ours_is_kept_in_suspense(nights: Nights) -> None:
    provider = nights.world.providers.alipay
    provider.open("till00000001", 1_580)
    trade = nights.world.providers.bank.find("alipay", "till00000001")
    assert trade is not None
    paid = nights.world.providers.bank.pay(trade)
    nights.morning()
    nights.night()
    assert nights.states() == ["BILL_ONLY_PAYMENT AUTO_FIXED"]
    receipt = nights.deps.payments.receipt(f"alipay:{paid.trade_no}")
    assert receipt is not None
    assert receipt.state == "ORPHAN"
