"""WeChat Pay: what is asked, what is answered, and which answers prove nothing."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from faka.contexts.payments.providers import rsa, wechatpay_gateway
from faka.contexts.payments.providers.base import (
    AlreadyPaid,
    CheckoutKind,
    CloseResult,
    EventSource,
    EventState,
    MethodNotOffered,
    ProviderUnavailable,
)
from faka.kernel.money import Currency, Money
from infra.local.actors.desk import Asked
from infra.local.actors.keys import loaded
from infra.local.actors.notice import Refusal
from infra.local.actors.spelling import rsa2
from tests.contract.wechatpay_scene import AMOUNT_MINOR, NUMBER, Shop


pytestmark = pytest.mark.unit


@pytest.fixture
def shop() -> Shop:
    return Shop()


class TestCreate:
    def test_native_shows_the_text_of_a_qr_that_lives_as_long_as_the_order(self, shop: Shop) -> None:
        checkout = shop.adapter.create(shop.wish())
        assert (checkout.kind, checkout.valid_until) == (CheckoutKind.QR, shop.wish().expires_at)
        assert shop.wechat.visit(checkout) == NUMBER

    def test_a_qr_lives_no_longer_than_two_hours(self, shop: Shop) -> None:
        checkout = shop.adapter.create(shop.wish(expires_at=shop.clock.now() + timedelta(days=3)))
        assert checkout.valid_until == shop.clock.now() + timedelta(hours=2)

    def test_the_text_may_be_one_that_only_wechat_opens(self, shop: Shop) -> None:
        shop.line.hand = shop.says({"code_url": "weixin://wxpay/bizpayurl?pr=JyC91EIz1"})
        assert shop.adapter.create(shop.wish()).url == "weixin://wxpay/bizpayurl?pr=JyC91EIz1"

    def test_what_is_asked_is_what_the_order_says(self, shop: Shop) -> None:
        shop.adapter.create(shop.wish())
        [(method, url, headers, body)] = shop.line.sent
        asked = json.loads(body)
        assert (method, urlsplit(url).path) == ("POST", "/wechatpay/v3/pay/transactions/native")
        assert asked["amount"] == {"total": AMOUNT_MINOR, "currency": "CNY"}
        assert asked["time_expire"] == "2026-03-02T12:30:00+08:00"
        assert asked["description"] == "卡密, 10", "signs that gateways choke on are left out"
        assert (asked["mchid"], asked["appid"]) == (shop.desk.own["mchid"], shop.desk.own["appid"])
        assert headers["Wechatpay-Serial"] == shop.desk.own["public_key_id"]

    def test_h5_leads_back_to_the_shop_and_lives_five_minutes(self, shop: Shop) -> None:
        checkout = shop.adapter.create(shop.wish("h5"))
        assert (checkout.kind, checkout.valid_until) == (CheckoutKind.REDIRECT, shop.clock.now() + timedelta(minutes=5))
        assert dict(parse_qsl(urlsplit(checkout.url).query))["redirect_url"] == shop.wish().return_url
        assert shop.wechat.visit(checkout) == NUMBER
        assert shop.desk.return_address(shop.trade()) == shop.wish().return_url

    def test_jsapi_hands_the_page_what_wechat_takes_as_ours(self, shop: Shop) -> None:
        checkout = shop.adapter.create(shop.wish("jsapi"))
        assert checkout.kind is CheckoutKind.BRIDGE
        fields = dict(checkout.fields)
        assert list(fields) == ["appId", "timeStamp", "nonceStr", "package", "signType", "paySign"]
        address = "https://provider.test/wechatpay/bridge?"
        assert shop.desk.enter(Asked.of("GET", address + urlencode(fields))).out_trade_no == NUMBER
        for name in ("appId", "timeStamp", "nonceStr"):
            with pytest.raises(Refusal):
                shop.desk.enter(Asked.of("GET", address + urlencode(fields | {name: fields[name][:-1] + "x"})))

    @pytest.mark.parametrize(
        ("method", "changes"),
        [
            ("jsapi", {"payer_id": ""}),
            ("jsapi", {"payer_id": "not an openid"}),
            ("h5", {"client_ip": ""}),
            ("native", {"amount": Money(minor=100, currency=Currency.USD)}),
            ("app", {}),
            ("", {}),
        ],
    )
    def test_what_cannot_be_asked_for_is_refused_before_a_call(self, shop: Shop, method: str, changes: dict[str, Any]) -> None:
        with pytest.raises(MethodNotOffered):
            shop.adapter.create(shop.wish(method, **changes))
        assert not shop.line.sent

    def test_the_same_order_again_is_the_same_trade(self, shop: Shop) -> None:
        assert shop.adapter.create(shop.wish()).url == shop.adapter.create(shop.wish()).url

    def test_a_paid_trade_is_not_offered_again(self, shop: Shop) -> None:
        shop.adapter.create(shop.wish())
        shop.pay()
        with pytest.raises(AlreadyPaid):
            shop.adapter.create(shop.wish())

    @pytest.mark.parametrize("facts", [{"code_url": None}, {"code_url": ""}, {"code_url": "javascript:1"}, {"code_url": ["a"]}])
    def test_an_answer_without_a_checkout_is_none(self, shop: Shop, facts: dict[str, Any]) -> None:
        shop.line.hand = shop.says(facts)
        with pytest.raises(ProviderUnavailable):
            shop.adapter.create(shop.wish())

    def test_the_page_may_only_lead_to_wechats_own_cashier(self, shop: Shop) -> None:
        assert shop.adapter.form_hosts == ("https://provider.test",)
        real = shop.opened(shop.wechat.account(gateway="https://api.mch.weixin.qq.com/"))
        assert real.form_hosts == ("https://wx.tenpay.com",)


class TestQuery:
    def test_nobody_knows_a_number_that_was_never_told(self, shop: Shop) -> None:
        assert shop.adapter.query(NUMBER) is None

    def test_an_unpaid_trade_is_pending_and_has_no_amount(self, shop: Shop) -> None:
        shop.adapter.create(shop.wish())
        event = shop.adapter.query(NUMBER)
        assert event is not None
        assert (event.state, event.channel_txn_id, event.amount.minor) == (EventState.PENDING, "", 0)

    def test_a_paid_trade_is_told_with_what_the_order_costs(self, shop: Shop) -> None:
        noticed = shop.event()
        event = shop.adapter.query(NUMBER)
        assert event is not None
        assert (event.state, event.source) == (EventState.SUCCEEDED, EventSource.QUERY)
        assert (event.amount.minor, event.channel_txn_id) == (AMOUNT_MINOR, noticed.channel_txn_id)
        assert (event.paid_at, event.payer_ref) == (shop.clock.now(), noticed.payer_ref)

    @pytest.mark.parametrize(
        ("word", "state"),
        [
            ("SUCCESS", EventState.SUCCEEDED),
            ("REFUND", EventState.REFUNDED),
            ("NOTPAY", EventState.PENDING),
            ("USERPAYING", EventState.PENDING),
            ("CLOSED", EventState.CLOSED),
            ("REVOKED", EventState.CLOSED),
            ("PAYERROR", EventState.FAILED),
            ("DANCED", EventState.UNKNOWN),
        ],
    )
    def test_the_list_of_states_is_closed(self, shop: Shop, word: str, state: EventState) -> None:
        shop.pay()
        shop.line.hand = shop.says({"trade_state": word})
        event = shop.adapter.query(NUMBER)
        assert event is not None
        assert (event.state, event.status) == (state, word)

    @pytest.mark.parametrize(
        "facts",
        [
            {"out_trade_no": "pay01JQ8F3ZJ4Q6T0W1V9X2Y3ZZZZ"},
            {"mchid": "1900000000"},
            {"appid": "wx0000000000000000"},
            {"amount": None},
            {"amount": {"total": "15.80"}},
            {"amount": {"total": True}},
            {"amount": {"total": -1}},
            {"amount": {"currency": "XXX"}},
            {"transaction_id": None},
            {"transaction_id": ""},
            {"trade_state": None},
            {"trade_state": "success"},
        ],
    )
    def test_an_answer_about_something_else_or_without_its_facts_says_nothing(self, shop: Shop, facts: dict[str, Any]) -> None:
        shop.pay()
        shop.line.hand = shop.says(facts)
        with pytest.raises(ProviderUnavailable):
            shop.adapter.query(NUMBER)


class TestClose:
    def test_an_unpaid_trade_is_closed_once_and_stays_closed(self, shop: Shop) -> None:
        shop.adapter.create(shop.wish())
        assert shop.adapter.close(NUMBER) is CloseResult.CLOSED
        assert shop.adapter.close(NUMBER) is CloseResult.CLOSED
        assert shop.wechat.state(NUMBER) == "CLOSED"

    def test_a_paid_trade_says_so(self, shop: Shop) -> None:
        shop.pay()
        assert shop.adapter.close(NUMBER) is CloseResult.ALREADY_PAID

    def test_an_unknown_trade_says_so(self, shop: Shop) -> None:
        assert shop.adapter.close(NUMBER) is CloseResult.NOT_FOUND

    @pytest.mark.parametrize(("status", "code"), [(500, "SYSTEM_ERROR"), (401, "SIGN_ERROR"), (429, "FREQUENCY_LIMITED"), (400, "")])
    def test_another_refusal_leaves_it_open(self, shop: Shop, status: int, code: str) -> None:
        shop.adapter.create(shop.wish())
        shop.line.hand = shop.refuses(status, code)
        with pytest.raises(ProviderUnavailable):
            shop.adapter.close(NUMBER)


def _without(name: str) -> Callable[[Shop, bytes, dict[str, str]], tuple[bytes, dict[str, str]]]:
    return lambda _, body, headers: (body, {key: text for key, text in headers.items() if key != name})


def _signed(seconds: float = 0.0, signer: str = "public_key_id") -> Callable[[Shop, bytes, dict[str, str]], tuple[bytes, dict[str, str]]]:
    def spoil(shop: Shop, body: bytes, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
        told = shop.desk.signed(body, shop.desk.own[signer], shop.clock.now().timestamp() + seconds)
        return body, {name.lower(): text for name, text in told.items()}

    return spoil


def _by_the_merchant(shop: Shop, body: bytes, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    text = f"{headers['wechatpay-timestamp']}\n{headers['wechatpay-nonce']}\n{body.decode()}\n"
    return body, headers | {"wechatpay-signature": rsa2(loaded(shop.desk.own["merchant_private"]), text)}


SPOILS: dict[str, Callable[[Shop, bytes, dict[str, str]], tuple[bytes, dict[str, str]]]] = {
    "no headers": lambda _, body, __: (body, {}),
    "no signature": _without("wechatpay-signature"),
    "no serial": _without("wechatpay-serial"),
    "no time": _without("wechatpay-timestamp"),
    "no nonce": _without("wechatpay-nonce"),
    "other body": lambda _, body, headers: (body[:-2] + b"x}" if body else b"{}", headers),
    "longer body": lambda _, body, headers: (body + b" ", headers),
    "other serial": lambda shop, body, headers: (body, headers | {"wechatpay-serial": shop.desk.own["certificate_serial"]}),
    "unknown serial": lambda _, body, headers: (body, headers | {"wechatpay-serial": "PUB_KEY_ID_0100000000"}),
    "signed by us": _by_the_merchant,
    "too old": _signed(-301),
    "too new": _signed(301),
    "other scheme": lambda _, body, headers: (body, headers | {"wechatpay-signature-type": "RSA"}),
    "html": lambda _, __, headers: (b"<html>", headers),
}


class TestAnswers:
    @pytest.mark.parametrize("name", SPOILS)
    @pytest.mark.parametrize("call", ["query", "close", "create"])
    def test_what_is_not_proved_is_no_answer(self, shop: Shop, name: str, call: str) -> None:
        shop.adapter.create(shop.wish())
        if call == "query":
            shop.pay()
        shop.line.hand = lambda status, body, headers: (status, *SPOILS[name](shop, body, headers))
        with pytest.raises(ProviderUnavailable):
            shop.adapter.create(shop.wish()) if call == "create" else getattr(shop.adapter, call)(NUMBER)

    def test_twin_without_the_signature_check_another_body_is_believed(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        shop.pay()
        monkeypatch.setattr(rsa, "is_signed", lambda *_: True)
        shop.line.hand = lambda status, body, headers: (status, body.replace(b'"total":1580', b'"total":1'), headers)
        event = shop.adapter.query(NUMBER)
        assert event is not None
        assert event.amount.minor == 1

    def test_twin_without_the_window_an_old_answer_is_believed(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        shop.pay()
        monkeypatch.setattr(wechatpay_gateway, "WINDOW", timedelta(days=9))
        shop.line.hand = lambda status, body, headers: (status, *_signed(-86_400)(shop, body, headers))
        assert shop.adapter.query(NUMBER) is not None

    @pytest.mark.parametrize("seconds", [-300, 300])
    def test_the_edge_of_the_window_belongs_to_it(self, shop: Shop, seconds: int) -> None:
        shop.pay()
        shop.line.hand = lambda status, body, headers: (status, *_signed(seconds)(shop, body, headers))
        assert shop.adapter.query(NUMBER) is not None

    def test_the_certificates_key_proves_as_well(self, shop: Shop) -> None:
        shop.pay()
        shop.line.hand = lambda status, body, headers: (status, *_signed(signer="certificate_serial")(shop, body, headers))
        assert shop.adapter.query(NUMBER) is not None

    def test_an_account_with_a_certificate_alone_asks_for_no_public_key(self) -> None:
        shop = Shop(public_keys={name: text for name, text in Shop().wechat.channel["public_keys"].items() if name[0] != "P"})
        shop.pay()
        assert shop.adapter.query(NUMBER) is not None
        assert "Wechatpay-Serial" not in shop.line.sent[0][2]

    def test_no_answer_is_no_answer(self, shop: Shop) -> None:
        shop.wechat.is_down = True
        for call in (shop.adapter.query, shop.adapter.close):
            with pytest.raises(ProviderUnavailable):
                call(NUMBER)

    def test_a_refusal_names_its_code_and_nothing_else(self, shop: Shop) -> None:
        shop.line.hand = shop.refuses(403, "NO AUTH <secret>")
        with pytest.raises(ProviderUnavailable, match=r"wechatpay refuses: 403 \?$"):
            shop.adapter.query(NUMBER)

    def test_no_two_requests_have_one_nonce(self, shop: Shop) -> None:
        for _ in range(20):
            shop.adapter.query(NUMBER)
        nonces = [dict(part.split("=", 1) for part in sent[2]["Authorization"].split(","))["nonce_str"] for sent in shop.line.sent]
        assert len(set(nonces)) == 20
        assert all(len(nonce) == 34 and nonce.strip('"').isalnum() for nonce in nonces)

    def test_the_player_refuses_what_is_not_signed_by_the_merchant(self, shop: Shop) -> None:
        """The other side of the twin: a signature over another address or body is none there."""
        shop.adapter.create(shop.wish())
        method, url, headers, body = shop.line.sent[-1]
        for spoiled in ((url, body + b" "), (url + "?a=1", body)):
            status, answer = shop.providers.request(method, spoiled[0], headers=headers, body=spoiled[1])
            assert (status, b"SIGN_ERROR" in answer) == (401, True)
