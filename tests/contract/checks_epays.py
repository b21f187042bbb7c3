"""What the checks of both versions of epay share: the same fields, the same pages, another proof."""

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.payments.providers import open_channel
from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX, EventState, ProviderUnavailable
from faka.contexts.payments.providers.bill import BillCorrupt, BillStatus
from faka.kernel.exchange import Forged, Malformed, RawRequest
from tests.contract.books_scene import DAY, Scene
from tests.contract.check_rows import Line, Rows, shop
from tests.contract.notices import NUMBER, turned


def refused(scene: Scene, raw: RawRequest) -> None:
    with pytest.raises((Forged, Malformed)):
        scene.adapter.parse_notice(raw)


def silent(scene: Scene) -> None:
    """The answer proves nothing."""
    with pytest.raises(ProviderUnavailable):
        scene.adapter.query(NUMBER)


def signed(scene: Scene, **changes: str) -> dict[str, str]:
    """The fields of an honest notice, changed by the gateway itself."""
    desk: Any = scene.provider.desk
    made: dict[str, str] = desk.signed(desk.notice_params(scene.trade, scene.trade.payments[0], "TRADE_SUCCESS") | changes)
    return made


def by_address(params: Mapping[str, str], *more: tuple[str, str]) -> RawRequest:
    return RawRequest(method="GET", query=(*params.items(), *more))


def answering(scene: Scene, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """The gateway itself says something else: version 2 signs it again."""

    def rewrite(_url: str, body: bytes) -> bytes:
        told = change(json.loads(body))
        desk: Any = scene.provider.desk
        return json.dumps(told | ({"sign": desk._sign(told)} if "sign" in told else {})).encode()

    scene.line.change = rewrite


def corrupt(scene: Scene, was: str, now: str, reader: Scene | None = None) -> None:
    """Pages in which somebody changed something are not read to their end."""
    _, blob = scene.fetched()
    text = blob.decode()
    assert len(scene.read(blob)) == 1
    assert was in text
    with pytest.raises(BillCorrupt):
        (reader or scene).read(text.replace(was, now, 1).encode())


def add_common(rows: Rows, kind: str) -> None:
    @rows.of(1, "notice")
    @rows.of(1, "query")
    @rows.of(1, "bill")
    def only_the_channels_own_gateway_is_asked() -> None:
        scene, line = Scene(kind), Line()
        adapter = open_channel(scene.provider.account(), line, scene.clock)
        scene.fetched()
        for ask in (lambda: adapter.query(NUMBER), lambda: adapter.fetch_bill(DAY, io.BytesIO())):
            with pytest.raises(ProviderUnavailable):
                ask()
        assert len(line.urls) == 2
        assert all(url.startswith(adapter.account.gateway) for url in line.urls)
        assert adapter.parse_notice(scene.provider.notice(NUMBER)).channel_id == scene.provider.channel_id
        assert len(line.urls) == 2, "a notice calls nobody"

    @rows.of(3, "notice")
    def another_kind_or_size_is_refused() -> None:
        scene = Scene(kind)
        honest = signed(scene)
        refused(scene, by_address(honest, ("x", "1" * NOTICE_BYTES_MAX)))
        refused(scene, by_address(honest).model_copy(update={"body": b"x=1"}))
        refused(scene, RawRequest(method="POST", headers={"content-type": "application/json"}, body=json.dumps(honest).encode()))

    @rows.of(3, "query")
    def an_answer_of_another_kind_says_nothing() -> None:
        for body in (b"", b"<html>busy</html>", b"[]", b"\xff", b"null"):
            scene = Scene(kind)
            scene.line.change = lambda _, __, body=body: body
            silent(scene)

    @rows.of(3, "bill")
    def what_are_no_pages_is_corrupt() -> None:
        for blob in (b"", b"<html>", b"[]\n", b'{"pages":0}\n', b"\xff\n"):
            with pytest.raises(BillCorrupt):
                Scene(kind).read(blob)

    @rows.of(4, "notice")
    def a_field_that_came_twice_is_refused() -> None:
        scene = Scene(kind)
        refused(scene, by_address(signed(scene), ("money", "0.01")))
        refused(scene, by_address(signed(scene, name="a&money=0.01")))

    @rows.of(4, "query")
    def an_answer_with_a_name_twice_says_nothing() -> None:
        scene = Scene(kind)
        scene.line.change = lambda _, body: body.replace(b'"status":', b'"status": 1, "status":', 1)
        silent(scene)

    @rows.of(4, "bill")
    def a_name_twice_in_an_order_is_corrupt() -> None:
        corrupt(Scene(kind), '"money"', '"money": "0.01", "money"')

    @rows.of(5, "notice")
    def a_changed_field_another_key_or_algorithm_is_refused() -> None:
        scene = Scene(kind)
        honest = signed(scene)
        for name, value in honest.items():
            if value:
                refused(scene, by_address(honest | {name: turned(value)}))
        for sign in ("", "true", "0" * 32):
            refused(scene, by_address(honest | {"sign": sign}))

    @rows.of(5, "bill")
    def pages_that_were_cut_are_corrupt() -> None:
        corrupt(Scene(kind), '{"pages":1}', "")

    @rows.of(6, "bill")
    def pages_of_another_day_are_corrupt() -> None:
        corrupt(Scene(kind), f'"day":"{DAY}"', '"day":"2026-03-01"')

    @rows.of(7, "notice")
    def an_honest_notice_of_another_account_is_refused() -> None:
        scene = Scene(kind)
        refused(scene, by_address(signed(scene, pid="2999")))
        refused(scene, by_address(signed(scene, pid="")))

    @rows.of(7, "query")
    def an_answer_about_another_account_says_nothing() -> None:
        scene = Scene(kind)
        answering(scene, lambda told: told | {"pid": 2999})
        silent(scene)

    @rows.of(7, "bill")
    def another_merchants_order_or_pages_are_corrupt() -> None:
        corrupt(Scene(kind), '"pid": ', '"pid": 9')
        corrupt(Scene(kind), '"merchant":"', '"merchant":"9')

    @rows.of(8, "notice")
    def money_for_an_order_of_nobody_pays_none() -> None:
        with shop(kind, "epay") as one:
            order = one.ordered()
            [raw] = one.provider.pay("payOfAnotherShop00000000000001", order.total.minor)
            one.world.deliver_notice(order, raw)
            assert one.state(order) is OrderState.PENDING_PAYMENT

    @rows.of(8, "query")
    def an_answer_about_another_order_says_nothing() -> None:
        scene = Scene(kind)
        answering(scene, lambda told: told | {"out_trade_no": "payOther"})
        silent(scene)

    @rows.of(8, "bill")
    def an_order_of_another_system_has_no_number_of_ours() -> None:
        scene = Scene(kind)
        scene.provider.pay("编号 1", 100)
        assert sorted(line.out_trade_no for line in scene.read(scene.fetched()[1])) == ["", NUMBER]

    @rows.of(9, "notice")
    def another_amount_is_told_as_it_is_and_no_other_spelling_is_read() -> None:
        scene = Scene(kind)
        assert scene.adapter.parse_notice(by_address(signed(scene, money="0.01"))).amount.minor == 1
        for text in ("1e3", "-15.80", "15.801", "NaN", "１５.80", ""):
            refused(scene, by_address(signed(scene, money=text)))
        with shop(kind, "epay") as one:
            order = one.ordered()
            one.provider.open(one.number(order), order.total.minor)
            [raw] = one.provider.pay(one.number(order), order.total.minor - 1)
            one.world.deliver_notice(order, raw)
            assert one.state(order) is OrderState.ON_HOLD

    @rows.of(9, "query")
    def an_answer_without_a_readable_amount_says_nothing() -> None:
        for text in ("1e3", "-15.80", "15.801", "", None, True):
            scene = Scene(kind)
            answering(scene, lambda told, text=text: told | {"money": text})
            silent(scene)

    @rows.of(9, "bill")
    def an_amount_of_another_spelling_is_corrupt() -> None:
        for text in ('"1e3"', '"-15.80"', '"15.801"', "null", "true"):
            corrupt(Scene(kind), '"money": "15.80"', f'"money": {text}')

    @rows.of(10, "notice")
    @rows.of(10, "query")
    @rows.of(12, "notice")
    @rows.of(12, "query")
    def one_payment_is_booked_once_however_often_it_is_told() -> None:
        with shop(kind, "epay") as one:
            order = one.ordered()
            raws = one.provider.pay(one.number(order), order.total.minor, times=3)
            for raw in (*raws, one.provider.notice(one.number(order), "WAIT_BUYER_PAY")):
                one.world.deliver_notice(order, raw)
            assert (one.state(order), one.booked()) == (OrderState.COMPLETED, 1)

    @rows.of(10, "bill")
    def an_order_on_two_pages_is_one_movement() -> None:
        scene = Scene(kind)
        _, blob = scene.fetched()
        head, page, _end = blob.splitlines(keepends=True)
        assert len(scene.read(head + page + page + b'{"pages":2}\n')) == 1

    @rows.of(11, "notice")
    def a_word_outside_the_list_pays_nobody() -> None:
        scene = Scene(kind)
        for status in ("TRADE_PENDING", "SUCCESS", "TRADE_FINISHED"):
            event = scene.adapter.parse_notice(by_address(signed(scene, trade_status=status)))
            assert getattr(event, "state", None) is EventState.UNKNOWN

    @rows.of(11, "query")
    def an_answer_with_a_status_outside_the_list_pays_nobody() -> None:
        scene = Scene(kind)
        answering(scene, lambda told: told | {"status": 7})
        event = scene.adapter.query(NUMBER)
        assert event is not None
        assert event.state is EventState.UNKNOWN

    @rows.of(11, "bill")
    def an_order_of_another_status_is_no_payment_that_is_done() -> None:
        scene = Scene(kind)
        _, blob = scene.fetched()
        for status, wanted in ((3, BillStatus.OTHER), (4, BillStatus.PENDING), (7, BillStatus.OTHER)):
            [line] = scene.read(blob.replace(b'"status": 1', f'"status": {status}'.encode()))
            assert line.status is wanted
        assert scene.read(blob.replace(b'"status": 1', b'"status": 0')) == []

    @rows.of(12, "bill")
    def what_comes_after_the_end_is_corrupt() -> None:
        corrupt(Scene(kind), '{"pages":1}\n', '{"pages":1}\n{"data":[]}\n')
