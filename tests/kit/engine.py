"""DynamoDB in process for simulation: atomic, quick (some 20 µs a call where moto takes 2 ms), with a stream and a meter.

A test instrument for crashes at each call, interleavings and storms, where thousands of runs count. It speaks the client's
wire form, so the code under test is the code of production. `tests/unit/stock/test_engine.py` holds it to moto, and
`tests/concurrency` to the local cloud. What it does not know it refuses, so that nothing passes by accident.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from faka.platform.table import TableName, Tables
from tests.kit.clock import CountingPause
from tests.kit.expressions import ExpressionFault, Row, condition, updated
from tests.kit.tables import PHYSICAL


Image = tuple[str, Row | None, Row | None]
"""Table, row before, row after."""


class Engine:
    """The part of a DynamoDB client that `Tables` uses."""

    def __init__(self, *, is_metered: bool = False) -> None:
        self._is_metered = is_metered
        self._rows: dict[str, dict[str, dict[str, Row]]] = {}
        self._tokens: set[str] = set()
        self._lock = threading.RLock()
        self.stream: list[Image] = []
        self.requests: Counter[str] = Counter()
        self.units: Counter[str] = Counter()

    # -- reads ----------------------------------------------------------------------------------------------------

    def get_item(self, **given: Any) -> dict[str, Any]:
        self._count("get_item")
        row = self._row(given["TableName"], given["Key"])
        self._read(row)
        return {"Item": dict(row)} if row is not None else {}

    def batch_get_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        self._count("batch_get_item")
        if not 0 < sum(len(asked["Keys"]) for asked in RequestItems.values()) <= 100:
            raise _refusal("ValidationException")
        answer: dict[str, list[Row]] = {}
        for table, asked in RequestItems.items():
            rows = [self._row(table, key) for key in asked["Keys"]]
            for row in rows:
                self._read(row)
            answer[table] = [dict(row) for row in rows if row is not None]
        return {"Responses": answer, "UnprocessedKeys": {}}

    def query(self, **given: Any) -> dict[str, Any]:
        self._count("query")
        if "IndexName" in given:
            return self._query_index(given)
        names, values = given["ExpressionAttributeNames"], given["ExpressionAttributeValues"]
        partition = self._rows.get(given["TableName"], {}).get(values[":p"]["S"], {})
        test = condition(given["KeyConditionExpression"])
        keys = sorted((sk for sk, row in partition.items() if test((row, names, values))), reverse=not given["ScanIndexForward"])
        if "ExclusiveStartKey" in given:
            last = given["ExclusiveStartKey"]["sk"]["S"]
            keys = [sk for sk in keys if (sk > last if given["ScanIndexForward"] else sk < last)]
        page = keys[: given["Limit"]]
        more = {"LastEvaluatedKey": {"pk": values[":p"], "sk": {"S": page[-1]}}} if len(keys) > len(page) else {}
        for sk in page:
            self._read(partition[sk])
        return {"Items": [dict(partition[sk]) for sk in page], **more}

    def _query_index(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The sparse index `due`, keys only, always at the present (the service's is a moment behind; nothing may rest on that)."""
        index, names, values = given["IndexName"], given["ExpressionAttributeNames"], given["ExpressionAttributeValues"]
        test = condition(given["KeyConditionExpression"])
        rows = [row for partition in self._rows.get(given["TableName"], {}).values() for row in partition.values()]
        there = [row for row in rows if f"{index}_pk" in row and f"{index}_sk" in row and test((row, names, values))]
        there.sort(key=lambda row: str(row[f"{index}_sk"]["S"]), reverse=not given["ScanIndexForward"])
        self.units["read"] += 1
        keys = ("pk", "sk", f"{index}_pk", f"{index}_sk")
        return {"Items": [{name: row[name] for name in keys} for row in there[: given["Limit"]]]}

    def scan(self, TableName: str, Limit: int = 1_000_000, ExclusiveStartKey: Row | None = None) -> dict[str, Any]:
        """A page, in the order of the keys where one is asked for; without a limit everything, for a test that looks at the end."""
        rows = [row for partition in self._rows.get(TableName, {}).values() for row in partition.values()]
        if Limit >= len(rows) and ExclusiveStartKey is None:
            return {"Items": [dict(row) for row in rows]}
        after = _key({"Key": ExclusiveStartKey}) if ExclusiveStartKey else ("", "")
        left = sorted((key, row) for row in rows if (key := _key({"Item": row})) > after)
        page = [dict(row) for _, row in left[:Limit]]
        return {"Items": page, **({"LastEvaluatedKey": {name: page[-1][name] for name in ("pk", "sk")}} if len(left) > Limit else {})}

    # -- writes ---------------------------------------------------------------------------------------------------

    def put_item(self, **given: Any) -> dict[str, Any]:
        self._count("put_item")
        return self._one(given, lambda _: dict(given["Item"]))

    def update_item(self, **given: Any) -> dict[str, Any]:
        self._count("update_item")
        return self._one(given, _change(given))

    def delete_item(self, **given: Any) -> dict[str, Any]:
        self._count("delete_item")
        return self._one(given, lambda _: None)

    def transact_write_items(self, TransactItems: list[Any], ClientRequestToken: str) -> dict[str, Any]:
        self._count("transact_write_items")
        with self._lock:
            if ClientRequestToken in self._tokens:
                return {}
            operations = [next(iter(each.items())) for each in TransactItems]
            keys = [(given["TableName"], *_key(given)) for _, given in operations]
            if len(set(keys)) != len(keys) or len(keys) > 100:
                raise _refusal("ValidationException")
            reasons = [self._reason(given) for _, given in operations]
            if any(reason["Code"] != "None" for reason in reasons):
                raise _refusal("TransactionCanceledException", CancellationReasons=reasons)
            for verb, given in operations:
                if verb != "ConditionCheck":
                    makes = {"Put": lambda _, g=given: dict(g["Item"]), "Update": _change(given), "Delete": lambda _: None}[verb]
                    self._write(given, makes, factor=2)
            self._tokens.add(ClientRequestToken)
            return {}

    def batch_execute_statement(self, Statements: list[Any]) -> dict[str, Any]:
        self._count("batch_execute_statement")
        answers: list[dict[str, Any]] = []
        with self._lock:
            for each in Statements:
                head, fields = each["Statement"].split(" VALUE ")
                names = [part.split("'")[1] for part in fields.split(", ")]
                item = dict(zip(names, each["Parameters"], strict=True))
                given = {"TableName": head.split('"')[1], "Item": item}
                if self._row(given["TableName"], item) is not None:
                    answers.append({"Error": {"Code": "DuplicateItem"}})
                else:
                    self._write(given, lambda _, item=item: item)
                    answers.append({})
        return {"Responses": answers}

    def batch_write_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        self._count("batch_write_item")
        with self._lock:
            for table, puts in RequestItems.items():
                for each in puts:
                    self._write({"TableName": table, **each["PutRequest"]}, lambda _, e=each: dict(e["PutRequest"]["Item"]))
        return {"UnprocessedItems": {}}

    # -- for tests ------------------------------------------------------------------------------------------------

    def fork(self) -> "Engine":
        """A world of its own that begins as this one, with an empty stream. Rows are never changed in place: only maps are copied."""
        other = Engine()
        other._rows = {table: {pk: dict(rows) for pk, rows in partitions.items()} for table, partitions in self._rows.items()}
        return other

    def tables(self) -> Tables:
        return Tables(self, PHYSICAL, CountingPause())

    def rows(self, table: TableName) -> list[Row]:
        return [row for partition in self._rows.get(PHYSICAL[table], {}).values() for row in partition.values()]

    # -- inside ---------------------------------------------------------------------------------------------------

    def _one(self, given: dict[str, Any], makes: Callable[[Row | None], Row | None]) -> dict[str, Any]:
        with self._lock:
            reason = self._reason(given)
            if reason["Code"] != "None":
                self.units["write"] += 1
                raise _refusal("ConditionalCheckFailedException", **({"Item": reason["Item"]} if "Item" in reason else {}))
            after = self._write(given, makes)
            return {"Attributes": dict(after)} if given.get("ReturnValues") == "ALL_NEW" and after is not None else {}

    def _reason(self, given: dict[str, Any]) -> dict[str, Any]:
        row = self._row(given["TableName"], given.get("Key") or given["Item"])
        text = given.get("ConditionExpression")
        _check_used(given)
        try:
            names, values = given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {})
            if text is None or condition(text)((row or {}, names, values)):
                return {"Code": "None"}
        except ExpressionFault as fault:
            raise _refusal("ValidationException", Message=str(fault)) from fault
        return {"Code": "ConditionalCheckFailed", **({"Item": dict(row)} if row is not None else {})}

    def _write(self, given: dict[str, Any], makes: Callable[[Row | None], Row | None], factor: int = 1) -> Row | None:
        pk, sk = _key(given)
        partition = self._rows.setdefault(given["TableName"], {}).setdefault(pk, {})
        old = partition.get(sk)
        try:
            new = makes(old)
        except ExpressionFault as fault:
            raise _refusal("ValidationException", Message=str(fault)) from fault
        if new is None:
            partition.pop(sk, None)
        else:
            partition[sk] = new
        if self._is_metered:
            self.units["write"] += factor * max(1, -(-max(size(old or {}), size(new or {})) // 1024))
        self.stream.append((given["TableName"], old, new))
        return new

    def _row(self, table: str, key: Mapping[str, Any]) -> Row | None:
        return self._rows.get(table, {}).get(key["pk"]["S"], {}).get(key["sk"]["S"])

    def _count(self, verb: str) -> None:
        self.requests[verb] += 1

    def _read(self, row: Row | None) -> None:
        if self._is_metered:
            self.units["read"] += max(1, -(-size(row or {}) // 4096))


def _change(given: dict[str, Any]) -> Callable[[Row | None], Row]:
    names, values = given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {})
    return lambda old: updated(old if old is not None else dict(given["Key"]), given["UpdateExpression"], names, values)


def _check_used(given: dict[str, Any]) -> None:
    """The service refuses a request that names or gives what it does not use."""
    text = f"{given.get('UpdateExpression', '')} {given.get('ConditionExpression', '')} "
    for name in (*given.get("ExpressionAttributeNames", {}), *given.get("ExpressionAttributeValues", {})):
        if not any(name + end in text for end in " ,)].[="):
            raise _refusal("ValidationException", Message=f"unused {name}")


def _key(given: Mapping[str, Any]) -> tuple[str, str]:
    key = given.get("Key") or given["Item"]
    return key["pk"]["S"], key["sk"]["S"]


def _refusal(code: str, **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": more.pop("Message", code)}, **more}, "DynamoDB")


def size(row: Row) -> int:
    """Bytes that the service bills for a row."""
    return sum(len(name.encode()) + _size(value) for name, value in row.items())


def _size(value: Any) -> int:
    kind, inner = next(iter(value.items()))
    if kind == "N":
        digits = inner.lstrip("-").strip("0") or "0"
        return (len(digits) + 1) // 2 + 1 + (1 if inner.startswith("-") else 0)
    if kind == "L":
        return 3 + sum(1 + _size(each) for each in inner)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _size(each) for name, each in inner.items())
    if kind in ("BOOL", "NULL"):
        return 1
    if kind in ("SS", "NS", "BS"):
        return sum(len(each) for each in inner)
    return len(inner.encode() if isinstance(inner, str) else inner)
