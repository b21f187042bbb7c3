"""Answers of gateways that are broken, changed, unsigned or about something else."""

import json
import traceback
from collections.abc import Mapping
from typing import Any

import pytest

from faka.contexts.payments.providers import open_channel
from faka.contexts.payments.providers.adapter import Adapter
from faka.contexts.payments.providers.answers import Unreadable, members, text_of
from faka.contexts.payments.providers.base import CloseResult, EventState, ProviderUnavailable
from faka.kernel.errors import Unavailable
from infra.local.actors.spelling import rsa2
from tests.kit.clock import FrozenClock
from tests.kit.providers import FakeProviders


pytestmark = pytest.mark.unit

NUMBER = "pay01JQ8F3ZJ4Q6T0W1V9X2Y3Z4A5"
PAID = {"code": "10000", "out_trade_no": NUMBER, "trade_no": "2026", "trade_status": "TRADE_SUCCESS", "total_amount": "15.80"}
ORDER = {"code": 1, "pid": 0, "out_trade_no": NUMBER, "trade_no": "E1", "money": "15.80", "status": 1, "endtime": None}


class Says:
    """A transport that gives one answer and remembers what was asked."""

    def __init__(self, body: bytes | Exception, status: int = 200) -> None:
        self.body, self.status = body, status
        self.urls: list[str] = []

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", timeout_s: float = 10.0
    ) -> tuple[int, bytes]:
        self.urls.append(url)
        if isinstance(self.body, Exception):
            raise self.body
        return self.status, self.body


def alipay(says: Says) -> Adapter:
    clock = FrozenClock()
    return open_channel(FakeProviders(clock).alipay.account(), says, clock)


def epay(says: Says) -> Adapter:
    clock = FrozenClock()
    return open_channel(FakeProviders(clock).epay.account(), says, clock)


def signed(node: Any, name: str = "alipay_trade_query_response", text: str | None = None) -> bytes:
    source = json.dumps(node, ensure_ascii=False) if text is None else text
    sign = rsa2(FakeProviders(FrozenClock()).keys.provider, source)
    return f'{{"{name}":{source},"sign":"{sign}"}}'.encode()


def order(**changes: Any) -> bytes:
    pid = int(FakeProviders(FrozenClock()).keys.pid)
    return json.dumps({**ORDER, "pid": pid, **changes}).encode()


class TestAlipay:
    def test_a_signed_answer_is_read(self) -> None:
        event = alipay(Says(signed(PAID))).query(NUMBER)
        assert event is not None
        assert (event.state, event.amount.minor) == (EventState.SUCCEEDED, 1580)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"[]",
            b"<html>busy</html>",
            b"{",
            b'{"alipay_trade_query_response":',
            json.dumps({"alipay_trade_query_response": PAID}).encode(),
            json.dumps({"alipay_trade_query_response": PAID, "sign": ""}).encode(),
            json.dumps({"alipay_trade_query_response": PAID, "sign": True}).encode(),
            json.dumps({"alipay_trade_query_response": PAID, "sign": ["x"]}).encode(),
            json.dumps({"error_response": {"code": "10000", **PAID}}).encode(),
            signed(PAID).replace(b"15.80", b"15.81"),
            signed(PAID).replace(b'"2026"', b'"2027"'),
            signed(PAID).replace(b'": "', b'":"', 1),
            signed(PAID) + b"x",
            signed(PAID)[:-1] + b',"sign":"AAAA"}',
            signed(PAID, name="alipay_trade_close_response"),
            signed("eyJjb2RlIjoiMTAwMDAifQ=="),
            signed({"code": "20000", "sub_code": "isp.unknow-error"}),
            signed({"code": "40006"}),
            signed({"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}),
            signed({"code": "40004", "sub_code": 7}),
            signed({"code": True}),
            signed({**PAID, "out_trade_no": "payOTHER"}),
            signed({**PAID, "out_trade_no": None}),
            signed({**PAID, "trade_status": "paid"}),
            signed({**PAID, "trade_no": "1 2"}),
            signed({**PAID, "total_amount": "NaN"}),
            signed({**PAID, "total_amount": None}),
            signed(None, text='{"code":"10000","code":"10000"}'),
            "{}".encode("utf-16"),
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"a":' * 100_000,
        ],
    )  # fmt: skip
    def test_anything_else_is_no_answer(self, body: bytes) -> None:
        with pytest.raises(ProviderUnavailable):
            alipay(Says(body)).query(NUMBER)

    @pytest.mark.parametrize("status", [201, 204, 301, 302, 400, 403, 500, 502, 503])
    def test_a_signed_body_under_another_status_is_no_answer(self, status: int) -> None:
        with pytest.raises(ProviderUnavailable):
            alipay(Says(signed(PAID), status)).query(NUMBER)

    def test_not_exist_counts_only_with_a_signature(self) -> None:
        absent = {"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"}
        assert alipay(Says(signed(absent))).query(NUMBER) is None
        with pytest.raises(ProviderUnavailable):
            alipay(Says(json.dumps({"alipay_trade_query_response": absent}).encode())).query(NUMBER)

    def test_a_fully_refunded_trade_is_not_closed_unpaid(self) -> None:
        closed = {**PAID, "trade_status": "TRADE_CLOSED"}
        for node, state in ((closed, EventState.CLOSED), (closed | {"send_pay_date": "2026-03-02 12:00:00"}, EventState.REFUNDED)):
            event = alipay(Says(signed(node))).query(NUMBER)
            assert event is not None
            assert event.state is state

    def test_an_amount_as_a_number_keeps_its_places(self) -> None:
        event = alipay(Says(signed(None, text=json.dumps(PAID).replace('"15.80"', "15.80")))).query(NUMBER)
        assert event is not None
        assert event.amount.minor == 1580

    @pytest.mark.parametrize("text", ["javascript:alert(1)", "", "https://x y", "https://" + "a" * 2000, "weixin://pay"])
    def test_a_qr_that_is_no_address_is_no_answer(self, text: str) -> None:
        from tests.unit.payments.providers.test_asking import wish

        says = Says(signed({"code": "10000", "qr_code": text}, "alipay_trade_precreate_response"))
        with pytest.raises(ProviderUnavailable):
            alipay(says).create(wish(FrozenClock(), "precreate"))

    def test_a_refusal_prints_no_text_of_the_other_side(self) -> None:
        says = Says(signed({"code": "40004", "sub_code": "CANARY\nsecret value"}))
        with pytest.raises(ProviderUnavailable) as caught:
            alipay(says).query(NUMBER)
        assert "CANARY" not in "".join(traceback.format_exception(caught.value))

    def test_close_of_a_wrong_state_asks_what_it_is(self) -> None:
        class Closing(Says):
            def request(self, *args: Any, **more: Any) -> tuple[int, bytes]:
                if b"trade.close" in more["body"]:
                    return 200, signed({"code": "40004", "sub_code": "ACQ.TRADE_STATUS_ERROR"}, "alipay_trade_close_response")
                return super().request(*args, **more)

        assert alipay(Closing(signed(PAID))).close(NUMBER) is CloseResult.ALREADY_PAID
        assert alipay(Closing(signed(PAID | {"trade_status": "TRADE_CLOSED"}))).close(NUMBER) is CloseResult.CLOSED
        with pytest.raises(ProviderUnavailable):
            alipay(Closing(signed(PAID | {"trade_status": "WAIT_BUYER_PAY"}))).close(NUMBER)


class TestEpay:
    @pytest.mark.parametrize(
        "changes", [{}, {"status": "1"}, {"code": "1"}, {"money": 15.80}, {"money": "15.8"}, {"pid": FakeProviders(FrozenClock()).keys.pid}]
    )
    def test_the_types_of_forks_are_all_read(self, changes: dict[str, Any]) -> None:
        event = epay(Says(order(**changes))).query(NUMBER)
        assert event is not None
        assert (event.state, event.amount.minor) == (EventState.SUCCEEDED, 1580)

    @pytest.mark.parametrize(
        ("status", "state"), [(0, EventState.PENDING), (2, EventState.REFUNDED), (3, EventState.UNKNOWN), (99, EventState.UNKNOWN)]
    )
    def test_only_status_one_is_paid(self, status: int, state: EventState) -> None:
        event = epay(Says(order(status=status))).query(NUMBER)
        assert event is not None
        assert event.state is state

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": True},
            {"status": None},
            {"status": [1]},
            {"status": {"1": 1}},
            {"status": "paid"},
            {"status": "１"},
            {"status": -1},
            {"status": 1.0},
            {"code": True},
            {"code": 0},
            {"code": None},
            {"code": -3},
            {"out_trade_no": "payOTHER"},
            {"out_trade_no": None},
            {"pid": 1},
            {"pid": None},
            {"pid": True},
            {"trade_no": ""},
            {"trade_no": None},
            {"trade_no": "1 2"},
            {"money": None},
            {"money": True},
            {"money": "1e3"},
            {"money": -15.8},
            {"money": "15.801"},
        ],
    )
    def test_an_odd_answer_is_no_answer(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ProviderUnavailable):
            epay(Says(order(**changes))).query(NUMBER)

    @pytest.mark.parametrize("body", [b"", b"null", b"1", b"[]", b"<html>", b'{"code":1', b"\xff", b"[" * 100_000, b'{"code":NaN}'])
    def test_what_is_no_object_is_no_answer(self, body: bytes) -> None:
        with pytest.raises(ProviderUnavailable):
            epay(Says(body)).query(NUMBER)

    def test_absent_is_minus_one_and_a_wrong_key_is_not_absent(self) -> None:
        assert epay(Says(json.dumps({"code": -1, "msg": "订单号不存在"}).encode())).query(NUMBER) is None
        for code in (-2, -3, -4, -5, 0, None):
            with pytest.raises(ProviderUnavailable):
                epay(Says(json.dumps({"code": code, "msg": "x"}).encode())).query(NUMBER)

    def test_the_key_in_the_address_reaches_the_transport_and_no_error(self) -> None:
        key = FakeProviders(FrozenClock()).keys.epay_key
        says = Says(Unavailable(f"GET https://x/?key={key} failed"))
        with pytest.raises(ProviderUnavailable) as caught:
            epay(says).query(NUMBER)
        assert key in says.urls[0]
        error: BaseException | None = caught.value
        assert key not in "".join(traceback.format_exception(caught.value))
        while error is not None:
            assert key not in repr(error)
            error = error.__context__


class TestMembers:
    def test_values_and_their_exact_text(self) -> None:
        assert members(b' { "a" : {"x": [1, 2.50]} ,\n"b":"}{" } ')["a"][1] == '{"x": [1, 2.50]}'

    @pytest.mark.parametrize(
        "text",
        [
            "{}",
            '{"a":1,}',
            '{"a" 1}',
            '{"a":1}{',
            '{"a":1,"a":2}',
            '{"a":{"b":1,"b":2}}',
            "{1:2}",
            '{"a":Infinity}',
            '["a"]',
            '{"a":1',
            "'",
        ],
    )
    def test_what_an_honest_provider_does_not_write(self, text: str) -> None:
        with pytest.raises(Unreadable):
            members(text.encode())

    def test_only_texts_and_numbers_are_text(self) -> None:
        values: dict[str, object] = {"a": "1", "b": True, "c": None, "d": ["1"], "e": {}}
        assert [text_of(values, name) for name in "abcdef"] == ["1", "", "", "", "", ""]
