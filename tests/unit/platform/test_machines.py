"""A night begins once under its name."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from faka.platform.machines import Machine, MachineUnavailable


class Client:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[dict[str, Any]] = []

    def start_execution(self, **given: Any) -> None:
        self.asked.append(given)
        if self.error is not None:
            raise self.error


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}}, "StartExecution")


def test_an_execution_begins_under_the_name_that_it_is_given() -> None:
    client = Client()
    assert Machine(client, "arn:m").begin("recon-2026-11-24", day="2026-11-24")
    assert client.asked[0]["stateMachineArn"] == "arn:m"
    assert client.asked[0]["name"] == "recon-2026-11-24"
    assert json.loads(client.asked[0]["input"]) == {"schema_version": 1, "day": "2026-11-24"}


def test_a_name_that_is_taken_begins_nothing_and_is_no_error() -> None:
    assert not Machine(Client(refused("ExecutionAlreadyExists")), "arn:m").begin("recon-2026-11-24")


@pytest.mark.parametrize("error", [refused("ThrottlingException"), EndpointConnectionError(endpoint_url="https://states.example")])
def test_a_service_that_does_not_start_it_is_tried_again_later(error: Exception) -> None:
    with pytest.raises(MachineUnavailable):
        Machine(Client(error), "arn:m").begin("recon-2026-11-24")
