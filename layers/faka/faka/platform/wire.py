"""Rows and writes in DynamoDB's own spelling."""

import re
from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from faka.platform.write import Item, Key, Write


KINDS = ("S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS")


class _Wire(TypeDeserializer):  # type: ignore[misc]  # boto3 ships no types
    """Rows come back with int instead of Decimal and bytes instead of Binary: no row of ours holds a fraction.

    The library looks its reader up by name for each value, which takes longer than most reading; here each kind's is known.
    """

    def __init__(self) -> None:
        self._readers = {kind: getattr(self, f"_deserialize_{kind.lower()}") for kind in KINDS}

    def deserialize(self, value: Mapping[str, Any]) -> Any:
        [(kind, held)] = value.items()
        return self._readers[kind](held)

    def _deserialize_n(self, value: str) -> int:
        return int(value)

    def _deserialize_b(self, value: bytes) -> bytes:
        return value


one_to_wire = TypeSerializer().serialize
_from_wire = _Wire().deserialize
_NAME = re.compile(r"#(\w+)")


def to_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one_to_wire(value) for name, value in item.items()}


def from_wire(item: Mapping[str, Any]) -> Item:
    return {name: _from_wire(value) for name, value in item.items()}


def wire_key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def insert_statement(physical: str, item: Item) -> dict[str, Any]:
    fields = ", ".join(f"'{name}': ?" for name in item)
    return {"Statement": f'INSERT INTO "{physical}" VALUE {{{fields}}}', "Parameters": [one_to_wire(v) for v in item.values()]}


def operation(write: Write, physical: str, *, transaction: bool) -> dict[str, Any]:
    """The arguments of one write, alone or as part of a transaction."""
    text = f"{write.expression} {write.when}"
    operation: dict[str, Any] = {
        "TableName": physical,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if write.item is not None:
        operation["Item"] = to_wire(write.item)
    else:
        operation["Key"] = wire_key(write.key)
    if write.expression:
        operation["UpdateExpression"] = write.expression
        if not transaction:
            operation["ReturnValues"] = "ALL_NEW"
    if write.when:
        operation["ConditionExpression"] = write.when
    names = {f"#{name}": name for name in _NAME.findall(text)}
    if names:
        operation["ExpressionAttributeNames"] = names
    if write.values:
        operation["ExpressionAttributeValues"] = {f":{name}": one_to_wire(value) for name, value in write.values.items()}
    return operation
