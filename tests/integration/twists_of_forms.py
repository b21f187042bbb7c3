"""What is tried on the channels whose notices are parameters: Alipay (a form), epay by MD5 and by RSA (an address)."""

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX
from faka.kernel.exchange import RawRequest
from infra.local.actors.spelling import content, md5, rsa2
from tests.integration.given_forms import FORM, Form, pair_of, signing, strangers_sign, with_
from tests.integration.given_twists import Bench, Twist, Verdict
from tests.integration.twists_of_one_form import of_alipay, of_epay, of_epay_rsa


AMOUNTS = ("0.01", "0", "-15.80", "15.8", "15.800", "1.58e1", "+15.80", " 15.80", "１５.80", "NaN", "15,80", "0x0f.8", "15.80 yuan", "true")
SIGNS = ("", "true", "1", "0", "null", "[]", "0e462097431906509019562988736854", "d41d8cd98f00b204e9800998ecf8427e", "A" * 10_000)
ALGORITHMS = ("", "none", "MD5", "md5", "RSA", "rsa", "RSA2", "rsa2", "HMAC", "SHA1WithRSA", "RSA2,MD5")
ODD = ("sign[]", "sign[0]", "sign.", " sign", "Sign", "sign\x00", "ѕign")
"""Names that a framework may read as `sign`; the last begins with a letter of another alphabet."""


def twists(form: Form) -> Iterator[Twist]:
    yield from _values(form)
    yield from _keys(form)
    yield from _names(form)
    yield from _accounts_and_orders(form)
    yield from _states(form)
    yield from _shapes(form)
    yield from {"alipay": of_alipay, "epay": of_epay, "epay_rsa": of_epay_rsa}[form.kind](form)


def _values(form: Form) -> Iterator[Twist]:
    for text in AMOUNTS:
        yield Twist("amount", f"says {text}", with_(form, **{form.money: text}))
    yield Twist("amount", "says nothing", with_(form, **{form.money: None}))
    for text in SIGNS:
        yield Twist("loose" if text else "unsigned", f"sign is {text[:12] or 'empty'}", with_(form, sign=text))
    yield Twist("unsigned", "no sign", with_(form, sign=None))
    yield Twist("unsigned", "neither sign nor type", with_(form, sign=None, sign_type=None))
    for text in ALGORITHMS:
        if text != form.algorithm:
            yield Twist("algorithm", f"sign_type {text or 'empty'}", with_(form, sign_type=text))
    yield Twist("algorithm", "no sign_type", with_(form, sign_type=None))
    for cut in ("reversed", "shorter", "doubled", "swapped case", "padded"):
        yield Twist("loose", f"a sign {cut}", _cut(form, cut))


def _cut(form: Form, how: str) -> Callable[[Bench], RawRequest]:
    def make(bench: Bench) -> RawRequest:
        honest = form.honest(bench)
        sign = honest["sign"]
        made = {"reversed": sign[::-1], "shorter": sign[:-1], "doubled": sign * 2, "swapped case": sign.swapcase(), "padded": f" {sign}"}
        return form.sent(honest | {"sign": made[how]})

    return make


def _keys(form: Form) -> Iterator[Twist]:
    """Keys that are no secret, and other ways to make a signature from what everybody knows."""
    for name, key in (("no key", ""), ("a blank", " "), ("zero", "0"), ("null", "null"), ("key", "key"), ("its kind", form.kind)):
        yield Twist("key", f"MD5 with {name}", signing(form, lambda _, fields, key=key: md5(fields, key)))
    for name in form.account:
        yield Twist("key", f"MD5 with the {name}", signing(form, lambda _, fields, name=name: md5(fields, fields[name])))
    yield Twist("key", "a sum without a key", signing(form, lambda _, fields: hashlib.sha256(content(fields).encode()).hexdigest()))
    yield Twist("key", "a stranger's key", signing(form, lambda _, fields: strangers_sign(form, fields)))
    if form.kind == "epay":
        return
    for name, digest in (("MD5", "md5"), ("SHA-256", "sha256")):
        yield Twist(
            "algorithm",
            f"HMAC {name} with the public key",
            signing(form, lambda bench, fields, digest=digest: _hmac(bench, fields, digest)),
        )
    yield Twist("key", "the merchant's own key", signing(form, lambda bench, fields: rsa2(pair_of(bench)[1], content(fields))))
    yield Twist(
        "algorithm", "SHA-1 with the provider's key", signing(form, lambda bench, fields: _rsa(bench, fields, padding.PKCS1v15(), SHA1()))
    )
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    yield Twist("algorithm", "PSS with the provider's key", signing(form, lambda bench, fields: _rsa(bench, fields, pss, SHA256())))
    yield Twist(
        "joined", "signed as it is encoded", signing(form, lambda bench, fields: rsa2(pair_of(bench)[0], urlencode(sorted(fields.items()))))
    )
    yield Twist(
        "joined",
        "signed in reverse",
        signing(form, lambda bench, fields: rsa2(pair_of(bench)[0], "&".join(sorted(content(fields).split("&"))[::-1]))),
    )


def _hmac(bench: Bench, fields: dict[str, str], digest: str) -> str:
    public = bench.shop.provider.channel["public_key"]
    return hmac.new(public.encode(), content(fields).encode(), digest).hexdigest()


def _rsa(bench: Bench, fields: dict[str, str], how: Any, digest: Any) -> str:
    return base64.b64encode(pair_of(bench)[0].sign(content(fields).encode(), how, digest)).decode()


def _names(form: Form) -> Iterator[Twist]:
    """Parameters twice, under odd names, and one that swallowed its neighbour: the signed text stays the same."""
    for name in ("out_trade_no", form.money, "trade_status", "sign", form.account[0]):
        for where in ("first", "last"):
            yield Twist("twice", f"{name}, another {where}", _doubled(form, name, where))
    for odd in ODD:
        yield Twist("loose", f"{odd!a} for sign", _renamed(form, "sign", odd))
    for name in ("out_trade_no", form.money, "trade_status"):
        yield Twist("loose", f"{name} as a list", _renamed(form, name, f"{name}[]"))
    for name in ("out_trade_no", form.money, "trade_status", "trade_no"):
        yield Twist("joined", f"{name} and its neighbour as one", _swallowed(form, name))


def _doubled(form: Form, name: str, where: str) -> Callable[[Bench], RawRequest]:
    def make(bench: Bench) -> RawRequest:
        pairs, second = list(form.honest(bench).items()), (name, form.other(bench).get(name, "1") + "0")
        return form.sent([second, *pairs] if where == "first" else [*pairs, second])

    return make


def _renamed(form: Form, name: str, new: str) -> Callable[[Bench], RawRequest]:
    return lambda bench: form.sent([(new if key == name else key, text) for key, text in form.honest(bench).items()])


def _swallowed(form: Form, name: str) -> Callable[[Bench], RawRequest]:
    def make(bench: Bench) -> RawRequest:
        fields = form.honest(bench)
        names = sorted(key for key, text in fields.items() if text and key not in ("sign", "sign_type"))
        at = max(1, names.index(name))
        left, right, before = names[at - 1], names[at], content(fields, "sign", "sign_type")
        fields[left] += f"&{right}={fields.pop(right)}"
        assert content(fields, "sign", "sign_type") == before, "the signature fits what is sent"
        return form.sent(fields)

    return make


def _accounts_and_orders(form: Form) -> Iterator[Twist]:
    for name in form.account:
        for text in ("2088000000000000", "", "0", "[]"):
            make = lambda bench, name=name, text=text: bench.claim(**{name: text})  # noqa: E731 - a row of a table
            yield Twist("account", f"signed for {name} {text or 'empty'}", make)
        yield Twist("account", f"{name} of a stranger under ours", with_(form, **{name: "2088000000000000"}))
    yield Twist("order", "the paid order's notice again", lambda bench: bench.old, Verdict.KNOWN)
    for names in (("out_trade_no",), ("out_trade_no", "trade_no"), ("trade_no",)):
        yield Twist("order", f"the paid order's proof, the victim's {' and '.join(names)}", _lent(form, names))
    yield Twist("order", "a claim at an account that is nobody's", lambda bench: bench.claim(), address=(form.kind, "nobody"))
    yield Twist("order", "a claim at another kind's address", lambda bench: bench.claim(), address=("stripe", ""))


def _lent(form: Form, names: tuple[str, ...]) -> Callable[[Bench], RawRequest]:
    return lambda bench: form.sent(form.other(bench) | {name: text for name, text in form.honest(bench).items() if name in names})


def _states(form: Form) -> Iterator[Twist]:
    for status in ("trade_success", "TRADE_SUCCESS ", "1", "true", "成功"):
        yield Twist("state", f"signed: {status!a}", lambda bench, status=status: bench.claim(status))
    yield Twist("state", "signed, without a word", lambda bench: bench.claim(trade_status=""))
    for status in ("WAIT_BUYER_PAY", "TRADE_PENDING", "SUCCESS", "TRADE_SUCCESS_", "TRADE_FAILED"):
        yield Twist("state", f"signed: {status}", lambda bench, status=status: bench.claim(status), Verdict.KEPT)
    yield Twist(
        "state",
        "WAIT_BUYER_PAY made TRADE_SUCCESS",
        lambda bench: form.sent(form.honest(bench, "WAIT_BUYER_PAY") | {"trade_status": "TRADE_SUCCESS"}),
    )


def _shapes(form: Form) -> Iterator[Twist]:
    def text(bench: Bench) -> bytes:
        return urlencode(form.honest(bench)).encode()

    def posted(kind: str, body: Callable[[Bench], bytes]) -> Callable[[Bench], RawRequest]:
        return lambda bench: RawRequest(method="POST", headers={"content-type": kind} if kind else {}, body=body(bench))

    yield Twist("shape", "JSON", posted("application/json", lambda bench: json.dumps(form.honest(bench)).encode()))
    yield Twist("loose", "JSON whose sign is true", posted(FORM, lambda bench: json.dumps(form.honest(bench) | {"sign": True}).encode()))
    for kind in ("", "text/plain", "multipart/form-data; boundary=x", f"{FORM}; charset=gbk", "text/xml"):
        yield Twist("shape", f"posted as {kind or 'nothing'}", posted(kind, text))
    yield Twist("shape", "packed", posted(FORM, lambda bench: gzip.compress(text(bench))))
    yield Twist("shape", "joined by semicolons", posted(FORM, lambda bench: text(bench).replace(b"&", b";")))
    yield Twist("shape", "too long", posted(FORM, lambda bench: text(bench) + b"&x=" + b"1" * NOTICE_BYTES_MAX))
    yield Twist("shape", "a hundred fields more", posted(FORM, lambda bench: text(bench) + b"".join(b"&a%d=" % n for n in range(101))))
    yield Twist("unsigned", "an empty post", posted(FORM, lambda _: b""))
    yield Twist("unsigned", "a bare address", lambda _: RawRequest(method="GET"))
    yield Twist("unsigned", "a number and a word by address", lambda bench: RawRequest(method="GET", query=_bare(form, bench)))
    yield Twist("shape", "the proof by address, the order in the body", lambda bench: _two_places(form, bench))


def _bare(form: Form, bench: Bench) -> tuple[tuple[str, str], ...]:
    return (("out_trade_no", bench.number), ("trade_status", "TRADE_SUCCESS"), (form.money, "15.80"))


def _two_places(form: Form, bench: Bench) -> RawRequest:
    query = tuple(form.other(bench).items())
    return RawRequest(method="POST", headers={"content-type": FORM}, query=query, body=urlencode(form.honest(bench)).encode())
