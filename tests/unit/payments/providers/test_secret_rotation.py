"""Two versions of a secret live side by side for a day, never longer, and never where the newest is unusable."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from faka.contexts.payments.providers.base import ChannelClosed
from faka.contexts.payments.providers.epay import md5_signature
from faka.kernel.exchange import Forged, RawRequest
from faka.kernel.secret import Secret
from faka.platform import secrets as subject
from faka.platform.secrets import AGE_MAX, OVERLAP, Secrets
from tests.kit.clock import FrozenClock
from tests.kit.providers import FakeProviders


pytestmark = pytest.mark.unit

NAME = "faka/channels/epay"
FIRST, SECOND, THIRD = ("4kF9mQz7TbW2nX5vRj8cLpYsHdGu4aE6", "Qm2xT8rWb5Kc9Vn4Yj7Lp3Zs6Hd1Gf0u", "z9Y8x7W6v5U4t3S2r1Q0p9O8n7M6l5K4")


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-1")


@pytest.fixture
def clock(client: Any) -> FrozenClock:
    """The store stamps versions with the machine's time, so the test's clock starts there."""
    made = client.create_secret(Name="mark", SecretString="{}")
    return FrozenClock(client.describe_secret(SecretId=made["ARN"])["CreatedDate"])


def put(client: Any, *keys: str) -> None:
    for key in keys:
        Secrets(client, FrozenClock()).write(NAME, {"key": Secret(key)})


def keys(versions: tuple[Mapping[str, Secret], ...]) -> list[str]:
    return [version["key"].reveal() for version in versions]


def test_a_secret_that_was_never_rotated_has_one_version(client: Any, clock: FrozenClock) -> None:
    put(client, FIRST)
    assert keys(Secrets(client, clock).live(NAME)) == [FIRST]


def test_for_a_day_after_a_rotation_both_versions_count_the_newest_first(client: Any, clock: FrozenClock) -> None:
    put(client, FIRST, SECOND)
    clock.advance((OVERLAP - timedelta(minutes=1)).total_seconds())
    assert keys(Secrets(client, clock).live(NAME)) == [SECOND, FIRST]


def test_after_the_day_only_the_new_one_counts(client: Any, clock: FrozenClock) -> None:
    put(client, FIRST, SECOND)
    clock.advance((OVERLAP + timedelta(minutes=1)).total_seconds())
    assert keys(Secrets(client, clock).live(NAME)) == [SECOND]


def test_twin_without_an_age_the_old_secret_counts_for_ever(client: Any, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "OVERLAP", timedelta(days=36_500))
    put(client, FIRST, SECOND)
    clock.advance(days=400)
    assert keys(Secrets(client, clock).live(NAME)) == [SECOND, FIRST]


def test_of_three_versions_the_oldest_never_counts(client: Any, clock: FrozenClock) -> None:
    put(client, FIRST, SECOND, THIRD)
    assert keys(Secrets(client, clock).live(NAME)) == [THIRD, SECOND]


def test_writing_the_new_secret_twice_ends_a_leaked_one_at_once(client: Any, clock: FrozenClock) -> None:
    put(client, FIRST, SECOND, SECOND)
    assert FIRST not in keys(Secrets(client, clock).live(NAME))


def test_the_two_versions_are_kept_and_dropped_together(client: Any, clock: FrozenClock) -> None:
    secrets = Secrets(client, clock)
    put(client, FIRST, SECOND)
    first = secrets.live(NAME)
    put(client, THIRD)
    assert secrets.live(NAME) is first
    clock.advance(AGE_MAX.total_seconds())
    assert keys(secrets.live(NAME)) == [THIRD, SECOND]


def notice(key: str) -> RawRequest:
    fields = {"pid": "1001", "trade_no": "E1", "out_trade_no": "pay1", "money": "1.00", "trade_status": "TRADE_SUCCESS"}
    sign = md5_signature({name: value.encode() for name, value in fields.items()}, Secret(key))
    return RawRequest(method="GET", query=tuple({**fields, "sign": sign, "sign_type": "MD5"}.items()))


def adapter(client: Any, clock: FrozenClock) -> Any:
    return FakeProviders(clock).epay.adapter(account={"pid": "1001"}, secrets=Secrets(client, clock).live(NAME), secret=None)


def test_a_notice_that_was_signed_before_the_rotation_is_believed_for_a_day(client: Any, clock: FrozenClock) -> None:
    put(client, FIRST, SECOND)
    assert adapter(client, clock).parse_notice(notice(FIRST)).out_trade_no == "pay1"
    clock.advance(hours=25)
    with pytest.raises(Forged):
        adapter(client, clock).parse_notice(notice(FIRST))
    assert adapter(client, clock).parse_notice(notice(SECOND)).out_trade_no == "pay1"


def test_twin_without_the_overlap_that_notice_is_refused_and_the_payment_waits(
    client: Any, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "OVERLAP", timedelta(0))
    put(client, FIRST, SECOND)
    with pytest.raises(Forged):
        adapter(client, clock).parse_notice(notice(FIRST))


@pytest.mark.parametrize("newest", ["", " " * 32, "changeme-changeme-changeme", "0" * 32])
def test_an_unusable_new_version_closes_the_channel_though_the_old_one_was_good(client: Any, clock: FrozenClock, newest: str) -> None:
    """Else a placeholder that somebody typed would be found out only a day later."""
    put(client, FIRST, newest)
    with pytest.raises(ChannelClosed):
        adapter(client, clock)


@pytest.mark.parametrize("broken", ["", "[]", "{", "null"])
def test_a_new_version_that_is_no_object_closes_the_channel_too(client: Any, clock: FrozenClock, broken: str) -> None:
    put(client, FIRST)
    client.put_secret_value(SecretId=NAME, SecretString=broken or " ")
    assert Secrets(client, clock).live(NAME) == ()


def test_a_placeholder_from_before_the_first_real_secret_is_left_out(client: Any, clock: FrozenClock) -> None:
    put(client, "changeme-changeme-changeme", SECOND)
    assert len(adapter(client, clock).account.secrets) == 1


def test_an_empty_key_of_an_older_version_verifies_nothing(client: Any, clock: FrozenClock) -> None:
    put(client, "", SECOND)
    with pytest.raises(Forged):
        adapter(client, clock).parse_notice(notice(""))
