"""Forged and twisted callbacks on all channels: none is believed, none moves money, and each is answered as its provider expects.

Each is what some shop of this trade took for money, or what its code would have taken. All go through the function's own door, one
after the other, and every row of every table is compared before and after each. What was sent is printed and kept in
`build/twisted.json`.
"""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.payments.providers import rsa
from faka.contexts.payments.providers.epay import Epay
from faka.contexts.payments.providers.epusdt import Epusdt
from faka.kernel.exchange import RawRequest
from infra.tools.template import ROOT
from tests.integration import twists_of_epusdt, twists_of_stripe, twists_of_wechatpay
from tests.integration.given_forms import ALIPAY, EPAY, EPAY_RSA
from tests.integration.given_twists import HOLES, LEAVES, METHODS, Bench, Twist, Verdict, bench, moved
from tests.integration.twists_of_forms import twists as of_forms


pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore:No application metrics")]

TWISTS: dict[str, list[Twist]] = {
    "wechatpay": list(twists_of_wechatpay.twists()),
    "alipay": list(of_forms(ALIPAY)),
    "epay": list(of_forms(EPAY)),
    "epay_rsa": list(of_forms(EPAY_RSA)),
    "stripe": list(twists_of_stripe.twists()),
    "epusdt": list(twists_of_epusdt.twists()),
}
ENOUGH = 200
MONEY = {"trade CHANNELTXN", "trade REFUND", "journal TXN", "trade ORDER", "trade PAYMENT"}
"""Rows that no message here may make or move."""


@dataclass
class Tally:
    """What was sent to one channel. `wrong` says which messages were answered, or moved rows, otherwise than they must."""

    distinct: set[str] = field(default_factory=set)
    holes: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def fingerprint(raw: RawRequest, twist: Twist, kind: str) -> str:
    """What makes a message another than all others: where it goes, its method, headers, parameters and body."""
    return hashlib.sha256(repr((kind, twist.address, raw.method, sorted(raw.headers.items()), raw.query, raw.body)).encode()).hexdigest()


def fault(bench: Bench, twist: Twist, answer: tuple[int, str], rows: list[str]) -> str:
    """What is wrong with an answer or with the rows that moved; empty where all is as it must be."""
    status, text = answer
    honest = bench.shop.provider.adapter().acknowledge(True)
    is_acknowledged = answer == (honest.status, honest.body.decode())
    if rows != LEAVES[twist.verdict]:
        return f"moved {rows}"
    if twist.verdict is not Verdict.REFUSED:
        return "" if is_acknowledged else f"answered {status}, and would come again"
    return "" if 400 <= status < 500 and bench.number not in text else f"answered {status}"


def send(bench: Bench, twists: list[Twist]) -> Tally:
    tally, before = Tally(), bench.rows()
    for twist in twists:
        raw = twist.make(bench)
        answer, after = bench.deliver(raw, *twist.address), bench.rows()
        if wrong := fault(bench, twist, answer, moved(before, after)):
            tally.wrong.append(f"{bench.kind}, {twist.hole}: {twist.name}: {wrong}")
        tally.distinct.add(fingerprint(raw, twist, bench.kind))
        tally.holes[twist.hole] += 1
        tally.verdicts[twist.verdict] += 1
        before = after
    return tally


@pytest.fixture(scope="module")
def book(request: pytest.FixtureRequest) -> Iterator[dict[str, Tally]]:
    """What was sent, by channel; printed and kept when no channel was left out."""
    tallies: dict[str, Tally] = {}
    yield tallies
    if set(tallies) != set(TWISTS):
        return
    lines = [f"{'':10}" + " ".join(f"{kind:>9}" for kind in tallies)]
    lines += [f"{hole:10}" + " ".join(f"{each.holes[hole]:>9}" for each in tallies.values()) for hole in HOLES]
    lines += [f"{verdict:10}" + " ".join(f"{each.verdicts[verdict]:>9}" for each in tallies.values()) for verdict in Verdict]
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n" + "\n".join(lines))
    told = {
        "sent": sum(each.holes.total() for each in tallies.values()),
        "distinct": len(set().union(*(each.distinct for each in tallies.values()))),
        "wrong": sum(len(each.wrong) for each in tallies.values()),
        "channels": {kind: {"holes": dict(each.holes), "verdicts": dict(each.verdicts)} for kind, each in tallies.items()},
    }
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "twisted.json").write_text(json.dumps(told, indent=1))


@pytest.mark.parametrize("kind", TWISTS)
def test_none_is_believed_none_moves_money_and_the_honest_one_still_is(kind: str, book: dict[str, Tally]) -> None:
    with bench(kind) as one:
        tally = book[kind] = send(one, TWISTS[kind])
        assert not tally.wrong
        assert len(tally.distinct) == len(TWISTS[kind])
        one.world.minute(3)
        assert (one.shop.state(one.victim), one.shop.booked()) == (OrderState.PENDING_PAYMENT, 1), "the sweep believes none either"
        [honest] = one.shop.provider.pay(one.number, one.victim.total.minor)
        assert one.deliver(honest)[0] in (200, 204)
        assert (one.shop.state(one.victim), one.shop.booked()) == (OrderState.COMPLETED, 2)


def test_enough_is_tried_on_every_channel_and_on_every_known_hole() -> None:
    assert set(TWISTS) == set(METHODS)
    assert all(len({twist.name for twist in twists}) == len(twists) for twists in TWISTS.values())
    assert all(len(twists) >= ENOUGH // len(TWISTS) for twists in TWISTS.values())
    assert sum(map(len, TWISTS.values())) >= ENOUGH
    assert {twist.hole for twists in TWISTS.values() for twist in twists} == set(HOLES)
    assert not MONEY & {row for rows in LEAVES.values() for row in rows}


# -- twins ---------------------------------------------------------------------------------------------------------------------


def paying(kind: str) -> str:
    """The first message by which the victim's order is completed; empty where there is none. Other amounts only put it on hold."""
    with bench(kind) as one:
        for twist in (twist for twist in TWISTS[kind] if twist.hole != "amount"):
            before = one.rows()
            one.deliver(twist.make(one), *twist.address)
            if one.shop.state(one.victim) is OrderState.COMPLETED:
                assert set(moved(before, one.rows())) >= MONEY - {"trade REFUND"}
                return twist.name
    return ""


@pytest.mark.parametrize("kind", TWISTS)
def test_twin_with_the_signature_check_off_a_forgery_buys_goods(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """THEN on every channel; where a signed word alone is never believed, the question that follows it is off too."""
    monkeypatch.setattr(rsa, "is_signed", lambda *_: True)
    monkeypatch.setattr(hmac, "compare_digest", lambda *_: True)
    monkeypatch.setattr(Epay, "needs_query", False)
    monkeypatch.setattr(Epusdt, "needs_query", False)
    assert paying(kind)


@pytest.mark.parametrize("kind", ["epay", "epusdt"])
def test_twin_without_the_question_a_signed_word_buys_goods(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr({"epay": Epay, "epusdt": Epusdt}[kind], "needs_query", False)
    assert "signs" in paying(kind)


def test_twin_an_honest_message_in_the_list_is_found() -> None:
    with bench("alipay") as one:
        [wrong] = send(one, [Twist("order", "an honest one", lambda bench: bench.claim())]).wrong
        assert "moved" in wrong
