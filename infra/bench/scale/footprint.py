"""The rows that a request touches, read off the request itself as `Tables` writes it, and units by the published rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.bench.meter import size


Row = Mapping[str, Any]
Name = tuple[str, str, str]
"""Table, partition key, sort key."""

INDEX = ("due_pk", "due_sk")


def write_units(length: int) -> int:
    """A unit for each started KB."""
    return max(1, -(-length // 1024))


def read_units(length: int, *, is_strong: bool) -> float:
    """A unit for each started 4 KB, half of it where the answer may be a moment old."""
    return max(1, -(-length // 4096)) * (1.0 if is_strong else 0.5)


def kind(pk: str) -> str:
    """First word of a key: ORDER, HEAD, HOLD …"""
    return pk.partition("#")[0]


def name(table: str, key: Row) -> Name:
    return table, key["pk"]["S"], key["sk"]["S"]


@dataclass(frozen=True, slots=True)
class Wish:
    """One row that a request wants to write."""

    name: Name
    length: int
    """Bytes of the new row where the request brings it whole, else 0."""
    index: tuple[str, ...]
    """Partition keys of the index that the new row has or may leave; empty where the request says nothing about the index."""


def wishes(verb: str, given: Row) -> list[Wish]:
    """The rows that a writing request wants to write; none for a reading one."""
    match verb:
        case "put_item" | "update_item" | "delete_item":
            return [_wish(given)]
        case "transact_write_items":
            return [_wish(next(iter(each.values()))) for each in given["TransactItems"]]
        case "batch_execute_statement":
            return [_wish(_inserted(each)) for each in given["Statements"]]
        case "batch_write_item":
            return [_wish({"TableName": table, **put["PutRequest"]}) for table, puts in given["RequestItems"].items() for put in puts]
        case _:
            return []


def _wish(given: Row) -> Wish:
    item = given.get("Item")
    index = (item[INDEX[0]]["S"],) if item is not None and INDEX[0] in item else ()
    return Wish(name(given["TableName"], item or given["Key"]), size(item) if item is not None else 0, index)


def _inserted(statement: Row) -> dict[str, Any]:
    """The row of a PartiQL insert."""
    head, fields = statement["Statement"].split(" VALUE ")
    names = [part.split("'")[1] for part in fields.split(", ")]
    return {"TableName": head.split('"')[1], "Item": dict(zip(names, statement["Parameters"], strict=True))}


def looked_at(verb: str, given: Row) -> Iterator[tuple[Name, bool]]:
    """Rows that a reading request names, and whether it wants them as they are now."""
    if verb == "get_item":
        yield name(given["TableName"], given["Key"]), given["ConsistentRead"]
    elif verb == "batch_get_item":
        for table, asked in given["RequestItems"].items():
            yield from ((name(table, key), asked["ConsistentRead"]) for key in asked["Keys"])


def index_place(row: Row | None) -> tuple[str, str] | None:
    """Where in the index a row stands."""
    return (row[INDEX[0]]["S"], row[INDEX[1]]["S"]) if row is not None and INDEX[0] in row else None
