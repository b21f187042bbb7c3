"""What a request of several rows asks, read and checked as a whole before anything is done."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.kit.engine.action import Action, Kept
from tests.kit.engine.faults import DoesNotFit, IllFormed, NotModelled, refusal
from tests.kit.engine.schema import TTL, key_of
from tests.kit.engine.values import Row


TRANSACTION_ITEMS_MAX = 100
TRANSACTION_BYTES_MAX = 4 * 1_048_576
BATCH_GET_MAX = 100
BATCH_WRITE_MAX = 25
BATCH_BYTES_MAX = 16 * 1_048_576
TTL_TOO_OLD = timedelta(days=5 * 365)
"""What should have left five years ago stays; developer guide, "using time to live"."""

_INSERT = re.compile(r"""INSERT INTO "(?P<table>[^"]+)" VALUE \{(?P<fields>'\w+': \?(, '\w+': \?)*)\}""")
_FIELD = re.compile(r"'(\w+)'")

Asked = tuple[str, tuple[str, str], Row, Mapping[str, Any]]
"""Table, key, key in wire form, and what was asked of its table."""


# -- transactions -------------------------------------------------------------------------------------------------------


def read_actions(items: Sequence[Any]) -> list[Action]:
    """Raises: IllFormed; TransactionCanceledException where a key has a type that its schema does not know."""
    if not 0 < len(items) <= TRANSACTION_ITEMS_MAX:
        raise IllFormed("a transaction has 1 to 100 actions")
    actions: list[Action] = []
    reasons: list[dict[str, Any]] = []
    for item in items:
        if len(item) != 1:
            raise IllFormed("TransactItems can only contain one of Check, Put, Update or Delete")
        ((verb, given),) = item.items()
        if verb in ("Update", "ConditionCheck") and given.get("UpdateExpression" if verb == "Update" else "ConditionExpression") is None:
            raise IllFormed(f"{verb} lacks its expression")
        try:
            actions.append(Action(verb, given, in_transaction=True))
            reasons.append(NO_REASON)
        except DoesNotFit as fault:
            reasons.append(_unfit(fault))
    check_distinct([(action.table, action.pk, action.sk) for action in actions])
    cancel(reasons)
    return actions


def judged(actions: Sequence[Action], look: Callable[[str, str, str], Kept | None]) -> list[Kept | None]:
    """The rows afterwards, if every action may be done. Raises: TransactionCanceledException, IllFormed."""
    after: list[Kept | None] = []
    reasons: list[dict[str, Any]] = []
    for action in actions:
        old = look(action.table, action.pk, action.sk)
        reason, new = NO_REASON, None
        if not action.holds(old[0] if old is not None else None):
            reason = failed(action, old)
        else:
            try:
                new = action.makes(old)
            except DoesNotFit as fault:
                reason = _unfit(fault)
        reasons.append(reason)
        after.append(new)
    cancel(reasons)
    if sum(each[1] for each in after if each is not None) > TRANSACTION_BYTES_MAX:
        raise IllFormed("transaction request exceeds the 4 MB transaction size limit")
    return after


NO_REASON: dict[str, Any] = {"Code": "None"}


def failed(action: Action, old: Kept | None) -> dict[str, Any]:
    """Why the condition stopped it, with the row in the way where it was asked for."""
    row = {"Item": dict(old[0])} if old is not None and action.returns_old_on_failure else {}
    return {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", **row}


def _unfit(fault: DoesNotFit) -> dict[str, Any]:
    return {"Code": "ValidationError", "Message": str(fault)}


def cancel(reasons: list[dict[str, Any]]) -> None:
    """Cancel the transaction unless nothing speaks against it."""
    if any(reason is not NO_REASON for reason in reasons):
        codes = ", ".join(reason["Code"] for reason in reasons)
        message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
        raise refusal("TransactionCanceledException", message, CancellationReasons=[dict(reason) for reason in reasons])


# -- batches ------------------------------------------------------------------------------------------------------------


def read_keys(tables: Mapping[str, Any]) -> list[Asked]:
    """Raises: IllFormed, DoesNotFit."""
    wanted = [(table, key_of(key), key, asked) for table, asked in tables.items() for key in asked["Keys"]]
    if not 0 < len(wanted) <= BATCH_GET_MAX:
        raise IllFormed("a batch reads 1 to 100 keys")
    for asked in tables.values():
        if not asked.keys() <= {"Keys", "ConsistentRead"}:
            raise NotModelled(f"a batch read with {sorted(asked)}")
    check_distinct([(table, *key) for table, key, _, _ in wanted])
    return wanted


def read_puts(tables: Mapping[str, Any]) -> list[tuple[Action, Any]]:
    """Raises: IllFormed, DoesNotFit."""
    wanted = [(table, request) for table, requests in tables.items() for request in requests]
    if not 0 < len(wanted) <= BATCH_WRITE_MAX:
        raise IllFormed("a batch writes 1 to 25 rows")
    actions = []
    for table, request in wanted:
        if len(request) != 1 or not request.keys() <= {"PutRequest", "DeleteRequest"}:
            raise IllFormed("a request of a batch is one put or one delete")
        ((kind, given),) = request.items()
        actions.append((Action(kind.removesuffix("Request"), {"TableName": table, **given}, in_transaction=True), request))
    check_distinct([(action.table, action.pk, action.sk) for action, _ in actions])
    if sum(action.item[1] for action, _ in actions if action.item is not None) > BATCH_BYTES_MAX:
        raise IllFormed("a batch writes up to 16 MB")
    return actions


def read_insert(given: Mapping[str, Any]) -> tuple[str, Row]:
    """Table and row of the one statement that is known: INSERT INTO "table" VALUE {'name': ?, …}."""
    match = _INSERT.fullmatch(given["Statement"])
    if match is None or given.keys() != {"Statement", "Parameters"}:
        raise NotModelled(f"the statement {given['Statement']!r}")
    names = _FIELD.findall(match["fields"])
    return match["table"], dict(zip(names, given["Parameters"], strict=True))


def check_distinct(keys: Sequence[tuple[str, str, str]]) -> None:
    if len(set(keys)) != len(keys):
        raise IllFormed("two operations on one item, or one key twice")


def check_some_were_done(left: int, wanted: int) -> None:
    """Nothing at all is not a part: the service then refuses the request itself."""
    if left == wanted:
        raise refusal("ProvisionedThroughputExceededException")


# -- time to live -------------------------------------------------------------------------------------------------------


def has_ended(row: Row, now: datetime) -> bool:
    """Whether the time to live lets the row go: a number of seconds that is past, and not by five years."""
    ends = row.get(TTL, {}).get("N")
    return ends is not None and (now - TTL_TOO_OLD).timestamp() < float(ends) < now.timestamp()
