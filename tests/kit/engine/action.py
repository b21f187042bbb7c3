"""One write of one row, as it stands in a request: read and checked once, then judged and done on a row."""

from collections.abc import Mapping
from typing import Any

from tests.kit.engine.conditions import Condition, condition
from tests.kit.engine.faults import DoesNotFit, IllFormed, NotModelled
from tests.kit.engine.schema import KEY, check_index_keys, indexes_of, key_in, key_of
from tests.kit.engine.updates import Update, changed, update
from tests.kit.engine.values import Row, Value, attribute_size, kept


ITEM_BYTES_MAX = 400 * 1_024

Kept = tuple[Row, int]
"""A row and its bytes."""

_COMMON = frozenset(
    (
        "TableName",
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnValuesOnConditionCheckFailure",
    )
)
_KNOWN = {
    "Put": _COMMON | {"Item"},
    "Update": _COMMON | {"Key", "UpdateExpression"},
    "Delete": _COMMON | {"Key"},
    "ConditionCheck": _COMMON | {"Key"},
}
_ANSWERS = {
    "Put": ("NONE", "ALL_OLD"),
    "Delete": ("NONE", "ALL_OLD"),
    "Update": ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"),
}
_NONE: frozenset[str] = frozenset()


class Action:
    """Raises while read: IllFormed; DoesNotFit for a key of another type."""

    __slots__ = ("condition", "item", "key", "pk", "returns", "returns_old_on_failure", "sk", "table", "update", "values", "verb")

    def __init__(self, verb: str, given: Mapping[str, Any], *, in_transaction: bool = False) -> None:
        self.verb = verb
        self.table: str = given["TableName"]
        self.returns: str = "NONE" if in_transaction else given.get("ReturnValues", "NONE")
        if not given.keys() <= _KNOWN[verb] and given.keys() - _KNOWN[verb] != {"ReturnValues"}:
            raise NotModelled(f"{verb} with {sorted(given.keys() - _KNOWN[verb])}")
        if not in_transaction and self.returns not in _ANSWERS[verb]:
            raise IllFormed("return values set to invalid value")
        self.returns_old_on_failure = given.get("ReturnValuesOnConditionCheckFailure", "NONE") == "ALL_OLD"
        indexes = indexes_of(self.table)
        self._read_expressions(given)
        self.item: Kept | None = _measured(given["Item"], indexes) if verb == "Put" else None
        self.key: Row = {name: given["Item"][name] for name in KEY if name in given["Item"]} if verb == "Put" else given["Key"]
        self.pk, self.sk = key_in(given["Item"]) if verb == "Put" else key_of(self.key)

    def _read_expressions(self, given: Mapping[str, Any]) -> None:
        names = given.get("ExpressionAttributeNames", {})
        flat = tuple(names.items())
        when, change = given.get("ConditionExpression"), given.get("UpdateExpression")
        self.condition: Condition | None = condition(when, flat) if when is not None else None
        self.update: Update | None = update(change, flat) if change is not None else None
        asked, made = self.condition, self.update
        used_names = (asked.names if asked else _NONE) | (made.names if made else _NONE)
        used_values = (asked.values if asked else _NONE) | (made.values if made else _NONE)
        values = given.get("ExpressionAttributeValues", {})
        check_used(given, used_names, used_values)
        self.values: dict[str, Value] = {name: kept(value)[0] for name, value in values.items()}
        for compiled in (asked, made):
            for demand in compiled.demands if compiled else ():
                demand(self.values)

    def holds(self, row: Row | None) -> bool:
        """Whether the condition lets the write pass."""
        return self.condition is None or self.condition.test(row or {}, self.values)

    def makes(self, old: Kept | None) -> Kept | None:
        """The row afterwards. Raises: DoesNotFit."""
        if self.verb == "Put":
            return self.item
        if self.verb == "Delete":
            return None
        if self.verb == "ConditionCheck":
            return old
        return self._updated(old)

    def _updated(self, old: Kept | None) -> Kept:
        row, length = old if old is not None else _measured(self.key, {})
        if self.update is None:
            return row, length
        if "pk" in self.update.touched or "sk" in self.update.touched:
            raise DoesNotFit("cannot update an attribute that is part of the key")
        after = changed(row, self.update, self.values)
        for name in self.update.touched:
            before, now = row.get(name), after.get(name)
            length -= attribute_size(name, before) if before is not None else 0
            length += attribute_size(name, now) if now is not None else 0
        if length > ITEM_BYTES_MAX:
            raise DoesNotFit("item size to update has exceeded the maximum allowed size")
        check_index_keys(after, indexes_of(self.table))
        return after, length

    def answer(self, old: Row | None, new: Row | None) -> dict[str, Any]:
        """What ReturnValues asks for."""
        shown = self._shown(old, new) if self.returns != "NONE" else None
        return {"Attributes": dict(shown)} if shown else {}

    def _shown(self, old: Row | None, new: Row | None) -> Row | None:
        if self.returns in ("ALL_OLD", "ALL_NEW"):
            return old if self.returns == "ALL_OLD" else new
        if self.update is None:
            return None
        if not self.update.is_flat:
            raise NotModelled("UPDATED_OLD and UPDATED_NEW of a path into a map or list: the guide does not say the form")
        row = (old if self.returns == "UPDATED_OLD" else new) or {}
        return {name: row[name] for name in self.update.touched if name in row}


def _measured(item: Row, indexes: dict[str, tuple[str, str]]) -> Kept:
    row, length = {}, 0
    for name, value in item.items():
        if not name:
            raise IllFormed("empty attribute name")
        row[name], bytes_ = kept(value)
        length += bytes_ + (len(name) if name.isascii() else len(name.encode()))
    if length > ITEM_BYTES_MAX:
        raise IllFormed("item size has exceeded the maximum allowed size")
    check_index_keys(row, indexes)
    return row, length


def check_used(given: Mapping[str, Any], names: frozenset[str], values: frozenset[str]) -> None:
    """The service refuses a request that names or gives what it does not use, or uses what it does not give."""
    for part, used in (("ExpressionAttributeNames", names), ("ExpressionAttributeValues", values)):
        there = given.get(part)
        if there is None:
            if used:
                raise IllFormed(f"not defined in {part}: {sorted(used)}")
        elif not there or there.keys() != used:
            raise IllFormed(f"{part}: empty, unused or not defined: {sorted(there.keys() ^ used)}")
