"""What is not a notice at all, and what the provider itself signed but nobody can read."""

import base64
import json
from urllib.parse import urlencode

import pytest

from faka.contexts.payments.providers.base import EventState
from faka.kernel.exchange import Forged, Malformed, RawRequest
from tests.contract.notices import NUMBER, WAYS, Way, refusal


pytestmark = pytest.mark.contract

BODIES: dict[str, tuple[bytes | None, str]] = {
    "empty": (b"", "application/x-www-form-urlencoded"),
    "blank": (b"   ", "application/x-www-form-urlencoded"),
    "ampersands": (b"&&&", "application/x-www-form-urlencoded"),
    "trailing-ampersand": (None, "trailing"),
    "no-type": (None, ""),
    "json-type": (None, "application/json"),
    "text-type": (None, "text/plain"),
    "multipart-type": (None, "multipart/form-data; boundary=x"),
    "xml-type": (None, "text/xml"),
    "gbk-header": (None, "application/x-www-form-urlencoded; charset=GBK"),
    "utf16-header": (None, "application/x-www-form-urlencoded; charset=utf-16"),
    "json-boolean-sign": (json.dumps({"sign": True, "out_trade_no": NUMBER}).encode(), "application/json"),
    "json-array-sign": (json.dumps({"sign": [], "out_trade_no": NUMBER}).encode(), "application/x-www-form-urlencoded"),
    "json-number-sign": (json.dumps({"sign": 0}).encode(), "application/x-www-form-urlencoded"),
    "xml": (b"<xml><sign>1</sign></xml>", "application/x-www-form-urlencoded"),
    "not-ascii": ("out_trade_no=单号".encode(), "application/x-www-form-urlencoded"),
    "control": (b"sign=\x00\x01", "application/x-www-form-urlencoded"),
    "bad-escape": (b"sign=%zz", "application/x-www-form-urlencoded"),
    "half-escape": (b"sign=%4", "application/x-www-form-urlencoded"),
    "semicolons": (b"sign=1;sign_type=RSA2", "application/x-www-form-urlencoded"),
    "many-fields": (b"&".join(b"a%d=1" % i for i in range(101)), "application/x-www-form-urlencoded"),
    "long-name": (b"a" * 65 + b"=1", "application/x-www-form-urlencoded"),
    "huge": (b"a=" + b"1" * 65_536, "application/x-www-form-urlencoded"),
    "gzip": (b"\x1f\x8b\x08\x00", "application/x-www-form-urlencoded"),
}


class TestShapes:
    @pytest.mark.parametrize("case", BODIES)
    @pytest.mark.parametrize("name", ["alipay", "epay-post"])
    def test_what_is_not_a_form_is_refused(self, ways: dict[str, Way], name: str, case: str) -> None:
        way = ways[name]
        body, content_type = BODIES[case]
        honest = urlencode(way.honest).encode()
        if content_type == "trailing":
            raw = way.posted(honest + b"&")
        else:
            raw = way.posted(honest if body is None else body, content_type)
        error = refusal(way.adapter, raw)
        assert isinstance(error, Forged if case == "semicolons" else Malformed)

    @pytest.mark.parametrize("name", ["alipay", "epay-post"])
    def test_a_body_whose_base64_nobody_undid_is_refused(self, ways: dict[str, Way], name: str) -> None:
        way = ways[name]
        refusal(way.adapter, way.posted(base64.b64encode(urlencode(way.honest).encode())))

    @pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "post", "DELETE", ""])
    def test_alipay_posts(self, ways: dict[str, Way], method: str) -> None:
        way = ways["alipay"]
        honest = way.sent(way.honest)
        assert isinstance(refusal(way.adapter, honest.model_copy(update={"method": method})), Malformed)
        by_address = RawRequest(method=method, query=tuple(way.honest.items()))
        assert isinstance(refusal(way.adapter, by_address), Malformed)

    @pytest.mark.parametrize("method", ["PUT", "HEAD", "get", "DELETE", ""])
    def test_epay_gets_or_posts(self, ways: dict[str, Way], method: str) -> None:
        way = ways["epay-get"]
        assert isinstance(refusal(way.adapter, way.sent(way.honest).model_copy(update={"method": method})), Malformed)

    @pytest.mark.parametrize("name", WAYS)
    def test_address_and_body_are_never_mixed(self, ways: dict[str, Way], name: str) -> None:
        way = ways[name]
        honest = way.sent(way.honest)
        mixed = (
            {"query": (("a", "1"),)} if honest.body else {"body": b"a=1", "headers": {"content-type": "application/x-www-form-urlencoded"}}
        )
        assert isinstance(refusal(way.adapter, honest.model_copy(update=mixed)), Malformed)

    def test_a_long_or_crowded_address_is_malformed(self, ways: dict[str, Way]) -> None:
        way = ways["epay-get"]
        assert isinstance(refusal(way.adapter, way.spoiled(param="1" * 65_536)), Malformed)
        assert isinstance(refusal(way.adapter, way.sent([*way.honest.items(), *((f"a{i}", "1") for i in range(100))])), Malformed)

    def test_lone_surrogates_are_refused(self, ways: dict[str, Way]) -> None:
        refusal(ways["epay-get"].adapter, ways["epay-get"].spoiled(name="\udc80"))

    @pytest.mark.parametrize("charset", ["GBK", "gb18030", "utf-16", "latin-1", "utf-7", ""])
    def test_alipays_charset_is_the_one_we_ask_for(self, ways: dict[str, Way], charset: str) -> None:
        way = ways["alipay"]
        if charset:
            assert isinstance(refusal(way.adapter, way.signed(charset=charset)), Malformed)

    def test_a_gbk_body_does_not_pass_for_utf8(self, ways: dict[str, Way]) -> None:
        way = ways["alipay"]
        params = way.provider.desk.signed(way.unsigned | {"subject": "点卡一百元"})
        assert way.adapter.parse_notice(way.sent(params)).out_trade_no == NUMBER
        assert isinstance(refusal(way.adapter, way.posted(urlencode(params, encoding="gbk").encode())), Forged)


AMOUNTS_REFUSED = [
    "", "0x10", "-15.80", "+15.80", "1e3", "1E3", "NaN", "Infinity", "15,80", "15.801", "１５.８０", "١٥", " 15.80", "15.80 ", "15.80\n",
    "15.", ".80", "015.80", "00.01", "1_000", "15.8.0", "¥15.80", "15.80元", "99999999999999", "100000000.01", "[]", "true", "null",
]  # fmt: skip
AMOUNTS_READ = {"15.8": 1580, "15.80": 1580, "15.800": 1580, "16": 1600, "0.01": 1, "0": 0, "100000000.00": 10_000_000_000}


class TestContentThatTheProviderItselfSigned:
    """Even honest signatures do not make every content readable."""

    @pytest.mark.parametrize("amount", AMOUNTS_REFUSED)
    def test_what_is_no_amount_is_malformed(self, way: Way, amount: str) -> None:
        raw = way.signed(**{"total_amount" if way.is_alipay else "money": amount})
        assert isinstance(refusal(way.adapter, raw), Malformed)

    @pytest.mark.parametrize("amount", AMOUNTS_READ)
    def test_amounts_are_numbers_not_texts(self, way: Way, amount: str) -> None:
        event = way.adapter.parse_notice(way.signed(**{"total_amount" if way.is_alipay else "money": amount}))
        assert event.amount.minor == AMOUNTS_READ[amount]

    @pytest.mark.parametrize(
        "number", ["", "a b", "pay/1", "pay#1", "x" * 65, "单号", "１２３", "pay\n1", "'or 1=1", "<script>", "pay\u202e1"]
    )
    @pytest.mark.parametrize("field", ["out_trade_no", "trade_no"])
    def test_what_is_no_number_of_a_trade_is_malformed(self, way: Way, field: str, number: str) -> None:
        assert isinstance(refusal(way.adapter, way.signed(**{field: number})), Malformed)

    @pytest.mark.parametrize("status", ["TRADE_SUCCESS_", "SUCCESS", "PAID", "TRADE_PENDING", "X", "WAIT_SELLER_SEND_GOODS"])
    def test_an_unknown_status_never_pays(self, way: Way, status: str) -> None:
        assert way.adapter.parse_notice(way.signed(trade_status=status)).state is EventState.UNKNOWN

    @pytest.mark.parametrize("status", ["", "trade_success", "TRADE_SUCCESS ", "ＴＲＡＤＥ", "1", "true", "TRADE SUCCESS", "A" * 41])
    def test_an_unreadable_status_is_malformed(self, way: Way, status: str) -> None:
        assert isinstance(refusal(way.adapter, way.signed(trade_status=status)), Malformed)

    @pytest.mark.parametrize("notify_id", ["", "short", "x" * 129, "id#1234567", "id 1234567", "单号单号单号单号"])
    def test_a_repeat_can_only_be_known_by_a_readable_id(self, ways: dict[str, Way], notify_id: str) -> None:
        assert isinstance(refusal(ways["alipay"].adapter, ways["alipay"].signed(notify_id=notify_id)), Malformed)

    @pytest.mark.parametrize("date", ["", "yesterday", "2026-13-45 99:99:99", "１２", "0000-00-00 00:00:00"])
    def test_an_odd_date_loses_no_payment(self, ways: dict[str, Way], date: str) -> None:
        event = ways["alipay"].adapter.parse_notice(ways["alipay"].signed(gmt_payment=date))
        assert (event.state, event.paid_at) == (EventState.SUCCEEDED, None)
