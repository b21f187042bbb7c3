"""A request becomes the calls that a role is asked about, and what is written down of it holds no value."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from faka.platform.wire import insert_statement
from infra.local.asked import NO_KEYS, PLAIN, asked, write_down


pytestmark = pytest.mark.unit

HIDDEN = "01J-number-of-somebody"
ROW = {"pk": {"S": f"ORDER#{HIDDEN}"}, "sk": {"S": HIDDEN}}


def calls(service: str, verb: str, **given: Any) -> list[Any]:
    return list(asked(service, verb, given))


def test_a_batch_is_one_call_on_each_table_with_all_its_leading_keys() -> None:
    keys = {"trade": {"Keys": [ROW, {"pk": {"S": "SKU#1"}}, ROW]}, "catalog": {"Keys": [{"pk": {"S": "SHELF"}}]}}
    assert calls("dynamodb", "batch_get_item", RequestItems=keys) == [
        ("dynamodb:BatchGetItem", "table", "trade", "", ("ORDER#", "SKU#"), PLAIN),
        ("dynamodb:BatchGetItem", "table", "catalog", "", ("SHELF",), PLAIN),
    ]
    puts = {"vault": [{"PutRequest": {"Item": ROW}}]}
    assert calls("dynamodb", "batch_write_item", RequestItems=puts) == [
        ("dynamodb:BatchWriteItem", "table", "vault", "", ("ORDER#",), PLAIN)
    ]


def test_a_batch_of_statements_is_each_of_them_by_the_key_wherever_it_stands() -> None:
    statements = [
        insert_statement("journal", {"at": HIDDEN, "pk": "CLAIM#1", "sk": "x"}),
        insert_statement("journal", {"pk": "CLAIMDUE#2"}),
    ]
    found = calls("dynamodb", "batch_execute_statement", Statements=statements)
    assert [(action, name, keys) for action, _, name, _, keys, _ in found] == [
        ("dynamodb:PartiQLInsert", "journal", ("CLAIM#",)),
        ("dynamodb:PartiQLInsert", "journal", ("CLAIMDUE#",)),
    ]


def test_a_query_names_its_index() -> None:
    found = calls("dynamodb", "query", TableName="t", IndexName="due", ExpressionAttributeValues={":p": {"S": "7"}})
    assert found == [("dynamodb:Query", "table", "t", "/index/due", ("7",), PLAIN)]


def test_a_copy_is_a_write_here_and_a_read_there() -> None:
    source = {"Bucket": "b", "Key": f"incoming/{HIDDEN}"}
    assert [(action, rest) for action, _, _, rest, _, _ in calls("s3", "copy_object", Bucket="b", Key="problems/x", CopySource=source)] == [
        ("s3:PutObject", "/problems/…"),
        ("s3:GetObject", "/incoming/…"),
    ]


def test_of_an_encryption_context_the_shop_and_the_names_are_told() -> None:
    (found,) = calls("kms", "decrypt", KeyId="k", EncryptionContext={"shop": "faka", "sku": HIDDEN})
    assert dict(found[5]) == {
        "kms:encryptioncontext:shop": ("faka",),
        "kms:encryptioncontext:sku": ("…",),
        "kms:encryptioncontextkeys": ("shop", "sku"),
    }


def test_events_tell_who_they_say_they_are_from() -> None:
    entries = [{"Source": "faka.trade", "EventBusName": "bus"}, {"Source": "aws.ec2", "EventBusName": "bus"}]
    assert calls("events", "put_events", Entries=entries) == [
        ("events:PutEvents", "bus", "bus", "", NO_KEYS, (("events:source", ("aws.ec2", "faka.trade")),))
    ]


@pytest.mark.parametrize(
    ("service", "verb"),
    [("dynamodb", "delete_table"), ("s3", "put_bucket_policy"), ("events", "put_rule"), ("sesv2", "x"), ("iam", "pass_role")],
)
def test_what_is_not_known_is_a_call_on_nothing(service: str, verb: str) -> None:
    ((action, kind, *_),) = calls(service, verb)
    assert (action.partition(":")[0], kind) == (service, "")


def test_what_is_written_down_names_settings_and_holds_no_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda *_: {})
    write_down(tmp_path, "faka-RelayFunction-1F", {"FAKA_TABLE_TRADE": "faka-trade-9", "OTHER": "x"})
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    client.put_item(TableName="faka-trade-9", Item={**ROW, "secret": {"S": HIDDEN}})
    (path,) = tmp_path.iterdir()
    assert json.loads(path.read_text()) == [
        "faka-RelayFunction-1F", "dynamodb:PutItem", "table", "FAKA_TABLE_TRADE", "", ["ORDER#"], [],
    ]  # fmt: skip
    assert HIDDEN not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
