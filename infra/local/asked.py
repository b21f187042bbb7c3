"""A client's request as the calls that a role is asked about: a transaction is its items, a copy is a read and a write; and a way to
write down all calls of a process.

Runs inside the functions of the local cloud too, so it needs nothing but the standard library. It never holds a value: of a
partition key it keeps what stands before the first `#`, of an object its folder, of an encryption context the names, and the one
value that is the same for all.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any


Asked = tuple[str, str, str, str, tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]
"""Action, kind of resource, its physical name, what follows that in the ARN, leading keys, other context."""

NO_KEYS: tuple[str, ...] = ()
PLAIN: tuple[tuple[str, tuple[str, ...]], ...] = ()
IN_TRANSACTION = (("dynamodb:enclosingoperation", ("TransactWriteItems",)),)
TOLD_CONTEXT = frozenset({"shop"})
"""Keys of encryption contexts whose value is the same for every card, and no secret."""

ONE_ITEM = {"get_item": "GetItem", "put_item": "PutItem", "update_item": "UpdateItem", "delete_item": "DeleteItem"}
IN_ONE = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
PARTIQL = {"INSERT": "PartiQLInsert", "UPDATE": "PartiQLUpdate", "DELETE": "PartiQLDelete", "SELECT": "PartiQLSelect"}
ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})
"""What a bucket says of a file that is not there, to those who may list it; others are told that they may not read it."""

OBJECTS = {
    "head_object": ("s3:GetObject",),
    "get_object": ("s3:GetObject",),
    "put_object": ("s3:PutObject",),
    "delete_object": ("s3:DeleteObject",),
    "copy_object": ("s3:PutObject",),
}

Given = Mapping[str, Any]


def asked(service: str, verb: str, given: Given) -> Iterable[Asked]:
    """The calls of one request. `verb` is the client's method. A request that is not known here is a call on nothing, which no
    role allows.
    """
    read = READERS.get(service)
    found = read(verb, given) if read is not None else None
    return found if found is not None else [(f"{service}:{_pascal(verb)}", "", "", "", NO_KEYS, PLAIN)]


def _dynamodb(verb: str, given: Given) -> Iterable[Asked] | None:
    if verb in ONE_ITEM:
        key = (given.get("Key") or given["Item"])["pk"]["S"]
        return [(f"dynamodb:{ONE_ITEM[verb]}", "table", given["TableName"], "", (lead(key),), PLAIN)]
    if verb == "transact_write_items":
        return _transaction(given["TransactItems"])
    if verb == "query":
        index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
        key = given["ExpressionAttributeValues"][":p"]["S"]
        return [("dynamodb:Query", "table", given["TableName"], index, (lead(key),), PLAIN)]
    if verb in ("batch_get_item", "batch_write_item"):
        action = "dynamodb:BatchGetItem" if verb == "batch_get_item" else "dynamodb:BatchWriteItem"
        return [(action, "table", table, "", _leads(part), PLAIN) for table, part in given["RequestItems"].items()]
    if verb == "batch_execute_statement":
        return [_statement(each) for each in given["Statements"]]
    if verb == "execute_statement":
        return [_statement(given)]
    return [("dynamodb:Scan", "table", given["TableName"], "", NO_KEYS, PLAIN)] if verb == "scan" else None


def lead(key: str) -> str:
    """What a condition on leading keys may look at: the kind of the row, up to its first `#`."""
    return key[: key.find("#") + 1] or key


def _transaction(items: Iterable[Given]) -> Iterator[Asked]:
    for item in items:
        for kind, inner in item.items():
            key = (inner.get("Key") or inner["Item"])["pk"]["S"]
            yield (IN_ONE[kind], "table", inner["TableName"], "", (key[: key.find("#") + 1] or key,), IN_TRANSACTION)


def _leads(part: Any) -> tuple[str, ...]:
    """The leading keys of all of a batch's rows of one table together: one statement must let all of them pass."""
    if isinstance(part, dict):
        keys = [key["pk"]["S"] for key in part["Keys"]]
    else:
        requests = [inner for request in part for inner in request.values()]
        keys = [(inner.get("Item") or inner["Key"])["pk"]["S"] for inner in requests]
    return tuple(sorted({lead(key) for key in keys}))


def _statement(each: Given) -> Asked:
    """One statement of PartiQL, as `platform.wire` writes it: `INSERT INTO "table" VALUE {'pk': ?, …}`."""
    text = each["Statement"]
    fields = [part.split("'")[1] for part in text[text.find("{") :].split(", ") if "'" in part]
    at = fields.index("pk") if "pk" in fields else 0
    key = each["Parameters"][at].get("S", "")
    return (f"dynamodb:{PARTIQL[text.split(' ', 1)[0]]}", "table", text.split('"')[1], "", (lead(key),), PLAIN)


def _kms(verb: str, given: Given) -> Iterable[Asked]:
    told = given.get("EncryptionContext", {})
    context = tuple((f"kms:encryptioncontext:{name}", (told[name] if name in TOLD_CONTEXT else "…",)) for name in sorted(told))
    names = (("kms:encryptioncontextkeys", tuple(sorted(told))),) if told else PLAIN
    return [(f"kms:{_pascal(verb)}", "key", given.get("KeyId", ""), "", NO_KEYS, context + names)]


def _s3(verb: str, given: Given) -> Iterable[Asked] | None:
    if verb in ("list_objects_v2", "list_objects"):
        return [("s3:ListBucket", "bucket", given["Bucket"], "", NO_KEYS, PLAIN)]
    if verb not in OBJECTS:
        return None
    found: list[Asked] = [(action, "bucket", given["Bucket"], folder(given["Key"]), NO_KEYS, PLAIN) for action in OBJECTS[verb]]
    if verb == "copy_object":
        source = given["CopySource"]
        found.append(("s3:GetObject", "bucket", source["Bucket"], folder(source["Key"]), NO_KEYS, PLAIN))
    return found


def folder(key: str) -> str:
    return "/" + key[: key.find("/") + 1] + "…"


def _sqs(verb: str, given: Given) -> Iterable[Asked]:
    return [(f"sqs:{_pascal(verb)}", "queue", given.get("QueueUrl", ""), "", NO_KEYS, PLAIN)]


def _events(verb: str, given: Given) -> Iterable[Asked] | None:
    if verb != "put_events":
        return None
    sources: dict[str, set[str]] = {}
    for entry in given["Entries"]:
        sources.setdefault(entry.get("EventBusName", "default"), set()).add(entry["Source"])
    return [("events:PutEvents", "bus", bus, "", NO_KEYS, (("events:source", tuple(sorted(who))),)) for bus, who in sources.items()]


def _sesv2(verb: str, given: Given) -> Iterable[Asked] | None:
    if verb != "send_email":
        return None
    sender = given["FromEmailAddress"]
    return [("ses:SendEmail", "identity", sender, "", NO_KEYS, (("ses:fromaddress", (sender,)),))]


def _secretsmanager(verb: str, given: Given) -> Iterable[Asked]:
    return [(f"secretsmanager:{_pascal(verb)}", "secret", given.get("SecretId") or given.get("Name", ""), "", NO_KEYS, PLAIN)]


def _lambda(verb: str, given: Given) -> Iterable[Asked] | None:
    return [("lambda:InvokeFunction", "function", given["FunctionName"], "", NO_KEYS, PLAIN)] if verb == "invoke" else None


def _stepfunctions(verb: str, given: Given) -> Iterable[Asked] | None:
    return [("states:StartExecution", "machine", given["stateMachineArn"], "", NO_KEYS, PLAIN)] if verb == "start_execution" else None


def _pascal(verb: str) -> str:
    return "".join(part.capitalize() for part in verb.split("_"))


READERS: dict[str, Callable[[str, Given], Iterable[Asked] | None]] = {
    "dynamodb": _dynamodb,
    "kms": _kms,
    "s3": _s3,
    "sqs": _sqs,
    "events": _events,
    "sesv2": _sesv2,
    "secretsmanager": _secretsmanager,
    "stepfunctions": _stepfunctions,
    "lambda": _lambda,
}


# -- written down ----------------------------------------------------------------------------------------------------------


def write_down(folder: Path, function: str, settings: Mapping[str, str]) -> None:
    """From now on each call of this process is a line of JSON in `folder`: function, then `Asked`.

    A resource, or a sender, is named by the setting that it stands in: `FAKA_TABLE_TRADE`.
    """
    from botocore import xform_name
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

    names = {value: name for name, value in settings.items() if name.startswith("FAKA_") and value}
    make_call = BaseClient._make_api_call  # noqa: SLF001
    file = os.open(folder / f"{function}-{os.getpid()}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(service: str, verb: str, given: Given) -> None:
        for action, kind, name, rest, keys, context in asked(service, verb, given):
            told = [(key, [names.get(value, value) for value in values]) for key, values in context]
            # One write for each line, because functions have threads.
            os.write(file, (json.dumps([function, action, kind, names.get(name, name), rest, keys, told]) + "\n").encode())

    def call(self: Any, operation: str, given: Given) -> Any:
        service = self.meta.service_model.service_name
        note(service, xform_name(operation), given)
        try:
            return make_call(self, operation, given)
        except ClientError as error:
            if service == "s3" and error.response["Error"]["Code"] in ABSENT:
                note("s3", "list_objects_v2", given)
            raise

    BaseClient._make_api_call = call  # noqa: SLF001
