"""PartiQL inserts for moto, which reads them without their parameters and without refusing a key that exists.

Only the one statement that the shop sends is understood: `INSERT INTO "table" VALUE {'name': ?, …}`. The local cloud runs the
same statement with its own engine.
"""

import re
from typing import Any

from moto.dynamodb.exceptions import ConditionalCheckFailed
from moto.dynamodb.models import DynamoDBBackend


_INSERT = re.compile(r"""INSERT INTO "(?P<table>[^"]+)" VALUE \{(?P<fields>('\w+': \?(, )?)+)\}""")


def _batch_execute_statement(self: DynamoDBBackend, statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_insert(self, statement) for statement in statements]


def _insert(backend: DynamoDBBackend, statement: dict[str, Any]) -> dict[str, Any]:
    match = _INSERT.fullmatch(statement["Statement"])
    assert match, "a statement that this stand-in does not know"
    names = re.findall(r"'(\w+)'", match["fields"])
    item = dict(zip(names, statement["Parameters"], strict=True))
    try:
        backend.put_item(match["table"], item, condition_expression="attribute_not_exists(pk)")
    except ConditionalCheckFailed:
        return {"TableName": match["table"], "Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}}
    return {"TableName": match["table"]}


DynamoDBBackend.batch_execute_statement = _batch_execute_statement  # type: ignore[method-assign]
