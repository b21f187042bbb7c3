"""What the service knows of a table before it looks at a row: its keys, its indexes, and what it refuses for their sake.

Every table of the shop has `pk` and `sk`; `trade` has the sparse indexes `due` and `day`, keys only; `guard` leaves by `ttl`: as in
template.yaml.
"""

from collections.abc import Mapping
from typing import Any

from faka.platform.table import TableName
from tests.kit.engine.faults import DoesNotFit, IllFormed, refusal
from tests.kit.engine.values import Row, kept
from tests.kit.tables import PHYSICAL


KEY = ("pk", "sk")
TTL = "ttl"
INDEXES: dict[str, tuple[str, str]] = {"due": ("due_pk", "due_sk"), "day": ("day_pk", "day_sk")}

TABLES: dict[str, dict[str, tuple[str, str]]] = {name: INDEXES if table is TableName.TRADE else {} for table, name in PHYSICAL.items()}
"""Physical name → its indexes."""

LEAVES_BY_TTL = frozenset((PHYSICAL[TableName.GUARD],))
PK_BYTES_MAX = 2_048
SK_BYTES_MAX = 1_024


def indexes_of(table: str) -> dict[str, tuple[str, str]]:
    found = TABLES.get(table)
    if found is None:
        raise refusal("ResourceNotFoundException", "Requested resource not found")
    return found


def key_of(key: Mapping[str, Any]) -> tuple[str, str]:
    """The key of a read or of a change. Raises: IllFormed, DoesNotFit."""
    if len(key) != 2 or "pk" not in key or "sk" not in key:
        raise DoesNotFit("the provided key element does not match the schema")
    return _part(key["pk"], "pk", PK_BYTES_MAX), _part(key["sk"], "sk", SK_BYTES_MAX)


def key_in(item: Row) -> tuple[str, str]:
    """The key of a row that is put. Raises: IllFormed, DoesNotFit."""
    if "pk" not in item or "sk" not in item:
        raise DoesNotFit("one or more parameter values were invalid: missing a key in the item")
    return _part(item["pk"], "pk", PK_BYTES_MAX), _part(item["sk"], "sk", SK_BYTES_MAX)


def _part(value: Any, name: str, bytes_max: int) -> str:
    text = value.get("S")
    if text is None:
        kept(value)
        raise DoesNotFit(f"type mismatch for key {name}")
    if not text:
        raise IllFormed(f"the AttributeValue for a key attribute cannot contain an empty string value. Key: {name}")
    if len(text) > bytes_max or (not text.isascii() and len(text.encode()) > bytes_max):
        raise IllFormed(f"size of {name} has exceeded the maximum size limit")
    return text


def check_index_keys(row: Row, indexes: dict[str, tuple[str, str]]) -> None:
    """A row may leave out the keys of an index, but not give them another type or nothing. Raises: IllFormed, DoesNotFit."""
    for names in indexes.values():
        for name, bytes_max in zip(names, (PK_BYTES_MAX, SK_BYTES_MAX), strict=True):
            if name in row:
                _part(row[name], name, bytes_max)
