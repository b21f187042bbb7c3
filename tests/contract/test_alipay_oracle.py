"""Alipay's scheme against a client that others wrote and others use: what we sign it verifies, what it signs we verify.

Where the two differ, ours is right by real answers of production (`tests/vectors`): it cuts an answer at balanced braces, so a value
with a brace in it loses its signature there. And it believes a value that pretends to be several fields, which we do not read.
"""

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from alipay import AliPay
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from faka.contexts.payments.providers.alipay_gateway import Gateway
from faka.contexts.payments.providers.base import EventState, PaymentEvent, PaymentOrder
from faka.kernel.exchange import Forged, Malformed, RawRequest
from tests.contract.books_scene import Scene, cny
from tests.contract.notices import AMOUNT_MINOR, FORM, NUMBER


pytestmark = pytest.mark.contract

ODD = ("a b", "点卡 100 元", "100%", "A&B", "x=y", "a+b", "{}", "quote ' and \"", "https://x.test/?a=1&b=2", "é", "\u3000", "😀")


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene("alipay")


def pem(private: str) -> tuple[str, str]:
    key = load_der_private_key(base64.b64decode(private), None)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode(), public.decode()


@pytest.fixture(scope="module")
def application(scene: Scene) -> Any:
    """The library as the shop: it signs with the application's key and believes Alipay's."""
    own = scene.provider.desk.own
    return AliPay(scene.providers.keys.app_id, None, pem(own["merchant_private"])[0], pem(own["provider_private"])[1], "RSA2")


@pytest.fixture(scope="module")
def provider(scene: Scene) -> Any:
    """The library as Alipay: it signs with Alipay's key and believes the application's."""
    own = scene.provider.desk.own
    return AliPay(scene.providers.keys.app_id, None, pem(own["provider_private"])[0], pem(own["merchant_private"])[1], "RSA2")


def wish(scene: Scene, method: str, subject: str) -> PaymentOrder:
    return PaymentOrder(
        out_trade_no=NUMBER,
        amount=cny(AMOUNT_MINOR),
        subject=subject,
        method=method,
        expires_at=scene.clock.now() + timedelta(minutes=15),
        notify_url="https://notify.test/v1/callbacks/alipay/alipay",
        return_url="https://shop.test/o/1?x=1&y=2",
    )


@pytest.mark.parametrize("method", ["page", "wap"])
@pytest.mark.parametrize("subject", ODD)
def test_it_verifies_the_addresses_that_we_sign(scene: Scene, provider: Any, method: str, subject: str) -> None:
    address = scene.adapter.create(wish(scene, method, subject)).url
    params = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    sign, kept = params.pop("sign"), params.copy()
    # Its `verify` drops `sign_type`, which is the rule of notices; a request's text keeps it.
    text = "&".join(f"{name}={kept[name]}" for name in sorted(kept))
    assert provider._verify(text, sign)
    assert not provider._verify(text.replace("15.80", "15.81"), sign)


@pytest.mark.parametrize("subject", ODD)
def test_its_requests_are_ours_letter_by_letter(scene: Scene, application: Any, subject: str) -> None:
    gateway = Gateway(scene.provider.account(), scene.line, scene.clock)
    goods = {"out_trade_no": NUMBER, "total_amount": "15.80", "subject": subject}
    ours = gateway.signed("alipay.trade.precreate", goods, {"notify_url": "https://notify.test/n"})
    theirs = application.build_body("alipay.trade.precreate", json.loads(ours["biz_content"]), notify_url="https://notify.test/n")
    theirs |= {"timestamp": ours["timestamp"], "format": "JSON", "biz_content": ours["biz_content"]}
    signed = dict(parse_qsl(application.sign_data(theirs), keep_blank_values=True))
    assert signed == ours


TWO_READINGS = "https://x.test/?a=1&b=2"


@pytest.mark.parametrize("subject", [text for text in ODD if text != TWO_READINGS])
def test_we_believe_the_notices_that_it_signs(scene: Scene, provider: Any, subject: str) -> None:
    desk = scene.provider.desk
    params = desk.notice_params(scene.trade, scene.trade.payments[0], "TRADE_SUCCESS") | {"subject": subject}  # type: ignore[attr-defined]
    text = "&".join(f"{name}={params[name]}" for name in sorted(params) if params[name])
    sent = params | {"sign": provider._sign(text), "sign_type": "RSA2"}
    raw = RawRequest(method="POST", headers={"content-type": FORM}, body=urlencode(sent).encode())
    event = scene.adapter.parse_notice(raw)
    assert isinstance(event, PaymentEvent)
    assert (event.state, event.amount) == (EventState.SUCCEEDED, cny(AMOUNT_MINOR))
    with pytest.raises(Forged):
        scene.adapter.parse_notice(raw.model_copy(update={"body": raw.body.replace(b"15.80", b"15.81")}))


@pytest.mark.parametrize("subject", ODD)
def test_it_believes_the_notices_that_we_believe(scene: Scene, application: Any, subject: str) -> None:
    [raw] = [scene.provider.notice(NUMBER, subject=subject)]
    params = dict(parse_qsl(raw.body.decode(), keep_blank_values=True))
    sign = params.pop("sign")
    shown = {name: value for name, value in params.items() if value}
    assert application.verify(shown.copy(), sign)
    assert not application.verify(shown | {"total_amount": "0.01"}, sign)


def test_the_known_difference_a_value_that_reads_as_two_fields(scene: Scene, application: Any) -> None:
    raw = scene.provider.notice(NUMBER, subject=TWO_READINGS)
    params = dict(parse_qsl(raw.body.decode(), keep_blank_values=True))
    sign = params.pop("sign")
    assert application.verify({name: value for name, value in params.items() if value}, sign)
    with pytest.raises(Malformed):
        scene.adapter.parse_notice(raw)


def test_both_read_an_answer_alike(scene: Scene, application: Any) -> None:
    answer = scene.signed("alipay_trade_query_response", {"code": "10000", "msg": "Success", "out_trade_no": NUMBER, "n": {"a": "b"}})
    gateway = Gateway(scene.provider.account(), scene.line, scene.clock)
    ours = gateway.proved(answer, "alipay_trade_query_response")
    assert ours == application._verify_and_return_sync_response(answer.decode(), "alipay_trade_query_response")


@pytest.mark.parametrize("name", ["}", "{", "a}b{c"])
def test_the_known_difference_a_brace_in_a_value(scene: Scene, application: Any, name: str) -> None:
    answer = scene.signed("alipay_trade_query_response", {"code": "10000", "subject": name})
    gateway = Gateway(scene.provider.account(), scene.line, scene.clock)
    assert gateway.proved(answer, "alipay_trade_query_response") == {"code": "10000", "subject": name}
    if name != "a}b{c":
        with pytest.raises(Exception):  # noqa: B017 - it fails in more than one way
            application._verify_and_return_sync_response(answer.decode(), "alipay_trade_query_response")
