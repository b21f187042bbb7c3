"""A query: what it asks, and one page of the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.kit.engine.action import Kept, check_used
from tests.kit.engine.faults import IllFormed, NotModelled
from tests.kit.engine.keys import Clause, key_condition
from tests.kit.engine.schema import KEY, indexes_of, key_of
from tests.kit.engine.shelf import Place, Shelf, entry_of, span
from tests.kit.engine.values import Value, kept


PAGE_BYTES_MAX = 1_048_576
_KNOWN = frozenset(
    (
        "TableName",
        "IndexName",
        "KeyConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "Limit",
        "ScanIndexForward",
        "ConsistentRead",
        "ExclusiveStartKey",
    )
)


@dataclass(frozen=True, slots=True)
class Query:
    table: str
    index: str
    pk: str
    sign: str
    bounds: list[str]
    limit: int | None
    backwards: bool
    strong: bool
    after: Place | None
    """Where the page before ended."""


def read_query(given: Mapping[str, Any]) -> Query:
    """Raises: IllFormed."""
    if not given.keys() <= _KNOWN:
        raise NotModelled(f"a query with {sorted(given.keys() - _KNOWN)}")
    table, index, strong = given["TableName"], given.get("IndexName", ""), given.get("ConsistentRead", False)
    indexes = indexes_of(table)
    if index and index not in indexes:
        raise IllFormed(f"the table does not have the specified index: {index}")
    if index and strong:
        raise IllFormed("consistent reads are not supported on global secondary indexes")
    limit = given.get("Limit")
    if limit is not None and limit < 1:
        raise IllFormed("Limit is at least 1")
    names = indexes[index] if index else KEY
    hashed, ranged, values = _clauses(given, names)
    pk = values[hashed.values[0]]["S"]
    bounds = [values[token]["S"] for token in ranged.values] if ranged else []
    sign = ranged.sign if ranged else ""
    after = _after(given["ExclusiveStartKey"], names, pk) if "ExclusiveStartKey" in given else None
    if after is not None and span([after], sign, bounds) != (0, 1):
        raise IllFormed("the provided starting key does not match the range key predicate")
    return Query(table, index, pk, sign, bounds, limit, not given.get("ScanIndexForward", True), strong, after)


def _clauses(given: Mapping[str, Any], names: tuple[str, str]) -> tuple[Clause, Clause | None, dict[str, Value]]:
    """The condition on the partition, and the one on the sort key if there is any."""
    text = given.get("KeyConditionExpression")
    if text is None:
        raise IllFormed("either the KeyConditions or KeyConditionExpression parameter must be specified")
    compiled = key_condition(text, tuple(given.get("ExpressionAttributeNames", {}).items()))
    check_used(given, compiled.names, compiled.values)
    values = {name: kept(value)[0] for name, value in given.get("ExpressionAttributeValues", {}).items()}
    for demand in compiled.demands:
        demand(values)
    for value in values.values():
        if not value.get("S"):
            raise IllFormed("a key condition takes strings that are not empty")
    by_name = {clause.name: clause for clause in compiled.clauses}
    if len(by_name) != len(compiled.clauses) or not by_name.keys() <= set(names):
        raise IllFormed("one condition per key, and on keys only")
    hashed = by_name.get(names[0])
    if hashed is None or hashed.sign != "=":
        raise IllFormed(f"query condition missed key schema element: {names[0]}")
    return hashed, by_name.get(names[1]), values


def _after(key: dict[str, Any], names: tuple[str, str], pk: str) -> Place:
    wanted = {*KEY, *names}
    if key.keys() != wanted:
        raise IllFormed("the provided starting key is invalid")
    own = key_of({name: key[name] for name in KEY})
    if key[names[0]].get("S") != pk or "S" not in key[names[1]]:
        raise IllFormed("the provided starting key is outside query boundaries based on provided conditions")
    return key[names[1]]["S"], own[0], own[1]


class Page:
    """One page of a query, row by row."""

    def __init__(self, shelf: Shelf, query: Query, is_stale: Callable[[str], bool], now: datetime | None) -> None:
        self._shelf = shelf
        self._query = query
        self._is_stale = is_stale
        self._now = now
        self._last = query.after
        self._asked: dict[tuple[str, str], bool] = {}
        self.bytes = 0
        self.rows: list[dict[str, Any]] = []
        self.is_cut = False
        """Whether the limit or the size ended it; there may be more, or not."""

    def all(self) -> None:
        """Take the whole page at one moment."""
        for place, found in self._left():
            if not self._take(place, found):
                return

    def one(self) -> bool:
        """Take the next row as it stands now; says whether there was one and the page goes on."""
        left = self._left()
        return bool(left) and self._take(*left[0])

    def _take(self, place: Place, found: Kept) -> bool:
        row, length = found
        if self.rows and self.bytes + length > PAGE_BYTES_MAX:
            self.is_cut = True
            return False
        self.rows.append(dict(row))
        self.bytes += length
        self._last = place
        self.is_cut = len(self.rows) == self._query.limit or self.bytes >= PAGE_BYTES_MAX
        return not self.is_cut

    def _left(self) -> list[tuple[Place, Kept]]:
        """What the query still has before it, in its order."""
        query, shelf = self._query, self._shelf
        order, lagging = shelf.order(query.table, query.index, query.pk), self._lagging()
        if lagging:
            order = sorted({*(place for place in order if lagging.get(place, True)), *(p for p, found in lagging.items() if found)})
        low, high = span(order, query.sign, query.bounds)
        places = order[low:high]
        if query.backwards:
            places.reverse()
        if self._last is not None:
            last = self._last
            places = [place for place in places if (place < last if query.backwards else place > last)]
        if query.limit is not None:
            places = places[: query.limit + 1 - len(self.rows)]
        found = []
        for place in places:
            row = lagging.get(place) or shelf.entry(query.table, query.index, query.pk, place)
            if row is not None:
                found.append((place, row))
        return found

    def _lagging(self) -> dict[Place, Kept | None]:
        """Places that a lagging copy shows otherwise: what it shows there, or None where it shows nothing."""
        query = self._query
        shown: dict[Place, Kept | None] = {}
        for pk, sk, old, new in self._shelf.lately(query.table, self._now) if not query.strong else ():
            was, is_now = (_there(query, pk, sk, each) for each in (old, new))
            if was == is_now or not self._stale(pk, sk):
                continue
            if is_now is not None:
                shown[is_now[0]] = None
            if was is not None:
                shown[was[0]] = was[1]
        return shown

    def _stale(self, pk: str, sk: str) -> bool:
        if (pk, sk) not in self._asked:
            self._asked[pk, sk] = self._is_stale(pk)
        return self._asked[pk, sk]

    def cursor(self) -> dict[str, Any]:
        """LastEvaluatedKey, where the page was cut."""
        if not self.is_cut or self._last is None:
            return {}
        query, (sort, pk, sk) = self._query, self._last
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        if query.index:
            name_pk, name_sk = indexes_of(query.table)[query.index]
            key |= {name_pk: {"S": query.pk}, name_sk: {"S": sort}}
        return {"LastEvaluatedKey": key}


def _there(query: Query, pk: str, sk: str, row: Kept | None) -> tuple[Place, Kept] | None:
    """The place and entry of a row in the queried partition, or None."""
    if not query.index:
        return ((sk, pk, sk), row) if row is not None and pk == query.pk else None
    entry = entry_of(query.index, row)
    return (entry[1], entry[2]) if entry is not None and entry[0] == query.pk else None
