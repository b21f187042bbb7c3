"""Secrets by name: kept for a while, absent for a moment, silent for ever."""

import traceback
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from faka.kernel.secret import Secret
from faka.platform.secrets import ABSENT_AGE_MAX, AGE_MAX, Secrets, SecretsUnavailable
from tests.kit.clock import FrozenClock


pytestmark = pytest.mark.unit

NAME = "faka/channels/epay"
KEY = "CANARY3kF9mQz7TbW2nX5vRj8cLpYs"


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-1")


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


def test_what_was_written_is_read_by_those_who_may(client: Any, clock: FrozenClock) -> None:
    Secrets(client, clock).write(NAME, {"key": Secret(KEY)})
    values = Secrets(client, clock).read(NAME)
    assert values is not None
    assert values["key"].reveal() == KEY
    assert KEY not in repr(values)


def test_a_second_write_is_a_new_version(client: Any, clock: FrozenClock) -> None:
    secrets = Secrets(client, clock)
    for text in ("first-key-0001", "second-key-0002"):
        secrets.write(NAME, {"key": Secret(text)})
    values = secrets.read(NAME)
    assert values is not None
    assert values["key"].reveal() == "second-key-0002"


def test_it_is_kept_for_its_age_and_no_longer(client: Any, clock: FrozenClock) -> None:
    secrets = Secrets(client, clock)
    secrets.write(NAME, {"key": Secret("first-key-0001")})
    first = secrets.read(NAME)
    Secrets(client, clock).write(NAME, {"key": Secret("second-key-0002")})
    clock.advance(AGE_MAX.total_seconds() - 1)
    assert secrets.read(NAME) is first
    clock.advance(1)
    later = secrets.read(NAME)
    assert later is not None
    assert later["key"].reveal() == "second-key-0002"


def test_an_absent_secret_is_looked_for_again_soon(client: Any, clock: FrozenClock) -> None:
    secrets = Secrets(client, clock)
    assert secrets.read(NAME) is None
    Secrets(client, clock).write(NAME, {"key": Secret(KEY)})
    assert secrets.read(NAME) is None
    clock.advance(ABSENT_AGE_MAX.total_seconds())
    assert secrets.read(NAME) is not None


@pytest.mark.parametrize(
    "text", [" ", "CANARY", "[]", '"CANARY"', '{"key": 1}', '{"key": null}', '{"key": true}', '{"key": {"a": "CANARY"}}', "{"]
)
def test_what_is_no_object_of_texts_is_as_good_as_absent(client: Any, clock: FrozenClock, text: str) -> None:
    client.create_secret(Name=NAME, SecretString=text)
    assert Secrets(client, clock).read(NAME) is None


class Failing:
    """A secret store that answers with an error, and prints what it was given."""

    class exceptions:  # noqa: N801 - as a client has it
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_secret_value(self, **_: str) -> None:
        raise self._error

    put_secret_value = get_secret_value


ERRORS = [
    ClientError({"Error": {"Code": "ThrottlingException", "Message": KEY}}, "PutSecretValue"),
    ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue"),
    EndpointConnectionError(endpoint_url="https://x"),
]


@pytest.mark.parametrize("error", ERRORS)
def test_no_answer_is_unavailable_and_not_absent(clock: FrozenClock, error: Exception) -> None:
    with pytest.raises(SecretsUnavailable):
        Secrets(Failing(error), clock).read(NAME)


@pytest.mark.parametrize("error", ERRORS)
def test_a_failed_write_does_not_print_what_was_written(clock: FrozenClock, error: Exception) -> None:
    with pytest.raises(SecretsUnavailable) as caught:
        Secrets(Failing(error), clock).write(NAME, {"key": Secret(KEY)})
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None
