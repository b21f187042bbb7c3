"""The in-process engine answers as moto does: for whole lives of the shop, and for expressions by themselves."""

from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from faka.platform.table import TableName, Tables, to_wire
from tests.kit.engine import Engine
from tests.kit.tables import PHYSICAL, tables_over
from tests.unit.stock.scenes import OPERATIONS
from tests.unit.stock.world import SKU, Shop


pytestmark = pytest.mark.unit

TABLE = PHYSICAL[TableName.TRADE]


def _life(tables: Tables) -> None:
    shop = Shop(tables)
    shop.link(1, 0, 24)
    shop.link(2, 24, 8, "2026-03-20")
    shop.buy("ended", 3)
    shop.buy("held", 2)
    shop.buy("wide", 9)
    shop.cancel("ended")
    shop.cancel("ended")
    for operation in OPERATIONS.values():
        operation(shop)
    shop.stock.open(SKU)
    shop.stock.restore_number(SKU, 18)
    shop.buy("last", 4)


def in_order(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))


def test_a_life_of_the_shop_leaves_the_same_rows(dynamodb: Any) -> None:
    engine = Engine()
    _life(tables_over(dynamodb))
    _life(engine.tables())
    assert in_order(engine.rows(TableName.TRADE)) == in_order(dynamodb.scan(TableName=TABLE)["Items"])


ROW = {"pk": "p", "sk": "s", "n": 5, "t": "abc", "q": [[1, 2], [3, 4]], "m": {"x": 1}, "b": b"\x01", "e": [], "y": True}

CONDITIONS = [
    "#n = :five",
    "#n <> :five",
    "#n >= :five AND #n > :one",
    "#n < :one OR #n = :five AND NOT (#t = :abc)",
    "NOT #t = :abc OR #gone <> :one",
    "#gone = :one",
    "#gone < :one",
    "#gone <> :one",
    "#q[0][1] >= :one AND #q[1][0] > :one",
    "#q[7][1] >= :one",
    "#e[0][0] = :one",
    "#m.#x = :one",
    "#m.#gone = :one",
    "NOT (#m.#gone = :one)",
    "attribute_exists(#m.#x) AND attribute_not_exists(#m.#gone)",
    "begins_with(#t, :abc)",
    "#n BETWEEN :one AND :five",
    "#q = :list",
    "#b <> :bin",
    "#b = :bin",
]

UPDATES = [
    "SET #n = #n + :one, #z = #n",
    "SET #z = :five - #n",
    "SET #n = #q[0][0] + :five, #z = #q[1][1] REMOVE #q[0]",
    "SET #q[1] = :list",
    "SET #m.#y = :one REMOVE #m.#x",
    "SET #m.#x = if_not_exists(#m.#x, :five), #m.#z = if_not_exists(#m.#z, :five)",
    "SET #e = list_append(#e, :list)",
    "SET #n = if_not_exists(#gone, :one) + :five",
    "REMOVE #gone, #t",
    "ADD #n :one",
    "SET #z = #gone",
    "SET #gone.#x = :one",
    "SET #n = #t + :one",
]

VALUES = {"one": 1, "five": 5, "abc": "abc", "list": [[1, 2], [3, 4]], "bin": b"\x01"}


def _ask(client: Any, text: str, **more: Any) -> tuple[str, Any]:
    import re

    names = {name: name[1:] for name in re.findall(r"#\w+", text)}
    values = {f":{name}": to_wire({"v": value})["v"] for name, value in VALUES.items() if f":{name}" in text}
    client.put_item(TableName=TABLE, Item=to_wire(ROW))
    asked = {"TableName": TABLE, "Key": to_wire({"pk": "p", "sk": "s"}), "ExpressionAttributeNames": names}
    if values:
        asked["ExpressionAttributeValues"] = values
    try:
        return "done", client.update_item(**asked, **more, ReturnValues="ALL_NEW")["Attributes"]
    except ClientError as error:
        return error.response["Error"]["Code"], None


@pytest.mark.parametrize("text", CONDITIONS)
def test_conditions_judge_alike(dynamodb: Any, text: str) -> None:
    more = {"UpdateExpression": "REMOVE #y", "ConditionExpression": text}
    asked = text + " #y"
    assert _ask(Engine(), asked, **more) == _ask(dynamodb, asked, **more)


@pytest.mark.parametrize("text", UPDATES)
def test_updates_do_alike(dynamodb: Any, text: str) -> None:
    assert _ask(Engine(), text, UpdateExpression=text) == _ask(dynamodb, text, UpdateExpression=text)
