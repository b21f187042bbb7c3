"""Least privilege, proven by every test that runs a function's code: a call is refused when the role of the function that makes it does
not allow it, as the *expanded* template gives it. The emulators evaluate neither conditions nor leading keys; `infra.tools.iam` does.

```
test ─► flows.checkout ─► Tables ─► Checked client ─┐
        functions/… ────► any client of the SDK ────┼─► ask: role of StorefrontFunction, PutItem, trade, ORDER#… ─► engine, moto, cloud
        simulator ──────► its own clients ──────────┘     └── no ─► NotAllowed, and the test fails even if somebody swallows it
local cloud ─► functions in processes of their own ─► lines in a folder ─► read after each test
```
What no function runs (a test that sets the table, an operator's command) is not judged.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from botocore import xform_name
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from faka.platform.table import Tables
from infra.local.asked import asked as _asked
from infra.tools.template import ROOT
from tests.kit.rights import Book


RUNS = {
    "browse": "StorefrontFunction",
    "quote": "StorefrontFunction",
    "checkout": "StorefrontFunction",
    "order_page": "StorefrontFunction",
    "ask_refund": "StorefrontFunction",
    "correct_account": "StorefrontFunction",
    "find_order": "StorefrontFunction",
    "pay_with_balance": "StorefrontFunction",
    "redeem_value": "StorefrontFunction",
    "wallet": "StorefrontFunction",
    "accounts": "StorefrontFunction",
    "saved_accounts": "StorefrontFunction",
    "ways": "StorefrontFunction",
    "reveal": "RevealFunction",
    "take_notice": "CallbacksFunction",
    "take_supply_notice": "CallbacksFunction",
    "recharge": "RechargeFunction",
    "check_account": "RechargeFunction",
    "restock": "RestockFunction",
    "watch_stock": "SupplyFunction",
    "sync_supply": "SupplyFunction",
    "grade_suppliers": "GradingFunction",
    "announce": "RelayFunction",
    "alert_staff": "AlertsFunction",
    "fulfil": "FulfilFunction",
    "deliver": "DeliverFunction",
    "sweep": "SweepFunction",
    "orphans": "SweepFunction",
    "intake.run": "IntakeFunction",
    "examine.run": "AuditorFunction",
    "books.night": "ClosingFunction",
    "reconcile.begin": "BillsFunction",
    "reconcile.plan": "BillsFunction",
    "reconcile.fetch": "BillsFunction",
    "reconcile.export": "ReconcileFunction",
    "reconcile.match": "ReconcileFunction",
    "reconcile.reduce": "ReconcileFunction",
    "reconcile.close": "ReconcileFunction",
    "reconcile.overdue": "ReconcileFunction",
    "reconcile.repair": "RepairFunction",
}
"""Flow → the function that runs it. The outermost counts: the sweep fulfils with its own role."""

FUNCTIONS = f"{ROOT}/functions/"
ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})
CALLS = "FAKA_LOCAL_CALLS"
"""The folder that functions of the local cloud write their calls to (`infra.local.runtime`)."""

book = Book()
"""What this process was asked so far."""


class NotAllowed(AssertionError):
    """The role of the function does not allow this call."""


@contextmanager
def trial(document: dict[str, Any] | None = None) -> Iterator[Book]:
    """Judge by a book of its own, whose refusals count for nothing: for tests that want to see one. `document` is an expanded template."""
    global book  # noqa: PLW0603
    kept, book = book, Book(document)
    if document is None:
        book.__dict__["policies"] = kept.policies
    try:
        yield book
    finally:
        book = kept


def ask(function: str, service: str, verb: str, given: dict[str, Any]) -> None:
    """Whether a function (logical id) may make a request; `verb` is the client's method, `given` its arguments.

    About 2 µs for a request whose like was asked before. Raises: NotAllowed.
    """
    for one in _asked(service, verb, given):
        entry = book.seen.get((function, one)) or book.judged(function, one)
        entry.calls += 1
        if entry.refusal:
            book.refused.append(entry.refusal)
            raise NotAllowed(entry.refusal)


# -- whose call it is ------------------------------------------------------------------------------------------------------


_code: dict[CodeType, str] = {}
_carried = threading.local()


def running() -> str:
    """The function whose code runs now, or nothing."""
    frame, found = sys._getframe(1), ""
    while frame is not None:
        whose = _code.get(frame.f_code)
        if whose is None:
            whose = _code[frame.f_code] = _whose(frame.f_globals.get("__name__", ""), frame.f_code.co_filename)
        found = whose or found
        frame = frame.f_back  # type: ignore[assignment]
    return found or getattr(_carried, "function", "")


def _whose(module: str, path: str) -> str:
    if module.startswith("faka.flows."):
        return RUNS.get(module.removeprefix("faka.flows."), "")
    if path.startswith(FUNCTIONS):
        return f"{path.removeprefix(FUNCTIONS).split('/')[0].capitalize()}Function"
    return ""


def _carries(submit: Any) -> Any:
    """Threads that our own code starts work for the function that started them."""

    def carried(self: Any, work: Any, /, *given: Any, **named: Any) -> Any:
        frame: Any = sys._getframe(1)
        while frame is not None and frame.f_globals.get("__name__", "").startswith("concurrent.futures"):
            frame = frame.f_back
        function = running() if frame is not None and frame.f_globals.get("__name__", "").startswith("faka.") else ""
        if not function:
            return submit(self, work, *given, **named)

        def for_function(*args: Any, **options: Any) -> Any:
            _carried.function = function
            try:
                return work(*args, **options)
            finally:
                _carried.function = ""

        return submit(self, for_function, *given, **named)

    return carried


# -- where calls are heard -------------------------------------------------------------------------------------------------


class Checked:
    """A client of our own making (an engine, a wrapper) that asks the role before each call."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, verb: str) -> Any:
        call = getattr(self._client, verb)
        if verb.startswith("_") or not callable(call):
            return call

        def checked(**given: Any) -> Any:
            function = running()
            if function:
                ask(function, "dynamodb", verb, given)
            return call(**given)

        return checked


@cache
def _verb(operation: str) -> str:
    return str(xform_name(operation))


def _asks_first(make_call: Any) -> Any:
    def call(self: Any, operation: str, given: dict[str, Any]) -> Any:
        function = running()
        if not function:
            return make_call(self, operation, given)
        service = self.meta.service_model.service_name
        ask(function, service, _verb(operation), given)
        try:
            return make_call(self, operation, given)
        except ClientError as error:
            if service == "s3" and error.response["Error"]["Code"] in ABSENT:  # who may not list is told 403 instead
                ask(function, "s3", "list_objects_v2", given)
            raise

    return call


def _checks(make: Any) -> Any:
    def checked(self: Tables, client: Any, *given: Any, **named: Any) -> None:
        is_heard = isinstance(client, BaseClient | Checked)
        make(self, client if is_heard else Checked(client), *given, **named)

    return checked


BaseClient._make_api_call = _asks_first(BaseClient._make_api_call)
Tables.__init__ = _checks(Tables.__init__)  # type: ignore[method-assign]
ThreadPoolExecutor.submit = _carries(ThreadPoolExecutor.submit)  # type: ignore[method-assign]


# -- functions in processes of their own -----------------------------------------------------------------------------------


_read: dict[Path, int] = {}


def take_in(folder: Path) -> None:
    """Judge what functions of the local cloud have written down since the last time."""
    for path in folder.glob("*.jsonl") if folder.is_dir() else ():
        with path.open("rb") as lines:
            lines.seek(_read.get(path, 0))
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                _read[path] = _read.get(path, 0) + len(line)
                _take_in(*json.loads(line))


def _take_in(deployed: str, action: str, kind: str, name: str, rest: str, keys: list[str], context: list[tuple[str, list[str]]]) -> None:
    function = book.function_named(deployed)
    if function:
        told = tuple((key, tuple(values)) for key, values in context)
        entry = book.judged(function, (action, kind, name, rest, tuple(keys), told))
        entry.calls += 1
        if entry.refusal:
            book.refused.append(entry.refusal)


@pytest.fixture(autouse=True)
def roles_are_kept() -> Iterator[None]:
    """Whatever was refused while a test ran fails that test."""
    book.refused.clear()
    yield
    take_in(Path(os.environ.get(CALLS, "/nonexistent")))
    assert not book.refused, "\n".join(book.refused)
