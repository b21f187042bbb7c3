"""Stablecoin gateways: the twelve checks of a callback and of a question's answer; of books there are none to believe."""

import json
from typing import Any

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.payments.providers.base import ChannelClosed, EventState, ProviderUnavailable
from faka.contexts.payments.providers.bill import BillNotOffered
from faka.contexts.payments.providers.epusdt import Epusdt
from faka.kernel.exchange import Forged, Malformed
from faka.kernel.secret import Secret
from infra.local.actors.desk import Answered
from infra.local.actors.epusdt import sign
from infra.local.actors.keys import stranger_keys
from tests.contract.check_rows import Line, Rows, shop
from tests.contract.epusdt_scene import Scene


ROWS = Rows()


def refused(scene: Scene, raw: Any) -> None:
    with pytest.raises((Forged, Malformed)):
        scene.adapter.parse_notice(raw)


def no_word(scene: Scene, ref: str) -> None:
    with pytest.raises(ProviderUnavailable):
        scene.adapter.query(scene.number, provider_ref=ref)


def paid() -> tuple[Scene, str]:
    scene = Scene()
    ref = scene.created().provider_ref
    scene.paid()
    return scene, ref


def answering(scene: Scene, body: bytes, status: int = 200) -> None:
    scene.desk.serve = lambda _: Answered(status, body)  # type: ignore[method-assign]


def no_books() -> None:
    scene = Scene()
    with pytest.raises(BillNotOffered):
        scene.adapter.fetch_bill(None, None)  # type: ignore[arg-type]
    with pytest.raises(BillNotOffered):
        scene.adapter.parse_bill(None, None)  # type: ignore[arg-type]


@ROWS.of(1, "notice")
@ROWS.of(7, "notice")
def the_token_is_the_account_and_another_merchants_is_refused() -> None:
    scene, _ = paid()
    for token in (stranger_keys().of("epusdt")["token"], scene.desk.own["merchant"], ""):
        refused(scene, scene.sent(scene.fields | {"signature": sign(scene.fields, token)}))


@ROWS.of(1, "query")
def only_the_channels_own_gateway_is_asked() -> None:
    scene, ref = paid()
    line = Line()
    with pytest.raises(ProviderUnavailable):
        Epusdt(scene.provider.account(), line, scene.clock).query(scene.number, provider_ref=ref)
    assert line.urls == [f"{scene.adapter.account.gateway}pay/check-status/{scene.trade.trade_no}"]


@ROWS.of(2, "notice")
@ROWS.of(2, "query")
def without_a_real_token_there_is_no_channel() -> None:
    for text in ("", "x" * 32, "changeme-changeme-1234", "short"):
        with pytest.raises(ChannelClosed):
            Scene().provider.account(secret={"token": Secret(text)})


@ROWS.of(3, "notice")
def another_kind_or_size_is_refused() -> None:
    scene, _ = paid()
    raw = scene.signed()
    refused(scene, raw.model_copy(update={"headers": {"content-type": "application/x-www-form-urlencoded"}}))
    refused(scene, raw.model_copy(update={"body": raw.body + b" " * 70_000}))
    refused(scene, raw.model_copy(update={"method": "GET"}))


@ROWS.of(3, "query")
def an_answer_of_another_kind_says_nothing() -> None:
    for body in (b"", b"<html>", b"[]", b"\xff"):
        scene, ref = paid()
        answering(scene, body)
        no_word(scene, ref)


@ROWS.of(4, "notice")
def a_name_that_came_twice_is_refused() -> None:
    scene, _ = paid()
    body = json.dumps(scene.desk.signed(scene.fields)).replace('"status": 2', '"status": 1, "status": 2')
    refused(scene, scene.signed(body.encode()))


@ROWS.of(4, "query")
def an_answer_with_a_name_twice_says_nothing() -> None:
    scene, ref = paid()
    answering(scene, f'{{"trade_id":"{scene.trade.trade_no}","status":1,"status":2}}'.encode())
    no_word(scene, ref)


@ROWS.of(5, "notice")
def a_changed_field_is_refused() -> None:
    scene, _ = paid()
    honest = scene.desk.signed(scene.fields)
    for changes in ({"amount": 15.81}, {"status": 3}, {"order_id": scene.another(5)}, {"token": "T"}, {"more": "1"}, {"signature": ""}):
        refused(scene, scene.sent(honest | changes))


@ROWS.of(5, "query")
def what_the_gateway_refuses_to_say_says_nothing() -> None:
    for status in (301, 401, 404, 500):
        scene, ref = paid()
        answering(scene, b'{"trade_id":"x","status":2}', status)
        no_word(scene, ref)


@ROWS.of(6, "notice")
@ROWS.of(12, "notice")
def a_notice_without_a_time_is_only_a_reason_to_ask_and_a_replay_asks_in_vain() -> None:
    with shop("epusdt", "usdt") as one:
        order = one.ordered()
        [raw] = one.provider.pay(one.number(order))
        for _ in range(3):
            one.world.deliver_notice(order, raw)
            one.world.clock.advance(days=1)
        assert one.state(order) is OrderState.COMPLETED
        assert one.booked() == 1


@ROWS.of(6, "query")
def an_answer_is_of_now() -> None:
    scene = Scene()
    ref = scene.created().provider_ref
    before = scene.adapter.query(scene.number, provider_ref=ref)
    scene.paid()
    after = scene.adapter.query(scene.number, provider_ref=ref)
    assert before is not None
    assert after is not None
    assert (before.state, after.state) == (EventState.PENDING, EventState.SUCCEEDED)


@ROWS.of(7, "query")
def an_answer_about_another_trade_says_nothing() -> None:
    scene, ref = paid()
    answering(scene, b'{"trade_id":"T404","trade_hash":"ab","status":2}')
    no_word(scene, ref)


@ROWS.of(8, "notice")
@ROWS.of(8, "query")
def a_notice_that_names_another_paid_trade_pays_nothing() -> None:
    with shop("epusdt", "usdt") as one:
        theirs, order = one.ordered(), one.ordered()
        [raw] = one.provider.pay(one.number(theirs))
        lie = json.loads(raw.body) | {"order_id": one.number(order)}
        token = one.provider.desk.own["token"]
        body = json.dumps(lie | {"signature": sign(lie, token)}).encode()
        one.world.deliver_notice(order, raw.model_copy(update={"body": body}))
        assert one.state(order) is OrderState.PENDING_PAYMENT
        assert one.booked() == 0


@ROWS.of(9, "notice")
@ROWS.of(9, "query")
def another_amount_on_the_chain_pays_nothing() -> None:
    for amount_minor in (1, 1579, 3160):
        with shop("epusdt", "usdt") as one:
            order = one.ordered()
            [raw] = one.provider.pay(one.number(order), amount_minor)
            one.world.deliver_notice(order, raw)
            one.world.minute(2)
            assert one.state(order) is OrderState.PENDING_PAYMENT
            assert one.booked() == 0


@ROWS.of(10, "notice")
@ROWS.of(10, "query")
def one_trade_is_booked_once_by_whatever_tells_of_it() -> None:
    with shop("epusdt", "usdt") as one:
        order = one.ordered()
        [raw] = one.provider.pay(one.number(order))
        one.world.minute(1)
        for told in (raw, raw, one.provider.notice(one.number(order))):
            one.world.deliver_notice(order, told)
        assert one.state(order) is OrderState.COMPLETED
        assert one.booked() == 1


@ROWS.of(11, "notice")
def only_two_means_paid_and_only_with_a_transaction() -> None:
    scene, _ = paid()
    for changes in ({"status": 7}, {"status": 22}, {"block_transaction_id": scene.trade.trade_no}, {"actual_amount": 0}):
        assert scene.adapter.parse_notice(scene.signed(**changes)).state is EventState.UNKNOWN


@ROWS.of(11, "query")
def an_answer_with_a_status_that_nobody_knows_never_pays() -> None:
    scene, ref = paid()
    for status in (0, 7, 22):
        answering(scene, f'{{"trade_id":"{scene.trade.trade_no}","status":{status}}}'.encode())
        event = scene.adapter.query(scene.number, provider_ref=ref)
        assert event is not None
        assert event.state is EventState.UNKNOWN


@ROWS.of(12, "query")
def what_was_cancelled_or_is_over_is_not_paid() -> None:
    scene = Scene()
    ref = scene.created().provider_ref
    scene.adapter.close(scene.number, provider_ref=ref)
    event = scene.adapter.query(scene.number, provider_ref=ref)
    assert event is not None
    assert event.state is EventState.CLOSED
