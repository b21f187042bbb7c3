"""Stripe: the twelve checks of a callback, of a question's answer and of a bill, each with what it must refuse."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.payments.providers.base import ChannelClosed, EventState, ProviderUnavailable
from faka.contexts.payments.providers.bill import BillCorrupt, BillKind, BillStatus
from faka.contexts.payments.providers.stripe import Stripe
from faka.kernel.exchange import Forged, Malformed
from faka.kernel.money import Currency
from faka.kernel.secret import Secret
from infra.local.actors.desk import Answered
from infra.local.actors.keys import stranger_keys
from infra.local.actors.stripe import StripeDesk
from infra.local.actors.stripe_books import movement
from infra.local.actors.stripe_counter import no
from tests.contract.check_rows import Line, Rows, shop
from tests.contract.stripe_scene import Scene
from tests.kit.providers import BASE, raw_request


ROWS = Rows()


def refused(scene: Scene, raw: Any) -> None:
    with pytest.raises((Forged, Malformed)):
        scene.adapter.parse_notice(raw)


def no_word(scene: Scene, ref: str = "") -> None:
    with pytest.raises(ProviderUnavailable):
        scene.adapter.query(scene.number, provider_ref=ref)


def corrupt(scene: Scene, body: bytes) -> None:
    with pytest.raises(BillCorrupt):
        scene.lines(scene.today, body)


def paid() -> tuple[Scene, str]:
    scene = Scene()
    ref = scene.created().provider_ref
    scene.paid()
    return scene, ref


def answering(scene: Scene, change: Callable[[bytes], bytes], status: int = 200) -> None:
    """Stripe's answers from now on."""
    serve = scene.desk.serve
    scene.desk.serve = lambda asked: Answered(status, change(serve(asked).body))  # type: ignore[method-assign]


@ROWS.of(1, "notice")
def what_another_endpoint_was_told_is_refused() -> None:
    scene, _ = paid()
    other = StripeDesk(stranger_keys(), scene.providers.bank, BASE)
    refused(scene, raw_request(other.notice(scene.trade, scene.trade.payments[0])))


@ROWS.of(1, "query")
def only_the_channels_own_gateway_is_asked() -> None:
    scene, ref = paid()
    line = Line()
    adapter = Stripe(scene.provider.account(), line, scene.clock)
    for given in (ref, ""):
        with pytest.raises(ProviderUnavailable):
            adapter.query(scene.number, provider_ref=given)
    assert len(line.urls) == 2
    assert all(url.startswith(scene.adapter.account.gateway) for url in line.urls)


@ROWS.of(1, "bill")
def a_bill_is_asked_for_under_the_channels_own_key() -> None:
    scene, _ = paid()
    day = scene.today
    scene.clock.advance(days=1)
    scene.desk.serve = lambda asked: no(401, "invalid_request_error")  # type: ignore[method-assign]
    with pytest.raises(ProviderUnavailable):
        scene.fetched(day)


def _closed(name: str) -> None:
    scene = Scene()
    for text in ("", "x" * 32, "changeme-changeme-1234", "short"):
        with pytest.raises(ChannelClosed):
            scene.provider.account(secret={**scene.provider.secret, name: Secret(text)})


@ROWS.of(2, "notice")
def without_a_real_webhook_secret_there_is_no_channel() -> None:
    _closed("webhook_secret")


@ROWS.of(2, "query")
@ROWS.of(2, "bill")
def without_a_real_key_there_is_no_channel() -> None:
    _closed("secret_key")


@ROWS.of(3, "notice")
def another_kind_or_size_is_refused() -> None:
    scene, _ = paid()
    raw = scene.session()
    refused(scene, raw.model_copy(update={"headers": raw.headers | {"content-type": "text/plain"}}))
    refused(scene, raw_request(scene.desk.signed(scene.trade, {"type": "x"}, b"{" + b" " * 70_000 + b"}")))


@ROWS.of(3, "query")
def an_answer_of_another_kind_says_nothing() -> None:
    for spoiled in (b"", b"<html>", b"[]", b"\xff"):
        scene, ref = paid()
        answering(scene, lambda _, spoiled=spoiled: spoiled)  # type: ignore[misc]
        no_word(scene, ref)


@ROWS.of(3, "bill")
def a_file_that_is_cut_is_corrupt() -> None:
    scene, _ = paid()
    corrupt(scene, scene.provider.bill(scene.today)[:-20])


def _doubled(body: bytes) -> bytes:
    return body.replace(b'"object": ', b'"object": "x", "object": ', 1)


@ROWS.of(4, "notice")
def a_name_that_came_twice_is_refused() -> None:
    scene, _ = paid()
    refused(scene, raw_request(scene.desk.signed(scene.trade, {"type": "x"}, _doubled(scene.session().body))))


@ROWS.of(4, "query")
def an_answer_with_a_name_twice_says_nothing() -> None:
    scene, ref = paid()
    answering(scene, _doubled)
    no_word(scene, ref)


@ROWS.of(4, "bill")
def a_file_with_a_name_twice_is_corrupt() -> None:
    scene, _ = paid()
    corrupt(scene, _doubled(scene.provider.bill(scene.today)))


@ROWS.of(5, "notice")
def a_changed_byte_is_refused() -> None:
    scene, _ = paid()
    raw = scene.session()
    refused(scene, raw.model_copy(update={"body": raw.body.replace(b"1580", b"1581")}))
    refused(scene, raw.model_copy(update={"headers": {"content-type": "application/json"}}))


@ROWS.of(5, "query")
def what_was_not_answered_to_our_key_says_nothing() -> None:
    for status in (301, 401, 403, 500):
        scene, ref = paid()
        answering(scene, lambda body: body, status)
        no_word(scene, ref)


@ROWS.of(5, "bill")
def amounts_that_do_not_add_up_are_corrupt() -> None:
    scene, _ = paid()
    corrupt(scene, scene.provider.bill(scene.today).replace(b'"amount": 1580, "available_on"', b'"amount": 1581, "available_on"'))


@ROWS.of(6, "notice")
def a_time_out_of_the_window_is_refused_either_way() -> None:
    for shift_s in (-301, 301):
        scene, _ = paid()
        scene.clock.advance(shift_s)
        raw = scene.session()
        scene.clock.advance(-shift_s)
        refused(scene, raw)


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


@ROWS.of(6, "bill")
def another_days_movements_are_not_this_days() -> None:
    scene, _ = paid()
    body = scene.provider.bill(scene.today)
    scene.clock.advance(days=1)
    corrupt(scene, body)


@ROWS.of(7, "notice")
def another_account_and_live_money_are_refused() -> None:
    scene, _ = paid()
    session = scene.desk.books.session(scene.trade, scene.trade.payments[0])
    refused(scene, scene.event("checkout.session.completed", session, account="acct_other"))
    refused(scene, scene.event("checkout.session.completed", session, livemode=True))


@ROWS.of(7, "query")
def an_answer_about_live_money_says_nothing_to_a_test_key() -> None:
    scene, ref = paid()
    answering(scene, lambda body: body.replace(b'"livemode": false', b'"livemode": true'))
    no_word(scene, ref)


@ROWS.of(7, "bill")
def live_movements_are_not_a_test_accounts() -> None:
    scene, _ = paid()
    corrupt(scene, scene.provider.bill(scene.today).replace(b'"livemode": false', b'"livemode": true'))


@ROWS.of(8, "notice")
def money_for_an_order_that_is_not_known_or_is_not_this_channels_buys_nothing() -> None:
    with shop("stripe", "card") as one:
        other = one.world.buy()
        one.provider.open(one.number(other), other.total.minor)
        [raw] = one.provider.pay(one.number(other))
        one.world.deliver_notice(other.model_copy(update={"channel_id": "stripe"}), raw)
        assert one.state(other) is OrderState.PENDING_PAYMENT


@ROWS.of(8, "query")
def another_orders_session_says_nothing_about_this_one() -> None:
    scene, ref = paid()
    scene.number = scene.another(0, seed=9)
    no_word(scene, ref)


@ROWS.of(8, "bill")
def what_another_system_sold_bears_no_number_of_ours() -> None:
    scene, _ = paid()
    body = scene.provider.bill(scene.today).replace(scene.number.encode(), b"a number with blanks")
    [line] = scene.lines(scene.today, body)
    assert line.out_trade_no == ""
    assert line.channel_txn_id.startswith("pi_")


def _other_amount(is_notice: bool) -> None:
    for changed in ({"amount": 1}, {"currency": "usd"}):
        with shop("stripe", "card") as one:
            order = one.ordered()
            trade = one.world.providers.bank.find("stripe", one.number(order))
            assert trade is not None
            trade.currency = str(changed.get("currency", "cny")).upper()
            [raw] = one.provider.pay(one.number(order), int(changed.get("amount", order.total.minor)))
            if is_notice:
                one.world.deliver_notice(order, raw)
            one.world.minute(2)
            assert one.state(order) is OrderState.ON_HOLD


@ROWS.of(9, "notice")
def another_amount_or_currency_holds_the_order() -> None:
    _other_amount(is_notice=True)


@ROWS.of(9, "query")
def an_answer_with_another_amount_or_currency_holds_the_order() -> None:
    _other_amount(is_notice=False)


@ROWS.of(9, "bill")
def a_price_stays_in_the_buyers_currency_and_whole() -> None:
    scene, _ = paid()
    source = scene.desk.books.charge(scene.trade, scene.trade.payments[0])
    moved = movement("charge", "1", scene.clock.now().timestamp(), 219, 36, "USD", source)
    pay, _ = scene.lines(scene.today, json.dumps({"object": "list", "data": [moved], "has_more": False}).encode() + b"\n")
    assert (pay.amount_minor, pay.currency) == (1580, Currency.CNY)
    corrupt(scene, scene.provider.bill(scene.today).replace(b"1580", b"15.8"))


@ROWS.of(10, "notice")
@ROWS.of(10, "query")
def one_payment_is_booked_once_by_whatever_tells_of_it() -> None:
    with shop("stripe", "card") as one:
        order = one.ordered()
        [raw] = one.provider.pay(one.number(order))
        again = one.provider.notice(one.number(order))
        for told in (raw, raw, again):
            one.world.deliver_notice(order, told)
        one.world.minute(2)
        assert one.state(order) is OrderState.COMPLETED
        assert one.booked() == 1


@ROWS.of(10, "bill")
def a_movement_that_is_in_it_twice_is_two_lines_of_one_transaction() -> None:
    scene, _ = paid()
    page = json.loads(scene.provider.bill(scene.today))
    first, second = scene.lines(scene.today, json.dumps(page | {"data": page["data"] * 2}).encode() + b"\n")
    assert first.channel_txn_id == second.channel_txn_id


@ROWS.of(11, "notice")
def what_is_not_in_the_list_never_pays() -> None:
    scene, _ = paid()
    for raw in (scene.session(payment_status="invented"), scene.session(mode="setup"), scene.event("invented.paid", {"object": "x"})):
        assert scene.read(raw).state is EventState.UNKNOWN


@ROWS.of(11, "query")
def an_answer_with_a_status_that_nobody_knows_never_pays() -> None:
    scene, ref = paid()
    answering(scene, lambda body: body.replace(b'"status": "complete"', b'"status": "invented"'))
    event = scene.adapter.query(scene.number, provider_ref=ref)
    assert event is not None
    assert event.state is EventState.UNKNOWN


@ROWS.of(11, "bill")
def a_type_that_nobody_knows_is_no_payment() -> None:
    scene, _ = paid()
    body = scene.provider.bill(scene.today).replace(b'"type": "charge"', b'"type": "invented"')
    [line] = scene.lines(scene.today, body)
    assert (line.kind, line.status) == (BillKind.ADJUST, BillStatus.OTHER)


@ROWS.of(12, "notice")
def an_older_word_after_the_payment_undoes_nothing() -> None:
    with shop("stripe", "card") as one:
        order = one.ordered()
        older = one.provider.notice(one.number(order), "checkout.session.expired")
        for raw in (*one.provider.pay(one.number(order)), older):
            one.world.deliver_notice(order, raw)
        assert one.state(order) is OrderState.COMPLETED


@ROWS.of(12, "query")
def money_that_went_back_is_not_a_payment() -> None:
    scene, ref = paid()
    scene.provider.refund(scene.number, 1580)
    event = scene.adapter.query(scene.number, provider_ref=ref)
    assert event is not None
    assert event.state is EventState.REFUNDED


@ROWS.of(12, "bill")
def a_refund_that_came_to_nothing_is_not_done() -> None:
    scene, _ = paid()
    scene.adapter.refund(scene.back())
    scene.provider.fail_refund(scene.number)
    statuses = {line.status for line in scene.lines(scene.today, scene.provider.bill(scene.today)) if line.kind is BillKind.REFUND}
    assert statuses == {BillStatus.FAILED}
