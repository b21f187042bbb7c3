"""Stripe's webhook: what its types say, in any order, more than once, by two secrets, and within its time."""

from datetime import timedelta
from typing import Any

import pytest

from faka.contexts.payments.providers import stripe_notice
from faka.contexts.payments.providers.base import EventState, PaymentEvent
from faka.kernel.exchange import Forged, Malformed, RawRequest
from faka.kernel.money import Currency, Money
from faka.kernel.secret import Secret
from tests.contract.stripe_scene import AMOUNT_MINOR, Scene, scene
from tests.kit.providers import raw_request


__all__ = ["scene"]
pytestmark = pytest.mark.unit


def signed_at(scene: Scene, shift_s: float) -> RawRequest:
    """A paid notice that Stripe signed so much later than now."""
    scene.paid()
    scene.clock.advance(shift_s)
    raw = scene.session()
    scene.clock.advance(-shift_s)
    return raw


def test_a_paid_session_pays_with_the_number_of_its_intent(scene: Scene) -> None:
    event = scene.read(scene.paid())
    assert (event.state, event.amount) == (EventState.SUCCEEDED, Money(minor=AMOUNT_MINOR, currency=Currency.CNY))
    assert (event.out_trade_no, event.channel_txn_id) == (scene.number, f"pi_{scene.trade.trade_no}")
    assert event.dedupe_key.startswith("evt_")
    assert "buyers.example" not in repr(event)


@pytest.mark.parametrize(("kind", "changes", "state"), [
    ("checkout.session.completed", {"payment_status": "unpaid"}, EventState.PENDING),
    ("checkout.session.completed", {"payment_status": "no_payment_required"}, EventState.UNKNOWN),
    ("checkout.session.completed", {"mode": "subscription"}, EventState.UNKNOWN),
    ("checkout.session.completed", {"object": "charge"}, EventState.UNKNOWN),
    ("checkout.session.async_payment_succeeded", {}, EventState.SUCCEEDED),
    ("checkout.session.async_payment_succeeded", {"payment_status": "unpaid"}, EventState.UNKNOWN),
    ("checkout.session.async_payment_failed", {"payment_status": "unpaid"}, EventState.FAILED),
    ("checkout.session.expired", {"payment_status": "unpaid"}, EventState.CLOSED),
    ("checkout.session.expired", {"payment_status": "paid"}, EventState.UNKNOWN),
    ("checkout.session.invented", {}, EventState.UNKNOWN),
])  # fmt: skip
def test_only_the_closed_list_of_types_and_statuses_means_something(
    scene: Scene, kind: str, changes: dict[str, Any], state: EventState
) -> None:
    scene.paid()
    session = scene.desk.books.session(scene.trade, scene.trade.payments[0])
    event = scene.read(scene.event(kind, session | changes))
    assert event.state is state
    assert event.out_trade_no == scene.number


def test_an_intents_own_event_is_the_same_payment(scene: Scene) -> None:
    told = scene.read(scene.paid())
    event = scene.read(scene.event("payment_intent.succeeded", scene.desk.books.intent(scene.trade, scene.trade.payments[0])))
    assert (event.out_trade_no, event.channel_txn_id, event.amount) == (told.out_trade_no, told.channel_txn_id, told.amount)
    assert event.state is EventState.SUCCEEDED


@pytest.mark.parametrize(("kind", "status", "state"), [
    ("payment_intent.succeeded", "processing", EventState.UNKNOWN),
    ("payment_intent.payment_failed", "requires_payment_method", EventState.PENDING),
    ("payment_intent.canceled", "canceled", EventState.CLOSED),
])  # fmt: skip
def test_an_intent_that_is_not_paid_pays_nothing(scene: Scene, kind: str, status: str, state: EventState) -> None:
    scene.paid()
    intent = scene.desk.books.intent(scene.trade, scene.trade.payments[0]) | {"status": status}
    assert scene.read(scene.event(kind, intent)).state is state


def test_a_dispute_is_kept_for_a_person_and_names_the_payment(scene: Scene) -> None:
    scene.paid()
    dispute = {"id": "dp_1", "object": "dispute", "amount": 1580, "currency": "cny", "payment_intent": "pi_7", "livemode": False}
    event = scene.read(scene.event("charge.dispute.created", dispute))
    assert (event.state, event.status, event.channel_txn_id) == (EventState.UNKNOWN, "CHARGE_DISPUTE_CREATED", "pi_7")
    assert event.out_trade_no == ""


def test_a_payout_concludes_nothing(scene: Scene) -> None:
    scene.paid()
    payout = {"id": "po_1", "object": "payout", "amount": 1580, "currency": "hkd", "livemode": False}
    assert scene.read(scene.event("payout.paid", payout)).state is EventState.UNKNOWN


@pytest.mark.parametrize("changes", [
    {"metadata": {}},
    {"client_reference_id": None},
    {"metadata": {"out_trade_no": "pay01OTHER"}},
    {"metadata": {"out_trade_no": "a b"}, "client_reference_id": "a b"},
])  # fmt: skip
def test_a_session_that_our_server_did_not_make_names_no_order(scene: Scene, changes: dict[str, Any]) -> None:
    scene.paid()
    event = scene.read(scene.session(**changes))
    assert (event.out_trade_no, event.state) == ("", EventState.SUCCEEDED), "its money came to this account all the same"


@pytest.mark.parametrize(("changes", "state"), [({"currency": "eur"}, EventState.UNKNOWN), ({"currency": "usdt"}, EventState.UNKNOWN)])
def test_money_of_a_currency_that_the_shop_does_not_have_is_not_concluded_from(
    scene: Scene, changes: dict[str, Any], state: EventState
) -> None:
    scene.paid()
    assert scene.read(scene.session(**changes)).state is state


@pytest.mark.parametrize("changes", [
    {"amount_total": None},
    {"amount_total": 15.8},
    {"amount_total": -1580},
    {"amount_total": "1e3"},
    {"amount_total": True},
    {"amount_total": 10**13},
    {"payment_intent": None},
])  # fmt: skip
def test_a_payment_without_a_whole_amount_or_a_number_is_no_notice(scene: Scene, changes: dict[str, Any]) -> None:
    scene.paid()
    with pytest.raises(Malformed):
        scene.read(scene.session(**changes))


# -- order and repeats ----------------------------------------------------------------------------------------------------


def test_repeats_have_one_key_and_two_events_have_two(scene: Scene) -> None:
    raw = scene.paid()
    assert scene.read(raw) == scene.read(raw)
    assert scene.read(scene.session()).dedupe_key != scene.read(raw).dedupe_key


def test_events_out_of_order_say_each_its_own(scene: Scene) -> None:
    scene.created()
    expired = scene.provider.notice(scene.number, "checkout.session.expired")
    paid = scene.provider.pay(scene.number)[0]
    assert [scene.read(one).state for one in (paid, expired)] == [EventState.SUCCEEDED, EventState.CLOSED]


# -- secrets and time -----------------------------------------------------------------------------------------------------


def test_while_the_secret_is_rolled_both_are_good(scene: Scene) -> None:
    old = scene.provider.secret
    newest = {**old, "webhook_secret": Secret(scene.desk.roll())}
    raw = scene.paid()
    for secrets in ([old], [newest], [newest, old]):
        event = scene.provider.adapter(secrets=secrets).parse_notice(raw)
        assert isinstance(event, PaymentEvent)
        assert event.state is EventState.SUCCEEDED


def test_an_old_secret_alone_proves_nothing_once_it_is_gone(scene: Scene) -> None:
    raw = scene.paid()
    newest = {**scene.provider.secret, "webhook_secret": Secret(scene.desk.roll())}
    with pytest.raises(Forged):
        scene.provider.adapter(secrets=[newest]).parse_notice(raw)


@pytest.mark.parametrize("shift_s", [-300, -299, 0, 299, 300])
def test_a_time_within_five_minutes_is_good(scene: Scene, shift_s: int) -> None:
    assert scene.read(signed_at(scene, shift_s)).state is EventState.SUCCEEDED


@pytest.mark.parametrize("shift_s", [-301, 301, -86_400, 86_400])
def test_a_time_beyond_five_minutes_is_not_either_way(scene: Scene, shift_s: int) -> None:
    with pytest.raises(Forged):
        scene.read(signed_at(scene, shift_s))


def test_twin_without_the_window_an_old_notice_would_be_good(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_notice, "TOLERANCE", timedelta(days=400))
    with pytest.raises(pytest.fail.Exception):
        test_a_time_beyond_five_minutes_is_not_either_way(scene, -301)


def test_a_kept_notice_is_judged_by_the_time_at_which_it_came(scene: Scene) -> None:
    raw = scene.paid()
    came_at = scene.clock.now()
    scene.clock.advance(days=3)
    with pytest.raises(Forged):
        scene.read(raw)
    assert scene.read(raw.model_copy(update={"received_at": came_at})).state is EventState.SUCCEEDED


def test_a_notice_that_came_late_is_not_saved_by_a_clock_that_stands_right(scene: Scene) -> None:
    raw = scene.paid().model_copy(update={"received_at": scene.clock.now() + timedelta(hours=1)})
    with pytest.raises(Forged):
        scene.read(raw)


# -- accounts and shape ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts", [{"account": "acct_other"}, {"account": True}, {"livemode": True}, {"livemode": None}, {"livemode": "false"}]
)
def test_an_event_of_another_account_or_of_other_money_is_forged(scene: Scene, facts: dict[str, Any]) -> None:
    scene.paid()
    session = scene.desk.books.session(scene.trade, scene.trade.payments[0])
    with pytest.raises(Forged):
        scene.read(scene.event("checkout.session.completed", session, **facts))


def test_an_event_that_names_this_account_is_good(scene: Scene) -> None:
    scene.paid()
    session = scene.desk.books.session(scene.trade, scene.trade.payments[0])
    raw = scene.event("checkout.session.completed", session, account=scene.desk.own["account"])
    assert scene.read(raw).state is EventState.SUCCEEDED


def test_every_forgery_of_the_player_is_refused(scene: Scene) -> None:
    scene.created()
    forgeries = scene.provider.forgeries(scene.number)
    assert len(forgeries) >= 20
    for raw in forgeries:
        with pytest.raises((Forged, Malformed)):
            scene.read(raw)


@pytest.mark.parametrize("changes", [
    {"method": "GET"},
    {"query": (("a", "1"),)},
    {"headers": {"content-type": "application/x-www-form-urlencoded"}},
    {"headers": {"content-type": "text/plain"}},
    {"body": b""},
    {"body": b"{" + b" " * 70_000 + b"}"},
])  # fmt: skip
def test_another_shape_is_no_notice(scene: Scene, changes: dict[str, Any]) -> None:
    raw = scene.paid()
    headers = raw.headers | changes.get("headers", {})
    with pytest.raises(Malformed):
        scene.read(raw.model_copy(update={**changes, "headers": headers}))


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"{}", b'{"object":"event"}', b'{"a":1,"a":1}', b'{"id":"evt_1","object":"v2.core.event","data":{}}', b"\xff"]
)
def test_signed_text_that_is_no_event_is_no_notice(scene: Scene, body: bytes) -> None:
    scene.paid()
    with pytest.raises(Malformed):
        scene.read(raw_request(scene.desk.signed(scene.trade, {"type": "x"}, body)))


def test_a_header_with_many_signatures_is_not_tried_out(scene: Scene) -> None:
    raw = scene.paid()
    head = raw.headers["stripe-signature"]
    many = ",".join(f"v1={index:064x}" for index in range(8))
    with pytest.raises(Forged):
        scene.read(raw.model_copy(update={"headers": raw.headers | {"stripe-signature": f"{many},{head}"}}))


def test_the_answer_that_ends_the_repeats(scene: Scene) -> None:
    assert (scene.adapter.acknowledge(True).status, scene.adapter.acknowledge(False).status) == (200, 503)
