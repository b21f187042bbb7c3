"""What is tried on the stablecoin gateways: JSON with an MD5 of its members and a token in it."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX
from faka.kernel.exchange import RawRequest
from infra.local.actors.epusdt import content, sign
from infra.local.actors.keys import stranger_keys
from tests.integration.given_twists import Bench, Twist, Verdict, bodied, changed, headed
from tests.kit.providers import raw_request


KIND = "epusdt"
Make = Callable[[Bench], RawRequest]
Fields = dict[str, Any]

UNPAID = "the gateway signs, and nothing has moved on the chain"


def twists() -> Iterator[Twist]:
    """The gateway's own signature proves little here: a signed success is kept, and the question about it finds nothing."""
    yield Twist("state", UNPAID, lambda bench: bench.claim(), Verdict.KEPT)
    yield from _signatures()
    yield from _members()
    yield from _states()
    yield from _orders()
    yield from _shapes()


def _fields(bench: Bench) -> Fields:
    """The claim's members, unsigned."""
    fields: Fields = bench.desk.fields(bench.trade, bench.claimed, "2")
    return fields


def _sent(bench: Bench, fields: Fields) -> RawRequest:
    return raw_request(bench.desk.packed(bench.trade, fields))


def _spoiled(**changes: Any) -> Make:
    """The claim with other members under its old signature; None takes one out."""
    return lambda bench: _sent(bench, changed(bench.desk.signed(_fields(bench)), changes))


def _signed(**changes: Any) -> Make:
    """What the gateway itself would sign with these members."""
    return lambda bench: _sent(bench, bench.desk.signed(changed(_fields(bench), changes)))


def _by(made: Callable[[Bench, Fields], str]) -> Make:
    """The claim under a signature that somebody else made."""
    return lambda bench: _sent(bench, (fields := _fields(bench)) | {"signature": made(bench, fields)})


def _signatures() -> Iterator[Twist]:
    for value in (True, False, 0, 1, None, "", [], {}, {"$ne": ""}, "true", "0e462097431906509019562988736854", "0" * 32):
        yield Twist("unsigned" if value is None or value == "" else "loose", f"signature is {value!r}", _spoiled(signature=value))
    cuts: dict[str, Callable[[str], str]] = {
        "in capitals": str.upper,
        "reversed": lambda text: text[::-1],
        "shorter": lambda text: text[:-1],
        "doubled": lambda text: text * 2,
        "padded": lambda text: f" {text}",
    }
    for name, cut in cuts.items():
        yield Twist("loose", f"a signature {name}", _by(lambda bench, fields, cut=cut: cut(sign(fields, bench.desk.own["token"]))))
    keys: dict[str, Callable[[Bench], str]] = {
        "nothing": lambda _: "",
        "a blank": lambda _: " ",
        "null": lambda _: "null",
        "the sample of the manual": lambda _: "epusdt_password_xasddawqe",
        "a stranger's token": lambda _: stranger_keys().of(KIND)["token"],
        "the merchant's name": lambda bench: bench.desk.own["merchant"],
        "the address of the chain": lambda bench: str(_fields(bench)["token"]),
        "the token twice": lambda bench: bench.desk.own["token"] * 2,
    }
    for name, key in keys.items():
        yield Twist("key", f"signed with {name}", _by(lambda bench, fields, key=key: sign(fields, key(bench))))
    texts: dict[str, Callable[[str, str], str]] = {
        "the token behind `&key=`": lambda text, token: f"{text}&key={token}",
        "the token behind `&`": lambda text, token: f"{text}&{token}",
        "the token in front": lambda text, token: token + text,
        "nothing but the token": lambda _, token: token,
    }
    for name, text in texts.items():
        yield Twist("joined", f"signed {name}", _by(lambda bench, fields, text=text: _sum(text(content(fields), bench.desk.own["token"]))))
    for digest in ("sha1", "sha256"):
        make = _by(
            lambda bench, fields, digest=digest: hashlib.new(digest, (content(fields) + bench.desk.own["token"]).encode()).hexdigest()
        )
        yield Twist("algorithm", f"{digest} for MD5", make)
    for digest in ("md5", "sha256"):
        make = _by(
            lambda bench, fields, digest=digest: hmac.new(bench.desk.own["token"].encode(), content(fields).encode(), digest).hexdigest()
        )
        yield Twist("algorithm", f"HMAC {digest} with the token", make)


def _sum(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def _members() -> Iterator[Twist]:
    for name in ("trade_id", "order_id", "amount", "actual_amount", "token", "block_transaction_id", "status"):
        yield Twist("unsigned", f"without {name}, under the old signature", _spoiled(**{name: None}))
        yield Twist("unsigned", f"{name} empty, under the old signature", _spoiled(**{name: ""}))
        yield Twist(
            "loose", f"{name} a list", lambda bench, name=name: _sent(bench, bench.desk.signed(f := _fields(bench)) | {name: [f[name]]})
        )
        yield Twist("loose", f"{name} true", _spoiled(**{name: True}))
    for name in ("trade_id", "order_id", "amount", "status"):
        yield Twist("unsigned", f"signed without {name}", _signed(**{name: None}))
    for name in ("block_transaction_id", "actual_amount"):
        yield Twist("state", f"signed without {name}", _signed(**{name: None}))
    for amount in (0.01, 15.81, "15.8 ", "0x0f", "1e999", -15.8, "NaN", 15.800001):
        yield Twist("amount", f"says {amount!r}", _spoiled(amount=amount))
    for amount in (-15.8, "15,80", "", True, [15.8], "1.58e1", "１５.８"):
        yield Twist("amount", f"signed, amount {amount!a}", _signed(amount=amount))
    for name in ("order_id", "status", "amount", "trade_id"):
        yield Twist("joined", f"{name} and its neighbour as one", lambda bench, name=name: _swallowed(bench, name))
        yield Twist("twice", f"{name}, another first", lambda bench, name=name: _doubled(bench, name))
    yield Twist("joined", "one member more", _spoiled(zz="1"))
    yield Twist("joined", "an empty member more: outside the signature, and no news", _spoiled(zz=""), Verdict.KNOWN)
    yield Twist("joined", "the amount as a text: the same signed text, and no news", _spoiled(amount="15.8"), Verdict.KNOWN)
    yield Twist("amount", "the gateway signs a cent", _signed(amount=0.01), Verdict.KNOWN)


def _swallowed(bench: Bench, name: str) -> RawRequest:
    fields = _fields(bench)
    names, before = sorted(fields), content(fields)
    at = max(1, names.index(name))
    left, right = names[at - 1], names[at]
    pair = content({"left": fields[left], "right": fields.pop(right)})
    fields[left] = pair.removeprefix("left=").replace("&right=", f"&{right}=")
    assert content(fields) == before, "the signature fits what is sent"
    return _sent(bench, bench.desk.signed(fields))


def _doubled(bench: Bench, name: str) -> RawRequest:
    raw = bench.claim()
    return bodied(raw, raw.body.replace(f'"{name}"'.encode(), f'"{name}": 1, "{name}"'.encode(), 1))


def _states() -> Iterator[Twist]:
    for status in (1, 3, 4, 5, 6, 0, 7, 22, 99):
        yield Twist("state", f"signed: {status}", _signed(status=status), Verdict.KEPT)
    for status in (-2, 2.5, 222, "paid", "2 ", "TRADE_SUCCESS", True, [2]):
        yield Twist("state", f"signed: {status!r}", _signed(status=status))
    yield Twist(
        "state",
        "1 made 2 under the signature of 1",
        lambda bench: _sent(bench, bench.desk.signed(_fields(bench) | {"status": 1}) | {"status": 2}),
    )


def _orders() -> Iterator[Twist]:
    yield Twist("order", "the paid order's notice again", lambda bench: bench.old, Verdict.KNOWN)
    for names in (("order_id",), ("order_id", "trade_id"), ("trade_id",)):
        yield Twist("order", f"the paid order's proof, the victim's {' and '.join(names)}", lambda bench, names=names: _lent(bench, names))
    yield Twist("order", "the gateway signs the paid order's trade for the victim", _foreign, Verdict.KNOWN)
    yield Twist("order", "a claim at an account that is nobody's", lambda bench: bench.claim(), address=(KIND, "nobody"))
    yield Twist("order", "a claim at another kind's address", lambda bench: bench.claim(), address=("wechatpay", ""))


def _lent(bench: Bench, names: tuple[str, ...]) -> RawRequest:
    old, new = json.loads(bench.old.body), _fields(bench)
    return _sent(bench, old | {name: new[name] for name in names})


def _foreign(bench: Bench) -> RawRequest:
    return _signed(trade_id=json.loads(bench.old.body)["trade_id"])(bench)


def _shapes() -> Iterator[Twist]:
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
        yield Twist("shape", f"as {kind or 'nothing'}", lambda bench, kind=kind: headed(bench.claim(), content_type=kind))
    yield Twist("unsigned", "a bare address", lambda _: RawRequest(method="GET"))
    yield Twist("shape", "by address", lambda bench: RawRequest(method="GET", query=_pairs(bench)))
    yield Twist(
        "shape",
        "as a form",
        lambda bench: bodied(headed(bench.claim(), content_type="application/x-www-form-urlencoded"), urlencode(_pairs(bench)).encode()),
    )
    yield Twist("shape", "with a query", lambda bench: bench.claim().model_copy(update={"query": (("status", "2"),)}))
    for name, change in (
        ("empty", lambda _: b""),
        ("of a mark and JSON", lambda body: b"\xef\xbb\xbf" + body),
        ("in a list", lambda body: b"[" + body + b"]"),
        ("in an object", lambda body: b'{"data": ' + body + b"}"),
        ("null", lambda _: b"null"),
        ("too long", lambda body: body + b" " * NOTICE_BYTES_MAX),
        ("with no number", lambda body: body.replace(b'"amount": 15.8', b'"amount": NaN')),
        ("and another behind it", lambda body: body + body),
        ("of a hundred members more", lambda body: body[:-1] + b"".join(b',"a%d": ""' % n for n in range(101)) + b"}"),
        ("with an odd name", lambda body: body[:-1] + b',"order_id[]": ""}'),
    ):
        yield Twist("shape", f"a body {name}", lambda bench, change=change: bodied(raw := bench.claim(), change(raw.body)))


def _pairs(bench: Bench) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in bench.desk.signed(_fields(bench)).items())
