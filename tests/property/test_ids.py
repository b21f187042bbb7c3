"""Ids and codes: they name each other, sort by time, fit every channel, and nobody guesses them."""

import secrets
import string
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from faka.kernel.errors import Broken, InvalidRequest
from faka.kernel.ids import (
    CODE_LENGTH,
    PAYMENT_ATTEMPTS_MAX,
    batch_id,
    handle,
    hash_code,
    is_order_id,
    is_ulid,
    lookup_code,
    normal_code,
    order_id,
    order_of,
    out_trade_no,
    payment_id,
    payment_of,
    ulid,
)
from faka.platform.real import SystemChance


pytestmark = pytest.mark.property

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
moments = st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
ten_bytes = st.binary(min_size=10, max_size=10)


class Given:
    """Chance that was drawn before."""

    def __init__(self, drawn: bytes) -> None:
        self._drawn = drawn

    def bytes(self, count: int) -> bytes:
        assert count == len(self._drawn)
        return self._drawn


def number(text: str) -> int:
    found = 0
    for symbol in text:
        found = found * 32 + SYMBOLS.index(symbol)
    return found


# -- ids ----------------------------------------------------------------------------------------------------------


@given(moments, ten_bytes)
def test_a_ulid_holds_its_time_and_its_chance_and_nothing_is_lost(at: datetime, drawn: bytes) -> None:
    text = ulid(at, Given(drawn))
    assert is_ulid(text)
    assert number(text) & (1 << 80) - 1 == int.from_bytes(drawn, "big")
    assert number(text) >> 80 == int(at.timestamp() * 1000)


@given(moments, ten_bytes, ten_bytes, st.integers(1, 10**9))
def test_ulids_sort_by_time(at: datetime, one: bytes, other: bytes, later_ms: int) -> None:
    after = at + timedelta(milliseconds=later_ms)
    assume(int(after.timestamp() * 1000) > int(at.timestamp() * 1000))
    assert ulid(at, Given(one)) < ulid(after, Given(other))


@given(moments, ten_bytes, st.integers(0, PAYMENT_ATTEMPTS_MAX - 1))
def test_form_order_payment_and_the_providers_number_name_each_other(at: datetime, drawn: bytes, attempt: int) -> None:
    order = order_id(ulid(at, Given(drawn)))
    payment = payment_id(order, attempt)
    sent = out_trade_no(payment)
    assert is_order_id(order)
    assert order_of(payment) == order
    assert payment_of(sent) == payment
    assert len(sent) <= 32
    assert sent.isalnum()
    assert sent.isascii()
    assert len(batch_id(at, Given(drawn))) <= 32


@given(st.text(max_size=40))
@example("pay" + "0" * 26 + "0９")
@example("pay" + "8" * 26 + "00")
@example("pay_" + "0" * 26 + "00")
def test_a_foreign_number_is_nobodys_payment(text: str) -> None:
    found = payment_of(text)
    assert found is None or out_trade_no(found) == text


@given(st.text(max_size=30))
def test_a_form_whose_number_we_did_not_print_is_refused(text: str) -> None:
    assume(not is_ulid(text))
    with pytest.raises(InvalidRequest):
        order_id(text)


@pytest.mark.parametrize("attempt", [-1, PAYMENT_ATTEMPTS_MAX])
def test_an_attempt_without_two_digits_is_refused(attempt: int) -> None:
    with pytest.raises(Broken):
        payment_id(order_id("0" * 26), attempt)


@given(st.text(string.printable, max_size=60))
def test_a_handle_is_an_address_and_a_key_without_any_quoting(text: str) -> None:
    try:
        assert handle(text) == text
    except InvalidRequest:
        return
    assert set(text) <= set(string.ascii_lowercase + string.digits + "-")
    assert 0 < len(text) <= 48
    assert "-" not in (text[0], text[-1])


# -- lookup codes -------------------------------------------------------------------------------------------------


@given(ten_bytes)
def test_a_code_keeps_all_eighty_bits(drawn: bytes) -> None:
    code = lookup_code(Given(drawn))
    assert len(code) == CODE_LENGTH
    assert number(code) == int.from_bytes(drawn, "big")


@given(ten_bytes, st.randoms(use_true_random=False))
def test_a_code_is_known_however_a_person_types_it(drawn: bytes, random: object) -> None:
    code = lookup_code(Given(drawn))
    typed = "".join(_typed(symbol, random) for symbol in code)
    assert hash_code(typed) == hash_code(code)


def _typed(symbol: str, random: object) -> str:
    ways = {"1": "1IiLl", "0": "0Oo"}.get(symbol, symbol + symbol.lower())
    return str(random.choice(ways) + random.choice(("", "", " ", "-", "\t")))  # type: ignore[attr-defined]


@given(ten_bytes, ten_bytes)
def test_two_codes_never_share_a_hash(one: bytes, other: bytes) -> None:
    a, b = lookup_code(Given(one)), lookup_code(Given(other))
    assert (hash_code(a) == hash_code(b)) == (a == b)
    assert normal_code(a) == a, "what we print is in normal form, so two codes cannot be typed alike"


def test_codes_of_the_real_chance_are_spread_and_never_the_same() -> None:
    """Chi-square over 32 symbols: above 85 by chance once in a million runs."""
    codes = [lookup_code(SystemChance()) for _ in range(20_000)]
    seen = Counter("".join(codes))
    expected = len(codes) * CODE_LENGTH / 32
    assert sum((seen[symbol] - expected) ** 2 / expected for symbol in SYMBOLS) < 85
    assert len(set(codes)) == len(codes)


def test_twin_a_biased_or_short_code_is_noticed() -> None:
    biased = Counter(SYMBOLS[secrets.randbelow(36) % 32] for _ in range(20_000 * CODE_LENGTH))
    expected = 20_000 * CODE_LENGTH / 32
    assert sum((biased[symbol] - expected) ** 2 / expected for symbol in SYMBOLS) > 85
    short = [lookup_code(SystemChance())[:4] for _ in range(20_000)]
    assert len(set(short)) < len(short)
