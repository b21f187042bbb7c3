"""The five tables in process, on moto. For one thread at a time, or several that do not prove anything about races.

moto takes no lock of its own: two threads can both pass one condition. The patch below serialises its DynamoDB calls, so
that a threaded test does not report faults of the tool as ours; races are still proven on the local cloud, never here.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler

from faka.platform.table import TableName, Tables
from tests.kit.clock import CountingPause


PHYSICAL = {name: f"test-{name}" for name in TableName}

_ONE_AT_A_TIME = threading.RLock()
_call_action = DynamoHandler.call_action


def _locked_call_action(self: Any, *args: Any, **named: Any) -> Any:
    with _ONE_AT_A_TIME:
        return _call_action(self, *args, **named)


DynamoHandler.call_action = _locked_call_action


def create_tables(client: Any, names: dict[TableName, str] | None = None) -> None:
    """Create the five tables as the template does, without stream, recovery and keys of our own."""
    for name, physical in (names or PHYSICAL).items():
        attributes, indexes = ["pk", "sk"], []
        if name is TableName.TRADE:
            for index in ("due", "day"):
                pair = (f"{index}_pk", f"{index}_sk")
                attributes += pair
                indexes.append({"IndexName": index, "KeySchema": _keys(*pair), "Projection": {"ProjectionType": "KEYS_ONLY"}})
        client.create_table(
            TableName=physical,
            KeySchema=_keys("pk", "sk"),
            AttributeDefinitions=[{"AttributeName": a, "AttributeType": "S"} for a in attributes],
            BillingMode="PAY_PER_REQUEST",
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        )


def _keys(pk: str, sk: str) -> list[dict[str, str]]:
    return [{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]


def dynamodb_client(**more: Any) -> Any:
    """A client like the one of production: one attempt, because the retries stand in `Tables`."""
    return boto3.client(
        "dynamodb",
        region_name="us-east-1",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
        **more,
    )


@contextmanager
def moto_client() -> Iterator[Any]:
    """A fresh in-process DynamoDB with the five tables in it."""
    with mock_aws():
        client = dynamodb_client()
        create_tables(client)
        yield client


def tables_over(client: Any) -> Tables:
    """`Tables` over any client that speaks DynamoDB, waiting without waiting."""
    return Tables(client, PHYSICAL, CountingPause())


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with moto_client() as client:
        yield client


@pytest.fixture
def tables(dynamodb: Any) -> Tables:
    return tables_over(dynamodb)
