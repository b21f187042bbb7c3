"""WeChat Pay's notices: what is believed, for how long, under which keys, and what is not.

Each guard has a twin that switches it off and shows that the very same message would then have paid.
"""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from faka.contexts.payments.providers import rsa, wechatpay_gateway, wechatpay_notice
from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX, EventSource, EventState, PaymentEvent
from faka.contexts.payments.providers.refunding import RefundEvent, RefundProgress
from faka.contexts.payments.providers.wechatpay_notice import WrongKey
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import Forged, Malformed
from faka.kernel.money import Currency
from faka.kernel.secret import Secret
from infra.local.actors.wechatpay_forgeries import probe, sealed_otherwise
from tests.contract.wechatpay_scene import AMOUNT_MINOR, NUMBER, UNDER_CERTIFICATE, Shop, resigned, spelled
from tests.kit.providers import raw_request


pytestmark = pytest.mark.unit


@pytest.fixture
def shop() -> Shop:
    return Shop()


class TestHonest:
    @pytest.mark.parametrize(("number", "signer"), [(NUMBER, "public_key_id"), (UNDER_CERTIFICATE, "certificate_serial")])
    def test_a_payment_is_read_under_either_of_the_providers_keys(self, shop: Shop, number: str, signer: str) -> None:
        raw = shop.pay(number)
        assert raw.headers["wechatpay-serial"] == shop.desk.own[signer]
        event = shop.adapter.parse_notice(raw)
        assert isinstance(event, PaymentEvent)
        assert (event.out_trade_no, event.state, event.status) == (number, EventState.SUCCEEDED, "SUCCESS")
        assert (event.source, event.paid_at) == (EventSource.NOTICE, shop.clock.now())
        assert event.channel_txn_id == shop.trade(number).payments[0].trade_no
        assert event.raw_sha256 == raw.sha256()

    def test_what_counts_is_the_price_and_not_what_a_coupon_left_to_pay(self, shop: Shop) -> None:
        event = shop.adapter.parse_notice(shop.told({"amount": {"total": AMOUNT_MINOR, "payer_total": 1}}))
        assert (event.amount.minor, event.amount.currency) == (AMOUNT_MINOR, Currency.CNY)

    def test_the_payer_is_known_again_but_not_by_his_openid(self, shop: Shop) -> None:
        first, again = (shop.adapter.parse_notice(shop.told({"payer": {"openid": "oSomebody"}})) for _ in range(2))
        other = shop.adapter.parse_notice(shop.told({"payer": {"openid": "oSomebodyElse"}}))
        assert isinstance(first, PaymentEvent)
        assert isinstance(again, PaymentEvent)
        assert isinstance(other, PaymentEvent)
        assert first.payer_ref == again.payer_ref != other.payer_ref
        assert "oSomebody" not in first.model_dump_json()

    def test_a_repeat_is_signed_anew_and_is_the_same_fact(self, shop: Shop) -> None:
        raw = shop.pay()
        shop.clock.advance(hours=6)
        told = {name.lower(): text for name, text in shop.desk.signed(raw.body, raw.headers["wechatpay-serial"]).items()}
        again = raw.model_copy(update={"headers": raw.headers | told})
        assert again.headers["wechatpay-signature"] != raw.headers["wechatpay-signature"]
        key = shop.adapter.parse_notice(again).dedupe_key
        assert key == shop.adapter.parse_notice(raw.model_copy(update={"received_at": shop.clock.now() - timedelta(hours=6)})).dedupe_key
        assert key != shop.adapter.parse_notice(shop.told()).dedupe_key

    @pytest.mark.parametrize(
        "facts",
        [
            {"success_time": None},
            {"success_time": "yesterday"},
            {"success_time": "2026-03-02T12:00:00"},
            {"payer": None},
            {"attach": None},
            {"promotion_detail": [{"coupon_id": "1", "amount": 1}]},
            {"scene_info": {"device_id": "013467007045764"}},
        ],
    )
    def test_what_may_be_missing_or_added_loses_no_payment(self, shop: Shop, facts: dict[str, Any]) -> None:
        assert shop.adapter.parse_notice(shop.told(facts)).state is EventState.SUCCEEDED

    def test_an_empty_2xx_ends_the_repeats(self, shop: Shop) -> None:
        yes, no = shop.adapter.acknowledge(True), shop.adapter.acknowledge(False)
        assert (yes.status, yes.body) == (200, b"")
        assert no.status >= 500
        assert json.loads(no.body)["code"] == "FAIL"
        assert no.content_type == "application/json"


class TestStates:
    @pytest.mark.parametrize("word", ["NOTPAY", "CLOSED", "REVOKED", "USERPAYING", "PAYERROR", "REFUND", "DANCED"])
    def test_another_state_is_not_a_payment(self, shop: Shop, word: str) -> None:
        assert shop.adapter.parse_notice(shop.told({"trade_state": word})).state is not EventState.SUCCEEDED

    @pytest.mark.parametrize("event_type", ["TRANSACTION.FAIL", "TRANSACTION.", "TRANSACTION.SUCCESS2"])
    def test_an_event_that_we_do_not_know_never_pays(self, shop: Shop, event_type: str) -> None:
        event = shop.adapter.parse_notice(shop.told(envelope={"event_type": event_type}))
        assert event.state is EventState.UNKNOWN

    @pytest.mark.parametrize(
        ("word", "state"),
        [("SUCCESS", RefundProgress.SUCCEEDED), ("ABNORMAL", RefundProgress.FAILED), ("CLOSED", RefundProgress.FAILED)],
    )
    def test_a_refunds_notice_is_read(self, shop: Shop, word: str, state: RefundProgress) -> None:
        order = shop.back()
        shop.adapter.refund(order)
        refund = shop.trade().refunds[0]
        notice = shop.desk.refund_notice(shop.trade(), refund, word)
        assert notice is not None
        event = shop.adapter.parse_notice(raw_request(notice))
        assert isinstance(event, RefundEvent)
        assert (event.state, event.status, event.source) == (state, word, EventSource.NOTICE)
        assert (event.out_refund_no, event.channel_refund_id) == (order.out_refund_no, refund.number)
        assert (event.amount, event.out_trade_no) == (order.amount, NUMBER)

    def test_a_refunds_notice_that_says_two_things_says_nothing(self, shop: Shop) -> None:
        shop.adapter.refund(shop.back())
        notice = shop.desk.refund_notice(shop.trade(), shop.trade().refunds[0], "SUCCESS", event_type="REFUND.ABNORMAL")
        assert notice is not None
        assert shop.adapter.parse_notice(raw_request(notice)).state is RefundProgress.UNKNOWN


class TestForgeries:
    def test_none_of_the_players_forgeries_is_believed(self, shop: Shop) -> None:
        kinds = shop.wechat.forgeries(shop.trade().out_trade_no)
        for raw in kinds:
            with pytest.raises((Forged, Malformed)):
                shop.adapter.parse_notice(raw)
        assert len(kinds) >= 20

    def test_the_providers_own_probe_fails_like_any_bad_signature(self, shop: Shop) -> None:
        raw = raw_request(probe(shop.desk.notice(shop.trade(), None)))
        assert raw.headers["wechatpay-signature"].startswith("WECHATPAY/SIGNTEST/")
        with pytest.raises(Forged, match="signature"):
            shop.adapter.parse_notice(raw)

    def test_every_byte_of_body_and_signature_counts(self, shop: Shop) -> None:
        raw = shop.pay()
        sign = raw.headers["wechatpay-signature"]
        for at in range(0, len(raw.body), 37):
            body = raw.body[:at] + bytes([raw.body[at] ^ 1]) + raw.body[at + 1 :]
            with pytest.raises(Forged):
                shop.adapter.parse_notice(raw.model_copy(update={"body": body}))
        for at in range(0, len(sign), 7):
            with pytest.raises(Forged):
                shop.adapter.parse_notice(resigned(raw, wechatpay_signature=sign[:at] + ("B" if sign[at] == "A" else "A") + sign[at + 1 :]))

    @pytest.mark.parametrize("sign", ["", "true", "AA==", "A" * 344, "[]", "null", "é", "WECHATPAY/SIGNTEST/", "A" * 100_000])
    def test_what_is_no_signature_is_refused(self, shop: Shop, sign: str) -> None:
        with pytest.raises(Forged):
            shop.adapter.parse_notice(resigned(shop.pay(), wechatpay_signature=sign))

    def test_the_borders_between_time_nonce_and_body_cannot_be_moved(self, shop: Shop) -> None:
        """The signed text does not quote: a nonce that could hold a line break would swallow the beginning of a body."""
        raw = shop.pay()
        time, nonce = raw.headers["wechatpay-timestamp"], raw.headers["wechatpay-nonce"]
        for moved in ({"wechatpay_timestamp": time[:5]}, {"wechatpay_nonce": f"{nonce}\n"}, {"wechatpay_nonce": f"{nonce}\n{{"}):
            with pytest.raises(Forged, match="no serial"):
                shop.adapter.parse_notice(resigned(raw, **moved))

    def test_twin_without_the_signature_check_a_spoiled_notice_pays(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        raw = shop.pay()
        spoiled = raw.model_copy(update={"body": raw.body.replace(b"EV-", b"XX-")})
        with pytest.raises(Forged):
            shop.adapter.parse_notice(spoiled)
        monkeypatch.setattr(rsa, "is_signed", lambda *_: True)
        assert shop.adapter.parse_notice(spoiled).state is EventState.SUCCEEDED


class TestWindow:
    @pytest.mark.parametrize("seconds", [-301, 301, -86_400, 86_400])
    def test_a_notice_of_another_time_is_refused(self, shop: Shop, seconds: int) -> None:
        raw = shop.pay()
        shop.clock.advance(seconds=seconds)
        with pytest.raises(Forged, match="another time"):
            shop.adapter.parse_notice(raw)

    @pytest.mark.parametrize("seconds", [-300, 300])
    def test_the_edge_belongs_to_the_window(self, shop: Shop, seconds: int) -> None:
        raw = shop.pay()
        shop.clock.advance(seconds=seconds)
        assert shop.adapter.parse_notice(raw).state is EventState.SUCCEEDED

    def test_a_kept_notice_is_judged_by_when_it_came(self, shop: Shop) -> None:
        raw = shop.pay()
        came = shop.clock.now() + timedelta(seconds=2)
        shop.clock.advance(days=3)
        assert shop.adapter.parse_notice(raw.model_copy(update={"received_at": came})).state is EventState.SUCCEEDED
        with pytest.raises(Forged):
            shop.adapter.parse_notice(raw.model_copy(update={"received_at": came + timedelta(seconds=300)}))

    def test_twin_without_the_window_an_old_notice_pays(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        raw = shop.pay()
        shop.clock.advance(days=3)
        monkeypatch.setattr(wechatpay_gateway, "WINDOW", timedelta(days=9))
        assert shop.adapter.parse_notice(raw).state is EventState.SUCCEEDED


class TestIdentity:
    @pytest.mark.parametrize("facts", [{"mchid": "1900000000"}, {"mchid": None}, {"appid": "wx0000000000000000"}, {"appid": None}])
    def test_the_providers_own_notice_for_somebody_else_is_refused(self, shop: Shop, facts: dict[str, Any]) -> None:
        with pytest.raises(Forged, match="another"):
            shop.adapter.parse_notice(shop.told(facts))

    @pytest.mark.parametrize("name", ["mchid", "appid"])
    def test_twin_an_account_of_that_identity_takes_it(self, shop: Shop, name: str) -> None:
        raw = shop.told({name: "wx00000000"})
        account = shop.wechat.account(account={**shop.wechat.channel["account"], name: "wx00000000"})
        assert shop.opened(account).parse_notice(raw).state is EventState.SUCCEEDED

    def test_a_refund_of_another_merchant_is_refused(self, shop: Shop) -> None:
        shop.adapter.refund(shop.back())
        notice = shop.desk.refund_notice(shop.trade(), shop.trade().refunds[0], "SUCCESS", mchid="1900000000")
        assert notice is not None
        with pytest.raises(Forged, match="merchant"):
            shop.adapter.parse_notice(raw_request(notice))


class TestContent:
    def test_a_good_signature_over_what_we_cannot_open_is_our_fault_and_comes_back(self, shop: Shop) -> None:
        raw = raw_request(sealed_otherwise(shop.desk, shop.trade()))
        with pytest.raises(WrongKey) as caught:
            shop.adapter.parse_notice(raw)
        assert isinstance(caught.value, Unavailable)
        assert caught.value.http_status == 503

    def test_every_live_key_opens(self, shop: Shop) -> None:
        raw, secret = shop.pay(), shop.wechat.secret
        new = secret | {"api_v3_key": Secret("N3w" * 10 + "Qz")}
        assert shop.opened(shop.wechat.account(secrets=[new, secret])).parse_notice(raw).state is EventState.SUCCEEDED
        with pytest.raises(WrongKey):
            shop.opened(shop.wechat.account(secrets=[new])).parse_notice(raw)

    def test_twin_without_the_tag_a_changed_content_is_read(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        """Bits of the ciphertext are bits of the plaintext: 1580 becomes 1581 without any key."""
        raw = shop.told({"out_trade_no": NUMBER})
        resource = json.loads(raw.body)["resource"]
        sealed = bytearray(base64.b64decode(resource["ciphertext"]))
        plain = wechatpay_notice.unsealed(
            shop.desk.own["api_v3_key"].encode(), resource["nonce"].encode(), bytes(sealed), resource["associated_data"].encode()
        )
        assert plain is not None
        sealed[plain.index(b'"total":1580') + len('"total":158')] ^= 1
        changed = shop.sealed(spelled(raw.body, {"resource": {"ciphertext": base64.b64encode(sealed).decode()}}))
        with pytest.raises(WrongKey):
            shop.adapter.parse_notice(changed)

        def careless(key: bytes, nonce: bytes, sealed: bytes, related: bytes) -> bytes:
            return Cipher(algorithms.AES(key), modes.CTR(nonce + b"\0\0\0\2")).decryptor().update(sealed[:-16])

        monkeypatch.setattr(wechatpay_notice, "unsealed", careless)
        assert shop.adapter.parse_notice(changed).amount.minor == 1581

    @pytest.mark.parametrize(
        "facts",
        [
            {"amount": None},
            {"amount": []},
            {"amount": {"total": None}},
            {"amount": {"total": "15.80"}},
            {"amount": {"total": 15.8}},
            {"amount": {"total": -1580}},
            {"amount": {"total": True}},
            {"amount": {"total": "01580"}},
            {"amount": {"total": "1e3"}},
            {"amount": {"total": "１５８０"}},
            {"amount": {"total": 10**13}},
            {"amount": {"currency": "XXX"}},
            {"out_trade_no": None},
            {"out_trade_no": "a b"},
            {"out_trade_no": ["x"]},
            {"transaction_id": None},
            {"transaction_id": 5.5},
            {"trade_state": None},
            {"trade_state": "success"},
        ],
    )
    def test_what_lacks_its_facts_is_malformed(self, shop: Shop, facts: dict[str, Any]) -> None:
        shop.trade()
        with pytest.raises(Malformed):
            shop.adapter.parse_notice(shop.told(facts))

    def test_half_a_sign_is_no_payer_and_no_crash(self, shop: Shop) -> None:
        trade = shop.trade()
        facts = shop.desk.counter.transaction(trade, None, "SUCCESS") | {"payer": {"openid": "\ud800"}}
        assert shop.adapter.parse_notice(shop.content(json.dumps(facts).encode())).state is EventState.SUCCEEDED
        with pytest.raises(Malformed):
            shop.adapter.parse_notice(shop.content(json.dumps(facts | {"transaction_id": "\ud800"}).encode()))

    @pytest.mark.parametrize("text", [b"", b"null", b"[]", b"{", b"\xff", b"[" * 3_000, b'{"mchid":1,"mchid":2}'])
    def test_a_sealed_content_that_is_no_object_is_malformed(self, shop: Shop, text: bytes) -> None:
        with pytest.raises(Malformed):
            shop.adapter.parse_notice(shop.content(text))

    def test_a_second_currency_is_told_as_what_it_is(self, shop: Shop) -> None:
        assert shop.adapter.parse_notice(shop.told({"amount": {"currency": "USD"}})).amount.currency is Currency.USD


ENVELOPES: dict[str, dict[str, Any]] = {
    "no id": {"id": None},
    "odd id": {"id": "a b c d e f"},
    "short id": {"id": "1"},
    "no event": {"event_type": None},
    "other event": {"event_type": "PAYSCORE.USER_OPEN_SERVICE"},
    "list event": {"event_type": ["TRANSACTION.SUCCESS"]},
    "not sealed": {"resource_type": "plain"},
    "no resource": {"resource": None},
    "text resource": {"resource": "x"},
    "other cipher": {"resource": {"algorithm": "AEAD_SM4_GCM"}},
    "no cipher": {"resource": {"algorithm": None}},
    "no content": {"resource": {"ciphertext": None}},
    "content of nothing": {"resource": {"ciphertext": base64.b64encode(b"0" * 16).decode()}},
    "not base64": {"resource": {"ciphertext": "!!!"}},
    "odd content": {"resource": {"ciphertext": "\u00e9"}},
    "short nonce": {"resource": {"nonce": "12345678901"}},
    "long nonce": {"resource": {"nonce": "1234567890123"}},
    "no nonce": {"resource": {"nonce": None}},
}


class TestShapes:
    @pytest.mark.parametrize("name", ENVELOPES)
    def test_a_signed_envelope_of_another_shape_is_malformed(self, shop: Shop, name: str) -> None:
        with pytest.raises(Malformed):
            shop.adapter.parse_notice(shop.told(envelope=ENVELOPES[name]))

    @pytest.mark.parametrize(
        "body",
        [b"{", b"[]", b"null", b'"x"', b"{}", b'{"id":1}', b"\xff", b"[" * 3_000, b'{"id":"EV-12345678","id":"EV-12345678"}', b"{} {}"],
    )
    def test_a_signed_body_that_is_no_object_is_malformed(self, shop: Shop, body: bytes) -> None:
        raw = shop.pay()
        key = shop.desk.own["public_key_id"]
        text = body.decode("latin-1")
        signed = shop.desk.signed(body, key) if body.isascii() else shop.desk.signed(text.encode(), key)
        told = raw.model_copy(update={"body": body, "headers": raw.headers | {n.lower(): t for n, t in signed.items()}})
        with pytest.raises(Malformed if body.isascii() else Forged):
            shop.adapter.parse_notice(told)

    @pytest.mark.parametrize(
        "changes",
        [
            {"method": "GET"},
            {"method": "PUT"},
            {"query": (("a", "1"),)},
            {"body": b""},
            {"body": b" " * (NOTICE_BYTES_MAX + 1)},
            {"headers": {"content-type": "text/plain"}},
            {"headers": {}},
        ],
    )
    def test_another_kind_of_request_is_malformed(self, shop: Shop, changes: dict[str, Any]) -> None:
        with pytest.raises(Malformed):
            shop.adapter.parse_notice(shop.pay().model_copy(update=changes))

    def test_a_content_type_may_name_its_charset(self, shop: Shop) -> None:
        raw = resigned(shop.pay(), content_type="Application/JSON; charset=utf-8")
        assert shop.adapter.parse_notice(raw).state is EventState.SUCCEEDED

    def test_no_error_holds_what_was_sent(self, shop: Shop) -> None:
        for raw in (*shop.wechat.forgeries(shop.trade().out_trade_no), raw_request(sealed_otherwise(shop.desk, shop.trade()))):
            with pytest.raises((Forged, Malformed, WrongKey)) as caught:
                shop.adapter.parse_notice(raw)
            said = f"{caught.value!r} {caught.value.__cause__!r}"
            assert not any(text in said for text in (NUMBER, *raw.headers.values(), shop.desk.own["api_v3_key"]))
