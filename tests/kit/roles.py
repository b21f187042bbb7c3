"""Least privilege, proven by every test that runs a flow: a call to a table is refused when the role in `template.yaml` of the
function that runs this flow does not allow it. The emulators evaluate neither conditions nor leading keys; this does.

```
test ─► flows.checkout ─► Tables ─► Checked client ── role of StorefrontFunction allows PutItem on trade, ORDER#…? ─► engine, moto
                                          └── no ─► NotAllowed, and the test fails even if somebody swallows it
```
What no flow runs (a test that sets the table, an operator's command) is not checked.
"""

import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest

from faka.platform.table import Tables
from infra.tools.template import Statement, Template, listed


RUNS = {
    "browse": "StorefrontFunction",
    "quote": "StorefrontFunction",
    "checkout": "StorefrontFunction",
    "order_page": "StorefrontFunction",
    "find_order": "StorefrontFunction",
    "reveal": "RevealFunction",
    "take_notice": "CallbacksFunction",
    "announce": "RelayFunction",
    "fulfil": "FulfilFunction",
    "deliver": "DeliverFunction",
    "sweep": "SweepFunction",
    "orphans": "SweepFunction",
    "intake.run": "IntakeFunction",
}
"""Flow → the function that runs it. The outermost flow counts: the sweep fulfils with its own role."""

ACTIONS = {
    "get_item": "GetItem",
    "put_item": "PutItem",
    "update_item": "UpdateItem",
    "delete_item": "DeleteItem",
    "query": "Query",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}

Call = tuple[str, str, str]
"""Action, target as the template names it, leading key."""

refused: list[str] = []
used: set[tuple[str, str, str]] = set()
"""Function, action, target: what tests have needed so far, for whoever wants to take rights away."""


class NotAllowed(AssertionError):
    """The role of the function does not allow this call."""


@cache
def statements(function: str) -> tuple[Statement, ...]:
    return tuple(_template().role(function))


@cache
def _template() -> Template:
    return Template()


def is_allowed(role: tuple[Statement, ...], call: Call) -> bool:
    action, target, leading = call
    return any(each.allows(action) and target in each.targets and _holds(each.condition, leading) for each in role)


def _holds(condition: dict[str, Any], leading: str) -> bool:
    """Whether a condition lets the key pass. A condition that is not understood lets nothing pass."""
    for operator, keys in condition.items():
        for key, patterns in keys.items():
            if (operator, key) != ("ForAllValues:StringLike", "dynamodb:LeadingKeys"):
                return False
            if not any(fnmatchcase(leading, pattern) for pattern in listed(patterns)):
                return False
    return True


def calls(verb: str, given: dict[str, Any]) -> Iterator[Call]:
    """The item calls of one request; a transaction and a batch are several."""
    if verb == "transact_write_items":
        for item in given["TransactItems"]:
            ((kind, operation),) = item.items()
            yield _call(kind, operation["TableName"], operation.get("Key") or operation["Item"])
    elif verb in ("batch_get_item", "batch_write_item"):
        action = "BatchGetItem" if verb == "batch_get_item" else "BatchWriteItem"
        for table, asked in given["RequestItems"].items():
            keys = asked["Keys"] if verb == "batch_get_item" else [request["PutRequest"]["Item"] for request in asked]
            yield from ((f"dynamodb:{action}", _table(table), key["pk"]["S"]) for key in keys)
    elif verb == "batch_execute_statement":
        for statement in given["Statements"]:
            yield ("dynamodb:PartiQLInsert", _table(statement["Statement"].split('"')[1]), statement["Parameters"][0].get("S", ""))
    elif verb == "query":
        index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
        yield ("dynamodb:Query", _table(given["TableName"]) + index, given["ExpressionAttributeValues"][":p"]["S"])
    elif verb in ACTIONS:
        yield _call(verb, given["TableName"], given.get("Key") or given["Item"])


def _call(verb: str, table: str, key: dict[str, Any]) -> Call:
    return (f"dynamodb:{ACTIONS[verb]}", _table(table), key["pk"]["S"])


def _table(physical: str) -> str:
    """`test-trade` and `faka-TradeTable-AD66` are both the trade table."""
    for name in ("catalog", "trade", "vault", "journal", "guard"):
        if name in physical.lower():
            return f"{name.capitalize()}Table"
    return physical


def running() -> str:
    """The function whose flow runs now, or nothing."""
    frame, found = sys._getframe(), ""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("faka.flows."):
            found = RUNS.get(module.removeprefix("faka.flows."), "") or found
        frame = frame.f_back  # type: ignore[assignment]
    return found


class Checked:
    """A client that asks the role before each call."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, verb: str) -> Any:
        call = getattr(self._client, verb)
        if verb.startswith("_") or not callable(call):
            return call

        def ask(**given: Any) -> Any:
            function = running()
            if function:
                for each in calls(verb, given):
                    used.add((function, each[0], each[1]))
                    if not is_allowed(statements(function), each):
                        refused.append(f"{function} may not {each[0]} on {each[1]} for {each[2].split('#')[0]}#…")
                        raise NotAllowed(refused[-1])
            return call(**given)

        return ask


@pytest.fixture(autouse=True)
def roles_are_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every `Tables` of a test asks the role of the function whose flow runs."""
    make = Tables.__init__

    def checked(self: Tables, client: Any, *given: Any, **named: Any) -> None:
        make(self, client if isinstance(client, Checked) else Checked(client), *given, **named)

    monkeypatch.setattr(Tables, "__init__", checked)
    refused.clear()
    yield
    assert not refused, "\n".join(refused)
