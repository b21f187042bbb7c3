"""Models with one rule broken. Each must be found out by the stories that are told to moto."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.kit.engine import action, conditions, engine, keys, reads, requests, shelf, updates, values


Put = Callable[[Any, str, Any], None]
"""Replaces an attribute until the test ends."""


@dataclass(frozen=True)
class Broken:
    name: str
    breaks: Callable[[Put], None]


def _conditions_hold(put: Put) -> None:
    put(action.Action, "holds", lambda self, row: True)


def _half_a_transaction(put: Put) -> None:
    """What comes before the first refused action stays."""
    whole = engine.Engine.transact_write_items

    def half(self: engine.Engine, *, TransactItems: list[Any], ClientRequestToken: str = "") -> dict[str, Any]:
        try:
            return whole(self, TransactItems=TransactItems, ClientRequestToken=ClientRequestToken)
        except ClientError as error:
            reasons = error.response.get("CancellationReasons", [])
            good = [item for item, reason in zip(TransactItems, reasons, strict=False) if reason["Code"] == "None"]
            if good:
                whole(self, TransactItems=good)
            raise

    put(engine.Engine, "transact_write_items", half)


def _no_tokens(put: Put) -> None:
    put(engine.Engine, "_is_repeat", lambda self, token, items: False)


def _any_token(put: Put) -> None:
    """A known token is enough, whatever is asked under it."""
    put(engine.Engine, "_is_repeat", lambda self, token, items: token in self._tokens)


def _any_bounds(put: Put) -> None:
    for module in (conditions, keys):
        put(module, "bounds", lambda low, high: lambda given: None)


def _sees_new_values(put: Put) -> None:
    honest = updates.changed

    def one_by_one(row: Any, compiled: Any, given: Any) -> Any:
        for change in compiled.changes:
            row = honest(row, type("One", (), {"changes": (change,)}), given)
        return row

    put(action, "changed", one_by_one)


def _index_keeps(put: Put) -> None:
    """What left the index stays in it."""
    honest = shelf.Shelf._reindex
    put(shelf.Shelf, "_reindex", lambda self, table, index, old, new: honest(self, table, index, None, new))


def _unused(put: Put) -> None:
    for module in (action, reads):
        put(module, "check_used", lambda given, names, used: None)


def _never_old(put: Put) -> None:
    """A refusal does not show the row in the way."""
    put(requests, "failed", lambda deed, old: {"Code": "ConditionalCheckFailed"})
    put(engine, "failed", lambda deed, old: {"Code": "ConditionalCheckFailed", "Message": ""})


def _always_old(put: Put) -> None:
    """A refusal shows the row in the way to who did not ask."""
    put(engine, "failed", lambda deed, old: {"Code": "ConditionalCheckFailed", "Message": "", **({"Item": old[0]} if old else {})})


def _numbers_as_texts(put: Put) -> None:
    put(values, "exact", str)


def _sets_replace(put: Put) -> None:
    put(updates, "_DO", {**updates._DO, "ADD": updates._set})


def _inserts_overwrite(put: Put) -> None:
    def over(self: engine.Engine, table: str, item: Any) -> dict[str, Any]:
        self.put_item(TableName=table, Item=item)
        return {}

    put(engine.Engine, "_inserted", over)


def _pages_overlap(put: Put) -> None:
    """A page begins with the row that ended the one before."""

    def left(self: Any) -> Any:
        self._last, last = None, self._last
        found = honest(self)
        self._last = last
        places = [place for place, _ in found]
        return found[places.index(last) + len(self.rows and [1]) :] if last in places else found

    honest = reads.Page._left
    put(reads.Page, "_left", left)


def _forwards_only(put: Put) -> None:
    honest = reads.read_query
    put(engine, "read_query", lambda given: honest({**given, "ScanIndexForward": True}))


def _indexes_slip(put: Put) -> None:
    """Elements are taken out in the order of writing."""
    put(updates, "_in_order", lambda changes: changes)


def _removes_the_row(put: Put) -> None:
    """A delete that shows the old row leaves it."""
    honest = action.Action.makes
    put(action.Action, "makes", lambda self, old: old if self.verb == "Delete" and self.returns == "ALL_OLD" else honest(self, old))


def _any_size(put: Put) -> None:
    put(action, "ITEM_BYTES_MAX", 10**9)


BROKEN = (
    Broken("conditions always hold", _conditions_hold),
    Broken("a refused transaction does its other half", _half_a_transaction),
    Broken("tokens are forgotten", _no_tokens),
    Broken("a token stands for any request", _any_token),
    Broken("bounds may be reversed", _any_bounds),
    Broken("SET sees what SET made", _sees_new_values),
    Broken("the index keeps what left it", _index_keeps),
    Broken("unused and undefined names pass", _unused),
    Broken("the row in the way is never shown", _never_old),
    Broken("the row in the way is shown unasked", _always_old),
    Broken("numbers are ordered as texts", _numbers_as_texts),
    Broken("ADD replaces", _sets_replace),
    Broken("an insert overwrites", _inserts_overwrite),
    Broken("pages overlap by a row", _pages_overlap),
    Broken("queries go forwards only", _forwards_only),
    Broken("list indexes slip", _indexes_slip),
    Broken("a delete that shows the row leaves it", _removes_the_row),
    Broken("a row may have any size", _any_size),
)
