"""Cases: what only a person can decide, each with a deadline. The id is made of the cause, so one cause opens one case."""

from datetime import datetime, timedelta
from enum import StrEnum

from faka.kernel.errors import Conflict, FakaError, NotFound
from faka.kernel.ids import CaseId
from faka.kernel.model import Frozen
from faka.platform.due import due, without_due
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, put, update


CASE_DEADLINE = timedelta(hours=24)
"""Somebody looks within a day; the alarm on the oldest open case watches it."""


class CaseKind(StrEnum):
    MONEY = "MONEY"
    SHORT = "SHORT"
    STUCK = "STUCK"
    NOTICE = "NOTICE"
    REFUND = "REFUND"
    """Money that should go back does not, or went back and nobody here asked for it."""
    RECHARGE = "RECHARGE"
    """A supplier does not say how a recharge ended, or contradicts himself."""
    SUPPLIER = "SUPPLIER"
    """A supplier's papers end soon, or his statement says otherwise than our books."""
    WARRANTY = "WARRANTY"
    """A card is said not to work, and the shop may not replace it by itself."""
    PROBE = "PROBE"
    """A sampled card of a new batch does not work, or nobody could tell: the batch is off sale."""
    BOOKS = "BOOKS"
    """The nightly audit found a promise broken."""


OUTCOME_MAX = 300
"""A line; what was done stands in the rows that it changed."""


class CaseMissing(NotFound):
    """No such case."""


class CaseExists(Conflict):
    """The cause has its case already; carries it."""


class Case(Frozen):
    id: CaseId
    kind: CaseKind
    ref: str
    reason: str
    state: str = "OPEN"
    outcome: str = ""
    """How it ended and by whom, in one line."""
    opened_at: datetime
    deadline_at: datetime


def case_id(kind: CaseKind, cause: str) -> CaseId:
    return CaseId(f"case_{kind.lower()}_{cause}")


def open_case(kind: CaseKind, cause: str, ref: str, reason: str, at: datetime) -> Case:
    """`cause` names the one thing that happened (a receipt, an order's shortage); `ref` is what to look at."""
    return Case(id=case_id(kind, cause), kind=kind, ref=ref, reason=reason, opened_at=at, deadline_at=at + CASE_DEADLINE)


class CaseStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def opened(self, case: Case) -> Write:
        """Else CaseExists. An open case stays in the due index under its deadline."""
        return insert(TableName.TRADE, _item(case), otherwise=_exists)

    def reopened(self, case: Case) -> Write:
        """The cause asks something new, whether the old question was answered or not: reason and deadline are new. Else CaseMissing."""
        return put(TableName.TRADE, _item(case), when="attribute_exists(pk)", otherwise=_missing)

    def closed(self, case_id: CaseId, outcome: str) -> Write:
        """What it asked has been answered; it leaves the due index. Else CaseMissing."""
        return update(
            Key(TableName.TRADE, f"CASE#{case_id}", "CASE"),
            "SET #state = :to, #outcome = :how REMOVE #due_pk, #due_sk",
            when="attribute_exists(pk)",
            otherwise=_missing,
            to="CLOSED",
            how=outcome[:OUTCOME_MAX],
        )

    def find(self, case_id: CaseId) -> Case | None:
        row = self._tables.get(Key(TableName.TRADE, f"CASE#{case_id}", "CASE"))
        return Case.model_validate(without_due(row)) if row else None


def _item(case: Case) -> Item:
    return {**case.model_dump(mode="json"), "pk": f"CASE#{case.id}", "sk": "CASE", **due(case.id, case.deadline_at)}


def _exists(row: Item | None) -> FakaError:
    return CaseExists("case exists", row)


def _missing(row: Item | None) -> FakaError:
    return CaseMissing("no such case", row)
