"""The schemes against data that others made: SDK tests and real messages of production, each with its source.

A signature that our own signer made proves nothing about the provider; these do.
"""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1

from faka.contexts.payments.providers import certificates, open_account, open_channel, rsa
from faka.contexts.payments.providers.alipay_gateway import Gateway
from faka.contexts.payments.providers.answers import members
from faka.contexts.payments.providers.base import EventState
from faka.contexts.payments.providers.canonical import signed_text
from faka.contexts.payments.providers.epay import md5_signature
from faka.kernel.exchange import Forged, RawRequest
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency
from faka.kernel.secret import Secret
from tests.kit.clock import FrozenClock
from tests.kit.providers import FakeProviders


pytestmark = pytest.mark.contract

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "vectors/payments.json").read_text())
V1, V2 = frozenset({"sign", "sign_type"}), frozenset({"sign"})


def of_kind(kind: str, **facts: str) -> list[Any]:
    found = [v for v in VECTORS if v["kind"] == kind and all(v.get(name) == value for name, value in facts.items())]
    return [pytest.param(v, id=v["id"]) for v in found]


def by_id(name: str) -> dict[str, Any]:
    return next(v for v in VECTORS if v["id"] == name)


def fields_of(vector: dict[str, Any]) -> dict[str, bytes]:
    return {name: value.encode() for name, value in vector["params"].items()}


def is_signed(vector: dict[str, Any], fields: dict[str, bytes], without: frozenset[str]) -> bool:
    signature = rsa.signature_bytes(fields["sign"].decode())
    assert signature is not None
    return rsa.is_signed(rsa.public_key(vector["public_key_pem"]), signed_text(fields, without), signature)


def test_each_vector_names_its_source_and_is_used_here() -> None:
    assert all(v["source"] for v in VECTORS)
    kinds = {"alipay_notify_verify", "alipay_raw_node", "alipay_sync_response", "alipay_cert_sn", "alipay_root_cert_sn", "epay_md5"}
    assert {v["kind"] for v in VECTORS} == kinds


@pytest.mark.parametrize("vector", of_kind("alipay_notify_verify", sign_type="RSA2"))
class TestRsa2:
    def test_the_signature_fits(self, vector: dict[str, Any]) -> None:
        assert is_signed(vector, fields_of(vector), frozenset(vector["drop"]))

    def test_it_does_not_fit_after_one_byte_of_any_field(self, vector: dict[str, Any]) -> None:
        fields, without = fields_of(vector), frozenset(vector["drop"])
        for name in fields.keys() - without:
            changed = fields | {name: fields[name][:-1] + bytes([fields[name][-1] ^ 1])}
            assert not is_signed(vector, changed, without), name

    def test_it_fits_by_one_of_the_two_rules_only(self, vector: dict[str, Any]) -> None:
        other = V2 if frozenset(vector["drop"]) == V1 else V1
        assert not is_signed(vector, fields_of(vector), other)


def test_an_honest_sha1_signature_is_not_ours_to_accept() -> None:
    vector = by_id("alipay-java-rsacheck-3")
    fields = fields_of(vector)
    assert not is_signed(vector, fields, V2)
    # The vector itself is good: with the old algorithm it verifies, so it is the algorithm that we refuse.
    signature = base64.b64decode(vector["params"]["sign"])
    rsa.public_key(vector["public_key_pem"]).verify(signature, signed_text(fields, V2), padding.PKCS1v15(), SHA1())


class TestRealNoticeOfProduction:
    vector = by_id("alipay-notify-trade-real")

    def parse(self, params: dict[str, str], **identity: str) -> Any:
        known = {"app_id": self.vector["params"]["app_id"], "seller_id": self.vector["params"]["seller_id"]}
        clock = FrozenClock()
        account = open_account(
            channel_id=ChannelId("alipay"),
            kind="alipay",
            account=known | identity,
            gateway="https://openapi.alipay.com/gateway.do",
            currency=Currency.CNY,
            public_key=self.vector["public_key_pem"],
            secrets=[{"private_key": Secret("MIIEvgIBADANBgkqhkiG9w0BAQEFAASC")}],
        )
        headers = {"content-type": "application/x-www-form-urlencoded; text/html; charset=utf-8"}
        raw = RawRequest(method="POST", headers=headers, body=urlencode(params).encode())
        return open_channel(account, FakeProviders(clock), clock).parse_notice(raw)

    def test_it_is_read_as_ten_fen_paid(self) -> None:
        event = self.parse(self.vector["params"])
        assert (event.state, event.amount.minor, event.amount.currency) == (EventState.SUCCEEDED, 10, Currency.CNY)
        assert (event.out_trade_no, event.channel_txn_id) == ("20190815155618536-564-57", "2019081522001468450512505578")
        assert event.dedupe_key == "2019081500222155624068450559358070"
        assert event.paid_at is not None
        assert event.paid_at.isoformat() == "2019-08-15T07:56:24+00:00"
        assert "2088102534368455" not in event.payer_ref

    @pytest.mark.parametrize("identity", [{"app_id": "2019073166072303"}, {"seller_id": "2088531891668738"}])
    def test_it_pays_nobody_elses_order(self, identity: dict[str, str]) -> None:
        with pytest.raises(Forged):
            self.parse(self.vector["params"], **identity)

    @pytest.mark.parametrize("name", sorted(set(vector["params"]) - {"sign"}))
    def test_no_field_can_be_changed(self, name: str) -> None:
        value = self.vector["params"][name]
        with pytest.raises(Exception, match=r"signature|RSA2|UTF-8"):
            self.parse({**self.vector["params"], name: value[:-1] + ("1" if value[-1] != "1" else "2")})


@pytest.mark.parametrize("vector", of_kind("alipay_raw_node"))
def test_the_signed_node_is_cut_at_its_exact_text(vector: dict[str, Any]) -> None:
    assert members(vector["raw"].encode())[vector["node"]][1] == vector["expected"]


class TestRealAnswerOfProduction:
    vector = by_id("alipay-sync-response-real")

    def proved(self, node: str) -> dict[str, object] | None:
        clock = FrozenClock()
        account = FakeProviders(clock).alipay.account(public_key=self.vector["public_key_pem"])
        answer = f'{{"{self.vector["node"]}":{node},"sign":"{self.vector["sign"]}"}}'
        return Gateway(account, FakeProviders(clock), clock).proved(answer.encode(), self.vector["node"])

    def test_its_signature_covers_its_text(self) -> None:
        node = self.proved(self.vector["expected"])
        assert node is not None
        assert node["trade_no"] == "2019082922001432790585537960"

    @pytest.mark.parametrize(("was", "is_now"), [("0.01", "0.02"), ('","', '", "'), ("20:14:05", "20:14:06"), ("PCREDIT", "PCREDIt")])
    def test_another_text_is_not_proved(self, was: str, is_now: str) -> None:
        assert self.proved(self.vector["expected"].replace(was, is_now, 1)) is None


@pytest.mark.parametrize("vector", of_kind("alipay_cert_sn"))
def test_the_serial_of_a_certificate(vector: dict[str, Any]) -> None:
    assert certificates.serial(vector["certificate_pem"]) == vector["expected"]


@pytest.mark.parametrize("vector", of_kind("alipay_root_cert_sn"))
def test_the_serials_of_the_root_bundle_leave_out_what_is_not_rsa(vector: dict[str, Any]) -> None:
    assert certificates.root_serial(vector["certificate_pem"]) == vector["expected"]


@pytest.mark.parametrize("vector", of_kind("epay_md5"))
class TestMd5:
    def test_the_signature_is_the_published_one(self, vector: dict[str, Any]) -> None:
        assert md5_signature(fields_of(vector), Secret(vector["key"])) == vector["expected"]

    def test_another_key_or_byte_gives_another(self, vector: dict[str, Any]) -> None:
        fields = fields_of(vector)
        assert md5_signature(fields, Secret(vector["key"] + " ")) != vector["expected"]
        assert md5_signature(fields | {"money": b"10.01"}, Secret(vector["key"])) != vector["expected"]
        assert md5_signature(fields | {"sign": b"x", "sign_type": b"MD5", "param": b""}, Secret(vector["key"])) == vector["expected"]
