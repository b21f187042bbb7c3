"""The client: verbs as botocore has them, over rows in process."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol

from faka.platform.table import TableName, Tables
from tests.kit.clock import CountingPause
from tests.kit.engine.action import Action, Kept
from tests.kit.engine.faults import ExpressionFault, IllFormed, invalid, refusal
from tests.kit.engine.reads import Page, read_query
from tests.kit.engine.requests import (
    BATCH_BYTES_MAX,
    BATCH_WRITE_MAX,
    check_some_were_done,
    failed,
    has_ended,
    judged,
    read_actions,
    read_insert,
    read_keys,
    read_puts,
)
from tests.kit.engine.schema import LEAVES_BY_TTL, indexes_of, key_of
from tests.kit.engine.shelf import Shelf
from tests.kit.engine.values import Row
from tests.kit.tables import PHYSICAL


Image = tuple[str, Row | None, Row | None]
"""Table, row before, row after."""

TOKEN_LASTS = timedelta(minutes=10)
TOKEN_CHARS_MAX = 36


class Clock(Protocol):
    def now(self) -> datetime: ...


class Engine:
    """The part of a DynamoDB client that `Tables` uses.

    `clock`    simulated time: how long a token and a lagging copy last. Without one a token never ends.
    `stale`    asked with the pk for each row of a read that is not consistent and that changed lately: whether to serve it as
               it was before its last write.
    `leaves`   asked with the pk for each row of a batch: whether to leave it unprocessed.
    `between`  called between the rows of a batch and of a query's page, which are not atomic; other processes may act there.
    """

    def __init__(
        self,
        *,
        is_metered: bool = False,
        clock: Clock | None = None,
        stale: Callable[[str], bool] | None = None,
        leaves: Callable[[str], bool] | None = None,
        between: Callable[[], None] | None = None,
    ) -> None:
        self._is_metered = is_metered
        self.clock = clock
        self.stale = stale
        self.leaves = leaves
        self.between = between
        self._shelf = Shelf()
        if stale is not None:
            self._shelf.remember()
        self._tokens: dict[str, tuple[Any, datetime | None]] = {}
        self._lock = threading.RLock()
        self.stream: list[Image] = []
        self.requests: Counter[str] = Counter()
        self.units: Counter[str] = Counter()

    # -- reads ----------------------------------------------------------------------------------------------------

    def get_item(self, *, TableName: str, Key: Row, ConsistentRead: bool = False) -> dict[str, Any]:
        with self._asked("get_item"):
            indexes_of(TableName)
            found = self._seen(TableName, *key_of(Key), strong=ConsistentRead)
            return {"Item": dict(found[0])} if found is not None else {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        with self._asked("batch_get_item"):
            answer: dict[str, list[Row]] = {table: [] for table in RequestItems if indexes_of(table) is not None}
            wanted = read_keys(RequestItems)
        left: dict[str, Any] = {}
        length = 0
        for n, (table, (pk, sk), key, asked) in enumerate(wanted):
            self._pause(n)
            with self._lock:
                found = self._seen(table, pk, sk, strong=asked.get("ConsistentRead", False))
            length += found[1] if found is not None else 0
            if length > BATCH_BYTES_MAX or (self.leaves is not None and self.leaves(pk)):
                left.setdefault(table, {**asked, "Keys": []})["Keys"].append(key)
            elif found is not None:
                answer[table].append(dict(found[0]))
        check_some_were_done(sum(len(each["Keys"]) for each in left.values()), len(wanted))
        return {"Responses": answer, "UnprocessedKeys": left}

    def query(self, **given: Any) -> dict[str, Any]:
        with self._asked("query"):
            query = read_query(given)
            page = Page(self._shelf, query, self.stale or _never, self._now())
            if self.between is None:
                page.all()
        if self.between is not None:
            while page.one():
                self.between()
        if self._is_metered:
            self.units["read"] += max(1, -(-page.bytes // 4096))
        return {"Items": page.rows, "Count": len(page.rows), "ScannedCount": len(page.rows), **page.cursor()}

    def scan(self, *, TableName: str, Limit: int = 1_000_000, ExclusiveStartKey: Row | None = None) -> dict[str, Any]:
        """A page, in the order of the keys where one is asked for; without a limit everything, for a test that looks at the end."""
        rows = list(self._shelf.all(TableName))
        if Limit >= len(rows) and ExclusiveStartKey is None:
            return {"Items": [dict(row) for row in rows]}
        after = key_of(ExclusiveStartKey) if ExclusiveStartKey else ("", "")
        left = sorted(((row["pk"]["S"], row["sk"]["S"]), row) for row in rows if (row["pk"]["S"], row["sk"]["S"]) > after)
        page = [dict(row) for _, row in left[:Limit]]
        return {"Items": page, **({"LastEvaluatedKey": {name: page[-1][name] for name in ("pk", "sk")}} if len(left) > Limit else {})}

    # -- writes ---------------------------------------------------------------------------------------------------

    def put_item(self, **given: Any) -> dict[str, Any]:
        return self._one("put_item", "Put", given)

    def update_item(self, **given: Any) -> dict[str, Any]:
        return self._one("update_item", "Update", given)

    def delete_item(self, **given: Any) -> dict[str, Any]:
        return self._one("delete_item", "Delete", given)

    def transact_write_items(self, *, TransactItems: list[Any], ClientRequestToken: str = "") -> dict[str, Any]:
        with self._asked("transact_write_items"):
            if len(ClientRequestToken) > TOKEN_CHARS_MAX:
                raise IllFormed("a token has up to 36 characters")
            if self._is_repeat(ClientRequestToken, TransactItems):
                return {}
            actions = read_actions(TransactItems)
            after = judged(actions, self._shelf.get)
            for action, new in zip(actions, after, strict=True):
                if action.verb != "ConditionCheck":
                    self._write(action.table, action.pk, action.sk, new, factor=2)
            if ClientRequestToken:
                self._tokens[ClientRequestToken] = (TransactItems, self._now())
            return {}

    def batch_execute_statement(self, *, Statements: list[Any]) -> dict[str, Any]:
        with self._asked("batch_execute_statement"):
            if not 0 < len(Statements) <= BATCH_WRITE_MAX:
                raise IllFormed("a batch runs 1 to 25 statements")
            inserts = [read_insert(each) for each in Statements]
        answers = []
        for n, (table, item) in enumerate(inserts):
            self._pause(n)
            with self._lock:
                answers.append(self._inserted(table, item))
        return {"Responses": answers}

    def batch_write_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        with self._asked("batch_write_item"):
            wanted = read_puts(RequestItems)
        left: dict[str, list[Any]] = {}
        for n, (action, request) in enumerate(wanted):
            self._pause(n)
            if self.leaves is not None and self.leaves(action.pk):
                left.setdefault(action.table, []).append(request)
            else:
                with self._lock:
                    self._write(action.table, action.pk, action.sk, action.item)
        check_some_were_done(sum(map(len, left.values())), len(wanted))
        return {"UnprocessedItems": left}

    # -- for tests ------------------------------------------------------------------------------------------------

    def fork(self) -> "Engine":
        """A world of its own that begins as this one, with an empty stream. Rows are never changed in place: only maps are copied."""
        other = Engine(clock=self.clock, stale=self.stale, leaves=self.leaves, between=self.between)
        other._shelf = self._shelf.fork()
        other._tokens = dict(self._tokens)
        return other

    def expire(self, now: datetime, *, spares: Callable[[str], bool] | None = None) -> int:
        """Delete what the time to live allows at this moment, but for rows whose pk is spared; how many went. Never by itself."""
        gone = 0
        with self._lock:
            for table in LEAVES_BY_TTL:
                for row in list(self._shelf.all(table)):
                    if has_ended(row, now) and not (spares is not None and spares(row["pk"]["S"])):
                        self._write(table, row["pk"]["S"], row["sk"]["S"], None, factor=0)
                        gone += 1
        return gone

    def tables(self) -> Tables:
        return Tables(self, PHYSICAL, CountingPause())

    def rows(self, table: TableName) -> list[Row]:
        return list(self._shelf.all(PHYSICAL[table]))

    # -- inside ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _asked(self, verb: str) -> Iterator[None]:
        """One request, alone and counted; what it lacks is said in the service's words."""
        with self._lock:
            self.requests[verb] += 1
            try:
                yield
            except ExpressionFault as fault:
                raise invalid(fault) from fault

    def _one(self, name: str, verb: str, given: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.requests[name] += 1
            try:
                action = Action(verb, given)
                kept = self._shelf.get(action.table, action.pk, action.sk)
                old = kept[0] if kept is not None else None
                if not action.holds(old):
                    self.units["write"] += self._write_units(kept, None)
                    reason = failed(action, kept)
                    raise refusal("ConditionalCheckFailedException", reason["Message"], **{k: v for k, v in reason.items() if k == "Item"})
                new = action.makes(kept)
            except ExpressionFault as fault:
                raise invalid(fault) from fault
            self._write(action.table, action.pk, action.sk, new)
            return action.answer(old, new[0] if new is not None else None)

    def _inserted(self, table: str, item: Row) -> dict[str, Any]:
        """One statement of a batch: what is wrong with it is said of it alone."""
        try:
            action = Action("Put", {"TableName": table, "Item": item}, in_transaction=True)
        except ExpressionFault as fault:
            return {"Error": {"Code": "ValidationError", "Message": str(fault)}}
        if self.leaves is not None and self.leaves(action.pk):
            return {"Error": {"Code": "ProvisionedThroughputExceeded", "Message": "try again"}}
        if self._shelf.get(table, action.pk, action.sk) is not None:
            return {"Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}, "TableName": table}
        self._write(table, action.pk, action.sk, action.item)
        return {"TableName": table}

    def _is_repeat(self, token: str, items: list[Any]) -> bool:
        """Whether this transaction was done under this token, which it then is not again. Raises: IdempotentParameterMismatch."""
        done, now = self._tokens.get(token), self._now()
        if done is None or (now is not None and done[1] is not None and now - done[1] >= TOKEN_LASTS):
            return False
        if done[0] != items:
            raise refusal("IdempotentParameterMismatchException", "the token was used for another request")
        return True

    def _seen(self, table: str, pk: str, sk: str, *, strong: bool) -> Kept | None:
        """A row as one read sees it."""
        found = self._shelf.get(table, pk, sk)
        if not strong and self.stale is not None:
            before = self._shelf.before(table, pk, sk, self._now())
            if before is not None and before[0] != found and self.stale(pk):
                found = before[0]
        if self._is_metered:
            self.units["read"] += max(1, -(-found[1] // 4096)) if found is not None else 1
        return found

    def _write(self, table: str, pk: str, sk: str, new: Kept | None, factor: int = 1) -> None:
        old = self._shelf.set(table, pk, sk, new, self._now())
        if self._is_metered:
            self.units["write"] += factor * self._write_units(old, new)
        before, after = (each[0] if each is not None else None for each in (old, new))
        if before != after:  # a write that changes nothing leaves no record
            self.stream.append((table, before, after))

    @staticmethod
    def _write_units(old: Kept | None, new: Kept | None) -> int:
        return max(1, *(-(-each[1] // 1024) for each in (old, new) if each is not None)) if old or new else 1

    def _pause(self, done: int) -> None:
        if done and self.between is not None:
            self.between()

    def _now(self) -> datetime | None:
        return self.clock.now() if self.clock is not None else None


def _never(_pk: str) -> bool:
    return False
