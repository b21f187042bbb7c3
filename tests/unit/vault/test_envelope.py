"""The envelope: what was sealed opens in its own place and nowhere else, and no failure says what was inside."""

import logging
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from faka.kernel.errors import Broken, Unavailable
from faka.platform import envelope as module
from faka.platform.envelope import KEYS_HELD_MAX, Envelope, KeyServiceDown, SealBroken
from tests.kit.clock import FrozenClock
from tests.unit.vault.given import Keys, some_keys


pytestmark = pytest.mark.unit

CANARY = "CANARY-7f3a-secret"
JOB = {"sku": "vip-month", "batch": "bat_1"}
PLACE = {**JOB, "number": "41"}


@pytest.fixture
def keys() -> Iterator[Keys]:
    with some_keys() as keys:
        yield keys


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def one(keys: Keys, clock: FrozenClock) -> Envelope:
    return keys.envelope(clock)


def sealed(one: Envelope, place: dict[str, str] = PLACE, job: dict[str, str] = JOB) -> tuple[list[bytes], bytes]:
    key = one.new_key(job)
    return [key.wrapped], one.seal(key, 0, CANARY, place)


def test_a_sealed_card_opens_in_its_place_and_shows_nothing_before(keys: Keys, one: Envelope, clock: FrozenClock) -> None:
    wrapped, blob = sealed(one)
    assert CANARY.encode() not in blob
    assert blob[0] == 1
    secret = keys.envelope(clock).open(wrapped, JOB, blob, PLACE)
    assert secret.reveal() == CANARY
    assert CANARY not in f"{secret} {secret!r}"


@pytest.mark.parametrize(
    "elsewhere",
    [
        {**PLACE, "number": "42"},
        {**PLACE, "sku": "other"},
        {**PLACE, "batch": "bat_2"},
        JOB,
        {**PLACE, "more": "1"},
        {},
    ],
)
def test_a_row_that_was_moved_does_not_open(one: Envelope, elsewhere: dict[str, str]) -> None:
    wrapped, blob = sealed(one)
    with pytest.raises(SealBroken):
        one.open(wrapped, JOB, blob, elsewhere)


def test_twin_without_the_comparison_of_places_a_moved_row_opens(one: Envelope, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped, blob = sealed(one)
    monkeypatch.setattr(module, "_context", lambda bound: {"shop": "faka", **PLACE} if "number" in bound else {"shop": "faka", **bound})
    assert one.open(wrapped, JOB, blob, {**PLACE, "number": "42"}).reveal() == CANARY


def test_rows_swapped_across_batches_do_not_open_under_either_key(one: Envelope) -> None:
    other_job = {**JOB, "batch": "bat_2"}
    wrapped, blob = sealed(one)
    other_wrapped, other_blob = sealed(one, {**other_job, "number": "41"}, other_job)
    for keys_of, job, message, place in (
        (wrapped, JOB, other_blob, PLACE),
        (other_wrapped, other_job, blob, PLACE),
        (wrapped, other_job, blob, PLACE),
        (other_wrapped, JOB, other_blob, {**other_job, "number": "41"}),
    ):
        with pytest.raises(SealBroken):
            one.open(keys_of, job, message, place)


def test_a_wrapped_key_opens_under_its_own_job_only(keys: Keys, one: Envelope, clock: FrozenClock) -> None:
    wrapped, blob = sealed(one)
    with pytest.raises(SealBroken):
        keys.envelope(clock).open(wrapped, {**JOB, "sku": "other"}, blob, PLACE)


def test_every_changed_byte_is_refused_with_one_error_that_says_nothing(one: Envelope, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrapped, blob = sealed(one)
    for i in range(len(blob)):
        changed = blob[:i] + bytes([blob[i] ^ 1]) + blob[i + 1 :]
        with pytest.raises(SealBroken) as broken:
            one.open(wrapped, JOB, changed, PLACE)
        assert CANARY not in str(broken.value)
        assert broken.value.__cause__ is None
    assert [record.name for record in caplog.records if record.name.startswith("aws_encryption_sdk")] == []


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 20, 100, -1])
def test_a_cut_message_is_refused(one: Envelope, cut: int) -> None:
    wrapped, blob = sealed(one)
    with pytest.raises(SealBroken):
        one.open(wrapped, JOB, blob[:cut], PLACE)


def test_a_message_names_which_of_its_jobs_keys_it_is_under(keys: Keys, one: Envelope, clock: FrozenClock) -> None:
    first, second = one.new_key(JOB), one.new_key(JOB)
    wrapped = [first.wrapped, second.wrapped]
    blob = one.seal(second, 1, CANARY, PLACE)
    assert keys.envelope(clock).open(wrapped, JOB, blob, PLACE).reveal() == CANARY
    for wrong in (wrapped[:1], wrapped[::-1], []):
        with pytest.raises(SealBroken):
            keys.envelope(clock).open(wrong, JOB, blob, PLACE)


def test_a_message_of_another_suite_is_refused(one: Envelope) -> None:
    from aws_encryption_sdk.identifiers import AlgorithmSuite

    key = one.new_key(JOB)
    message, _ = one._sdk.encrypt(
        source=CANARY.encode(),
        key_provider=key.master,
        encryption_context={"shop": "faka", **PLACE},
        algorithm=AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384,
    )
    with pytest.raises(SealBroken):
        one.open([key.wrapped], JOB, b"\x01\x00" + message, PLACE)


def test_opening_a_whole_job_asks_the_key_service_once_in_five_minutes(keys: Keys, one: Envelope, clock: FrozenClock) -> None:
    key = one.new_key(JOB)
    blobs = [one.seal(key, 0, f"{CANARY}{n}", {**JOB, "number": str(n)}) for n in range(20)]
    cold = keys.envelope(clock)
    for n, blob in enumerate(blobs):
        cold.open([key.wrapped], JOB, blob, {**JOB, "number": str(n)})
    assert keys.calls == ["generate_data_key", "decrypt"]
    clock.advance(minutes=5)
    cold.open([key.wrapped], JOB, blobs[0], {**JOB, "number": "0"})
    assert keys.calls.count("decrypt") == 1
    clock.advance(1)
    cold.open([key.wrapped], JOB, blobs[0], {**JOB, "number": "0"})
    assert keys.calls.count("decrypt") == 2


def test_few_keys_stay_in_memory_and_none_beyond_its_time(one: Envelope, clock: FrozenClock) -> None:
    for n in range(KEYS_HELD_MAX + 6):
        one.new_key({**JOB, "batch": f"bat_{n}"})
    assert len(one._held) == KEYS_HELD_MAX
    clock.advance(minutes=6)
    one.new_key(JOB)
    assert len(one._held) == 1


def test_a_key_neither_prints_nor_pickles(one: Envelope) -> None:
    key = one.new_key(JOB)
    assert f"{key} {key!r}" == "DataKey(•••) DataKey(•••)"
    with pytest.raises(TypeError):
        pickle.dumps(key)


class Failing:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def fail(**arguments: Any) -> Any:
            raise self._error

        return fail


@pytest.mark.parametrize(
    ("error", "family"),
    [
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "Decrypt"), Unavailable),
        (ClientError({"Error": {"Code": "KMSInternalException"}}, "Decrypt"), Unavailable),
        (ConnectTimeoutError(endpoint_url="https://kms"), Unavailable),
        (ClientError({"Error": {"Code": "InvalidCiphertextException"}}, "Decrypt"), Broken),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "Decrypt"), Broken),
    ],
)
def test_a_busy_key_service_is_tried_later_and_a_refusal_wakes_somebody(
    one: Envelope, clock: FrozenClock, error: Exception, family: type
) -> None:
    wrapped, blob = sealed(one)
    down = Envelope(Failing(error), "key", clock)
    with pytest.raises(family):
        down.open(wrapped, JOB, blob, PLACE)
    with pytest.raises((KeyServiceDown, SealBroken)):
        down.new_key(JOB)
