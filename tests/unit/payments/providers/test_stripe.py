"""Stripe: asking for money, asking about it, ending it, against a player that forgets numbers after a day as the real one does."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from faka.contexts.payments.providers import stripe_sessions
from faka.contexts.payments.providers.base import AlreadyPaid, CloseResult, EventState, MethodNotOffered, ProviderUnavailable
from faka.contexts.payments.providers.stripe_gateway import API_VERSION, Gateway
from faka.kernel.clock import epoch_s
from faka.kernel.money import Currency, Money
from infra.local.actors.desk import Asked
from tests.contract.stripe_scene import AMOUNT_MINOR, Scene, scene


__all__ = ["scene"]
pytestmark = pytest.mark.unit


def asked(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """What reaches Stripe from now on."""
    seen: list[Asked] = []
    serve = scene.desk.serve
    monkeypatch.setattr(scene.desk, "serve", lambda one: (seen.append(one), serve(one))[1])
    return seen


# -- create ---------------------------------------------------------------------------------------------------------------


def test_a_session_is_asked_for_under_our_number_in_a_pinned_version(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = asked(scene, monkeypatch)
    checkout = scene.created()
    [call] = seen
    assert call.headers["idempotency-key"] == scene.number
    assert call.headers["stripe-version"] == API_VERSION
    form = dict(parse_qsl(call.body.decode()))
    assert (
        form["metadata[out_trade_no]"] == form["payment_intent_data[metadata][out_trade_no]"] == form["client_reference_id"] == scene.number
    )
    assert (form["line_items[0][price_data][currency]"], form["line_items[0][price_data][unit_amount]"]) == ("cny", "1580")
    assert checkout.provider_ref.startswith("cs_test_")
    assert scene.provider.visit(checkout) == scene.number


def test_yen_have_no_decimals() -> None:
    scene = Scene(currency=Currency.JPY)
    scene.created()
    assert (scene.trade.amount_minor, scene.trade.currency) == (AMOUNT_MINOR, "JPY")
    assert scene.read(scene.paid()).amount == Money(minor=AMOUNT_MINOR, currency=Currency.JPY)


def test_a_second_call_under_the_same_number_makes_no_second_session(scene: Scene) -> None:
    first = scene.created()
    scene.clock.advance(minutes=5)
    order = scene.order(expires_at=first.valid_until)
    assert scene.adapter.create(order) == first


def test_a_number_that_was_used_with_other_words_leads_to_the_session_that_there_is(scene: Scene) -> None:
    first = scene.created()
    again = scene.created(subject="Video pass, a month")
    assert again.provider_ref == first.provider_ref


def test_a_number_that_was_paid_is_not_asked_for_again(scene: Scene) -> None:
    scene.paid()
    with pytest.raises(AlreadyPaid):
        scene.created(subject="Video pass, a month")


def test_a_number_that_was_used_for_another_amount_is_no_page_to_pay_at(scene: Scene) -> None:
    scene.created()
    with pytest.raises(ProviderUnavailable):
        scene.created(amount=Money(minor=AMOUNT_MINOR + 1, currency=Currency.CNY))


@pytest.mark.parametrize(("order_s", "session_s"), [(60, 32 * 60), (15 * 60, 46 * 60), (3600, 91 * 60), (30 * 3600, 24 * 3600 - 60)])
def test_a_session_ends_between_half_an_hour_and_a_day(scene: Scene, monkeypatch: pytest.MonkeyPatch, order_s: int, session_s: int) -> None:
    seen = asked(scene, monkeypatch)
    scene.created(expires_at=scene.clock.now() + timedelta(seconds=order_s))
    ends_at = int(dict(parse_qsl(seen[0].body.decode()))["expires_at"])
    assert ends_at - epoch_s(scene.clock.now()) == session_s


def test_twin_without_the_clamp_stripe_refuses_a_short_order(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.contexts.payments.providers.stripe.SESSION_MIN", timedelta(0))
    with pytest.raises(ProviderUnavailable):
        scene.created()


@pytest.mark.parametrize("changes", [
    {"method": "page"},
    {"amount": Money(minor=1580, currency=Currency.USD)},
    {"amount": Money(minor=399, currency=Currency.CNY)},
    {"amount": Money(minor=100_000_000, currency=Currency.CNY)},
])  # fmt: skip
def test_what_stripe_would_not_take_is_not_asked_for(scene: Scene, changes: dict[str, Any]) -> None:
    with pytest.raises(MethodNotOffered):
        scene.created(**changes)
    assert not scene.provider.calls


def test_coins_are_not_a_currency_of_stripes() -> None:
    scene = Scene(currency=Currency.USDT)
    with pytest.raises(MethodNotOffered):
        scene.created(amount=Money(minor=10_000_000, currency=Currency.USDT))


# -- query ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[True, False], ids=["by the session's id", "by our number"])
def ref(request: pytest.FixtureRequest, scene: Scene) -> str:
    checkout = scene.created()
    return checkout.provider_ref if request.param else ""


def test_an_open_session_is_pending(scene: Scene, ref: str) -> None:
    event = scene.adapter.query(scene.number, provider_ref=ref)
    assert event is not None
    assert (event.state, event.channel_txn_id, event.amount.minor) == (EventState.PENDING, "", AMOUNT_MINOR)


def test_a_paid_session_says_what_its_notice_said(scene: Scene, ref: str) -> None:
    told = scene.read(scene.paid())
    event = scene.adapter.query(scene.number, provider_ref=ref)
    assert event is not None
    facts = ("out_trade_no", "channel_txn_id", "state", "amount", "payer_ref", "paid_at")
    assert [getattr(event, fact) for fact in facts] == [getattr(told, fact) for fact in facts]


def test_a_session_whose_money_went_back_in_part_is_no_payment(scene: Scene, ref: str) -> None:
    scene.paid()
    scene.provider.refund(scene.number, 500)
    event = scene.adapter.query(scene.number, provider_ref=ref)
    assert event is not None
    assert (event.state, event.refunded) == (EventState.REFUNDED, Money(minor=500, currency=Currency.CNY))


def test_a_number_without_a_session_is_not_known(scene: Scene) -> None:
    scene.created()
    assert scene.adapter.query(scene.another(0, seed=9)) is None
    assert scene.adapter.query("R20260302") is None


def test_a_session_is_found_among_those_of_its_hours(scene: Scene) -> None:
    numbers = [scene.another(0, seed=seed) for seed in range(2, 252)]
    for number in numbers:
        scene.created(out_trade_no=number)
    event = scene.adapter.query(numbers[0])
    assert event is not None
    assert event.out_trade_no == numbers[0]
    assert scene.provider.calls["list"] == 3


def test_more_sessions_than_are_read_prove_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_sessions, "PAGES_MAX", 2)
    for seed in range(2, 252):
        scene.created(out_trade_no=scene.another(0, seed=seed))
    with pytest.raises(ProviderUnavailable):
        scene.adapter.query(scene.number)


def test_a_session_of_another_order_is_not_believed(scene: Scene) -> None:
    scene.created(out_trade_no=scene.another(0, seed=9))
    other = scene.providers.bank.find("stripe", scene.another(0, seed=9))
    assert other is not None
    scene.providers.bank.pay(other)
    with pytest.raises(ProviderUnavailable):
        scene.adapter.query(scene.number, provider_ref=f"cs_test_{other.token}")


def test_twin_without_looking_at_its_number_another_orders_payment_would_count(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_sessions, "session_number", lambda _: scene.number)
    with pytest.raises(pytest.fail.Exception):
        test_a_session_of_another_order_is_not_believed(scene)


def test_play_money_does_not_answer_a_live_key(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = scene.created()
    scene.paid()
    monkeypatch.setattr(Gateway, "is_live", True)
    with pytest.raises(ProviderUnavailable):
        scene.adapter.query(scene.number, provider_ref=checkout.provider_ref)


# -- close ----------------------------------------------------------------------------------------------------------------


def test_an_open_session_is_ended(scene: Scene, ref: str) -> None:
    assert scene.adapter.close(scene.number, provider_ref=ref) is CloseResult.CLOSED
    assert scene.provider.state(scene.number) == "CLOSED"
    assert scene.adapter.close(scene.number, provider_ref=ref) is CloseResult.CLOSED


def test_a_paid_session_says_so_when_it_is_to_be_closed(scene: Scene, ref: str) -> None:
    scene.paid()
    assert scene.adapter.close(scene.number, provider_ref=ref) is CloseResult.ALREADY_PAID


def test_a_payment_between_the_look_and_the_end_is_seen(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = scene.created()
    serve = scene.desk.serve

    def paid_first(one: Asked) -> Any:
        if one.path.endswith("/expire"):
            scene.providers.bank.pay(scene.trade)
        return serve(one)

    monkeypatch.setattr(scene.desk, "serve", paid_first)
    assert scene.adapter.close(scene.number, provider_ref=checkout.provider_ref) is CloseResult.ALREADY_PAID


def test_nothing_is_closed_that_was_never_made(scene: Scene) -> None:
    assert scene.adapter.close(scene.number) is CloseResult.NOT_FOUND
    assert scene.adapter.close(scene.number, provider_ref="cs_test_none") is CloseResult.NOT_FOUND


@pytest.mark.parametrize(
    ("status", "outcome"), [("processing", None), ("requires_payment_method", CloseResult.CLOSED), ("canceled", CloseResult.CLOSED)]
)
def test_money_on_its_way_is_neither_closed_nor_paid(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, status: str, outcome: CloseResult | None
) -> None:
    checkout = scene.created()
    session = scene.desk.books.session(scene.trade, None) | {"status": "complete", "payment_intent": {"id": "pi_1", "status": status}}
    monkeypatch.setattr(scene.desk.books, "session", lambda *_, **__: session)
    if outcome is None:
        with pytest.raises(ProviderUnavailable):
            scene.adapter.close(scene.number, provider_ref=checkout.provider_ref)
    else:
        assert scene.adapter.close(scene.number, provider_ref=checkout.provider_ref) is outcome


@pytest.mark.parametrize("lost", ["is_down", "loses_answers"])
def test_no_answer_is_no_outcome(scene: Scene, lost: str) -> None:
    checkout = scene.created()
    setattr(scene.provider, lost, True)
    for call in (scene.adapter.query, scene.adapter.close):
        with pytest.raises(ProviderUnavailable):
            call(scene.number, provider_ref=checkout.provider_ref)


def test_no_error_holds_the_key(scene: Scene) -> None:
    checkout = scene.created()
    scene.provider.is_down = True
    with pytest.raises(ProviderUnavailable) as caught:
        scene.adapter.query(scene.number, provider_ref=checkout.provider_ref)
    assert "sk_test" not in repr(caught.value) + repr(caught.value.__cause__) + repr(scene.adapter.account)
