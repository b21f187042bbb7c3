"""DynamoDB as a model: admits or refuses, then lets the tests' engine do it at one moment, and counts.

```
arrives ─► an item of it held by a transaction? ─► conflict
        ─► a partition without the units?       ─► throttled (batches: those rows stay unprocessed)
        ─► done on the engine, units charged to the partitions of table and index; a transaction holds its items for its two phases
```
A transaction takes effect when it arrives and holds its items until it is about to answer: whoever reads in between sees it early
and, when he writes, meets the conflict. A refused transaction holds nothing.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from faka.platform.table import TableName
from infra.bench.meter import size
from infra.bench.scale.footprint import Name, Row, Wish, index_place, kind, looked_at, name, read_units, wishes, write_units
from infra.bench.scale.parameters import Parameters
from infra.bench.scale.partitions import Partitions
from infra.bench.scale.tally import Tally
from infra.bench.scale.timeline import Timeline


Engine: Any = importlib.import_module("tests.kit.engine").Engine
"""An instrument of the tests, which is held to its promises there; loaded by name because the tests are not typed like us."""

PHYSICAL: Mapping[TableName, str] = importlib.import_module("tests.kit.tables").PHYSICAL
"""What the engine calls the five tables."""

NO_ROOM = "ProvisionedThroughputExceeded"
CONFLICT = "TransactionConflict"

Watcher = Callable[[float, str, Row | None, Row | None], None]
"""Told of each change: moment, table, the row before and after."""


class Service:
    """`warm` is the warm throughput of tables that have more than a new one's: name → write and read units a second."""

    def __init__(self, timeline: Timeline, parameters: Parameters, warm: Mapping[TableName, tuple[float, float]] | None = None) -> None:
        self.timeline = timeline
        self.parameters = parameters
        self.engine = Engine()
        self.tables = {physical: Partitions(parameters, *(warm or {}).get(table, (0, 0))) for table, physical in PHYSICAL.items()}
        self.index = Partitions(parameters, *(warm or {}).get(TableName.TRADE, (0, 0)))
        self.tally = Tally()
        self.watchers: list[Watcher] = []
        self.head_bytes = 0
        """The largest stock head that was ever written."""
        self._lengths: dict[Name, int] = {}
        self._places: dict[Name, tuple[str, str] | None] = {}
        self._moved: dict[Name, float] = {}
        self._held: set[Name] = set()

    # -- one request --------------------------------------------------------------------------------------------------

    def serve(self, step: str, verb: str, given: dict[str, Any]) -> Any:
        """The answer. Raises: ClientError as the service would."""
        wanted = wishes(verb, given)
        self._note(step, verb, given, wanted)
        if wanted:
            return self._write(step, verb, given, wanted)
        return self._query(step, given) if verb == "query" else self._look(step, verb, given)

    @contextmanager
    def held(self, given: dict[str, Any]) -> Iterator[None]:
        """The items of a transaction, between its phases."""
        names = [wish.name for wish in wishes("transact_write_items", given)]
        self._held.update(names)
        try:
            yield
        finally:
            self._held.difference_update(names)

    def direct(self, verb: str, given: dict[str, Any]) -> Any:
        """Done at once and for nothing: what was there before the scene begins."""
        try:
            return getattr(self.engine, verb)(**given)
        finally:
            self._changes("", is_free=True)

    # -- writing ------------------------------------------------------------------------------------------------------

    def _write(self, step: str, verb: str, given: dict[str, Any], wanted: list[Wish]) -> Any:
        factor = 2 if verb == "transact_write_items" else 1
        reasons = [self._reason(wish, factor) for wish in wanted]
        for reason in reasons:
            if reason:
                self.tally[step, "conflict" if reason == CONFLICT else "throttle", verb] += 1
        if any(reasons):
            if verb.startswith("batch_"):
                return self._partly(step, verb, given, reasons)
            for wish, reason in zip(wanted, reasons, strict=True):
                if reason == CONFLICT:  # it was the first phase that met the other transaction
                    self._charge(step, wish, self._estimate(wish))
            raise _refusal(verb, reasons)
        return self._done(step, verb, given, wanted, factor)

    def _done(self, step: str, verb: str, given: dict[str, Any], wanted: list[Wish], factor: int) -> Any:
        """Done or refused by a condition, each row is paid for: by the larger of what it was and what it is."""
        before = [self._estimate(wish) for wish in wanted]
        try:
            return getattr(self.engine, verb)(**given)
        finally:
            self._changes(step)
            for wish, units in zip(wanted, before, strict=True):
                self._charge(step, wish, factor * max(units, self._estimate(wish)))

    def _partly(self, step: str, verb: str, given: dict[str, Any], reasons: list[str]) -> Any:
        """A batch does what it can; PartiQL says of each statement, a batch write returns what it left."""
        if verb == "batch_write_item":
            raise _refusal(verb, reasons)  # imports do not stand in any scene
        fine = [each for each, reason in zip(given["Statements"], reasons, strict=True) if not reason]
        answers = iter(self._statements(step, fine))
        return {"Responses": [{"Error": {"Code": reason}} if reason else next(answers) for reason in reasons]}

    def _statements(self, step: str, statements: list[Any]) -> list[Any]:
        """What the statements answer for which there is room."""
        given, verb = {"Statements": statements}, "batch_execute_statement"
        return list(self._done(step, verb, given, wishes(verb, given), 1)["Responses"]) if statements else []

    def _reason(self, wish: Wish, factor: int) -> str:
        """Why a row cannot be written just now, or nothing."""
        if wish.name in self._held:
            return CONFLICT
        now, place = self.timeline.now, self._places.get(wish.name)
        if not self.tables[wish.name[0]].of(wish.name[1]).write.has(factor * self._estimate(wish), now):
            self.tally["", "full", kind(wish.name[1])] += 1
            return NO_ROOM
        touched = {*wish.index, *([place[0]] if place else ())}
        if all(self.index.of(pk).write.has(1, now) for pk in touched):
            return ""
        self.tally["", "full", "index"] += 1
        return NO_ROOM

    def _estimate(self, wish: Wish) -> int:
        return write_units(max(wish.length, self._lengths.get(wish.name, 0)))

    def _charge(self, step: str, wish: Wish, units: float) -> None:
        table, pk, _ = wish.name
        self.tally[step, "write", kind(pk)] += units
        self.tables[table].writes(pk, units, self.timeline.now)

    def _changes(self, step: str, *, is_free: bool = False) -> None:
        """What the engine just wrote: lengths, the index, and whoever watches."""
        for table, old, new in self.engine.stream:
            row = new or old
            if row is None:
                continue
            pk, length = row["pk"]["S"], size(new) if new is not None else 0
            which = (table, pk, row["sk"]["S"])
            before, place = self._places.get(which), index_place(new)
            if not is_free:
                self._index(step, pk, before, place)
            if before != place:
                self._moved[which] = self.timeline.now
            self._lengths[which], self._places[which] = length, place
            if kind(pk) == "HEAD":
                self.head_bytes = max(self.head_bytes, length)
            for watcher in self.watchers:
                watcher(self.timeline.now, table, old, new)
        self.engine.stream.clear()

    def _index(self, step: str, pk: str, before: tuple[str, str] | None, after: tuple[str, str] | None) -> None:
        """An entry that comes or goes is a unit; one that moves is both."""
        for place in (before, after) if before != after else ():
            if place is not None:
                self.tally[step, "index", kind(pk)] += 1
                self.index.writes(place[0], 1, self.timeline.now)

    # -- reading ------------------------------------------------------------------------------------------------------

    def _look(self, step: str, verb: str, given: dict[str, Any]) -> Any:
        rows = [(which, read_units(self._lengths.get(which, 0), is_strong=strong)) for which, strong in looked_at(verb, given)]
        full = set()
        for which, units in rows:
            bucket = self.tables[which[0]].of(which[1]).read
            if bucket.has(units, self.timeline.now):
                bucket.take(units, self.timeline.now)
                self.tally[step, "read", kind(which[1])] += units
            else:
                full.add(which)
                self.tally[step, "throttle", verb] += 1
                self.tally["", "full", kind(which[1])] += 1
        if len(full) == len(rows):
            raise _refusal(verb, [NO_ROOM])
        if not full:
            return getattr(self.engine, verb)(**given)
        now, later = _parted(given["RequestItems"], full)
        return {**self.engine.batch_get_item(RequestItems=now), "UnprocessedKeys": later}

    def _query(self, step: str, given: dict[str, Any]) -> Any:
        """The index is behind its table: what moved in it a moment ago is not there yet."""
        pk = given["ExpressionAttributeValues"][":p"]["S"]
        on_index = "IndexName" in given
        bucket = (self.index if on_index else self.tables[given["TableName"]]).of(pk).read
        if not bucket.has(1, self.timeline.now):
            self.tally[step, "throttle", "query"] += 1
            raise _refusal("query", [NO_ROOM])
        answer = self.engine.query(**given)
        if on_index:
            seen = self.timeline.now - self.parameters.index_lag_ms / 1000
            answer["Items"] = [row for row in answer["Items"] if self._moved.get(name(given["TableName"], row), 0.0) <= seen]
        units = read_units(sum(map(size, answer["Items"])), is_strong=not on_index and given.get("ConsistentRead", False))
        bucket.take(units, self.timeline.now)
        self.tally[step, "read", "DUE" if on_index else kind(pk)] += units
        return answer

    def _note(self, step: str, verb: str, given: dict[str, Any], wanted: list[Wish]) -> None:
        names = [wish.name for wish in wanted] or [which for which, _ in looked_at(verb, given)]
        self.tally[step, "request", verb] += 1
        self.tally[step, "touch", "+".join(sorted({kind(pk) for _, pk, _ in names})) or "DUE"] += 1


def _parted(items: Mapping[str, Any], full: set[Name]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A batch read as what is answered and what is left over."""
    now: dict[str, Any] = {}
    later: dict[str, Any] = {}
    for table, asked in items.items():
        for key in asked["Keys"]:
            part = later if name(table, key) in full else now
            part.setdefault(table, {**asked, "Keys": []})["Keys"].append(key)
    return now, later


def _refusal(verb: str, reasons: list[str]) -> ClientError:
    """In the service's words."""
    code = f"{next(filter(None, reasons))}Exception"
    more: dict[str, Any] = {}
    if verb == "transact_write_items":
        code, more = "TransactionCanceledException", {"CancellationReasons": [{"Code": reason or "None"} for reason in reasons]}
    return ClientError({"Error": {"Code": code, "Message": code}, **more}, verb)
