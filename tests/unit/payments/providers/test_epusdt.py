"""Stablecoin gateways: what is asked is the trade that was made for this attempt, and a notice only says *ask now*."""

import json
from typing import Any

import pytest

from faka.contexts.payments.providers import epusdt_gateway
from faka.contexts.payments.providers.base import CloseResult, EventState, MethodNotOffered, ProviderUnavailable
from faka.contexts.payments.providers.bill import BillNotOffered
from faka.contexts.payments.providers.epusdt_gateway import shortest
from faka.contexts.payments.providers.refunding import RefundNotOffered
from faka.kernel.exchange import Forged, Malformed
from faka.kernel.money import Currency, Money
from faka.kernel.secret import Secret
from infra.local.actors.desk import Answered
from tests.contract.epusdt_scene import AMOUNT_MINOR, Scene, scene


__all__ = ["scene"]
pytestmark = pytest.mark.unit


# -- create ---------------------------------------------------------------------------------------------------------------


def test_a_checkout_carries_the_gateways_number_and_the_price(scene: Scene) -> None:
    checkout = scene.created()
    assert checkout.provider_ref == f"{scene.trade.trade_no}.{AMOUNT_MINOR}"
    assert scene.provider.visit(checkout) == scene.number


def test_a_waiting_trade_is_asked_for_again_at_the_newer_gateway_only() -> None:
    newer, older = Scene(), Scene(is_first=True)
    assert newer.created() == newer.created()
    older.created()
    with pytest.raises(ProviderUnavailable):
        older.created()


@pytest.mark.parametrize("minor", [1, 10, 100, 4200, 4250, 4255, 999_999, 1_000_000])
def test_an_amount_is_sent_and_signed_in_its_shortest_form(scene: Scene, minor: int) -> None:
    scene.created(amount=Money(minor=minor, currency=Currency.CNY))
    assert scene.trade.amount_minor == minor


@pytest.mark.parametrize("changes", [
    {"method": "card"},
    {"amount": Money(minor=1580, currency=Currency.USD)},
    {"amount": Money(minor=0, currency=Currency.CNY)},
    {"amount": Money(minor=1_000_001, currency=Currency.CNY)},
])  # fmt: skip
def test_what_nobody_could_call_back_is_not_sold_so(scene: Scene, changes: dict[str, Any]) -> None:
    with pytest.raises(MethodNotOffered):
        scene.created(**changes)
    assert not scene.provider.calls


@pytest.mark.parametrize("change", [
    {"order_id": "pay01OTHER"}, {"amount": "15.81"}, {"payment_url": "javascript:1"}, {"payment_url": None}, {"trade_id": "a.b"},
    {"trade_id": None},
])  # fmt: skip
def test_an_answer_about_something_else_is_no_page(scene: Scene, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]) -> None:
    created = scene.desk._created

    def other(told: dict[str, Any]) -> dict[str, Any]:
        answer = created(told)
        return answer | {"data": answer["data"] | change}

    monkeypatch.setattr(scene.desk, "_created", other)
    with pytest.raises(ProviderUnavailable):
        scene.created()


def test_a_token_that_the_gateway_does_not_have_makes_no_trade(scene: Scene) -> None:
    with pytest.raises(ProviderUnavailable):
        scene.provider.adapter(secret={"token": Secret("Z" * 8 + "abcdefghijklmnop12345678")}).create(scene.order())


@pytest.mark.parametrize(("number", "spelt"), [
    ("42", "42"), ("42.0", "42"), ("42.00", "42"), ("42.50", "42.5"), ("0.10", "0.1"), ("0.00", "0"), ("100", "100"), ("007.10", "7.1"),
    ("1e3", ""), ("-1", ""), ("+1", ""), (".5", ""), ("5.", ""), ("", ""), ("NaN", ""), ("١", ""),
])  # fmt: skip
def test_the_shortest_form_of_a_number(number: str, spelt: str) -> None:
    assert shortest(number) == spelt


# -- notices --------------------------------------------------------------------------------------------------------------


def test_a_paid_notice_names_the_gateways_trade_and_our_price(scene: Scene) -> None:
    event = scene.adapter.parse_notice(scene.paid())
    assert (event.state, event.out_trade_no, event.channel_txn_id) == (EventState.SUCCEEDED, scene.number, scene.trade.trade_no)
    assert event.amount == Money(minor=AMOUNT_MINOR, currency=Currency.CNY)
    assert scene.adapter.needs_query


@pytest.mark.parametrize(("status", "state"), [
    (1, EventState.PENDING), (3, EventState.CLOSED), (4, EventState.CLOSED), (5, EventState.PENDING), (6, EventState.FAILED),
    (7, EventState.UNKNOWN), (22, EventState.UNKNOWN), (0, EventState.UNKNOWN),
])  # fmt: skip
def test_only_two_means_paid(scene: Scene, status: int, state: EventState) -> None:
    scene.paid()
    assert scene.adapter.parse_notice(scene.signed(status=status)).state is state


@pytest.mark.parametrize("changes", [
    {"block_transaction_id": ""}, {"block_transaction_id": None}, {"block_transaction_id": "short"}, {"actual_amount": None},
    {"actual_amount": "many"}, {"amount": None}, {"amount": "15.8 "}, {"order_id": ""}, {"trade_id": ""}, {"status": "2 "},
    {"amount": True}, {"token": ["a"]}, {"token": {"a": 1}}, {"token": "T&status=2"}, {"amount": "15.801"}, {"status": None},
])  # fmt: skip
def test_paid_without_what_and_where_is_no_notice(scene: Scene, changes: dict[str, Any]) -> None:
    scene.paid()
    with pytest.raises((Malformed, Forged)):
        scene.adapter.parse_notice(scene.signed(**changes))


def test_paid_on_no_chain_or_with_nothing_is_not_concluded_from(scene: Scene) -> None:
    scene.paid()
    for changes in ({"block_transaction_id": scene.trade.trade_no}, {"actual_amount": 0}, {"actual_amount": "0.00"}):
        assert scene.adapter.parse_notice(scene.signed(**changes)).state is EventState.UNKNOWN


def test_a_number_written_long_is_the_same_number_and_a_text_is_not(scene: Scene) -> None:
    scene.paid()
    honest = scene.desk.signed(scene.fields)
    body = json.dumps(honest)
    assert scene.adapter.parse_notice(scene.signed(body.replace("15.8", "15.800").encode())).amount.minor == AMOUNT_MINOR
    with pytest.raises(Forged):
        scene.adapter.parse_notice(scene.signed(body.replace('"amount": 15.8', '"amount": "15.80"').encode()))


def test_every_forgery_but_the_gateways_own_lie_is_refused(scene: Scene) -> None:
    checkout = scene.created()
    forgeries = scene.provider.forgeries(scene.number)
    assert len(forgeries) >= 12
    for raw in forgeries[:-1]:
        with pytest.raises((Forged, Malformed)):
            scene.adapter.parse_notice(raw)
    # The last is signed by the token and nothing is paid: the question tells.
    assert scene.adapter.parse_notice(forgeries[-1]).state is EventState.SUCCEEDED
    answer = scene.adapter.query(scene.number, provider_ref=checkout.provider_ref)
    assert answer is not None
    assert answer.state is EventState.PENDING


def test_while_the_token_is_rolled_both_are_good_and_the_newest_signs(scene: Scene) -> None:
    old, newest = scene.provider.secret, {"token": Secret("kF9mQz7TbW2nX5vRj8cLpYsHdGu4aE6q")}
    raw = scene.paid()
    assert scene.provider.adapter(secrets=[newest, old]).parse_notice(raw).out_trade_no == scene.number
    with pytest.raises(Forged):
        scene.provider.adapter(secrets=[newest]).parse_notice(raw)


def test_the_answer_that_ends_the_repeats(scene: Scene) -> None:
    assert (scene.adapter.acknowledge(True).status, scene.adapter.acknowledge(True).body) == (200, b"ok")
    assert scene.adapter.acknowledge(False).status == 503


# -- query ----------------------------------------------------------------------------------------------------------------


def test_the_gateways_word_is_about_the_trade_of_this_attempt_at_the_agreed_price(scene: Scene) -> None:
    checkout = scene.created()
    told = scene.adapter.parse_notice(scene.paid())
    event = scene.adapter.query(scene.number, provider_ref=checkout.provider_ref)
    assert event is not None
    facts = ("out_trade_no", "channel_txn_id", "state", "amount")
    assert [getattr(event, fact) for fact in facts] == [getattr(told, fact) for fact in facts]


def test_another_amount_on_the_chain_pays_nothing(scene: Scene) -> None:
    checkout = scene.created()
    scene.provider.lose(scene.number, AMOUNT_MINOR - 1)
    event = scene.adapter.query(scene.number, provider_ref=checkout.provider_ref)
    assert event is not None
    assert event.state is EventState.PENDING


def test_a_notice_that_names_another_paid_trade_is_not_what_is_asked_about(scene: Scene) -> None:
    checkout = scene.created()
    mine = scene.number
    scene.number = scene.another(2)
    scene.paid()
    told = scene.adapter.parse_notice(scene.signed(order_id=mine))
    assert (told.out_trade_no, told.state) == (mine, EventState.SUCCEEDED), "whoever has the token can say so"
    answer = scene.adapter.query(mine, provider_ref=checkout.provider_ref)
    assert answer is not None
    assert answer.state is EventState.PENDING
    assert answer.channel_txn_id != told.channel_txn_id


@pytest.mark.parametrize("ref", ["", "a", "a.b", "../x.1", "a.1.2", "a?b.1", "é.1"])
def test_without_its_number_a_question_has_no_answer(scene: Scene, ref: str) -> None:
    scene.created()
    with pytest.raises(ProviderUnavailable):
        scene.adapter.query(scene.number, provider_ref=ref)
    assert scene.provider.calls["query"] == 0


def test_a_trade_that_the_gateway_does_not_have_is_not_known(scene: Scene) -> None:
    assert scene.adapter.query(scene.number, provider_ref="T404.1580") is None


@pytest.mark.parametrize("change", [
    {"trade_id": "T404"}, {"status": "2x"}, {"status": None}, {"status": True}, {"trade_id": None}, {"status_code": 500},
])  # fmt: skip
def test_an_answer_about_another_trade_is_not_believed(scene: Scene, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]) -> None:
    checkout = scene.created()
    scene.paid()
    checked = scene.desk._checked
    is_inside = scene.is_first and "status_code" not in change

    def other(number: str) -> dict[str, Any]:
        answer = checked(number)
        return answer | {"data": answer["data"] | change} if is_inside else answer | change

    monkeypatch.setattr(scene.desk, "_checked", other)
    with pytest.raises(ProviderUnavailable):
        scene.adapter.query(scene.number, provider_ref=checkout.provider_ref)


def test_paid_without_a_transaction_of_a_chain_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    checkout = scene.created()
    scene.paid()
    monkeypatch.setattr(scene.desk, "_chain", lambda trade: trade.trade_no)
    with pytest.raises(ProviderUnavailable):
        scene.adapter.query(scene.number, provider_ref=checkout.provider_ref)


@pytest.mark.parametrize("answer", [Answered(200, b"<html>"), Answered(302, b"{}"), Answered(500, b"{}"), Answered(200, b'{"a":1,"a":1}')])
def test_an_answer_that_cannot_be_read_is_no_answer(scene: Scene, monkeypatch: pytest.MonkeyPatch, answer: Answered) -> None:
    checkout = scene.created()
    monkeypatch.setattr(scene.desk, "serve", lambda _: answer)
    for call in (scene.adapter.query, scene.adapter.close):
        with pytest.raises(ProviderUnavailable):
            call(scene.number, provider_ref=checkout.provider_ref)


# -- close, and what there is not -----------------------------------------------------------------------------------------


def test_a_waiting_trade_is_cancelled_where_the_gateway_can(scene: Scene) -> None:
    checkout = scene.created()
    outcome = scene.adapter.close(scene.number, provider_ref=checkout.provider_ref)
    assert outcome is (CloseResult.NOT_FOUND if scene.is_first else CloseResult.CLOSED)
    assert scene.provider.state(scene.number) == ("WAITING" if scene.is_first else "CLOSED")


def test_a_paid_trade_says_so(scene: Scene) -> None:
    checkout = scene.created()
    scene.paid()
    assert scene.adapter.close(scene.number, provider_ref=checkout.provider_ref) is CloseResult.ALREADY_PAID


def test_an_expired_trade_is_closed(scene: Scene) -> None:
    checkout = scene.created()
    scene.clock.advance(hours=1)
    assert scene.adapter.close(scene.number, provider_ref=checkout.provider_ref) is CloseResult.CLOSED


def test_money_that_the_chain_has_not_confirmed_is_neither() -> None:
    scene = Scene()
    checkout = scene.created()
    scene.trade.facts["seen"] = "yes"
    with pytest.raises(ProviderUnavailable):
        scene.adapter.close(scene.number, provider_ref=checkout.provider_ref)


def test_without_its_number_nothing_is_closed(scene: Scene) -> None:
    scene.created()
    assert scene.adapter.close(scene.number) is CloseResult.NOT_FOUND
    assert scene.provider.state(scene.number) == "WAITING"


def test_there_are_no_refunds_and_no_books(scene: Scene) -> None:
    for call in (scene.adapter.refund, scene.adapter.query_refund):
        with pytest.raises(RefundNotOffered):
            call(None)  # type: ignore[arg-type]
    for read in (scene.adapter.fetch_bill, scene.adapter.parse_bill):
        with pytest.raises(BillNotOffered):
            read(None, None)  # type: ignore[arg-type]


def test_twin_without_a_comparison_every_notice_would_be_good(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.contexts.payments.providers.epusdt_notice.hmac.compare_digest", lambda *_: True)
    with pytest.raises(pytest.fail.Exception):
        test_every_forgery_but_the_gateways_own_lie_is_refused(scene)


def test_twin_a_signature_over_long_numbers_makes_no_trade(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.contexts.payments.providers.epusdt.shortest", lambda text: text)
    monkeypatch.setattr(epusdt_gateway, "shortest", lambda text: text)
    with pytest.raises(ProviderUnavailable):
        scene.created(amount=Money(minor=4200, currency=Currency.CNY))
