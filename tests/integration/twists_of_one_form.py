"""What is tried on one of the channels whose notices are parameters, and fits no other."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlencode

from faka.kernel.exchange import RawRequest
from infra.local.actors.spelling import content
from tests.integration.given_forms import FORM, Form, signing, with_
from tests.integration.given_twists import Bench, Twist, Verdict


def of_alipay(form: Form) -> Iterator[Twist]:
    yield Twist("shape", "by address", lambda bench: RawRequest(method="GET", query=tuple(form.honest(bench).items())))
    yield Twist("shape", "signed, in another charset", lambda bench: bench.claim(charset="GBK"))
    yield Twist("refund", "success with a refund in it", lambda bench: bench.claim(refund_fee="15.80"), Verdict.KEPT)
    yield Twist("refund", "success with a refund's time", lambda bench: bench.claim(gmt_refund="2026-03-02 10:00:00.000"), Verdict.KEPT)
    yield Twist("refund", "a refund that nobody asked for", _refund, Verdict.PERSON)
    yield Twist("refund", "closed, with money in it", lambda bench: bench.claim("TRADE_CLOSED", refund_fee="15.80"), Verdict.KEPT)
    yield Twist("state", "signed: closed", lambda bench: bench.claim("TRADE_CLOSED"), Verdict.KEPT)
    yield Twist("state", "the page that the browser came back by", _browser)


def _refund(bench: Bench) -> RawRequest:
    return bench.claim(refund_fee="15.80", gmt_refund="2026-03-02 10:00:00.000", out_biz_no="R2026030200001")


def _browser(bench: Bench) -> RawRequest:
    """The buyer's own address after paying is signed too, and proves nothing."""
    bench.trade.return_url = bench.trade.return_url or "https://shop.test/o/1"
    query = parse_qsl(bench.desk.return_address(bench.trade).partition("?")[2], keep_blank_values=True)
    return RawRequest(method="POST", headers={"content-type": FORM}, body=urlencode([*query, ("trade_status", "TRADE_SUCCESS")]).encode())


def of_epay(form: Form) -> Iterator[Twist]:
    yield Twist("state", "the gateway signs, and nobody has paid", lambda bench: bench.claim(), Verdict.KEPT)
    yield Twist("amount", "the gateway signs a cent", lambda bench: bench.claim(money="0.01"), Verdict.KNOWN)
    yield Twist(
        "order",
        "the gateway signs the paid order's transaction",
        lambda bench: bench.claim(trade_no=form.other(bench)["trade_no"]),
        Verdict.KNOWN,
    )
    yield Twist("refund", "a refund's word", lambda bench: bench.claim("TRADE_REFUND"), Verdict.KEPT)
    yield Twist(
        "joined", "the key behind `&key=`", signing(form, lambda bench, fields: _sum(f"{content(fields)}&key={bench.desk.keys.epay_key}"))
    )
    yield Twist("joined", "the key in front", signing(form, lambda bench, fields: _sum(bench.desk.keys.epay_key + content(fields))))
    yield Twist("joined", "values only", signing(form, lambda bench, fields: _sum("".join(fields.values()) + bench.desk.keys.epay_key)))
    yield Twist("joined", "empty values signed too", signing(form, _with_empty))
    yield Twist("algorithm", "HMAC with the key", signing(form, _keyed))
    yield Twist("joined", "the goods' name holds the amount", lambda bench: bench.claim(name="goods&money=15.80"))
    yield Twist("joined", "the buyer's remark holds the order", lambda bench: bench.claim(param=f"x&out_trade_no={bench.number}"))


def _sum(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def _with_empty(bench: Bench, fields: dict[str, str]) -> str:
    return _sum("&".join(f"{name}={text}" for name, text in sorted(fields.items())) + bench.desk.keys.epay_key)


def _keyed(bench: Bench, fields: dict[str, str]) -> str:
    return hmac.new(bench.desk.keys.epay_key.encode(), content(fields).encode(), "md5").hexdigest()


def of_epay_rsa(form: Form) -> Iterator[Twist]:
    def at(text: Callable[[int], str]) -> Callable[[Bench], RawRequest]:
        return lambda bench: bench.claim(timestamp=text(int(bench.world.clock.now().timestamp())))

    times: dict[str, Callable[[int], str]] = {
        "six minutes old": lambda now: str(now - 360),
        "of the future": lambda now: str(now + 360),
        "in milliseconds": lambda now: str(now * 1000),
        "zero": lambda _: "0",
        "below zero": lambda now: str(-now),
        "a fraction": lambda now: f"{now}.5",
        "empty": lambda _: "",
        "a word": lambda _: "now",
    }
    for name, text in times.items():
        yield Twist("time", f"signed, its time {name}", at(text))
    yield Twist(
        "time",
        "its time renewed",
        lambda bench: form.sent(form.honest(bench) | {"timestamp": str(int(form.honest(bench)["timestamp"]) + 1)}),
    )
    yield Twist("time", "its time left out", with_(form, timestamp=None))
    yield Twist("refund", "a refund's word", lambda bench: bench.claim("TRADE_REFUND"), Verdict.KEPT)
