"""Counts what leaves through the SDK's border: requests by operation, and DynamoDB's units by the sizes of the rows.

Requests are counted where the SDK sends them, so a repeat counts. Units follow the published rules: a write costs one unit per
started KB of the larger of the row before and after, twice that in a transaction; a read one per started 4 KB of each row, half
of it where it need not be strong; an absent row costs like a small one. The rows' sizes are read past the meter.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


Row = Mapping[str, Mapping[str, Any]]
WRITES = {"PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}
INDEX = ("due_pk", "due_sk")
OWN_NAMES = {"secrets-manager": "secretsmanager", "eventbridge": "events"}
"""What the SDK's events call a service → what its clients are called."""


@dataclass(frozen=True)
class Cost:
    """Units of one row."""

    kind: str
    """First word of its key: ORDER, HEAD, HOLD …"""
    write: int = 0
    read: float = 0.0
    index: int = 0
    """Write units of the index."""
    bytes: int = 0


@dataclass
class Call:
    """One request."""

    step: str
    service: str
    operation: str
    costs: list[Cost] = field(default_factory=list)


class Meter:
    def __init__(self, plain: Any) -> None:
        self._plain = plain
        self.step = ""
        self.calls: list[Call] = []
        self.images: list[dict[str, Any]] = []
        """What the stream of the tables would tell, as records."""

    def watch(self, service: str, client: Any) -> None:
        events = client.meta.events
        events.register(f"before-send.{service}", self._sent, unique_id=f"meter-{service}")
        if service == "dynamodb":
            events.register("before-parameter-build.dynamodb", self._about_to, unique_id="meter-before")
            events.register("after-call.dynamodb", self._answered, unique_id="meter-after")

    def take(self) -> list[Call]:
        """The calls so far; forgets them."""
        taken, self.calls = self.calls, []
        return taken

    # -- events of the SDK --------------------------------------------------------------------------------------------

    def _sent(self, event_name: str, **_more: Any) -> None:
        _, service, operation = event_name.split(".")
        self.calls.append(Call(self.step, OWN_NAMES.get(service, service), operation))

    def _about_to(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        before = [(table, key, self._row(table, key)) for table, key in _written(model.name, params)]
        context["meter"] = params, before

    def _answered(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        params, before = context["meter"]
        call = self.calls[-1]
        factor = 2 if model.name == "TransactWriteItems" else 1
        for table, key, old in before:
            new = self._row(table, key)
            call.costs.append(write_cost(old, new, factor))
            self.images.append(_record(key, old, new))
        call.costs += _reads(model.name, params, parsed)

    def _row(self, table: str, key: Row) -> Row | None:
        found: Row | None = self._plain.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        return found


def _written(operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    """Table and key of each row that a request writes."""
    if operation in WRITES:
        yield params["TableName"], _key(params[WRITES[operation]])
    elif operation == "TransactWriteItems":
        for each in params["TransactItems"]:
            [write] = each.values()
            yield write["TableName"], _key(write.get("Item") or write["Key"])
    elif operation == "BatchExecuteStatement":
        for each in params["Statements"]:
            names = [part.split("'")[1] for part in each["Statement"].split(" VALUE ")[1].split(", ")]
            yield each["Statement"].split('"')[1], _key(dict(zip(names, each["Parameters"], strict=True)))
    elif operation == "BatchWriteItem":
        for physical, puts in params["RequestItems"].items():
            yield from ((physical, _key(put["PutRequest"]["Item"])) for put in puts)


def _reads(operation: str, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> list[Cost]:
    if operation == "GetItem":
        return [_read_cost(params["Key"], parsed.get("Item"), params["ConsistentRead"])]
    if operation == "Query":
        total = sum(size(row) for row in parsed["Items"])
        [kind] = {_kind(row) for row in parsed["Items"]} or {"none"}
        return [Cost(kind, read=max(1, -(-total // 4096)) * (1.0 if params.get("ConsistentRead") else 0.5), bytes=total)]
    if operation != "BatchGetItem":
        return []
    costs = []
    for table, asked in params["RequestItems"].items():
        found = {_name(row): row for row in parsed["Responses"].get(table, [])}
        costs += [_read_cost(key, found.get(_name(key)), asked.get("ConsistentRead", False)) for key in asked["Keys"]]
    return costs


def _read_cost(key: Row, row: Row | None, is_strong: bool) -> Cost:
    length = size(row) if row else 0
    return Cost(_kind(key), read=max(1, -(-length // 4096)) * (1.0 if is_strong else 0.5), bytes=length)


def write_cost(old: Row | None, new: Row | None, factor: int) -> Cost:
    """Units of a write, the index apart: it costs one where a row enters or leaves it, two where its place in it changes."""
    length = max(size(old or {}), size(new or {}))
    places = [tuple(str(row.get(name)) for name in INDEX) if row and INDEX[0] in row else None for row in (old, new)]
    index = 0 if places[0] == places[1] else 2 if all(places) else 1
    return Cost(_kind(new or old or {}), write=factor * max(1, -(-length // 1024)), index=index, bytes=length)


def _record(key: Row, old: Row | None, new: Row | None) -> dict[str, Any]:
    return {"dynamodb": {"Keys": key, **({"OldImage": old} if old else {}), **({"NewImage": new} if new else {})}}


def _key(row: Row) -> Row:
    return {"pk": row["pk"], "sk": row["sk"]}


def _name(row: Row) -> tuple[str, str]:
    return str(row["pk"]["S"]), str(row["sk"]["S"])


def _kind(row: Row) -> str:
    return str(row["pk"]["S"]).partition("#")[0] if "pk" in row else "none"


# -- sizes --------------------------------------------------------------------------------------------------------------


def size(row: Row) -> int:
    """Bytes that the service bills for a row."""
    return sum(len(name.encode()) + _size(value) for name, value in row.items())


def _size(value: Mapping[str, Any]) -> int:
    [(kind, inner)] = value.items()
    match kind:
        case "N":
            digits = str(inner).lstrip("-").strip("0") or "0"
            return (len(digits) + 1) // 2 + 1 + (1 if inner.startswith("-") else 0)
        case "S":
            return len(inner.encode())
        case "B":
            return len(inner)
        case "L":
            return 3 + sum(1 + _size(each) for each in inner)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size(each) for name, each in inner.items())
        case "SS" | "NS" | "BS":
            return sum(len(each) for each in inner)
        case _:
            return 1


# -- sums ---------------------------------------------------------------------------------------------------------------


def requests(calls: list[Call], service: str = "") -> int:
    return sum(not service or call.service == service for call in calls)


def operations(calls: list[Call], service: str) -> dict[str, int]:
    return dict(Counter(call.operation for call in calls if call.service == service))


def units(calls: list[Call], what: str, kinds: frozenset[str] = frozenset()) -> float:
    """Sum of `write`, `read` or `index` units, of some kinds of rows or of all."""
    return sum(float(getattr(cost, what)) for call in calls for cost in call.costs if not kinds or cost.kind in kinds)
