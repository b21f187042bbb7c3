"""Stripe's books: fetched page by page, read as lines, and held against a naive reader of the same file."""

import hashlib
import json
import random
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest

from faka.contexts.payments.providers import stripe_bill
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.providers.bill import BillCorrupt, BillKind, BillLine, BillNotReady, BillStatus
from faka.contexts.payments.providers.stripe_gateway import Gateway
from faka.kernel.money import Currency
from infra.local.actors.bank import RefundWay
from infra.local.actors.spelling import Json
from infra.local.actors.stripe_books import movement
from tests.contract.stripe_scene import REFUND, Scene, scene


__all__ = ["scene"]
pytestmark = pytest.mark.contract

EXPONENT = {"cny": 2, "usd": 2, "jpy": 0}
KIND = {"charge": "PAY", "refund": "REFUND", "refund_failure": "REFUND", "payout": "PAYOUT", "stripe_fee": "FEE"}


def naive(body: bytes) -> list[tuple[Any, ...]]:
    """The whole file at once, floats and all, for accounts whose balance is in the buyers' currency."""
    found = []
    moved = [one for line in body.splitlines() for one in json.loads(line)["data"]]
    for index, one in enumerate(moved, 1):
        source = one["source"] or {}
        kind = "CHARGEBACK" if source.get("object") == "dispute" else KIND.get(one["type"], "ADJUST")
        own = source.get("metadata") or {}
        found.append((
            index, kind, own.get("out_trade_no", ""), own.get("out_refund_no", "") if kind == "REFUND" else "", one["amount"],
            one["currency"].upper(), round(one["fee"] / 10 ** EXPONENT[one["currency"]] * 100_000), one["created"],
        ))  # fmt: skip
    return found


def told(line: BillLine) -> tuple[Any, ...]:
    at = int(line.occurred_at.timestamp()) if line.occurred_at else None
    facts = (line.line_no, line.kind.value, line.out_trade_no, line.out_refund_no)
    return (*facts, line.amount_minor, line.currency.value, line.fee_e5, at)


def busy(scene: Scene, orders: int, seed: int = 5) -> None:
    """A day with payments, refunds that last, wait and fail, and what Stripe itself moves."""
    chance = random.Random(seed)
    begins = scene.clock.now()
    for index in range(orders):
        scene.clock.set(begins + timedelta(seconds=index))
        scene.number = scene.another(0, seed=index + 1_000)
        scene.provider.pay(scene.number, chance.randrange(400, 100_000))
        if index % 4 == 0:
            scene.provider.refund_way = RefundWay.LATER if index % 8 else RefundWay.AT_ONCE
            scene.adapter.refund(scene.back(chance.randrange(1, 400), out_refund_no=f"rfd{index:026d}"))
        if index % 12 == 0:
            scene.provider.fail_refund(scene.number)
    at = scene.clock.now().timestamp()
    dispute = {"id": "dp_1", "object": "dispute", "amount": 500, "currency": "cny", "payment_intent": "pi_9", "charge": "ch_9"}
    scene.desk.books.more = [
        movement("payout", "p1", at, -10_000, 0, "CNY", {"id": "po_1", "object": "payout", "currency": "cny", "livemode": False}),
        movement("stripe_fee", "f1", at, -99, 0, "CNY", None),
        movement("adjustment", "d1", at, -500, 1500, "CNY", dispute),
        movement("adjustment", "a1", at, 7, 0, "CNY", None),
        movement("reserve_transaction", "r1", at, -1, 0, "CNY", None),
    ]


def body_of(*pages: tuple[list[Json], bool]) -> bytes:
    return b"".join(json.dumps({"object": "list", "data": data, "has_more": more}).encode() + b"\n" for data, more in pages)


def read(scene: Scene, *moved: Json) -> list[BillLine]:
    return scene.lines(scene.today, body_of((list(moved), False)))


# -- the file -------------------------------------------------------------------------------------------------------------


def test_a_busy_day_is_fetched_whole_and_read_like_a_naive_reader_reads_it(scene: Scene) -> None:
    busy(scene, 230)
    day = scene.today
    scene.clock.advance(days=1)
    file, body = scene.fetched(day)
    assert file is not None
    assert (file.bytes, file.sha256, file.media) == (len(body), hashlib.sha256(body).hexdigest(), "application/jsonl")
    lines = scene.lines(day, body)
    assert len(lines) == 230 + 58 + 20 + 5
    assert [told(line) for line in lines] == naive(body)
    assert scene.lines(day, scene.provider.bill(day)) == lines, "the player's own file says the same"


def test_every_payment_and_refund_of_the_day_is_in_it_once(scene: Scene) -> None:
    busy(scene, 120)
    lines = scene.lines(scene.today, scene.provider.bill(scene.today))
    bank = scene.providers.bank
    paid = {(trade.out_trade_no, paid.amount_minor) for trade, paid in bank.payments_on("stripe", scene.today)}
    assert {(line.out_trade_no, line.amount_minor) for line in lines if line.kind is BillKind.PAY} == paid
    back = {(one.refund_no, -one.amount_minor) for _, one in bank.refunds_on("stripe", scene.today)}
    assert {(line.out_refund_no, line.amount_minor) for line in lines if line.kind is BillKind.REFUND and line.amount_minor < 0} == back


def test_a_refund_that_failed_left_and_came_back(scene: Scene) -> None:
    scene.paid()
    scene.adapter.refund(scene.back())
    scene.provider.fail_refund(scene.number)
    back = [line for line in scene.lines(scene.today, scene.provider.bill(scene.today)) if line.kind is BillKind.REFUND]
    assert [(line.status, line.out_refund_no) for line in back] == [(BillStatus.FAILED, REFUND)] * 2
    assert sum(line.amount_minor for line in back) == 0


@pytest.mark.parametrize(("way", "status"), [(RefundWay.AT_ONCE, BillStatus.DONE), (RefundWay.LATER, BillStatus.PENDING)])
def test_a_refund_says_whether_it_has_arrived(scene: Scene, way: RefundWay, status: BillStatus) -> None:
    scene.paid()
    scene.provider.refund_way = way
    scene.adapter.refund(scene.back())
    [refund, _] = sorted(scene.lines(scene.today, scene.provider.bill(scene.today)), key=lambda line: line.amount_minor)
    assert (refund.status, refund.amount_minor, refund.out_trade_no) == (status, -500, scene.number)


def test_a_day_is_the_one_of_shanghai(scene: Scene) -> None:
    midnight = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    paid = {}
    for seconds in (-1, 0):
        scene.clock.set(midnight + timedelta(seconds=seconds))
        scene.number = scene.another(0, seed=10 + seconds)
        scene.paid()
        paid[scene.today] = scene.number
    scene.clock.advance(days=2)
    assert len(paid) == 2
    for day, number in paid.items():
        [line] = scene.lines(day, scene.fetched(day)[1])
        assert line.out_trade_no == number


def test_a_day_that_is_not_over_is_not_ready_and_an_empty_one_has_no_bill(scene: Scene) -> None:
    with pytest.raises(BillNotReady):
        scene.fetched(scene.today)
    assert scene.fetched(scene.today - timedelta(days=1)) == (None, b"")


def test_pages_without_end_are_not_fetched_for_ever(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    busy(scene, 230)
    day = scene.today
    scene.clock.advance(days=1)
    monkeypatch.setattr(stripe_bill, "PAGES_MAX", 3)
    with pytest.raises(ProviderUnavailable):
        scene.fetched(day)


@pytest.mark.parametrize("lost", ["is_down", "loses_answers"])
def test_no_answer_is_no_bill(scene: Scene, lost: str) -> None:
    scene.paid()
    day = scene.today
    scene.clock.advance(days=1)
    setattr(scene.provider, lost, True)
    with pytest.raises(ProviderUnavailable):
        scene.fetched(day)


# -- currencies -----------------------------------------------------------------------------------------------------------


def charge(scene: Scene, currency: str, amount: int) -> Json:
    source = scene.desk.books.charge(scene.trade, scene.trade.payments[0])
    return source | {"currency": currency, "amount": amount, "amount_captured": amount}


def test_yen_are_counted_without_decimals(scene: Scene) -> None:
    scene.paid()
    [line] = read(scene, movement("charge", "1", scene.clock.now().timestamp(), 1580, 87, "JPY", charge(scene, "jpy", 1580)))
    assert (line.amount_minor, line.currency, line.fee_e5) == (1580, Currency.JPY, 87 * 100_000)


def test_a_balance_in_another_currency_shows_the_price_and_its_own_fee(scene: Scene) -> None:
    scene.paid()
    moved = movement("charge", "1", scene.clock.now().timestamp(), 219, 36, "USD", charge(scene, "cny", 1580)) | {"exchange_rate": 0.1386}
    pay, fee = read(scene, moved)
    assert (pay.kind, pay.amount_minor, pay.currency, pay.fee_e5) == (BillKind.PAY, 1580, Currency.CNY, 0)
    assert (fee.kind, fee.amount_minor, fee.currency, fee.out_trade_no) == (BillKind.FEE, -36, Currency.USD, pay.out_trade_no)
    assert pay.line_no == fee.line_no == 1


def test_a_refund_out_of_a_balance_in_another_currency_is_the_price_that_goes_back(scene: Scene) -> None:
    scene.paid()
    scene.adapter.refund(scene.back())
    source = scene.desk.books.refund(scene.trade, scene.trade.refunds[0])
    [line] = read(scene, movement("refund", "1", scene.clock.now().timestamp(), -69, 0, "HKD", source))
    assert (line.amount_minor, line.currency, line.out_refund_no) == (-500, Currency.CNY, REFUND)


def test_what_moves_only_in_a_currency_that_the_shop_does_not_have_is_no_line(scene: Scene) -> None:
    at = scene.clock.now().timestamp()
    scene.paid()
    moved = movement("charge", "1", at, 170, 30, "HKD", charge(scene, "cny", 1580))
    payout = movement("payout", "2", at, -100, 0, "HKD", {"id": "po_1", "object": "payout", "currency": "hkd"})
    lines = read(scene, payout, moved)
    assert [(line.kind, line.currency, line.line_no) for line in lines] == [(BillKind.PAY, Currency.CNY, 2)]


def test_a_price_in_a_strange_currency_is_shown_as_it_came_to_the_balance(scene: Scene) -> None:
    scene.paid()
    [line] = read(scene, movement("charge", "1", scene.clock.now().timestamp(), 219, 36, "USD", charge(scene, "eur", 200)))
    assert (line.amount_minor, line.currency, line.fee_e5) == (219, Currency.USD, 36_000)


def test_a_dispute_is_a_chargeback_with_its_payments_number_and_its_fee(scene: Scene) -> None:
    busy(scene, 1)
    [line] = [one for one in scene.lines(scene.today, scene.provider.bill(scene.today)) if one.kind is BillKind.CHARGEBACK]
    assert (line.amount_minor, line.fee_e5, line.channel_txn_id) == (-500, 1_500_000, "pi_9")


def test_a_movement_of_an_unknown_type_is_there_and_says_that_nobody_knows_it(scene: Scene) -> None:
    [line] = read(scene, movement("invented", "1", scene.clock.now().timestamp(), 5, 0, "CNY", None))
    assert (line.kind, line.status) == (BillKind.ADJUST, BillStatus.OTHER)


# -- what is not the whole file -------------------------------------------------------------------------------------------


def spoiled(change: Callable[[Json], object]) -> Callable[[bytes], bytes]:
    """The second movement of the first page, changed."""

    def made(body: bytes) -> bytes:
        first, _, rest = body.partition(b"\n")
        page = json.loads(first)
        change(page["data"][1])
        return json.dumps(page).encode() + b"\n" + rest

    return made


FAULTS: dict[str, Callable[[bytes], bytes]] = {
    "without its last page": lambda body: body.partition(b"\n")[0] + b"\n",
    "cut in a line": lambda body: body[:-40],
    "without its last line break": lambda body: body[:-1],
    "with a page after the last": lambda body: body + body.splitlines(keepends=True)[-1],
    "with pages in another order": lambda body: b"".join(reversed(body.splitlines(keepends=True))),
    "with a line of no JSON": lambda body: body.replace(b"{", b"", 1),
    "with a name twice": lambda body: body.replace(b'"amount": ', b'"amount": 1, "amount": ', 1),
    "with another amount": spoiled(lambda one: one.update(amount=one["amount"] + 1)),
    "with a fee of its own": spoiled(lambda one: one.update(fee=one["fee"] + 1)),
    "with half a coin": spoiled(lambda one: one.update(amount=15.5, net=15.5, fee=0)),
    "of another day": spoiled(lambda one: one.update(created=one["created"] - 86_400)),
    "without a time": spoiled(lambda one: one.pop("created")),
    "of live money": spoiled(lambda one: one.update(type="charge", source={"id": "ch_1", "currency": "cny", "livemode": True})),
    "with a payment of nobody": spoiled(lambda one: one.update(type="charge", source=None)),
    "with a number without end": spoiled(lambda one: one.update(amount=10**15, net=10**15 - one["fee"])),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_is_not_whole_is_corrupt_and_says_where_and_never_what(scene: Scene, fault: str) -> None:
    busy(scene, 130)
    body = FAULTS[fault](scene.provider.bill(scene.today))
    with pytest.raises(BillCorrupt) as caught:
        scene.lines(scene.today, body)
    assert str(caught.value).startswith("movement ")
    assert len(str(caught.value)) < 60


def test_twin_without_the_last_pages_word_a_cut_file_would_pass(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = stripe_bill.page_of
    monkeypatch.setattr(stripe_bill, "page_of", lambda body: honest(body)._replace(has_more=False))
    busy(scene, 130)
    body = FAULTS["without its last page"](scene.provider.bill(scene.today))
    assert len(scene.lines(scene.today, body)) == 100


def test_live_books_are_not_those_of_a_test_key(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.paid()
    body = scene.provider.bill(scene.today)
    assert len(scene.lines(scene.today, body)) == 1
    monkeypatch.setattr(Gateway, "is_live", True)
    with pytest.raises(BillCorrupt):
        scene.lines(scene.today, body)


def test_memory_does_not_grow_with_the_file(scene: Scene) -> None:
    at = scene.clock.now().timestamp()
    page = [movement("payout", str(index), at, -1, 0, "CNY", None) for index in range(100)]
    peaks = []
    for pages in (5, 50):
        body = BytesIO(body_of(*[(page, index < pages - 1) for index in range(pages)]))
        tracemalloc.start()
        assert sum(1 for _ in scene.adapter.parse_bill(scene.today, body)) == pages * 100
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.3
