"""WeChat Pay against others: what its documents and SDKs print, and a library that neither we nor our player have written.

A signature that our own signer made proves nothing about the provider; and a player that agreed with our mistakes would find none.
"""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpayv3 import utils as others
from wechatpayv3.core import Core

from faka.contexts.payments.providers import rsa
from faka.contexts.payments.providers.wechatpay_gateway import message_text, provider_keys, request_text
from faka.contexts.payments.providers.wechatpay_notice import opened, unsealed
from faka.kernel.clock import epoch_s
from faka.kernel.exchange import Forged
from faka.kernel.secret import Secret
from infra.local.actors.desk import Asked
from infra.local.actors.keys import loaded
from tests.contract.wechatpay_scene import NUMBER, Shop
from tests.kit.providers import shared_keys


pytestmark = pytest.mark.contract

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "vectors/wechatpay.json").read_text())
KINDS = {"wechat_request_sign", "wechat_message_verify", "rsa_sha256_sign", "aes_gcm", "wechat_notify"}


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(v, id=v["id"]) for v in VECTORS if v["kind"] == kind]


def test_each_vector_names_its_source_and_is_used_here() -> None:
    assert all(v["source"] for v in VECTORS)
    assert {v["kind"] for v in VECTORS} == KINDS


class TestVectors:
    @pytest.mark.parametrize("vector", of_kind("wechat_request_sign"))
    def test_a_requests_signature_is_the_printed_one(self, vector: dict[str, Any]) -> None:
        key = rsa.private_key(Secret(vector["private_key_der_b64"]))
        parts = [vector["method"], vector["url_path"], vector["timestamp"], vector["nonce"]]
        assert rsa.sign(key, request_text(*parts, vector["body"].encode())) == vector["signature"]
        for at in range(4):
            other = [part + "1" if at == i else part for i, part in enumerate(parts)]
            assert rsa.sign(key, request_text(*other, vector["body"].encode())) != vector["signature"]

    @pytest.mark.parametrize("vector", of_kind("rsa_sha256_sign"))
    def test_the_signer_is_rsa_over_sha256(self, vector: dict[str, Any]) -> None:
        assert rsa.sign(rsa.private_key(Secret(vector["private_key_der_b64"])), vector["message"].encode()) == vector["signature"]

    @pytest.mark.parametrize("vector", of_kind("wechat_message_verify"))
    def test_a_printed_answer_is_proved_by_the_printed_key(self, vector: dict[str, Any]) -> None:
        shop = Shop(public_keys={"PUB_KEY_ID_PRINTED": vector["public_key_pem"]})
        at = datetime.fromtimestamp(int(vector["timestamp"]), UTC)
        names = {
            "timestamp": vector["timestamp"],
            "nonce": vector["nonce"],
            "signature": vector["signature"],
            "serial": "PUB_KEY_ID_PRINTED",
        }
        headers = {f"wechatpay-{name}": text for name, text in names.items()}
        shop.adapter._gateway.prove(headers, vector["body"].encode(), at)
        for changed in (vector["body"] + " ", vector["body"].replace("JyC", "JyD")):
            with pytest.raises(Forged):
                shop.adapter._gateway.prove(headers, changed.encode(), at)

    @pytest.mark.parametrize("vector", of_kind("aes_gcm"))
    def test_sealed_content_opens_with_keys_of_any_length_that_aes_has(self, vector: dict[str, Any]) -> None:
        """32 bytes are asked of an account; the SDK's own example has 16, so that is no matter of the cipher."""
        sealed = base64.b64decode(vector["ciphertext"])
        parts = vector["key"].encode(), vector["nonce"].encode()
        assert unsealed(*parts, sealed, vector["aad"].encode()) == vector["plaintext"].encode()
        assert unsealed(*parts, sealed[:-1] + b"\0", vector["aad"].encode()) is None
        assert unsealed(*parts, sealed, b"") is None

    @pytest.mark.parametrize("vector", of_kind("wechat_notify"))
    def test_a_whole_notice_of_the_official_sdk_is_proved_and_opened(self, vector: dict[str, Any]) -> None:
        account = Shop().wechat.account(public_keys={vector["serial"]: vector["certificate_pem"]})
        at = datetime.fromtimestamp(int(vector["timestamp"]), UTC)
        gateway = Shop().opened(account)._gateway
        names = {name: vector[name] for name in ("timestamp", "nonce", "signature", "serial")}
        gateway.prove({f"wechatpay-{name}": text for name, text in names.items()}, vector["body"].encode(), at)
        facts = opened(json.loads(vector["body"])["resource"], (vector["key"].encode(),))
        assert facts == json.loads(vector["plaintext"])
        with pytest.raises(Forged):
            gateway.prove({f"wechatpay-{name}": text for name, text in names.items()}, vector["body"].encode()[:-1], at)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop()


@pytest.fixture(scope="module")
def library(shop: Shop) -> Core:
    """The library as the same merchant: his keys in, the provider's public key in, no network."""
    own = shop.desk.own
    return Core(
        mchid=own["mchid"],
        cert_serial_no=own["serial_no"],
        private_key=own["merchant_private"],
        apiv3_key=own["api_v3_key"],
        public_key=shop.wechat.channel["public_keys"][own["public_key_id"]],
        public_key_id=own["public_key_id"],
    )


class TestLibrary:
    def test_our_authorization_is_the_librarys(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        shop.adapter.create(shop.wish())
        method, url, headers, body = shop.line.sent[-1]
        facts = dict(part.split("=", 1) for part in headers["Authorization"].partition(" ")[2].split(","))
        monkeypatch.setattr(others.time, "time", lambda: float(epoch_s(shop.clock.now())))
        path = url.removeprefix("https://provider.test")
        key = loaded(shop.desk.own["merchant_private"])
        nonce = facts["nonce_str"].strip('"')
        made = others.build_authorization(path, method, shop.desk.own["mchid"], shop.desk.own["serial_no"], key, body.decode(), nonce)
        assert made == headers["Authorization"]

    def test_the_player_takes_what_the_library_signs(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(others.time, "time", lambda: float(epoch_s(shop.clock.now())))
        path = f"/wechatpay/v3/pay/transactions/out-trade-no/{NUMBER}?mchid={shop.desk.own['mchid']}"
        key = loaded(shop.desk.own["merchant_private"])
        made = others.build_authorization(path, "GET", shop.desk.own["mchid"], shop.desk.own["serial_no"], key)
        shop.trade()
        headers = {"Authorization": made, "Accept": "application/json"}
        assert shop.desk.serve(Asked.of("GET", f"https://provider.test{path}", headers)).status == 200
        assert shop.desk.serve(Asked.of("GET", f"https://provider.test{path}0", headers)).status == 401

    def test_the_library_opens_the_players_notice_and_reads_what_we_read(self, shop: Shop, library: Core) -> None:
        raw = shop.pay()
        headers = {name.title(): text for name, text in raw.headers.items()}
        told = library.callback(headers, raw.body)
        event = shop.adapter.parse_notice(raw)
        assert told["id"] == event.dedupe_key
        facts = told["resource"]
        assert (facts["out_trade_no"], facts["transaction_id"]) == (event.out_trade_no, event.channel_txn_id)
        assert facts["amount"]["total"] == event.amount.minor
        assert library.callback(headers, raw.body + b" ") is None

    def test_we_believe_what_the_library_signs_with_the_providers_key(self, shop: Shop) -> None:
        body, time, nonce = '{"a":"卡"}', str(epoch_s(shop.clock.now())), "n" * 32
        signature = others.rsa_sign(loaded(shop.desk.own["platform_private"]), f"{time}\n{nonce}\n{body}\n")
        names = {"timestamp": time, "nonce": nonce, "signature": signature, "serial": shop.desk.own["public_key_id"]}
        shop.adapter._gateway.prove({f"wechatpay-{name}": text for name, text in names.items()}, body.encode(), shop.clock.now())

    def test_the_bridges_signature_is_the_librarys(self, shop: Shop, library: Core) -> None:
        fields = dict(shop.adapter.create(shop.wish("jsapi", out_trade_no=NUMBER[:-1] + "J")).fields)
        assert fields["paySign"] == library.sign([fields["appId"], fields["timeStamp"], fields["nonceStr"], fields["package"]])

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(
        body=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200),
        nonce=st.text("0123456789abcdefABCDEF", min_size=1, max_size=32),
    )
    def test_both_sign_and_prove_the_same_texts(self, body: str, nonce: str) -> None:
        time, key = "1772424000", loaded(shared_keys().of("wechatpay")["platform_private"])
        text = message_text(time, nonce, body.encode())
        signature = rsa.sign(key, text)
        assert signature == others.rsa_sign(key, f"{time}\n{nonce}\n{body}\n")
        assert others.rsa_verify(time, nonce, body, signature, key.public_key())
        key.public_key().verify(base64.b64decode(signature), text, padding.PKCS1v15(), SHA256())
        assert not rsa.is_signed(key.public_key(), message_text(time, nonce, body.encode() + b"x"), base64.b64decode(signature))

    def test_the_keys_of_an_account_are_those_of_the_library(self, shop: Shop) -> None:
        for serial, known in provider_keys(shop.adapter.account).items():
            text = shop.wechat.channel["public_keys"][serial]
            certificate = others.load_certificate(text) if "CERTIFICATE" in text else None
            key = certificate.public_key() if certificate else others.load_public_key(text)
            assert known.key.public_numbers() == key.public_numbers()
