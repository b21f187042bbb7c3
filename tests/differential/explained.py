"""Where the model and another engine differ, which of them the documentation supports, and why.

Of a request with one thing wrong the documented answer is known beforehand (`spoilers.documented`); the model must give it, and the
class names the check that the other engine lacks. Of a well-formed request the class must know the difference by its form.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.differential.differ import Difference, Explained


MODEL, OTHER, EITHER = "model", "other", "either"


def conditions(given: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The conditions of a request or of its actions, each with its values."""
    actions = [next(iter(each.values())) for each in given["TransactItems"]] if "TransactItems" in given else [given]
    for action in actions:
        text = action.get("ConditionExpression", "")
        values = action.get("ExpressionAttributeValues", {})
        yield text, [values[token] for token in re.findall(r":\w+", text) if token in values]


def updates(given: dict[str, Any]) -> str:
    actions = [next(iter(each.values())) for each in given["TransactItems"]] if "TransactItems" in given else [given]
    return " ".join(action.get("UpdateExpression", "") for action in actions)


def _tests(difference: Difference, kind: str, *words: str) -> bool:
    """Whether a condition has a value of this type, and one of these words."""
    for text, values in conditions(difference.request.given):
        if any(kind in value for value in values) and (not words or any(word in text for word in words)):
            return True
    return False


def _says(difference: Difference, *words: str) -> bool:
    return any(word in text for text, _ in conditions(difference.request.given) for word in words)


def _fell(difference: Difference, name: str) -> bool:
    """The other engine fell over with this error, alone or in an action."""
    answer = difference.other.answer
    return answer.error == f"broke: {name}" or name in answer.reasons


def _wrong(name: str) -> Callable[[Difference], bool]:
    return lambda difference: difference.request.wrong == name


def unchecked(who: str, names: dict[str, str]) -> tuple[Explained, ...]:
    """What an engine lets through, or refuses in another way or at another moment, though the guide refuses it."""
    return tuple(Explained(f"{who} lacks: {name}", MODEL, why, _wrong(name)) for name, why in names.items())


GRAMMAR = "ValidationException comes before any row is looked at (API reference, Expressions)"
LIMITS = "Service, account, and table quotas"
VALUES = "API reference, AttributeValue; Supported data types"
KEYS = "Core components: keys are scalars, not empty, of the type of the schema, within 2,048 and 1,024 bytes"
QUERY = "API reference, Query: one equality for the partition, one comparison for the sort key, on keys only"
INDEXES = "indexes mean the list as it was; what is set beyond its end is appended in the order of the numbers"
BATCH = "API reference: 1 to 25 writes or 1 to 100 keys, none twice"


# -- moto ---------------------------------------------------------------------------------------------------------------

MOTO_UNCHECKED = {
    "unused value": GRAMMAR,
    "unused name": GRAMMAR,
    "undefined name": GRAMMAR,
    "undefined value": GRAMMAR,
    "condition: between reversed": GRAMMAR,
    "condition: between mixed": GRAMMAR,
    "condition: grammar": GRAMMAR,
    "condition: left over": GRAMMAR,
    "condition: empty": GRAMMAR,
    "condition: same operand": GRAMMAR,
    "condition: begins with a number": GRAMMAR,
    "condition: order of lists": GRAMMAR,
    "condition: order of truth": GRAMMAR,
    "condition: no such type": GRAMMAR,
    "condition: existence of a value": GRAMMAR,
    "condition: too long": LIMITS,
    "value: empty set": VALUES,
    "value: 39 digits": VALUES,
    "value: no number": VALUES,
    "item: empty set": VALUES,
    "item: 400 KB": LIMITS,
    "item: 39 digits": VALUES,
    "item: magnitude": VALUES,
    "item: no number": VALUES,
    "item: deep": LIMITS,
    "item: set with a twin": VALUES,
    "key: long": KEYS,
    "key: type": KEYS,
    "key: missing": KEYS,
    "key: empty": KEYS,
    "index: type": KEYS,
    "update: overlap": GRAMMAR,
    "update: empty": GRAMMAR,
    "update: add a text": "a request that is refused changes nothing: no row begins to exist",
    "update: delete a number": "a request that is refused changes nothing: no row begins to exist",
    "update: index type": KEYS,
    "update: index empty": KEYS,
    "update: too many digits": VALUES,
    "query: limit": QUERY,
    "query: unequal": QUERY,
    "query: or": QUERY,
    "query: type": QUERY,
    "query: between reversed": QUERY,
    "query: half a cursor": QUERY,
    "query: cursor elsewhere": QUERY,
    "query: sort key twice": QUERY,
    "query: no such index": "an index that is not there is a wrong parameter; the table is there",
    "nothing": BATCH,
    "too many": BATCH,
    "token: again": "API reference, TransactWriteItems: the same request under the same token is done once, for 10 minutes",
    "token: other request": "API reference, TransactWriteItems: IdempotentParameterMismatchException",
    "statement: empty key": "API reference, BatchStatementError: what is wrong with a statement is said of it alone",
    "statement: key type": "API reference, BatchStatementError: what is wrong with a statement is said of it alone",
}


def _in_transaction(difference: Difference) -> bool:
    mine, theirs = difference.model.answer, difference.other.answer
    return "ValidationError" in mine.reasons and (theirs.error == "ValidationException" or mine.reasons != theirs.reasons)


def _null(difference: Difference) -> bool:
    return _tests(difference, "NULL", "=", "<>", "IN")


def _size_of_nothing(difference: Difference) -> bool:
    return _says(difference, "size(") and _fell(difference, "ValueError")


def _across_types(difference: Difference) -> bool:
    return _says(difference, "<", ">", "BETWEEN") and _fell(difference, "TypeError")


def _binaries(difference: Difference) -> bool:
    return _tests(difference, "B")


def _updated_only(difference: Difference) -> bool:
    same = difference.model.answer.error == difference.other.answer.error == "" and difference.model.rows == difference.other.rows
    return same and difference.request.given.get("ReturnValues", "").startswith("UPDATED")


def _cursor_at_the_end(difference: Difference) -> bool:
    mine, theirs = difference.model.answer, difference.other.answer
    at_the_limit = mine.shown == theirs.shown and len(mine.shown or ()) == difference.request.given.get("Limit")
    return at_the_limit and mine.cursor is not None and theirs.cursor is None


def _sort_key_first(difference: Difference) -> bool:
    text = difference.request.given.get("KeyConditionExpression", "")
    return " BETWEEN " in text.split("pk")[0] and difference.other.answer.error == "broke: AssertionError"


def _append_to_nothing(difference: Difference) -> bool:
    return "list_append" in updates(difference.request.given) and _fell(difference, "AssertionError")


def _shared_value(difference: Difference) -> bool:
    """After `SET a = b` the two stay one value: what is added to b, or changed inside it, also comes into a."""
    changed = set(re.findall(r"#(\w+)(?:\.#|\[)|(?:ADD|DELETE|,) #(\w+) :", updates(difference.request.given)))
    targets = {name for pair in changed for name in pair if name}
    pairs = [(mine or {}, theirs or {}) for mine, theirs in zip(difference.model.rows, difference.other.rows, strict=True)]
    different = {name: mine.get(name) for mine, theirs in pairs for name in {*mine, *theirs} if mine.get(name) != theirs.get(name)}
    is_shared = all(value is not None and value[0] in ("SS", "NS", "L", "M") for value in different.values())
    return _both_did(difference) and bool(targets and different) and is_shared and not targets & different.keys()


def _moved_indexes(difference: Difference) -> bool:
    """Several actions on the elements of one list."""
    lists = re.findall(r"(#\w+)\[", updates(difference.request.given))
    return _both_did(difference) and len(lists) > len(set(lists))


def _both_did(difference: Difference) -> bool:
    return difference.model.answer.error == difference.other.answer.error == ""


def _half_done(difference: Difference) -> bool:
    """Both refuse, but the other one had begun."""
    return difference.model.answer == difference.other.answer and difference.model.answer.error == "ValidationException"


def _size_of_binaries(difference: Difference) -> bool:
    return _says(difference, "size(#b)")


MOTO = (
    *unchecked("moto", MOTO_UNCHECKED),
    Explained("moto: a wrong update in a transaction", MODEL, "API reference, TransactWriteItems: reason ValidationError", _in_transaction),
    Explained("moto: NULL is taken for absence", MODEL, "NULL is a type with a value; only attribute_not_exists is absence", _null),
    Explained("moto: falls over the size of nothing", MODEL, "a comparison with what is not there is false", _size_of_nothing),
    Explained("moto: falls over an order across types", MODEL, "values of two types have no order: false", _across_types),
    Explained("moto: binaries compared as base64", MODEL, "binaries are compared as unsigned bytes", _binaries),
    Explained("moto: UPDATED_* by what differs", MODEL, "API reference: the attributes that the expression names", _updated_only),
    Explained("moto: no cursor where the limit met the end", MODEL, "a cursor does not mean that there is more", _cursor_at_the_end),
    Explained("moto: cannot read BETWEEN before AND", MODEL, "clauses come in any order", _sort_key_first),
    Explained("moto: what was copied stays shared", MODEL, "what SET assigns is a value, not a reference", _shared_value),
    Explained("moto: indexes of the list as it becomes", MODEL, INDEXES, _moved_indexes),
    Explained("moto: a refused update leaves its first half", MODEL, "a request that is refused changes nothing", _half_done),
    Explained("moto: size of binaries in base64", MODEL, "the size of a binary is its bytes", _size_of_binaries),
    Explained("moto: falls over appending to nothing", MODEL, "an operand that is not there is a ValidationException", _append_to_nothing),
)


# -- the local cloud's engine -------------------------------------------------------------------------------------------

LEFT_OUT = frozenset(("statement: key type", "statement: empty key", "key: long", "update: key"))
"""The engine takes any key in a statement or a transaction, and afterwards no request can name the row: a story could not go on.
That the model refuses them is shown against moto and by `spoilers.documented`."""

LOCAL_UNCHECKED = {
    "key: missing": KEYS,
    "condition: order of lists": GRAMMAR,
    "condition: order of truth": GRAMMAR,
    "condition: no such type": GRAMMAR,
    "condition: same operand": GRAMMAR,
    "condition: between mixed": GRAMMAR,
    "condition: begins with a number": GRAMMAR,
    "query: or": QUERY,
    "query: unequal": QUERY,
    "update: same path": GRAMMAR,
    "update: section twice": GRAMMAR,
    "update: text plus": GRAMMAR,
    "update: add a text": GRAMMAR,
    "update: delete a number": GRAMMAR,
    "update: no section": GRAMMAR,
    "update: left over": GRAMMAR,
    "update: grammar": GRAMMAR,
    "update: reserved word": GRAMMAR,
    "update: append a text": GRAMMAR,
    "value: empty set": VALUES,
    "update: too many digits": VALUES,
    "update: other type": "an operand of + is a number",
}


def _absent_parent(difference: Difference) -> bool:
    mine = difference.model.answer
    is_inside = re.search(r"#\w+(\.#|\[)", updates(difference.request.given)) is not None
    return is_inside and (mine.error == "ValidationException" or "ValidationError" in mine.reasons)


def _prefix_of_another_type(difference: Difference) -> bool:
    return _says(difference, "begins_with") and difference.other.answer.error == "ValidationException"


LOCAL_CLOUD = (
    *unchecked("local cloud", LOCAL_UNCHECKED),
    Explained("local cloud: indexes of the list as it becomes", MODEL, INDEXES, _moved_indexes),
    Explained("local cloud: refuses a prefix of another type", MODEL, "begins_with of another type is false", _prefix_of_another_type),
    Explained("local cloud: makes up a parent", MODEL, "the document path is invalid for update", _absent_parent),
)
