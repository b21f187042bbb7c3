"""Where the rows stand: partitions in order of their sort keys, the entries of the index, and how each row was before its last write.

Rows are never changed in place, so that an image, a fork and a stale read may share them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.kit.engine.action import Kept
from tests.kit.engine.schema import INDEXES, indexes_of
from tests.kit.engine.values import Row, size


Place = tuple[str, str, str]
"""Sort key (the index's, where there is one), then the row's own keys."""

LATELY = timedelta(seconds=1)
"""How old a copy may be: the guide's "usually within one second or less", taken as the bound of a seeded choice."""


class Shelf:
    def __init__(self) -> None:
        self._rows: dict[str, dict[str, dict[str, Kept]]] = {}
        self._entries: dict[tuple[str, str, str], dict[Place, Kept]] = {}
        self._orders: dict[tuple[str, str, str], list[Place]] = {}
        self._before: dict[tuple[str, str, str], tuple[Kept | None, datetime | None]] | None = None

    def fork(self) -> "Shelf":
        """The same rows; only maps are copied."""
        other = Shelf()
        other._rows = {table: {pk: dict(rows) for pk, rows in partitions.items()} for table, partitions in self._rows.items()}
        other._entries = {partition: dict(entries) for partition, entries in self._entries.items()}
        other._orders = dict(self._orders)
        other._before = None if self._before is None else dict(self._before)
        return other

    def remember(self) -> None:
        """From now on keep how each row was before its last write."""
        self._before = {}

    # -- one row --------------------------------------------------------------------------------------------------

    def get(self, table: str, pk: str, sk: str) -> Kept | None:
        partition = self._rows.get(table, {}).get(pk)
        return partition.get(sk) if partition is not None else None

    def set(self, table: str, pk: str, sk: str, new: Kept | None, now: datetime | None) -> Kept | None:
        """Replace a row; answers how it was."""
        partition = self._rows.setdefault(table, {}).setdefault(pk, {})
        old = partition.get(sk)
        if self._before is not None:
            self._before.pop((table, pk, sk), None)
            self._before[table, pk, sk] = (old, now)
            self._forget(now)
        if (old is None) is not (new is None):
            self._orders.pop((table, "", pk), None)
        if new is None:
            partition.pop(sk, None)
        else:
            partition[sk] = new
        for index in indexes_of(table):
            self._reindex(table, index, old, new)
        return old

    def _reindex(self, table: str, index: str, old: Kept | None, new: Kept | None) -> None:
        left, met = place_of(index, old), place_of(index, new)
        if left == met:
            return
        if left is not None:
            self._entries[table, index, left[0]].pop(left[1])
            self._orders.pop((table, index, left[0]), None)
        if met is not None and new is not None:
            self._entries.setdefault((table, index, met[0]), {})[met[1]] = _projected(index, new)
            self._orders.pop((table, index, met[0]), None)

    # -- many rows ------------------------------------------------------------------------------------------------

    def all(self, table: str) -> Iterator[Row]:
        for partition in self._rows.get(table, {}).values():
            for row, _ in partition.values():
                yield row

    def order(self, table: str, index: str, pk: str) -> list[Place]:
        """The places of a partition, of the table or of an index, by rising sort key. UTF-8 sorts as code points do."""
        found = self._orders.get((table, index, pk))
        if found is None:
            if index:
                found = sorted(self._entries.get((table, index, pk), {}))
            else:
                found = [(sk, pk, sk) for sk in sorted(self._rows.get(table, {}).get(pk, {}))]
            self._orders[table, index, pk] = found
        return found

    def entry(self, table: str, index: str, pk: str, place: Place) -> Kept | None:
        return self._entries.get((table, index, pk), {}).get(place) if index else self.get(table, place[1], place[2])

    # -- how it was -----------------------------------------------------------------------------------------------

    def before(self, table: str, pk: str, sk: str, now: datetime | None) -> tuple[Kept | None] | None:
        """The row before its last write, in a tuple; None where no lagging copy could still have it."""
        found = (self._before or {}).get((table, pk, sk))
        return None if found is None or _is_old(found[1], now) else (found[0],)

    def lately(self, table: str, now: datetime | None) -> list[tuple[str, str, Kept | None, Kept | None]]:
        """Rows that changed lately: their keys, how they were, how they are."""
        found = []
        for (where, pk, sk), (old, at) in (self._before or {}).items():
            if where == table and not _is_old(at, now):
                found.append((pk, sk, old, self.get(table, pk, sk)))
        return found

    def _forget(self, now: datetime | None) -> None:
        """The oldest come first: what no copy can still have needs no memory."""
        while self._before:
            first = next(iter(self._before))
            if not _is_old(self._before[first][1], now):
                return
            del self._before[first]


def _is_old(at: datetime | None, now: datetime | None) -> bool:
    """Without a clock nothing grows old."""
    return at is not None and now is not None and now - at > LATELY


def place_of(index: str, kept: Kept | None) -> tuple[str, Place] | None:
    """Partition and place of a row in an index; None where the row is not in it."""
    if kept is None:
        return None
    row = kept[0]
    name_pk, name_sk = INDEXES[index]
    if name_pk not in row or name_sk not in row:
        return None
    return row[name_pk]["S"], (row[name_sk]["S"], row["pk"]["S"], row["sk"]["S"])


def entry_of(index: str, kept: Kept | None) -> tuple[str, Place, Kept] | None:
    """The same, and what the index holds of the row."""
    found = place_of(index, kept)
    return (*found, _projected(index, kept)) if found is not None and kept is not None else None


def _projected(index: str, kept: Kept) -> Kept:
    """Keys only."""
    entry = {name: kept[0][name] for name in ("pk", "sk", *INDEXES[index])}
    return entry, size(entry)


def span(order: list[Place], sign: str, values: list[str]) -> tuple[int, int]:
    """From where to where a key condition reaches in an order."""
    first = values[0] if values else ""
    if sign == "":
        return 0, len(order)
    if sign == "begins_with":
        low = high = bisect_left(order, first, key=_sort)
        while high < len(order) and order[high][0].startswith(first):
            high += 1
        return low, high
    below, above = bisect_left(order, first, key=_sort), bisect_right(order, first, key=_sort)
    if sign == "BETWEEN":
        return below, bisect_right(order, values[1], key=_sort)
    return {"=": (below, above), "<": (0, below), "<=": (0, above), ">": (above, len(order)), ">=": (below, len(order))}[sign]


def _sort(place: Place) -> str:
    return place[0]
