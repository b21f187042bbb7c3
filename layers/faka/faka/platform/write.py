"""A conditional write as a value: what to write, under which condition, and the error that a failed condition means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from faka.kernel.errors import Conflict, FakaError


Item = dict[str, Any]
"""A row as plain Python: str, int, bool, None, bytes, list, dict, set."""


class TableName(StrEnum):
    CATALOG = "catalog"
    TRADE = "trade"
    VAULT = "vault"
    JOURNAL = "journal"
    GUARD = "guard"


@dataclass(frozen=True)
class Key:
    table: TableName
    pk: str
    sk: str


def _conflict(row: Item | None) -> FakaError:
    return Conflict(row=row)


@dataclass(frozen=True)
class Write:
    """One conditional write of one row, and the error that its failed condition means.

    `otherwise` gets the row that stood in the way (None where there was none).
    """

    verb: str
    key: Key
    item: Item | None = None
    expression: str = ""
    when: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    otherwise: Callable[[Item | None], FakaError] = _conflict


def put(table: TableName, item: Item, *, when: str = "", otherwise: Callable[[Item | None], FakaError] = _conflict, **values: Any) -> Write:
    """Write a whole row. `item` carries its own `pk` and `sk`."""
    return Write("Put", Key(table, item["pk"], item["sk"]), item=item, when=when, values=values, otherwise=otherwise)


def insert(table: TableName, item: Item, *, otherwise: Callable[[Item | None], FakaError] = _conflict) -> Write:
    """Write a row that must not exist yet."""
    return put(table, item, when="attribute_not_exists(pk)", otherwise=otherwise)


def update(
    key: Key,
    expression: str,
    *,
    when: str = "attribute_exists(pk)",
    otherwise: Callable[[Item | None], FakaError] = _conflict,
    **values: Any,
) -> Write:
    """Change a row. In `expression` and `when`, `#x` names attribute `x` and `:x` the keyword value `x`."""
    return Write("Update", key, expression=expression, when=when, values=values, otherwise=otherwise)


def delete(key: Key, *, when: str = "", otherwise: Callable[[Item | None], FakaError] = _conflict, **values: Any) -> Write:
    return Write("Delete", key, when=when, values=values, otherwise=otherwise)


def check(key: Key, when: str, *, otherwise: Callable[[Item | None], FakaError] = _conflict, **values: Any) -> Write:
    """Hold a condition on a row that the transaction does not change."""
    return Write("ConditionCheck", key, when=when, values=values, otherwise=otherwise)
