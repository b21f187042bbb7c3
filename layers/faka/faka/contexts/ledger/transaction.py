"""One money fact: lines that balance, a name that can be taken once, a hash over what it says."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import model_validator

from faka.contexts.ledger.chart import NoSuchAccount, currency_of
from faka.kernel.errors import Broken
from faka.kernel.model import Frozen
from faka.kernel.money import Currency


NOTE_MAX = 200
"""Who corrected what and why, in one line; the whole story stands in the case."""


class LedgerUnbalanced(Broken):
    """Debits and credits of a transaction differ, or an amount is not positive."""


class LedgerTampered(Broken):
    """A stored transaction does not say any more what its hash was made of."""


class ReversalOfReversal(Broken):
    """What was taken back is not taken back again: book the fact anew, under a name of its own."""


class Side(StrEnum):
    DEBIT = "D"
    CREDIT = "C"

    @property
    def other(self) -> "Side":
        return Side.CREDIT if self is Side.DEBIT else Side.DEBIT


class Line(Frozen):
    account: str
    side: Side
    amount_minor: int


class Transaction(Frozen):
    id: str
    kind: str
    ref: str
    """The business object that it is about."""
    currency: Currency
    lines: tuple[Line, ...]
    effective_at: datetime
    """When the money moved."""
    recorded_at: datetime
    """When the books heard of it; it decides in which day's close the transaction stands."""
    reverses: str = ""
    note: str = ""
    content_hash: str = ""
    """Set in what is stored (`sealed`), and compared whenever it is read."""

    @model_validator(mode="after")
    def _balances(self) -> "Transaction":
        debit = sum(line.amount_minor for line in self.lines if line.side is Side.DEBIT)
        credit = sum(line.amount_minor for line in self.lines if line.side is Side.CREDIT)
        if debit != credit or not self.lines or min(line.amount_minor for line in self.lines) <= 0:
            raise LedgerUnbalanced(self.id)
        if any(currency_of(line.account) is not self.currency for line in self.lines):
            raise NoSuchAccount(self.id)
        if self.content_hash and self.content_hash != self.digest:
            raise LedgerTampered(self.id)
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of what the transaction says: name, kind, object, lines. Not of its times: whoever books the same fact a moment later
        books the same fact."""
        said = [self.id, self.kind, self.ref, self.currency, self.reverses, self.note]
        lines = [[line.account, line.side, line.amount_minor] for line in self.lines]
        return hashlib.sha256(json.dumps([said, lines], separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()

    def sealed(self) -> "Transaction":
        return self.model_copy(update={"content_hash": self.digest})


Moves = Sequence[tuple[str, int]]
"""Accounts with the minor units that move there."""


def booked(
    txn_id: str,
    kind: str,
    ref: str,
    currency: Currency,
    debits: Moves,
    credits_: Moves,
    at: datetime,
    *,
    effective_at: datetime | None = None,
    note: str = "",
) -> Transaction:
    """A transaction of what goes to the left and to the right; amounts of zero are left out. Raises: LedgerUnbalanced."""
    return Transaction(
        id=txn_id,
        kind=kind,
        ref=ref,
        currency=currency,
        lines=(*_lines(debits, Side.DEBIT), *_lines(credits_, Side.CREDIT)),
        effective_at=effective_at or at,
        recorded_at=at,
        note=note[:NOTE_MAX],
    )


def _lines(moves: Moves, side: Side) -> list[Line]:
    return [Line(account=account, side=side, amount_minor=minor) for account, minor in moves if minor]


def reversal(transaction: Transaction, note: str, at: datetime) -> Transaction:
    """The mirror of a transaction, under a name that can be taken once: `rev:` and the name of what it takes back.

    Raises: ReversalOfReversal.
    """
    if transaction.reverses:
        raise ReversalOfReversal(transaction.id)
    return Transaction(
        id=f"rev:{transaction.id}",
        kind="reversal",
        ref=transaction.ref,
        currency=transaction.currency,
        lines=tuple(line.model_copy(update={"side": line.side.other}) for line in transaction.lines),
        effective_at=at,
        recorded_at=at,
        reverses=transaction.id,
        note=note[:NOTE_MAX],
    )
