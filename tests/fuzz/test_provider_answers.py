"""What gateways answer, spoiled: an answer is the honest one, or it proves nothing. It is never a crash and never half believed."""

import json
import random
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import strategies as st

from faka.contexts.payments.providers import answers, rsa
from faka.contexts.payments.providers.answers import Unreadable, members
from faka.contexts.payments.providers.base import CloseResult, EventState, PaymentEvent, ProviderUnavailable
from tests.contract.notices import AMOUNT_MINOR, NUMBER
from tests.fuzz.fuzzing import finds, fuzz, refused
from tests.kit.clock import FrozenClock
from tests.kit.providers import FakeProviders


pytestmark = pytest.mark.property

ODD = (
    *(b"null", b"true", b"[]", b"{}", b'""', b"0", b"-1", b"1e9999", b"NaN", b"-Infinity", b"1" * 5_000, b"0.0000000001", b'"\\ud800"'),
    *(
        b"[" * 2_000,
        b'{"a":' * 1_500,
        b'"\\u0000"',
        b'"10000"',
        b"1.0",
        b'{"code":"10000"}',
        b'"success"',
        b"\xff",
        b"\x00",
        b"\xef\xbb\xbf",
    ),
)


class Line:
    """A transport that says what it is told to."""

    def __init__(self) -> None:
        self.answer: tuple[int, bytes] = (200, b"")

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", timeout_s: float = 10.0
    ) -> tuple[int, bytes]:
        return self.answer


@cache
def paid() -> FakeProviders:
    providers = FakeProviders(FrozenClock())
    for provider in (providers.alipay, providers.epay):
        provider.pay(NUMBER, AMOUNT_MINOR)
    return providers


@cache
def asked(name: str) -> tuple[Any, Line, bytes, PaymentEvent]:
    """An adapter on a line, the honest answer to its question, and what that answer says."""
    provider = paid().by_id(name)
    said: list[bytes] = []
    real = provider._transport.request

    class Listening(Line):
        def request(self, *given: Any, **more: Any) -> tuple[int, bytes]:
            status, body = real(*given, **more)
            said.append(body)
            return status, body

    provider._transport = Listening()  # type: ignore[assignment]
    event = provider.adapter().query(NUMBER)
    line = Line()
    provider._transport = line  # type: ignore[assignment]
    assert event is not None
    return provider.adapter(), line, said[0], event


def spoiled(body: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(body) or 1)
        upto = min(len(body), at + chance.randrange(1, 60))
        body = chance.choice((
            body[:at],
            body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :] if body else b"{",
            body[:at] + chance.choice(ODD) + body[at:],
            body[:at] + chance.choice(ODD) + body[upto:],
            body[:at] + body[at:upto] * 2 + body[upto:],
            _retyped(body, chance),
            _doubled(body, chance),
        ))  # fmt: skip
    return body


def _retyped(body: bytes, chance: random.Random) -> bytes:
    """One value of the object, or of the object in it, becomes something else of JSON."""
    try:
        told = json.loads(body)
        inside = next((value for value in told.values() if isinstance(value, dict)), told)
        inside[chance.choice(sorted(inside))] = chance.choice(
            [None, True, [], {}, 0, 1, -1, 1.5, 10**30, "", "1", "\ud800", [[]], {"a": 1}]
        )
    except (ValueError, AttributeError, IndexError, TypeError, RecursionError):
        return body
    return json.dumps(told).encode()


def _doubled(body: bytes, chance: random.Random) -> bytes:
    """A name comes twice, with another value."""
    name = chance.choice((b'"trade_status":"TRADE_SUCCESS",', b'"status":"1",', b'"money":"0.01",', b'"code":"10000",', b'"sign":"",'))
    return body.replace(b"{", b"{" + name, chance.choice((1, 2)))


# -- signed answers -------------------------------------------------------------------------------------------------------


def alipay_believes_only(seed: int) -> int:
    adapter, line, honest, event = asked("alipay")
    chance = random.Random(seed)
    for _ in range(20):
        body = spoiled(honest, chance)
        line.answer = (200, body)
        try:
            read = adapter.query(NUMBER)
        except ProviderUnavailable:
            refused("answer alipay")
            continue
        assert read == event, "an answer that was changed and still believed says the same"
    return 20


def test_a_spoiled_answer_of_alipay_says_the_same_or_nothing() -> None:
    fuzz("answer alipay", alipay_believes_only, st.integers(0, 2**32), examples=200)


def test_a_spoiled_answer_never_closes_a_trade_that_may_be_paid() -> None:
    adapter, line, honest, _ = asked("alipay")

    def check(seed: int) -> None:
        line.answer = (200, spoiled(honest, random.Random(seed)))
        try:
            assert adapter.close(NUMBER) is not CloseResult.CLOSED
        except ProviderUnavailable:
            refused("answer alipay")

    fuzz("answer alipay", check, st.integers(0, 2**32), examples=400)


# -- unsigned answers -----------------------------------------------------------------------------------------------------


def epay_reads_its_own(seed: int) -> int:
    """Unsigned: what can be read is read, but only about our number, our account, an amount and a status of the list."""
    adapter, line, honest, event = asked("epay")
    chance = random.Random(seed)
    for _ in range(20):
        line.answer = (chance.choice((200, 200, 200, 500, 302)), spoiled(honest, chance))
        try:
            read = adapter.query(NUMBER)
        except ProviderUnavailable:
            refused("answer epay")
            continue
        if read is None:
            assert b"-1" in line.answer[1], "no such order is said by its own code only"
            continue
        told = json.loads(line.answer[1], parse_float=str, parse_int=str)
        assert (told["out_trade_no"], told["pid"], told["code"]) == (NUMBER, adapter.account.merchant_id, "1")
        assert (read.out_trade_no, read.channel_id, read.amount.currency) == (NUMBER, event.channel_id, event.amount.currency)
        assert read.state is not EventState.SUCCEEDED or told["status"] == "1"
    return 20


def test_a_spoiled_answer_of_epay_is_about_our_order_or_nothing() -> None:
    fuzz("answer epay", epay_reads_its_own, st.integers(0, 2**32), examples=250)


# -- the reader of answers ------------------------------------------------------------------------------------------------

TEXTS = st.text(st.sampled_from('ab"\\{}[]:, é\u2028\x00\n'), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def reads_like_json(given: tuple[dict[str, Any], int | None, int]) -> None:
    """Of an honest object: the same values with numbers as their texts, and source that reads as the value. Of a spoiled one: no crash."""
    told, indent, cut = given
    body = json.dumps(told, indent=indent, ensure_ascii=bool(cut % 2)).encode("utf-8", "surrogatepass")
    try:
        found = members(body)
    except Unreadable:
        refused("JSON of answers")
        assert any(word in body for word in (b"NaN", b"Infinity"))
    else:
        wanted = json.loads(body, parse_float=str, parse_int=str)
        assert {name: value for name, (value, _) in found.items()} == wanted
        assert all(json.loads(source, parse_float=str, parse_int=str) == value for value, source in found.values())
        assert all(source in body.decode() for _, source in found.values())
    try:
        members(body[: cut % (len(body) + 1)])
    except Unreadable:
        refused("JSON of answers")
    else:
        assert cut % (len(body) + 1) == len(body)


OBJECTS = st.tuples(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5), st.sampled_from([None, 1]), st.integers(0, 500))


def test_an_object_is_read_whole_or_not_at_all() -> None:
    fuzz("JSON of answers", reads_like_json, OBJECTS, examples=900)


def test_no_bytes_break_the_reader_of_answers() -> None:
    def check(parts: list[bytes]) -> None:
        try:
            found = members(b"".join(parts))
        except Unreadable:
            refused("JSON of answers")
            return
        assert isinstance(found, dict)

    parts = st.sampled_from([*ODD, b"{", b"}", b'"a"', b'"b"', b":", b",", b" ", b"\n", b"1", b'{"a":1}', b'{"a":{"b":"}"}}'])
    fuzz("JSON of answers", check, st.lists(parts, max_size=12), examples=1_000)


# -- twins ---------------------------------------------------------------------------------------------------------------


def test_twin_an_answer_believed_without_its_signature_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    asked("alipay")
    monkeypatch.setattr(rsa, "is_signed", lambda *_: True)
    assert finds(alipay_believes_only, st.integers(0, 2**32), examples=50)


def test_twin_a_reader_that_takes_the_last_of_two_names_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_decoder", json.JSONDecoder(parse_float=str, parse_int=str))
    assert finds(reads_like_json, OBJECTS, examples=500), "NaN passes for a number"


def test_twin_a_reader_that_stops_at_the_first_brace_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = answers._members
    monkeypatch.setattr(answers, "_members", lambda text: real(text[: text.index("}") + 1]))
    assert finds(reads_like_json, OBJECTS, examples=500)


def test_twin_a_reader_without_its_own_error_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    asked("epay")
    monkeypatch.setattr(
        "faka.contexts.payments.providers.epay_gateway.members", lambda body: {n: (v, "") for n, v in json.loads(body).items()}
    )
    assert finds(epay_reads_its_own, st.integers(0, 2**32), examples=50)
