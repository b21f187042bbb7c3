"""One thing wrong with a request, by name: what each verb can be given that the service refuses."""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.differential.draw import EXPRESSIONS, Draw


Spoil = Callable[[Draw, dict[str, Any]], Any]
"""Makes one thing of a request wrong; False where it cannot."""


def _row(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = given["Item"] if "Item" in given else given["Key"]
    return found


def _text(given: dict[str, Any]) -> str:
    return next((part for part in EXPRESSIONS if part in given), "")


def _unused_name(_: Draw, given: dict[str, Any]) -> Any:
    given["ExpressionAttributeNames"] = {**given.get("ExpressionAttributeNames", {}), "#unused": "unused"}
    return bool(_text(given))


def _unused_value(_: Draw, given: dict[str, Any]) -> Any:
    given["ExpressionAttributeValues"] = {**given.get("ExpressionAttributeValues", {}), ":unused": {"S": "x"}}
    return bool(_text(given))


def _missing(part: str) -> Spoil:
    def spoil(draw: Draw, given: dict[str, Any]) -> Any:
        if not given.get(part):
            return False
        del given[part][draw.one(sorted(given[part]))]
        if not given[part]:
            del given[part]
        return True

    return spoil


def _condition(text: str, *values: dict[str, Any]) -> Spoil:
    """The condition is another one, which is wrong."""

    def spoil(_: Draw, given: dict[str, Any]) -> None:
        _only_condition(given, text, values)

    return spoil


def _only_condition(given: dict[str, Any], text: str, values: tuple[dict[str, Any], ...]) -> None:
    changes = given.get("UpdateExpression", "")
    kept = {t: v for t, v in given.get("ExpressionAttributeValues", {}).items() if t in changes.replace(",", " ").replace(")", " ").split()}
    kept |= {f":w{n}": value for n, value in enumerate(values)}
    given["ConditionExpression"] = text
    names = {f"#{name}": name for name in _names(f"{text} {changes}")}
    for part, there in (("ExpressionAttributeNames", names), ("ExpressionAttributeValues", kept)):
        given.pop(part, None)
        if there:
            given[part] = there


def _names(text: str) -> list[str]:
    return [token[1:] for token in re.findall(r"#\w+", text)]


def _update(text: str, *values: dict[str, Any]) -> Spoil:
    """The update is another one, which is wrong; no condition hides it."""

    def spoil(_: Draw, given: dict[str, Any]) -> Any:
        if "UpdateExpression" not in given:
            return False
        for part in ("ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"):
            given.pop(part, None)
        given["UpdateExpression"] = text
        given |= {"ExpressionAttributeNames": names} if (names := {f"#{name}": name for name in _names(text)}) else {}
        given |= {"ExpressionAttributeValues": {f":w{n}": value for n, value in enumerate(values)}} if values else {}
        return True

    return spoil


def _in_row(name: str, value: Any) -> Spoil:
    def spoil(_: Draw, given: dict[str, Any]) -> Any:
        if name not in ("pk", "sk") and "Item" not in given:
            return False
        _row(given)[name] = value
        return True

    return spoil


def _without_key(draw: Draw, given: dict[str, Any]) -> None:
    del _row(given)[draw.one(("pk", "sk"))]


def _set(name: str, value: Any) -> Spoil:
    def spoil(_: Draw, given: dict[str, Any]) -> None:
        given[name] = value

    return spoil


def _key_condition(text: str, *values: dict[str, Any]) -> Spoil:
    def spoil(_: Draw, given: dict[str, Any]) -> None:
        given.pop("ExclusiveStartKey", None)
        pk, sk = ("due_pk", "due_sk") if "IndexName" in given else ("pk", "sk")
        given["KeyConditionExpression"] = text
        given["ExpressionAttributeNames"] = {f"#{name}": {"p": pk, "s": sk}.get(name, name) for name in _names(text)}
        given["ExpressionAttributeValues"] = {f":w{n}": value for n, value in enumerate(values)}

    return spoil


def _twice(_: Draw, given: dict[str, Any]) -> None:
    """One row twice in a request of several."""
    if "TransactItems" in given:
        given["TransactItems"].append(deepcopy(given["TransactItems"][0]))
    else:
        for asked in given["RequestItems"].values():
            rows = asked["Keys"] if isinstance(asked, dict) else asked
            rows.append(deepcopy(rows[0]))


def _nothing(_: Draw, given: dict[str, Any]) -> None:
    for asked in given["RequestItems"].values():
        (asked["Keys"] if isinstance(asked, dict) else asked).clear()


def _too_many(part: str, count: int) -> Spoil:
    def spoil(_: Draw, given: dict[str, Any]) -> None:
        if part == "TransactItems":
            one = next(iter(given[part][0].values()))["TableName"]
            given[part] = [{"Delete": {"TableName": one, "Key": {"pk": {"S": f"many-{n}"}, "sk": {"S": "a"}}}} for n in range(count)]
            return
        for asked in given["RequestItems"].values():
            keys = [{"pk": {"S": f"many-{n}"}, "sk": {"S": "a"}} for n in range(count)]
            if isinstance(asked, dict):
                asked["Keys"] = keys
            else:
                asked[:] = [{"DeleteRequest": {"Key": key}} for key in keys]

    return spoil


def _bad_statement(value: dict[str, Any]) -> Spoil:
    """One statement of the batch has a wrong key."""

    def spoil(draw: Draw, given: dict[str, Any]) -> None:
        statement = draw.one(given["Statements"])
        statement["Parameters"][statement["Statement"].split("'")[1::2].index("sk")] = value

    return spoil


# -- by verb ------------------------------------------------------------------------------------------------------------

S, N = {"S": "x"}, {"N": "1"}
LONG = "x" * 2_049
DEEP: dict[str, Any] = {"N": "1"}
for _ in range(33):
    DEEP = {"L": [DEEP]}

CONDITIONS: tuple[tuple[str, Spoil], ...] = (
    ("unused name", _unused_name),
    ("unused value", _unused_value),
    ("undefined name", _missing("ExpressionAttributeNames")),
    ("undefined value", _missing("ExpressionAttributeValues")),
    ("condition: between reversed", _condition("#n BETWEEN :w0 AND :w1", {"N": "3"}, {"N": "1"})),
    ("condition: between mixed", _condition("#n BETWEEN :w0 AND :w1", N, S)),
    ("condition: grammar", _condition("#n = = :w0", N)),
    ("condition: left over", _condition("#n = :w0 #t", N)),
    ("condition: empty", _condition(" ")),
    ("condition: redundant parentheses", _condition("((#n = :w0))", N)),
    ("condition: same operand", _condition("#n = #n")),
    ("condition: begins with a number", _condition("begins_with(#t, :w0)", N)),
    ("condition: order of lists", _condition("#l < :w0", {"L": []})),
    ("condition: order of truth", _condition("#y >= :w0", {"BOOL": True})),
    ("condition: no such type", _condition("attribute_type(#t, :w0)", {"S": "STRING"})),
    ("condition: existence of a value", _condition("attribute_exists(:w0)", S)),
    ("condition: no such function", _condition("exists(#t)")),
    ("condition: reserved word", _condition("state = :w0", S)),
    ("condition: too long", _condition("#t = :w0" + " OR attribute_exists(#t)" * 200, S)),
    ("value: empty set", _condition("#ss = :w0", {"SS": []})),
    ("value: 39 digits", _condition("#n = :w0", {"N": "1" * 39})),
    ("value: no number", _condition("#n = :w0", {"N": "one"})),
)

KEYS: tuple[tuple[str, Spoil], ...] = (
    ("key: empty", _in_row("sk", {"S": ""})),
    ("key: type", _in_row("sk", {"N": "1"})),
    ("key: missing", _without_key),
    ("key: long", _in_row("pk", {"S": LONG})),
)

ITEMS: tuple[tuple[str, Spoil], ...] = (
    ("index: type", _in_row("due_pk", {"N": "1"})),
    ("index: empty", _in_row("due_sk", {"S": ""})),
    ("item: empty set", _in_row("ss", {"SS": []})),
    ("item: 39 digits", _in_row("n", {"N": "1" * 39})),
    ("item: magnitude", _in_row("n", {"N": "1E126"})),
    ("item: no number", _in_row("n", {"N": "one"})),
    ("item: deep", _in_row("l", DEEP)),
    ("item: 400 KB", _in_row("t", {"S": "x" * 410_000})),
    ("item: set with a twin", _in_row("ss", {"SS": ["a", "a"]})),
)

UPDATES: tuple[tuple[str, Spoil], ...] = (
    ("update: key", _update("SET #sk = :w0", S)),
    ("update: overlap", _update("SET #m = :w0, #m.#x = :w0", {"M": {}})),
    ("update: same path", _update("SET #n = :w0 REMOVE #n", N)),
    ("update: conflict", _update("SET #m.#x = :w0, #m[0] = :w0", N)),
    ("update: section twice", _update("SET #n = :w0 SET #t = :w0", N)),
    ("update: add a text", _update("ADD #t :w0", S)),
    ("update: delete a number", _update("DELETE #n :w0", N)),
    ("update: text plus", _update("SET #n = :w0 + :w1", S, N)),
    ("update: append a text", _update("SET #l = list_append(#l, :w0)", S)),
    ("update: grammar", _update("SET #n :w0", N)),
    ("update: no section", _update("#n = :w0", N)),
    ("update: empty", _update(" ")),
    ("update: reserved word", _update("SET state = :w0", S)),
    ("update: left over", _update("SET #n = :w0 )", N)),
    ("update: absent operand", _update("SET #n = #gone")),
    ("update: absent parent", _update("SET #gone.#x = :w0", N)),
    ("update: other type", _update("SET #n = #pk + :w0", N)),
    ("update: other set", _update("ADD #ss :w0", {"NS": ["1"]})),
    ("update: too many digits", _update("SET #n = :w0 + :w1", {"N": "1" + "0" * 37}, {"N": "0.1"})),
    ("update: index type", _update("SET #due_pk = :w0", N)),
    ("update: index empty", _update("SET #due_pk = :w0", {"S": ""})),
)

QUERIES: tuple[tuple[str, Spoil], ...] = (
    ("unused name", _unused_name),
    ("unused value", _unused_value),
    ("undefined value", _missing("ExpressionAttributeValues")),
    ("query: limit", _set("Limit", 0)),
    ("query: no such index", _set("IndexName", "other")),
    ("query: between reversed", _key_condition("#p = :w0 AND #s BETWEEN :w1 AND :w2", S, {"S": "b"}, {"S": "a"})),
    ("query: empty bound", _key_condition("#p = :w0 AND #s BETWEEN :w1 AND :w2", S, {"S": ""}, {"S": "a"})),
    ("query: empty prefix", _key_condition("#p = :w0 AND begins_with(#s, :w1)", S, {"S": ""})),
    ("query: type", _key_condition("#p = :w0", N)),
    ("query: no partition", _key_condition("#s = :w0", S)),
    ("query: range of partitions", _key_condition("#p > :w0", S)),
    ("query: unequal", _key_condition("#p = :w0 AND #s <> :w1", S, S)),
    ("query: or", _key_condition("#p = :w0 OR #s = :w1", S, S)),
    ("query: other attribute", _key_condition("#p = :w0 AND #n = :w1", S, S)),
    ("query: sort key twice", _key_condition("#p = :w0 AND #s > :w1 AND #s < :w2", S, {"S": "a"}, {"S": "b"})),
    ("query: cursor elsewhere", _set("ExclusiveStartKey", {"pk": {"S": "elsewhere"}, "sk": {"S": "a"}})),
    ("query: half a cursor", _set("ExclusiveStartKey", {"pk": {"S": "p"}})),
)

SEVERAL: tuple[tuple[str, Spoil], ...] = (("twice", _twice),)

SPOILERS: dict[str, tuple[tuple[str, Spoil], ...]] = {
    "put_item": (*CONDITIONS, *KEYS, *ITEMS, ("returns", _set("ReturnValues", "ALL_NEW"))),
    "update_item": (*CONDITIONS, *KEYS, *UPDATES, *UPDATES),
    "delete_item": (*CONDITIONS, *KEYS, ("returns", _set("ReturnValues", "ALL_NEW"))),
    "get_item": KEYS,
    "query": QUERIES,
    "transact_write_items": (*CONDITIONS, *KEYS, *ITEMS, *UPDATES, *SEVERAL, ("too many", _too_many("TransactItems", 101))),
    "batch_get_item": (*SEVERAL, ("nothing", _nothing), ("too many", _too_many("RequestItems", 101))),
    "batch_write_item": (*SEVERAL, ("nothing", _nothing), ("too many", _too_many("RequestItems", 26))),
    "batch_execute_statement": (("statement: empty key", _bad_statement({"S": ""})), ("statement: key type", _bad_statement(N))),
}

WHOLE = frozenset(("twice", "nothing", "too many"))
"""Spoil the request, not one action of it."""

FOR_THIS_ROW = frozenset(
    (
        "key: type",
        "key: missing",
        "index: type",
        "update: key",
        "update: absent operand",
        "update: absent parent",
        "update: other type",
        "update: other set",
        "update: too many digits",
        "update: index type",
    )
)
"""What the schema or the row does not bear: within a transaction it is a reason, not a refusal."""

MAY_FIT = frozenset(("update: other set",))
"""Wrong only where the row has another set."""

DOES_THE_REST = frozenset(("statement: empty key", "statement: key type", *MAY_FIT))
"""All others leave every row as it was."""


def documented(verb: str, wrong: str) -> frozenset[str]:
    """The codes that the service may answer to a request with this fault."""
    if wrong.startswith("statement: ") or wrong == "token: again":
        return frozenset(("",))
    if wrong == "token: other request":
        return frozenset(("IdempotentParameterMismatchException",))
    if verb == "transact_write_items" and wrong in FOR_THIS_ROW:
        return frozenset(("TransactionCanceledException",)) | (_FINE if wrong in MAY_FIT else frozenset())
    return frozenset(("ValidationException",)) | (_FINE if wrong in MAY_FIT else frozenset())


_FINE = frozenset(("", "TransactionCanceledException"))
