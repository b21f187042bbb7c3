"""Giving back through Stripe: one number, one refund, also after Stripe has forgotten the number."""

from collections.abc import Callable
from typing import Any

import pytest

from faka.contexts.payments.providers import stripe_refunds
from faka.contexts.payments.providers.base import EventState, ProviderUnavailable
from faka.contexts.payments.providers.refunding import RefundDelayed, RefundProgress, RefundRefused
from faka.kernel.money import Currency, Money
from infra.local.actors.bank import RefundWay
from infra.local.actors.stripe_counter import no
from tests.contract.stripe_scene import REFUND, Scene, scene


__all__ = ["scene"]
pytestmark = pytest.mark.unit


def test_a_refund_is_sent_once_and_found_again(scene: Scene) -> None:
    scene.paid()
    assert scene.adapter.query_refund(scene.back()) is None
    event = scene.adapter.refund(scene.back())
    assert (event.state, event.out_refund_no, event.amount) == (RefundProgress.SUCCEEDED, REFUND, Money(minor=500, currency=Currency.CNY))
    for again in (scene.adapter.query_refund(scene.back()), scene.adapter.refund(scene.back())):
        assert again is not None
        assert again.model_copy(update={"raw_sha256": event.raw_sha256}) == event
    assert len(scene.trade.refunds) == 1


def test_a_lost_answer_is_repeated_under_the_same_number_and_moves_nothing_twice(scene: Scene) -> None:
    scene.paid()
    scene.provider.loses_answers = True
    with pytest.raises(ProviderUnavailable):
        scene.adapter.refund(scene.back())
    scene.provider.loses_answers = False
    assert scene.adapter.refund(scene.back()).state is RefundProgress.SUCCEEDED
    assert [refund.amount_minor for refund in scene.trade.refunds] == [500]


def test_days_later_the_number_is_forgotten_and_the_list_is_not(scene: Scene) -> None:
    scene.paid()
    scene.adapter.refund(scene.back())
    scene.clock.advance(days=2)
    scene.adapter.refund(scene.back())
    assert len(scene.trade.refunds) == 1


def test_twin_without_reading_the_list_the_money_would_go_back_twice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_refunds, "found", lambda *_: None)
    with pytest.raises(AssertionError):
        test_days_later_the_number_is_forgotten_and_the_list_is_not(scene)


def test_a_refund_on_its_way_is_not_done(scene: Scene) -> None:
    scene.paid()
    scene.provider.refund_way = RefundWay.LATER
    assert scene.adapter.refund(scene.back()).state is RefundProgress.PROCESSING
    scene.provider.finish_refund(scene.number)
    found = scene.adapter.query_refund(scene.back())
    assert found is not None
    assert found.state is RefundProgress.SUCCEEDED


def test_a_refund_that_failed_is_not_sent_again_under_its_number(scene: Scene) -> None:
    scene.paid()
    scene.adapter.refund(scene.back())
    scene.clock.advance(days=5)
    scene.provider.fail_refund(scene.number)
    assert scene.adapter.refund(scene.back()).state is RefundProgress.FAILED
    assert len(scene.trade.refunds) == 1


def test_many_parts_are_told_apart_by_their_numbers(scene: Scene) -> None:
    scene.paid()
    numbers = [f"rfd{index:026d}" for index in range(150)]
    for number in numbers:
        scene.adapter.refund(scene.back(10, out_refund_no=number))
    assert len(scene.trade.refunds) == 150
    found = scene.adapter.query_refund(scene.back(10, out_refund_no=numbers[0]))
    assert found is not None
    assert found.out_refund_no == numbers[0]


def test_more_than_was_paid_is_refused(scene: Scene) -> None:
    scene.paid()
    with pytest.raises(RefundRefused):
        scene.adapter.refund(scene.back(1581))
    with pytest.raises(RefundRefused):
        scene.adapter.refund(scene.back(channel_txn_id="pi_unknown", out_refund_no=REFUND[::-1]))


def test_a_short_balance_delays(scene: Scene) -> None:
    scene.paid()
    scene.provider.refund_way = RefundWay.SHORT
    with pytest.raises(RefundDelayed):
        scene.adapter.refund(scene.back())
    scene.provider.refund_way = RefundWay.AT_ONCE
    with pytest.raises(RefundDelayed):
        scene.adapter.refund(scene.back())
    scene.clock.advance(days=1, seconds=1)
    assert scene.adapter.refund(scene.back()).state is RefundProgress.SUCCEEDED, "after a day Stripe looks again"


@pytest.mark.parametrize(("status", "kind", "code", "error"), [
    (400, "invalid_request_error", "charge_already_refunded", RefundRefused),
    (400, "invalid_request_error", "charge_disputed", RefundRefused),
    (400, "invalid_request_error", "", RefundRefused),
    (402, "card_error", "card_declined", RefundRefused),
    (404, "invalid_request_error", "resource_missing", RefundRefused),
    (400, "invalid_request_error", "balance_insufficient", RefundDelayed),
    (429, "invalid_request_error", "rate_limit", RefundDelayed),
    (429, "invalid_request_error", "lock_timeout", RefundDelayed),
    (400, "idempotency_error", "", ProviderUnavailable),
    (401, "invalid_request_error", "api_key_expired", ProviderUnavailable),
    (403, "invalid_request_error", "", ProviderUnavailable),
    (409, "idempotency_error", "idempotency_key_in_use", ProviderUnavailable),
    (500, "api_error", "", ProviderUnavailable),
    (503, "api_error", "", ProviderUnavailable),
])  # fmt: skip
def test_what_a_refusal_proves(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, status: int, kind: str, code: str, error: type[Exception]
) -> None:
    scene.paid()
    monkeypatch.setattr(scene.desk.counter, "_refund", lambda _: no(status, kind, code))
    with pytest.raises(error) as caught:
        scene.adapter.refund(scene.back())
    assert type(caught.value) is error or error is ProviderUnavailable


@pytest.mark.parametrize("change", [
    lambda refund: refund | {"amount": 501},
    lambda refund: refund | {"currency": "usd"},
    lambda refund: refund | {"payment_intent": "pi_other"},
    lambda refund: refund | {"metadata": {**refund["metadata"], "out_trade_no": "pay01OTHER"}},
    lambda refund: refund | {"object": "charge"},
    lambda refund: refund | {"livemode": True},
    lambda refund: refund | {"amount": None},
    lambda refund: refund | {"id": 5.5},
])  # fmt: skip
def test_an_answer_about_something_else_is_no_outcome(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    scene.paid()
    honest = scene.desk.books.refund
    monkeypatch.setattr(scene.desk.books, "refund", lambda *given: change(honest(*given)))
    with pytest.raises(ProviderUnavailable):
        scene.adapter.refund(scene.back())


# -- what its events say --------------------------------------------------------------------------------------------------------------


def test_a_refund_that_fails_days_later_says_so(scene: Scene) -> None:
    scene.paid()
    scene.adapter.refund(scene.back())
    done = scene.read_refund(scene.event("refund.updated", scene.desk.books.refund(scene.trade, scene.trade.refunds[0])))
    scene.clock.advance(days=5)
    failed = scene.read_refund(scene.provider.fail_refund(scene.number))
    assert (done.state, failed.state) == (RefundProgress.SUCCEEDED, RefundProgress.FAILED)
    assert (done.out_refund_no, done.amount) == (failed.out_refund_no, failed.amount) == (scene.back().out_refund_no, scene.back().amount)
    assert done.dedupe_key != failed.dedupe_key


def test_a_refund_from_the_console_has_no_number_of_ours(scene: Scene) -> None:
    scene.paid()
    event = scene.read_refund(scene.provider.refund(scene.number, 300))
    assert (event.out_refund_no, event.channel_txn_id, event.amount.minor) == ("", f"pi_{scene.trade.trade_no}", 300)


@pytest.mark.parametrize(("status", "state"), [
    ("pending", RefundProgress.PROCESSING),
    ("requires_action", RefundProgress.PROCESSING),
    ("succeeded", RefundProgress.SUCCEEDED),
    ("failed", RefundProgress.FAILED),
    ("canceled", RefundProgress.FAILED),
    ("invented", RefundProgress.UNKNOWN),
])  # fmt: skip
def test_a_refunds_status_is_of_a_closed_list(scene: Scene, status: str, state: RefundProgress) -> None:
    scene.paid()
    scene.adapter.refund(scene.back())
    refund = scene.desk.books.refund(scene.trade, scene.trade.refunds[0]) | {"status": status}
    assert scene.read_refund(scene.event("refund.updated", refund)).state is state


def test_a_charge_says_how_much_of_it_went_back(scene: Scene) -> None:
    scene.paid()
    scene.provider.refund(scene.number, 300)
    event = scene.read(scene.event("charge.refunded", scene.desk.books.charge(scene.trade, scene.trade.payments[0])))
    assert (event.state, event.refunded) == (EventState.REFUNDED, Money(minor=300, currency=Currency.CNY))
    assert event.channel_txn_id == f"pi_{scene.trade.trade_no}"
