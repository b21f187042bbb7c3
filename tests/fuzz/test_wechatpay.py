"""WeChat Pay's messages and files, spoiled: the honest fact, or a refusal in our own words; never a crash, never half believed."""

import gzip
import io
import json
import random
from functools import cache
from typing import Any

import pytest
from hypothesis import strategies as st

from faka.contexts.payments.providers import rsa, wechatpay_bill, wechatpay_facts
from faka.contexts.payments.providers.base import ChannelClosed, EventState, PaymentEvent, ProviderUnavailable
from faka.contexts.payments.providers.bill import BillCorrupt
from faka.kernel.exchange import Forged, Malformed, RawRequest
from tests.contract.checks_wechatpay import DAY
from tests.contract.wechatpay_scene import AMOUNT_MINOR, NUMBER, Shop
from tests.fuzz.fuzzing import finds, fuzz, refused
from tests.fuzz.test_provider_answers import ODD, spoiled


pytestmark = pytest.mark.property

SEEDS = st.integers(0, 2**32)
HEADERS = ("content-type", *(f"wechatpay-{name}" for name in ("serial", "signature", "timestamp", "nonce", "signature-type")))


@cache
def paid() -> tuple[Shop, RawRequest, PaymentEvent]:
    shop = Shop()
    raw = shop.pay()
    event = shop.adapter.parse_notice(raw)
    assert isinstance(event, PaymentEvent)
    return shop, raw, event


def notice_believes_only(seed: int) -> int:
    """Whatever is done to body and headers: the honest fact or a refusal."""
    shop, honest, event = paid()
    chance = random.Random(seed)
    headers, body = dict(honest.headers), honest.body
    if chance.random() < 0.6:
        body = spoiled(body, chance)
    for _ in range(chance.choice((0, 0, 1, 2))):
        name = chance.choice(HEADERS)
        text = headers.get(name, "")
        at = chance.randrange(len(text) + 1)
        headers[name] = chance.choice(
            (text[:at], text + text, text[:at] + chance.choice("\n é0A/+\x00") + text[at:], text.swapcase(), "", "0" * 99)
        )
    raw = RawRequest(method="POST", headers=headers, body=body)
    try:
        told = shop.adapter.parse_notice(raw)
    except (Forged, Malformed):
        refused("wechat notice")
        return 1
    assert (body, told) == (honest.body, event)
    return 1


def content_is_read_or_refused(seed: int) -> int:
    """The provider's own signature over sealed content that nobody expects."""
    shop, _, event = paid()
    chance = random.Random(seed)
    facts = shop.desk.counter.transaction(shop.trade(), shop.trade().payments[0], "SUCCESS")
    raw = shop.content(spoiled(json.dumps(facts).encode(), chance))
    try:
        told = shop.adapter.parse_notice(raw)
    except (Forged, Malformed):
        refused("wechat content")
        return 1
    assert told.amount.minor >= 0
    assert isinstance(told, PaymentEvent)
    # A spoiled amount may be another whole number; half a fen, a minus or a truth it may not.
    if told.state is EventState.SUCCEEDED:
        assert told.channel_txn_id
        assert told.out_trade_no
        assert told.amount.currency in ("CNY", "USD", "JPY", "USDT")
    assert told.dedupe_key != event.dedupe_key
    return 1


def answer_believes_only(seed: int) -> int:
    shop, _, event = paid()
    chance = random.Random(seed)

    def hand(status: int, body: bytes, headers: dict[str, str]) -> Any:
        new = spoiled(body, chance) if chance.random() < 0.7 else chance.choice(ODD)
        return chance.choice((status, status, status, 204, 400, 404, 500)), new, headers

    shop.line.hand = hand
    shop.line.sent.clear()
    try:
        told = shop.adapter.query(NUMBER)
    except ProviderUnavailable:
        refused("wechat answer")
        return 1
    finally:
        shop.line.hand = None
    assert told is None or (told.amount.minor, told.channel_txn_id) == (AMOUNT_MINOR, event.channel_txn_id)
    return 1


@cache
def books() -> tuple[Shop, bytes, list[Any]]:
    shop = Shop()
    shop.adapter.refund(shop.back())
    plain = shop.desk.books.plain(DAY)
    return shop, plain, list(shop.adapter.parse_bill(DAY, io.BytesIO(gzip.compress(plain))))


PIECES = (
    b",",
    b"`",
    b"\r\n",
    b"\n",
    b"\\ ",
    b",`",
    b"0",
    b"-",
    b".",
    b"15.80",
    b"15.81",
    b"1e9",
    "总交易单数".encode(),
    b"\xef\xbb\xbf",
    b"\xff",
    b'"',
)


def bill_is_read_or_corrupt(seed: int) -> int:
    """What is yielded is summed up by the file itself: a file that is read to its end has the money that it had, or says another sum."""
    shop, plain, honest = books()
    chance = random.Random(seed)
    text = plain
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(text) or 1)
        upto = min(len(text), at + chance.randrange(1, 40))
        text = chance.choice((
            text[:at] + chance.choice(PIECES) + text[at:],
            text[:at] + chance.choice(PIECES) + text[upto:],
            text[:at] + text[upto:],
            text[:at] + text[at:upto] * 2 + text[upto:],
            text[:at],
        ))  # fmt: skip
    packed = gzip.compress(text, 1)
    if chance.random() < 0.2:
        at = chance.randrange(len(packed))
        packed = packed[:at] + bytes([packed[at] ^ 1 << chance.randrange(8)]) + packed[at + 1 :]
    try:
        lines = list(shop.adapter.parse_bill(DAY, io.BytesIO(packed)))
    except BillCorrupt:
        refused("wechat bill")
        return 1
    assert [line.amount_minor for line in lines] == [line.amount_minor for line in honest]
    assert [line.fee_e5 for line in lines] == [line.fee_e5 for line in honest]
    return 1


def test_a_spoiled_notice_is_the_honest_one_or_refused() -> None:
    fuzz("wechat notice", notice_believes_only, SEEDS, examples=1_200)


def test_odd_content_under_a_good_signature_is_read_or_refused() -> None:
    fuzz("wechat content", content_is_read_or_refused, SEEDS, examples=600)


def test_a_spoiled_answer_is_the_honest_one_or_none() -> None:
    fuzz("wechat answer", answer_believes_only, SEEDS, examples=400)


def test_a_spoiled_bill_is_corrupt_or_has_the_same_money() -> None:
    fuzz("wechat bill", bill_is_read_or_corrupt, SEEDS, examples=2_000)


# -- twins ---------------------------------------------------------------------------------------------------------------


def test_twin_without_the_signature_check_a_changed_notice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    paid()
    monkeypatch.setattr(rsa, "is_signed", lambda *_: True)
    assert finds(notice_believes_only, SEEDS, examples=200)
    assert finds(answer_believes_only, SEEDS, examples=200)


def test_twin_without_the_summary_a_changed_bill_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    books()
    monkeypatch.setattr(wechatpay_bill._Table, "check", lambda *_: None)
    assert finds(bill_is_read_or_corrupt, SEEDS, examples=500)


def test_twin_an_amount_that_is_not_read_strictly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    paid()
    monkeypatch.setattr(wechatpay_facts, "_FEN", re.compile(r".*", re.DOTALL))
    assert finds(content_is_read_or_refused, SEEDS, examples=600)


def test_keys_of_any_text_open_or_close_the_channel() -> None:
    """What an operator pastes is read or closes the channel; it is no crash at the first notice."""
    shop, _, _ = paid()
    honest = [*shop.wechat.channel["public_keys"].items()]

    def check(seed: int) -> int:
        chance = random.Random(seed)
        serial, text = chance.choice(honest)
        at, upto = sorted(chance.randrange(len(text)) for _ in range(2))
        text = chance.choice((text[:at] + text[upto:], text[:at] + chance.choice("A-\n é=") + text[at:], text[at:], text.lower(), ""))
        try:
            shop.opened(shop.wechat.account(public_keys={chance.choice((serial, serial[:-1], "é", "4" * 40)): text}))
        except ChannelClosed:
            refused("wechat keys")
        return 1

    fuzz("wechat keys", check, SEEDS, examples=300)
