"""What is tried on Stripe: a document under an HMAC in its header."""

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX
from faka.kernel.exchange import RawRequest
from infra.local.actors.keys import stranger_keys
from infra.local.actors.stripe import signature
from tests.integration.given_twists import Bench, Twist, Verdict, bodied, changed, headed
from tests.kit.providers import raw_request


KIND = "stripe"
Make = Callable[[Bench], RawRequest]


def twists() -> Iterator[Twist]:
    yield from _heads()
    yield from _keys()
    yield from _events()
    yield from _subjects()
    yield from _orders()
    yield from _shapes()


def _stamp(bench: Bench) -> str:
    return str(int(bench.world.clock.now().timestamp()))


def _mac(key: str, stamp: str, body: bytes, digest: str = "sha256") -> str:
    return hmac.new(key.encode(), f"{stamp}.".encode() + body, digest).hexdigest()


def _head(spell: Callable[[str, str, bytes], str]) -> Make:
    """The claim under another header, made of its time, its true signature and its body."""

    def make(bench: Bench) -> RawRequest:
        raw, stamp = bench.claim(), _stamp(bench)
        return headed(raw, stripe_signature=spell(stamp, _mac(bench.desk.webhook_secrets[0], stamp, raw.body), raw.body))

    return make


def _heads() -> Iterator[Twist]:
    heads: dict[str, tuple[str, Callable[[str, str, bytes], str]]] = {
        "none": ("unsigned", lambda *_: ""),
        "blank": ("unsigned", lambda *_: "   "),
        "true": ("loose", lambda *_: "true"),
        "a list": ("loose", lambda *_: "[]"),
        "a magic digest": ("loose", lambda stamp, *_: f"t={stamp},v1=0e462097431906509019562988736854"),
        "v1 empty": ("loose", lambda stamp, *_: f"t={stamp},v1="),
        "v1 true": ("loose", lambda stamp, *_: f"t={stamp},v1=true"),
        "v1 of zeros": ("loose", lambda stamp, *_: f"t={stamp},v1={'0' * 64}"),
        "v1 shorter": ("loose", lambda stamp, good, _: f"t={stamp},v1={good[:-1]}"),
        "v1 longer": ("loose", lambda stamp, good, _: f"t={stamp},v1={good}0"),
        "v1 in capitals": ("loose", lambda stamp, good, _: f"t={stamp},v1={good.upper()}"),
        "v1 in base64": ("loose", lambda stamp, good, _: f"t={stamp},v1={base64.b64encode(bytes.fromhex(good)).decode()}"),
        "v1 reversed": ("loose", lambda stamp, good, _: f"t={stamp},v1={good[::-1]}"),
        "a bare digest": ("shape", lambda _, good, __: good),
        "joined by semicolons": ("shape", lambda stamp, good, _: f"t={stamp};v1={good}"),
        "with blanks": ("shape", lambda stamp, good, _: f"t = {stamp}, v1 = {good}"),
        "v0 alone": ("algorithm", lambda stamp, good, _: f"t={stamp},v0={good}"),
        "v2 alone": ("algorithm", lambda stamp, good, _: f"t={stamp},v2={good}"),
        "V1 in capitals": ("algorithm", lambda stamp, good, _: f"t={stamp},V1={good}"),
        "a digest without a key": (
            "algorithm",
            lambda stamp, _, body: f"t={stamp},v1={hashlib.sha256(stamp.encode() + b'.' + body).hexdigest()}",
        ),
        "the test scheme's digest": ("algorithm", lambda stamp, _, body: f"t={stamp},v1={hashlib.sha256(body).hexdigest()}"),
        "no time": ("time", lambda _, good, __: f"v1={good}"),
        "an empty time": ("time", lambda _, good, __: f"t=,v1={good}"),
        "a time of words": ("time", lambda _, good, __: f"t=now,v1={good}"),
        "its time renewed": ("time", lambda stamp, good, _: f"t={int(stamp) + 1},v1={good}"),
        "in milliseconds": ("time", lambda stamp, good, _: f"t={stamp}000,v1={good}"),
        "two times, the true one first": ("twice", lambda stamp, good, _: f"t={stamp},t={int(stamp) + 1},v1={good}"),
        "two times, the true one last": ("twice", lambda stamp, good, _: f"t={int(stamp) + 1},t={stamp},v1={good}"),
        "nine wrong ones and the true one": ("twice", lambda stamp, good, _: f"t={stamp}," + "v1=ab," * 9 + f"v1={good}"),
        "two headers as one": ("twice", lambda stamp, good, _: f"t={stamp},v1={good},t={stamp},v1={good}"),
    }
    for name, (hole, spell) in heads.items():
        yield Twist(hole, f"head {name}", _head(spell))
    for digest in ("md5", "sha1", "sha512"):
        make = lambda bench, digest=digest: _signed_with(bench, lambda key, stamp, body: _mac(key, stamp, body, digest))  # noqa: E731
        yield Twist("algorithm", f"HMAC {digest} with the secret", make)
    texts: dict[str, Callable[[str, bytes], bytes]] = {
        "the body alone": lambda _, body: body,
        "without the dot": lambda stamp, body: stamp.encode() + body,
        "the body written anew": lambda stamp, body: f"{stamp}.".encode() + json.dumps(json.loads(body)).encode(),
        "the time behind": lambda stamp, body: body + f".{stamp}".encode(),
    }
    for name, text in texts.items():
        yield Twist("joined", f"signed {name}", lambda bench, text=text: _signed_over(bench, text))
    for seconds in (-301, 301, -86_400):
        yield Twist("time", f"truly signed {seconds} seconds from now", lambda bench, seconds=seconds: _at(bench, seconds))


def _signed_with(bench: Bench, mac: Callable[[str, str, bytes], str]) -> RawRequest:
    raw, stamp = bench.claim(), _stamp(bench)
    return headed(raw, stripe_signature=f"t={stamp},v1={mac(bench.desk.webhook_secrets[0], stamp, raw.body)}")


def _signed_over(bench: Bench, text: Callable[[str, bytes], bytes]) -> RawRequest:
    return _signed_with(bench, lambda key, stamp, body: hmac.new(key.encode(), text(stamp, body), "sha256").hexdigest())


def _at(bench: Bench, seconds: int) -> RawRequest:
    raw = bench.claim()
    return headed(raw, stripe_signature=signature(raw.body, bench.desk.webhook_secrets, bench.world.clock.now().timestamp() + seconds))


def _keys() -> Iterator[Twist]:
    keys: dict[str, Callable[[Bench], str]] = {
        "nothing": lambda _: "",
        "a blank": lambda _: " ",
        "null": lambda _: "null",
        "a sample": lambda _: "whsec_test_secret",
        "a stranger's": lambda _: stranger_keys().of(KIND)["webhook_secret"],
        "the account's name": lambda bench: bench.desk.own["account"],
        "the key for questions": lambda bench: bench.desk.own["secret_key"],
        "the secret without its prefix": lambda bench: bench.desk.own["webhook_secret"].removeprefix("whsec_"),
        "the secret, decoded": lambda bench: base64.b64decode(bench.desk.own["webhook_secret"].removeprefix("whsec_") + "==").decode(
            "latin-1"
        ),
    }
    for name, key in keys.items():
        make = lambda bench, key=key: _signed_with(bench, lambda _, stamp, body: _mac(key(bench), stamp, body))  # noqa: E731 - a row of a table
        yield Twist("key", f"signed with {name}", make)


def _told(kind: str = "", subject: Mapping[str, Any] | None = None, of: str = "session", **event: Any) -> Make:
    """What Stripe truly signs, with other facts in it."""

    def make(bench: Bench) -> RawRequest:
        whole = {"session": bench.desk.books.session, "intent": bench.desk.books.intent, "charge": bench.desk.books.charge}[of]
        facts = changed(whole(bench.trade, bench.claimed), subject or {})
        told = changed(bench.desk.event(kind or bench.desk.paid, facts), event)
        return raw_request(bench.desk.signed(bench.trade, told))

    return make


def _events() -> Iterator[Twist]:
    yield Twist("account", "signed, of a connected account", _told(account="acct_1111111111111111"))
    yield Twist("account", "signed, account empty", _told(account=""))
    yield Twist("account", "signed, account a list", _told(account=["acct_1"]))
    for mode in (True, None, "false", 0, "0"):
        yield Twist("account", f"signed, livemode {mode!r}", _told(livemode=mode))
    yield Twist("account", "signed, live money in a test event", _told(subject={"livemode": True}))
    yield Twist("shape", "signed, no event", _told(object="v2.core.event"))
    yield Twist("shape", "signed, without an id", _told(id=None))
    yield Twist("shape", "signed, its id a path", _told(id="../evt_1"))
    yield Twist("shape", "signed, without an object", _told(data={}))
    yield Twist("shape", "signed, its data a list", _told(data=[{"object": {}}]))
    for kind in (
        *("checkout.session.expired", "checkout.session.async_payment_failed", "checkout.session.async_payment_succeeded.v2"),
        *("charge.succeeded", "invoice.paid", "charge.dispute.created", "account.updated", "CHECKOUT.SESSION.COMPLETED", "*"),
    ):
        yield Twist("state", f"signed: {kind}", _told(kind), Verdict.KEPT)
    for kind in ("payment_intent.payment_failed", "payment_intent.canceled", "payment_intent.processing"):
        yield Twist("state", f"signed: {kind}", _told(kind, of="intent"), Verdict.KEPT)
    yield Twist("state", "a session in a payment's event", _told("payment_intent.succeeded"), Verdict.KEPT)
    yield Twist("state", "a payment in a session's event", _told("checkout.session.completed", of="intent"), Verdict.KEPT)
    yield Twist("refund", "signed: money that went back", _told("charge.refunded", of="charge"), Verdict.KEPT)
    yield Twist("refund", "a charge in a refund's event", _told("refund.created", of="charge"), Verdict.KEPT)
    yield Twist("refund", "a refund that nobody asked for", _refund, Verdict.PERSON)


def _refund(bench: Bench) -> RawRequest:
    facts = {"id": "re_1", "object": "refund", "amount": 1580, "currency": "cny", "status": "succeeded", "payment_intent": "pi_1"}
    facts |= {"metadata": {"out_trade_no": bench.number}}
    return raw_request(bench.desk.signed(bench.trade, bench.desk.event("refund.created", facts)))


def _subjects() -> Iterator[Twist]:
    for status in ("unpaid", "no_payment_required", "PAID", "", True, None, ["paid"]):
        yield Twist("state", f"signed, payment_status {status!r}", _told(subject={"payment_status": status}), Verdict.KEPT)
    for mode in ("setup", "subscription", None):
        yield Twist("state", f"signed, mode {mode!r}", _told(subject={"mode": mode}), Verdict.KEPT)
    for amount in (None, "15.80", 15.8, True, -1580, 1e3, [1580], "１５８０", 10**13):
        yield Twist("amount", f"signed, amount_total {amount!a}", _told(subject={"amount_total": amount}))
    for currency in ("xxx", "CNY", "eur", "", None, ["cny"]):
        yield Twist("amount", f"signed, currency {currency!r}", _told(subject={"currency": currency}), Verdict.KEPT)
    yield Twist("order", "signed, without a payment", _told(subject={"payment_intent": None}))
    yield Twist("order", "signed, the payment a list", _told(subject={"payment_intent": ["pi_1"]}))


def _orders() -> Iterator[Twist]:
    yield Twist("order", "the paid order's notice again", lambda bench: bench.old, Verdict.KNOWN)
    yield Twist("order", "the paid order's head, the victim's body", lambda bench: bodied(bench.old, bench.claim().body))
    yield Twist("order", "the victim's head, the paid order's body", lambda bench: bodied(bench.claim(), bench.old.body))
    yield Twist("order", "signed, the paid order's payment", _paid_twice, Verdict.KEPT)
    yield Twist(
        "order",
        "the number turned",
        lambda bench: bodied(raw := bench.claim(), raw.body.replace(bench.number.encode(), bench.number[::-1].encode())),
    )
    yield Twist("order", "a claim at an account that is nobody's", lambda bench: bench.claim(), address=(KIND, "nobody"))
    yield Twist("order", "a claim at another kind's address", lambda bench: bench.claim(), address=("epay", ""))


def _paid_twice(bench: Bench) -> RawRequest:
    old = json.loads(bench.old.body)["data"]["object"]["payment_intent"]
    return _told(subject={"payment_intent": old})(bench)


def _shapes() -> Iterator[Twist]:
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json"):
        yield Twist("shape", f"as {kind or 'nothing'}", lambda bench, kind=kind: headed(bench.claim(), content_type=kind))
    yield Twist("shape", "by address", lambda bench: bench.claim().model_copy(update={"method": "GET", "body": b""}))
    yield Twist("shape", "with a query", lambda bench: bench.claim().model_copy(update={"query": (("livemode", "false"),)}))
    for name, change in (
        ("empty", lambda _: b""),
        ("a blank longer", lambda body: body + b" "),
        ("written anew", lambda body: json.dumps(json.loads(body)).encode()),
        ("with a mark of its order", lambda body: b"\xef\xbb\xbf" + body),
        ("packed", gzip.compress),
        ("too long", lambda body: body + b" " * NOTICE_BYTES_MAX),
        ("a cent cheaper", lambda body: body.replace(b"1580", b"1579")),
    ):
        yield Twist("shape", f"a body {name}", lambda bench, change=change: bodied(raw := bench.claim(), change(raw.body)))
    for name, change in (
        ("in a list", lambda body: b"[" + body + b"]"),
        ("null", lambda _: b"null"),
        ("with a name twice", lambda body: body.replace(b"{", b'{"livemode": false,', 1)),
        ("with an amount twice", lambda body: body.replace(b'"amount_total"', b'"amount_total": 1, "amount_total"')),
        ("with no number", lambda body: body.replace(b'"amount_total": 1580', b'"amount_total": NaN')),
        ("and another behind it", lambda body: body + body),
    ):
        hole = "twice" if "twice" in name else "shape"
        yield Twist(hole, f"signed, a body {name}", lambda bench, change=change: _resigned(bench, change(bench.claim().body)))


def _resigned(bench: Bench, body: bytes) -> RawRequest:
    return headed(bodied(bench.claim(), body), stripe_signature=signature(body, bench.desk.webhook_secrets, float(_stamp(bench))))
