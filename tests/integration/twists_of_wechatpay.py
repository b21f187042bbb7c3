"""What is tried on WeChat Pay: a document that is sealed, under a signature in its headers."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX
from faka.kernel.exchange import RawRequest
from infra.local.actors.keys import loaded, stranger_keys
from infra.local.actors.spelling import md5, rsa2
from infra.local.actors.wechatpay_forgeries import probe
from tests.contract.wechatpay_scene import merged
from tests.integration.given_twists import Bench, Twist, Verdict, bodied, headed
from tests.kit.providers import raw_request


KIND = "wechatpay"
Make = Callable[[Bench], RawRequest]


def twists() -> Iterator[Twist]:
    yield from _signatures()
    yield from _serials()
    yield from _times()
    yield from _signed()
    yield from _orders()
    yield from _shapes()


def _said(raw: RawRequest, part: str) -> str:
    return raw.headers[f"wechatpay-{part}"]


def _headers(**changes: Callable[[Bench, RawRequest], str]) -> Make:
    """The claim with headers made from what they were."""

    def make(bench: Bench) -> RawRequest:
        raw = bench.claim()
        return headed(raw, **{f"wechatpay_{name}": text(bench, raw) for name, text in changes.items()})

    return make


def _signatures() -> Iterator[Twist]:
    for text in ("true", "1", "0", "null", "[]", "0e462097431906509019562988736854", "AA==", "A" * 10_000):
        yield Twist("loose", f"signature is {text[:12]}", _headers(signature=lambda _, __, text=text: text))
    cuts: dict[str, Callable[[str], str]] = {
        "empty": lambda _: "",
        "reversed": lambda sign: sign[::-1],
        "shorter": lambda sign: sign[:-1],
        "doubled": lambda sign: f"{sign}, {sign}",
        "in hex": lambda sign: base64.b64decode(sign).hex(),
        "for addresses": lambda sign: sign.replace("+", "-").replace("/", "_").rstrip("="),
        "of zeros": lambda _: base64.b64encode(bytes(256)).decode(),
        "of one": lambda _: base64.b64encode(bytes(255) + b"\1").decode(),
    }
    for name, cut in cuts.items():
        yield Twist(
            "loose" if name != "empty" else "unsigned",
            f"a signature {name}",
            _headers(signature=lambda _, raw, cut=cut: cut(_said(raw, "signature"))),
        )
    yield Twist("unsigned", "no headers", lambda bench: bench.claim().model_copy(update={"headers": {"content-type": "application/json"}}))
    yield Twist("unsigned", "the provider's probe", lambda bench: raw_request(probe(bench.desk.notice(bench.trade, bench.claimed))))
    for scheme in ("none", "WECHATPAY2-SHA1-RSA2048", "WECHATPAY2-SM2-WITH-SM3", "wechatpay2-sha256-rsa2048", "HMAC-SHA256", "MD5"):
        yield Twist("algorithm", f"scheme {scheme}", _headers(signature_type=lambda _, __, scheme=scheme: scheme))
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    for name, how, digest in (("SHA-1", padding.PKCS1v15(), SHA1()), ("PSS", pss, SHA256())):
        yield Twist(
            "algorithm",
            f"{name} with the provider's key",
            _headers(signature=lambda bench, raw, how=how, digest=digest: _otherwise(bench, raw, how, digest)),
        )
    for name, text in _texts().items():
        yield Twist("joined", f"signed {name}", _headers(signature=lambda bench, raw, text=text: rsa2(_key(bench, raw), text(raw))))


def _texts() -> dict[str, Callable[[RawRequest], str]]:
    """Other texts than the one that the scheme names, under the provider's own key."""
    return {
        "without its last line break": lambda raw: f"{_said(raw, 'timestamp')}\n{_said(raw, 'nonce')}\n{raw.body.decode()}",
        "without its time": lambda raw: f"{_said(raw, 'nonce')}\n{raw.body.decode()}\n",
        "as a body alone": lambda raw: raw.body.decode(),
        "as a request": lambda raw: f"POST\n{raw.path}\n{_said(raw, 'timestamp')}\n{_said(raw, 'nonce')}\n{raw.body.decode()}\n",
        "with other breaks": lambda raw: f"{_said(raw, 'timestamp')}\r\n{_said(raw, 'nonce')}\r\n{raw.body.decode()}\r\n",
    }


def _key(bench: Bench, raw: RawRequest) -> Any:
    name = "platform_private" if _said(raw, "serial") == bench.desk.own["public_key_id"] else "certificate_private"
    return loaded(bench.desk.own[name])


def _message(raw: RawRequest) -> str:
    return f"{_said(raw, 'timestamp')}\n{_said(raw, 'nonce')}\n{raw.body.decode()}\n"


def _otherwise(bench: Bench, raw: RawRequest, how: Any, digest: Any) -> str:
    return base64.b64encode(_key(bench, raw).sign(_message(raw).encode(), how, digest)).decode()


def _serials() -> Iterator[Twist]:
    own: Callable[[Bench, str], str] = lambda bench, name: bench.desk.own[name]  # noqa: E731 - a word of this table
    spelled: dict[str, Callable[[Bench, str], str]] = {
        "unknown": lambda _, __: "5" * 40,
        "empty": lambda _, __: "",
        "in hex": lambda _, serial: f"0x{serial}",
        "padded": lambda _, serial: f" {serial}",
        "twice": lambda _, serial: f"{serial}, {serial}",
        "cut": lambda _, serial: serial[:-1],
        "the prefix alone": lambda _, __: "PUB_KEY_ID_",
        "the other key's": lambda bench, serial: ({own(bench, "public_key_id"), own(bench, "certificate_serial")} - {serial}).pop(),
        "the merchant's": lambda bench, _: own(bench, "serial_no"),
        "a path": lambda _, __: "../../certificates",
        "an address": lambda _, __: "https://evil.test/key.pem",
    }
    for name, spell in spelled.items():
        yield Twist("serial", f"serial {name}", _headers(serial=lambda bench, raw, spell=spell: spell(bench, _said(raw, "serial"))))
    for name in ("public_key_id", "certificate_serial"):
        make = _headers(serial=lambda _, __, name=name: stranger_keys().of(KIND)[name], signature=lambda _, raw: _strangers(raw))
        yield Twist("serial", f"a stranger's key under its own {name}", make)
    yield Twist("key", "a stranger's key under the provider's serial", _headers(signature=lambda _, raw: _strangers(raw)))
    yield Twist(
        "key", "the merchant's key", _headers(signature=lambda bench, raw: rsa2(loaded(bench.desk.own["merchant_private"]), _message(raw)))
    )
    make = _headers(
        serial=lambda bench, _: bench.desk.own["serial_no"],
        signature=lambda bench, raw: rsa2(loaded(bench.desk.own["merchant_private"]), _message(raw)),
    )
    yield Twist("key", "the merchant's key under the merchant's serial", make)


def _strangers(raw: RawRequest) -> str:
    return rsa2(loaded(stranger_keys().of(KIND)["platform_private"]), _message(raw))


def _times() -> Iterator[Twist]:
    for seconds in (-301, 301, -86_400, -30 * 86_400):
        yield Twist("time", f"truly signed {seconds} seconds from now", _at(seconds))
    for name, spell in (
        ("renewed", lambda time: str(int(time) + 1)),
        ("in milliseconds", lambda time: f"{time}000"),
        ("empty", lambda _: ""),
        ("zero", lambda _: "0"),
        ("below zero", lambda time: f"-{time}"),
        ("with a fraction", lambda time: f"{time}.0"),
        ("in another script", lambda time: time.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})),
    ):
        yield Twist("time", f"its time {name}", _headers(timestamp=lambda _, raw, spell=spell: spell(_said(raw, "timestamp"))))
    yield Twist("time", "another nonce", _headers(nonce=lambda _, raw: _said(raw, "nonce")[::-1]))
    yield Twist("time", "no nonce", _headers(nonce=lambda _, __: ""))
    yield Twist("joined", "a nonce that swallowed a line of the body", _swallowed)


def _at(seconds: int) -> Make:
    def make(bench: Bench) -> RawRequest:
        raw = bench.claim()
        told = bench.desk.signed(raw.body, _said(raw, "serial"), bench.world.clock.now().timestamp() + seconds)
        return headed(raw, **{name.lower(): text for name, text in told.items()})

    return make


def _swallowed(bench: Bench) -> RawRequest:
    """The provider signed two lines; the first is sent as the end of the nonce, and the text that is signed stays the same."""
    inner = bench.claim().body
    raw = raw_request(bench.desk.packed(bench.trade, b"{}\n" + inner))
    nonce = f"{_said(raw, 'nonce')}\n{{}}"
    sent = bodied(headed(raw, wechatpay_nonce=nonce), inner)
    assert _message(sent) == _message(raw), "the signature fits what is sent"
    return sent


def _told(facts: Mapping[str, Any] | None = None, envelope: Mapping[str, Any] | None = None, *, kind: str = "TRANSACTION.SUCCESS") -> Make:
    """What the provider truly signs and seals, with other facts inside or another envelope around them."""

    def make(bench: Bench) -> RawRequest:
        whole = merged(bench.desk.counter.transaction(bench.trade, bench.claimed, "SUCCESS"), facts or {})
        body = json.loads(bench.desk.envelope(kind, "transaction", whole, {}))
        return raw_request(bench.desk.packed(bench.trade, json.dumps(merged(body, envelope or {})).encode()))

    return make


def _signed() -> Iterator[Twist]:
    stranger = {"mchid": "1900000000", "appid": "wx0000000000000000"}
    for name, text in stranger.items():
        yield Twist("account", f"signed for another {name}", _told({name: text}))
        yield Twist("account", f"signed without {name}", _told({name: None}))
        yield Twist("account", f"signed, {name} a list", _told({name: [text]}))
    yield Twist(
        "account", "signed for a service provider's merchant", _told({"mchid": None, "sp_mchid": "1900000000", "sub_mchid": "1900000001"})
    )
    for state in ("REFUND", "NOTPAY", "USERPAYING", "CLOSED", "REVOKED", "PAYERROR", "ACCEPT"):
        yield Twist("state", f"signed: {state}", _told({"trade_state": state}), Verdict.KEPT)
    for state in ("success", "SUCCESS ", "", True, 1, None, ["SUCCESS"]):
        yield Twist("state", f"signed: {state!r}", _told({"trade_state": state}))
    for kind in ("TRANSACTION.CLOSED", "TRANSACTION.SUCCESS2", "TRANSACTION.FAIL"):
        yield Twist("state", f"event {kind}", _told(kind=kind), Verdict.KEPT)
    for kind in ("transaction.success", "", "PAYSCORE.USER_PAID", "COUPON.USE"):
        yield Twist("state", f"event {kind or 'empty'}", _told(kind=kind))
    yield Twist("refund", "a refund's event around a payment", _told(kind="REFUND.SUCCESS"))
    yield Twist("refund", "a refund that nobody asked for", _refund("SUCCESS", "R100"), Verdict.PERSON)
    yield Twist("refund", "a refund that was closed", _refund("CLOSED", "R200"), Verdict.PERSON)
    yield Twist("refund", "a refund inside a payment's event", _refund("SUCCESS", "R300", "TRANSACTION.SUCCESS"))
    for total in (None, "15.80", "1580.0", 15.8, True, -1580, 1e3, [1580], "１５８０", 10**13):
        yield Twist("amount", f"signed, total {total!a}", _told({"amount": {"total": total}}))
    for currency in ("XXX", "cny", "CNY ", "人民币"):
        yield Twist("amount", f"signed, currency {currency!a}", _told({"amount": {"currency": currency}}))
    for name in ("transaction_id", "out_trade_no", "amount"):
        yield Twist("amount" if name == "amount" else "order", f"signed without {name}", _told({name: None}))
    for name, resource in (
        ("no cipher", {"algorithm": "none"}),
        ("another cipher", {"algorithm": "AEAD_SM4_GCM"}),
        ("a short nonce", {"nonce": "abc"}),
        ("nothing sealed", {"ciphertext": ""}),
        ("content that is not base64", {"ciphertext": "{}"}),
    ):
        yield Twist("algorithm", f"signed, {name}", _told(envelope={"resource": resource}))
    yield Twist("algorithm", "signed, open content", _open)
    yield Twist("twice", "signed, a name twice around", lambda bench: _doubled(bench, b'{"event_type":"TRANSACTION.SUCCESS",'))
    yield Twist("twice", "signed, a resource twice", lambda bench: _doubled(bench, b'{"resource":{},'))


def _refund(status: str, number: str, event: str = "") -> Make:
    def make(bench: Bench) -> RawRequest:
        facts = {
            "mchid": bench.desk.own["mchid"],
            "out_trade_no": bench.number,
            "transaction_id": bench.claimed.trade_no,
            "out_refund_no": number,
            "refund_id": f"5030{number}",
            "refund_status": status,
            "amount": {"total": 1580, "refund": 1580, "payer_total": 1580, "payer_refund": 1580},
        }
        body = bench.desk.envelope(event or f"REFUND.{status}", "refund", facts, {})
        return raw_request(bench.desk.packed(bench.trade, body))

    return make


def _open(bench: Bench) -> RawRequest:
    facts = bench.desk.counter.transaction(bench.trade, bench.claimed, "SUCCESS")
    body = json.dumps({"id": "EV-12345678", "event_type": "TRANSACTION.SUCCESS", "resource_type": "encrypt-resource", "resource": facts})
    return raw_request(bench.desk.packed(bench.trade, body.encode()))


def _doubled(bench: Bench, start: bytes) -> RawRequest:
    return raw_request(bench.desk.packed(bench.trade, bench.claim().body.replace(b"{", start, 1)))


def _orders() -> Iterator[Twist]:
    yield Twist("order", "the paid order's notice again", lambda bench: bench.old, Verdict.KNOWN)
    yield Twist("order", "the paid order's headers, the victim's body", lambda bench: bodied(bench.old, bench.claim().body))
    yield Twist("order", "the victim's headers, the paid order's body", lambda bench: bodied(bench.claim(), bench.old.body))
    yield Twist(
        "order", "signed, the paid order's transaction", lambda bench: _told({"transaction_id": _transaction(bench)})(bench), Verdict.KEPT
    )
    yield Twist("order", "a claim at an account that is nobody's", lambda bench: bench.claim(), address=(KIND, "nobody"))
    yield Twist("order", "a claim at another kind's address", lambda bench: bench.claim(), address=("alipay", ""))


def _transaction(bench: Bench) -> str:
    return bench.world.providers.bank.find(KIND, bench.shop.number(bench.paid)).payments[0].trade_no  # type: ignore[union-attr]


def _shapes() -> Iterator[Twist]:
    for kind in ("", "text/plain", "text/xml", "application/x-www-form-urlencoded", "application/jsonp"):
        yield Twist("shape", f"as {kind or 'nothing'}", lambda bench, kind=kind: headed(bench.claim(), content_type=kind))
    yield Twist("shape", "by address", lambda bench: bench.claim().model_copy(update={"method": "GET", "body": b""}))
    yield Twist("shape", "with a query", lambda bench: bench.claim().model_copy(update={"query": (("out_trade_no", bench.number),)}))
    for name, change in (
        ("empty", lambda _: b""),
        ("a blank longer", lambda body: body + b" "),
        ("written anew", lambda body: json.dumps(json.loads(body), indent=1).encode()),
        ("with a mark of its order", lambda body: b"\xef\xbb\xbf" + body),
        ("packed", gzip.compress),
        ("too long", lambda body: body + b" " * NOTICE_BYTES_MAX),
        ("in a list", lambda body: b"[" + body + b"]"),
        ("null", lambda _: b"null"),
    ):
        yield Twist("shape", f"a body {name}", lambda bench, change=change: bodied(raw := bench.claim(), change(raw.body)))
    yield Twist("algorithm", "the older protocol, XML signed by MD5", _older)


def _older(bench: Bench) -> RawRequest:
    """Version 2 of the interface: what a merchant who never turned it off still takes."""
    facts = {"appid": bench.desk.own["appid"], "mch_id": bench.desk.own["mchid"], "out_trade_no": bench.number, "result_code": "SUCCESS"}
    facts |= {"return_code": "SUCCESS", "total_fee": "1580", "transaction_id": bench.claimed.trade_no}
    facts |= {"sign": md5(facts, f"&key={bench.desk.own['api_v3_key']}").upper()}
    body = "<xml>" + "".join(f"<{name}>{text}</{name}>" for name, text in facts.items()) + "</xml>"
    return RawRequest(method="POST", headers={"content-type": "text/xml"}, body=body.encode())
