"""Cases: what only a person can decide, each with a deadline. The id is made of the cause, so one cause opens one case."""

from datetime import datetime, timedelta
from enum import StrEnum

from faka.kernel.errors import Conflict, FakaError
from faka.kernel.ids import CaseId
from faka.kernel.model import Frozen
from faka.platform.due import due, without_due
from faka.platform.table import Item, Key, TableName, Tables, Write, insert


CASE_DEADLINE = timedelta(hours=24)
"""Somebody looks within a day; the alarm on the oldest open case watches it."""


class CaseKind(StrEnum):
    MONEY = "MONEY"
    SHORT = "SHORT"
    STUCK = "STUCK"
    NOTICE = "NOTICE"
    REFUND = "REFUND"
    """Money that should go back does not, or went back and nobody here asked for it."""
    BOOKS = "BOOKS"
    """The nightly audit found a promise broken."""


class CaseExists(Conflict):
    """The cause has its case already; carries it."""


class Case(Frozen):
    id: CaseId
    kind: CaseKind
    ref: str
    reason: str
    state: str = "OPEN"
    opened_at: datetime
    deadline_at: datetime


def open_case(kind: CaseKind, cause: str, ref: str, reason: str, at: datetime) -> Case:
    """`cause` names the one thing that happened (a receipt, an order's shortage); `ref` is what to look at."""
    return Case(id=CaseId(f"case_{kind.lower()}_{cause}"), kind=kind, ref=ref, reason=reason, opened_at=at, deadline_at=at + CASE_DEADLINE)


class CaseStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def opened(self, case: Case) -> Write:
        """Else CaseExists. An open case stays in the due index under its deadline."""
        item = {**case.model_dump(mode="json"), "pk": f"CASE#{case.id}", "sk": "CASE", **due(case.id, case.deadline_at)}
        return insert(TableName.TRADE, item, otherwise=_exists)

    def find(self, case_id: CaseId) -> Case | None:
        row = self._tables.get(Key(TableName.TRADE, f"CASE#{case_id}", "CASE"))
        return Case.model_validate(without_due(row)) if row else None


def _exists(row: Item | None) -> FakaError:
    return CaseExists("case exists", row)
