"""DynamoDB as five tables by custody, and writes that carry their own error.

| table | holds | who may do what |
|---|---|---|
| catalog | products, categories, channels | read-mostly |
| trade | live state: stock heads, orders, payments, notices, cases; its stream is the outbox | conditional writes |
| vault | ciphertexts, wrapped keys, fingerprints | put and get |
| journal | ledger, audit, claim history | append only: no role updates or deletes |
| guard | hold quotas, one-time codes, counters; leaves by TTL | read and write |

A store does not write. It *describes* writes (`Write`), each with the error that its failed condition means; a flow
gathers them and commits once:

```
store.paid(order)  ─┐
ledger.post(entry) ─┼─► tables.commit([...]) ─► all of them, or the first failed write's own error with the row in the way
outbox by stream   ─┘
```
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from faka.kernel.clock import Chance, Pause
from faka.kernel.errors import Broken, Throttled, TransactionBusy, UnknownOutcome
from faka.kernel.limits import (
    BATCH_GET_MAX,
    PAGE_MAX,
    TRANSACTION_ITEMS_MAX,
    WRITE_PAUSE_MS_MAX,
    WRITE_PAUSE_MS_MIN,
    WRITE_TRIES_MAX,
)
from faka.platform.real import SystemChance
from faka.platform.wire import from_wire, insert_statement, operation, to_wire, wire_key
from faka.platform.write import Item, Key, TableName, Write, check, delete, insert, put, update


__all__ = [
    "Item",
    "Key",
    "TableName",
    "Tables",
    "Write",
    "check",
    "chunks",
    "delete",
    "from_wire",
    "insert",
    "put",
    "to_wire",
    "update",
]


class Tables:
    """The five tables behind one client.

    The client must be built with `total_max_attempts=1` (`platform.aws.dynamodb`): the SDK's blind repeats would hide
    lost answers from the code that must handle them, and its pauses are wrong for a hot row.
    """

    def __init__(self, client: Any, names: Mapping[TableName, str], pause: Pause, chance: Chance | None = None) -> None:
        self._client = client
        self._names = names
        self._logical = {physical: name for name, physical in names.items()}
        self._pause = pause
        self._chance = chance or SystemChance()

    # -- reads ------------------------------------------------------------------------------------------------

    def get(self, key: Key, *, strong: bool = True) -> Item | None:
        answer = self._call("get_item", TableName=self._names[key.table], Key=wire_key(key), ConsistentRead=strong)
        return from_wire(answer["Item"]) if "Item" in answer else None

    def batch_get(self, keys: Sequence[Key], *, strong: bool = True) -> dict[Key, Item]:
        """Rows of several tables in as few requests as possible; absent rows are absent from the answer.

        Bound: 100 keys a request; what the service leaves over is asked again, `WRITE_TRIES_MAX` times.
        """
        found: dict[Key, Item] = {}
        distinct = list(dict.fromkeys(keys))
        for start in range(0, len(distinct), BATCH_GET_MAX):
            self._batch_get(distinct[start : start + BATCH_GET_MAX], strong, found)
        return found

    def _batch_get(self, keys: Sequence[Key], strong: bool, found: dict[Key, Item]) -> None:
        wanted: dict[str, Any] = {}
        for key in keys:
            table = wanted.setdefault(self._names[key.table], {"Keys": [], "ConsistentRead": strong})
            table["Keys"].append(wire_key(key))
        for attempt in range(WRITE_TRIES_MAX):
            answer = self._call("batch_get_item", RequestItems=wanted)
            for physical, rows in answer["Responses"].items():
                for row in map(from_wire, rows):
                    found[Key(self._logical[physical], row["pk"], row["sk"])] = row
            wanted = answer.get("UnprocessedKeys") or {}
            if not wanted:
                return
            self._wait(attempt)
        raise Throttled("batch read left keys over")

    def query(
        self,
        table: TableName,
        pk: str,
        *,
        sk: str = "",
        between: tuple[str, str] | None = None,
        index: str = "",
        limit: int = PAGE_MAX,
        backwards: bool = False,
        strong: bool = False,
        after: Item | None = None,
    ) -> tuple[list[Item], Item | None]:
        """One page of a partition, and the cursor of the next page (None at the end).

        `sk` is a prefix; `between` an inclusive range. An index's keys are `{index}_pk` and `{index}_sk`.
        """
        name_pk, name_sk = (f"{index}_pk", f"{index}_sk") if index else ("pk", "sk")
        condition, values = "#p = :p", {":p": pk}
        if between is not None:
            condition += " AND #s BETWEEN :a AND :b"
            values |= {":a": between[0], ":b": between[1]}
        elif sk:
            condition += " AND begins_with(#s, :s)"
            values |= {":s": sk}
        names = {"#p": name_pk} | ({"#s": name_sk} if "#s" in condition else {})
        answer = self._call(
            "query",
            TableName=self._names[table],
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=to_wire(values),
            Limit=limit,
            ScanIndexForward=not backwards,
            **({"IndexName": index} if index else {"ConsistentRead": strong}),
            **({"ExclusiveStartKey": to_wire(after)} if after else {}),
        )
        last = answer.get("LastEvaluatedKey")
        return [from_wire(row) for row in answer["Items"]], from_wire(last) if last else None

    def scan(self, table: TableName, *, limit: int = PAGE_MAX, after: Item | None = None) -> tuple[list[Item], Item | None]:
        """One page of a whole table, in no order and of no one moment, and the cursor of the next page (None at the end).

        Reads everything that there is: for the nightly examination alone, never for an answer to anybody.
        """
        more = {"ExclusiveStartKey": to_wire(after)} if after else {}
        answer = self._call("scan", TableName=self._names[table], Limit=limit, **more)
        last = answer.get("LastEvaluatedKey")
        return [from_wire(row) for row in answer["Items"]], from_wire(last) if last else None

    # -- writes -----------------------------------------------------------------------------------------------

    def commit(self, writes: Sequence[Write]) -> None:
        """Do all the writes or none.

        Raises: the first failed write's own error; TransactionBusy or Throttled after bounded retries; UnknownOutcome
        when the answer was lost (the caller's writes must be recognisable on a second try).
        """
        if len(writes) == 1:
            self.apply(writes[0])
            return
        if not 0 < len(writes) <= TRANSACTION_ITEMS_MAX:
            raise Broken(f"a transaction of {len(writes)} writes")
        operations = [{write.verb: operation(write, self._names[write.key.table], transaction=True)} for write in writes]
        token = str(uuid.UUID(bytes=self._chance.bytes(16), version=4))
        lost: Exception | None = None
        for attempt in range(WRITE_TRIES_MAX):
            try:
                # The same token on each try: where the service did it and the answer was lost, it answers again.
                self._client.transact_write_items(TransactItems=operations, ClientRequestToken=token)
                return
            except ClientError as error:
                self._transaction_failed(error, writes)
            except (HTTPClientError, NoConnection) as error:
                lost = error
            self._wait(attempt)
        if lost is not None:
            raise UnknownOutcome("transaction") from lost
        raise TransactionBusy("transaction")

    def apply(self, write: Write) -> Item | None:
        """Do one write; answers the row as it is afterwards for an update, else None.

        Raises: the write's own error; Throttled; UnknownOutcome.
        """
        verb = {"Put": "put_item", "Update": "update_item", "Delete": "delete_item"}[write.verb]
        arguments = operation(write, self._names[write.key.table], transaction=False)
        for attempt in range(WRITE_TRIES_MAX):
            try:
                answer = getattr(self._client, verb)(**arguments)
                return from_wire(answer["Attributes"]) if "Attributes" in answer else None
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "ConditionalCheckFailedException":
                    row = cast(Mapping[str, Any] | None, error.response.get("Item"))
                    raise write.otherwise(from_wire(row) if row else None) from error
                if code not in _AGAIN:
                    raise
            except (HTTPClientError, NoConnection) as error:
                raise UnknownOutcome(verb) from error
            self._wait(attempt)
        raise Throttled(verb)

    def insert_many(self, table: TableName, items: Sequence[Item]) -> list[bool]:
        """Insert up to 25 rows, each on its own condition; says of each whether it was new.

        PartiQL's INSERT refuses an existing key, which makes a batch of conditional puts in one request: BatchWriteItem
        has no conditions, and a transaction would cost twice and fail as a whole.
        """
        statements = [insert_statement(self._names[table], item) for item in items]
        new = [False] * len(items)
        left = list(range(len(items)))
        for attempt in range(WRITE_TRIES_MAX):
            answer = self._call("batch_execute_statement", Statements=[statements[i] for i in left])
            again = []
            for i, response in zip(left, answer["Responses"], strict=True):
                code = response.get("Error", {}).get("Code")
                if code is None:
                    new[i] = True
                elif code in _AGAIN_IN_BATCH:
                    again.append(i)
                elif code not in _IS_THERE:
                    raise Broken(f"batch insert: {code}")
            left = again
            if not left:
                return new
            self._wait(attempt)
        raise Throttled("batch insert")

    def put_many(self, table: TableName, items: Sequence[Item]) -> None:
        """Write up to 25 rows without conditions; only for rows whose second writing is the same writing."""
        wanted = {self._names[table]: [{"PutRequest": {"Item": to_wire(item)}} for item in items]}
        for attempt in range(WRITE_TRIES_MAX):
            wanted = self._call("batch_write_item", RequestItems=wanted).get("UnprocessedItems") or {}
            if not wanted:
                return
            self._wait(attempt)
        raise Throttled("batch write left rows over")

    # -- inside -----------------------------------------------------------------------------------------------

    def _transaction_failed(self, error: ClientError, writes: Sequence[Write]) -> None:
        """Raise the error that the failure means, or return when the transaction should be tried again."""
        code = error.response["Error"]["Code"]
        if code == "TransactionCanceledException":
            reasons = cast(list[Mapping[str, Any]], error.response.get("CancellationReasons", []))
            for write, reason in zip(writes, reasons, strict=False):
                if reason.get("Code") == "ConditionalCheckFailed":
                    row = reason.get("Item")
                    raise write.otherwise(from_wire(row) if row else None) from error
            codes = {reason.get("Code") for reason in reasons} - {"None", None}
            if codes and codes <= {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
                return
        elif code in _AGAIN:
            return
        raise error

    def _call(self, verb: str, **arguments: Any) -> dict[str, Any]:
        """A call that is safe to repeat."""
        for attempt in range(WRITE_TRIES_MAX):
            try:
                return cast(dict[str, Any], getattr(self._client, verb)(**arguments))
            except ClientError as error:
                if error.response["Error"]["Code"] not in _AGAIN:
                    raise
            except (HTTPClientError, NoConnection) as error:
                if attempt == WRITE_TRIES_MAX - 1:
                    raise Throttled(verb) from error
            self._wait(attempt)
        raise Throttled(verb)

    def _wait(self, attempt: int) -> None:
        ceiling_ms = min(WRITE_PAUSE_MS_MAX, WRITE_PAUSE_MS_MIN * 2**attempt)
        self._pause(int.from_bytes(self._chance.bytes(2), "big") / 0x10000 * ceiling_ms / 1000)


_IS_THERE = frozenset({"DuplicateItem", "ConditionalCheckFailed"})
_AGAIN_IN_BATCH = frozenset(
    {"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "InternalServerError", "TransactionConflict"}
)
"""What a statement of a batch says of itself, in the service's own spelling. Anything else (no permission, a bad row) is ours to mend."""

_AGAIN = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "InternalServerError",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Refusals that a later try may not meet. InternalServerError on a write may have been applied: every write of ours is
conditional on something that its own success changes, so the repeat then meets its own row."""


def chunks(rows: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
