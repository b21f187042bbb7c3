"""What a device keeps for us opens to what was sealed, and to nothing at all once anything of it is different."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faka.platform import device_seal
from faka.platform.device_seal import NONCE_BYTES, TAG_BYTES, VERSION, DeviceSeal
from faka.platform.mackey import MacKeyUnavailable
from tests.kit.clock import SeededChance
from tests.kit.macs import Macs, seal_of


pytestmark = pytest.mark.property

SHORT = settings(max_examples=150, deadline=None)
VALUE_MAX = 400
texts = st.binary(min_size=1, max_size=seal_of(Macs(), value_max=VALUE_MAX).text_max)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def fresh(macs: Macs | None = None, **given: str) -> DeviceSeal:
    return seal_of(macs or Macs(), value_max=VALUE_MAX, **given)


@SHORT
@given(text=texts, seed=st.integers(0, 2**32))
def test_what_was_sealed_opens_to_itself_in_any_process_and_is_never_too_long(text: bytes, seed: int) -> None:
    value = seal_of(Macs(), value_max=VALUE_MAX, chance=SeededChance(seed)).seal(text)
    assert len(value) <= VALUE_MAX
    assert fresh().open(value) == text


@SHORT
@given(text=texts, at=st.integers(0, 10**6), by=st.integers(1, 255))
def test_any_byte_changed_opens_to_nothing(text: bytes, at: int, by: int) -> None:
    value = fresh().seal(text)
    raw = bytearray(urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    raw[at % len(raw)] ^= by
    assert fresh().open(urlsafe_b64encode(raw).decode().rstrip("=")) is None


@SHORT
@given(text=texts, at=st.integers(0, 10**6), sign=st.sampled_from(ALPHABET + "=. +/é\0"))
def test_any_letter_changed_opens_to_nothing(text: bytes, at: int, sign: str) -> None:
    value = fresh().seal(text)
    at %= len(value)
    changed = value[:at] + sign + value[at + 1 :]
    assert fresh().open(changed) == (text if changed == value else None)


@SHORT
@given(text=texts, start=st.integers(0, 40), end=st.integers(0, 40), more=st.text(ALPHABET + "=", max_size=3))
def test_a_value_that_is_cut_or_longer_opens_to_nothing(text: bytes, start: int, end: int, more: str) -> None:
    value = fresh().seal(text)
    changed = value[start : len(value) - end] + more
    assert fresh().open(changed) == (text if changed == value else None)


@SHORT
@given(value=st.text(max_size=80) | st.text(ALPHABET, max_size=80))
def test_what_was_never_sealed_opens_to_nothing(value: str) -> None:
    assert fresh().open(value) is None


def test_twin_a_reader_that_skips_what_it_does_not_know_takes_other_letters_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    value = fresh().seal(b"12")  # 31 bytes: the last letter has bits to spare
    other = value[:-1] + chr(ord(value[-1]) + 1)
    changed = (other, value + "=", f"{value[:5]}.{value[5:]}")
    assert [fresh().open(one) for one in changed] == [None, None, None]
    monkeypatch.setattr(device_seal, "_read", lambda given: urlsafe_b64decode(given + "=="))
    assert [fresh().open(one) for one in changed] == [b"12", b"12", b"12"]


# -- keys, purposes, bounds ----------------------------------------------------------------------------------------------


def test_another_key_another_label_and_another_purpose_open_nothing() -> None:
    value = fresh().seal(b"text")
    assert fresh(Macs(b"another")).open(value) is None
    assert fresh(label="faka/other/v1").open(value) is None
    assert fresh(purpose="faka/other/v1").open(value) is None


def test_twin_without_the_purpose_beside_it_a_value_of_another_one_opens() -> None:
    other, ours = fresh(purpose="faka/other/v1"), fresh()
    for seal in (other, ours):
        seal._beside = b""
    assert ours.open(other.seal(b"text")) == b"text"


def test_another_version_opens_nothing_even_where_the_rest_is_ours() -> None:
    value = fresh().seal(b"text")
    raw = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    assert raw[:1] == VERSION
    assert fresh().open(urlsafe_b64encode(b"\x02" + raw[1:]).decode().rstrip("=")) is None


def test_a_longer_value_than_we_make_is_not_read() -> None:
    long = seal_of(Macs()).seal(b"x" * 600)
    assert fresh().open(long) is None
    assert seal_of(Macs()).open(long) == b"x" * 600, "the twin: where it may be that long it opens"
    with pytest.raises(ValueError, match="too long"):
        fresh().seal(b"x" * 600)


def test_the_longest_text_that_is_said_to_fit_fits() -> None:
    for value_max in range(60, 90):
        seal = seal_of(Macs(), value_max=value_max)
        assert len(seal.seal(b"x" * seal.text_max)) <= value_max
        assert len(urlsafe_b64encode(bytes(1 + NONCE_BYTES + TAG_BYTES + seal.text_max + 1)).rstrip(b"=")) > value_max


def test_two_seals_of_one_text_differ_and_hold_none_of_it() -> None:
    seal = fresh()
    first, second = seal.seal(b"13800138000"), seal.seal(b"13800138000")
    assert first[2:] != second[2:]
    assert b"138" not in urlsafe_b64decode(first + "=" * (-len(first) % 4))


# -- the key service ------------------------------------------------------------------------------------------------------


def test_one_call_of_the_key_service_in_the_life_of_a_process_and_none_for_what_cannot_be_ours() -> None:
    macs = Macs()
    value = fresh(macs).seal(b"text")
    seal = fresh(macs)
    macs.labels.clear()
    for junk in ("", "x", "A" * 39, "AQ", "é" * 60, value[:30], "B" + value[1:], value + "=" * 3, "A" * (VALUE_MAX + 1)):
        assert seal.open(junk) is None
    assert macs.labels == []
    for _ in range(3):
        assert seal.open(value) == b"text"
        seal.seal(b"other")
    assert macs.labels == ["faka/saved-accounts/v1"]


def test_a_silent_key_service_is_said_and_forgotten_when_it_speaks_again() -> None:
    macs = Macs()
    value = fresh(macs).seal(b"text")
    seal = fresh(macs)
    macs.is_silent = True
    with pytest.raises(MacKeyUnavailable):
        seal.open(value)
    with pytest.raises(MacKeyUnavailable):
        seal.seal(b"text")
    macs.is_silent = False
    assert seal.open(value) == b"text"
