"""Balances from transactions, and the one rule of accounts whose balance decides."""

from collections.abc import Iterable

from faka.contexts.ledger.chart import plan_of
from faka.contexts.ledger.transaction import Side, Transaction
from faka.kernel.errors import Broken


class Overdrawn(Broken):
    """A transaction takes more out of an account than is in it."""


def balance_after(account: str, before_minor: int, transactions: Iterable[Transaction]) -> int:
    """What an authorising account holds after the transactions of one commit, counted in the direction in which it grows.

    The row that keeps the balance is written in the same commit, conditional on what was read, so two commits cannot both use it.
    Raises: Overdrawn below zero after any of them.
    """
    grows = Side.DEBIT if plan_of(account).of.grows_by_debit else Side.CREDIT
    balance = before_minor
    for transaction in transactions:
        balance += sum(_signed(line.side, line.amount_minor, grows) for line in transaction.lines if line.account == account)
        if balance < 0:
            raise Overdrawn(f"{transaction.id}: {account} by {-balance}")
    return balance


def balances(transactions: Iterable[Transaction]) -> dict[str, int]:
    """Every account's balance by its own direction, from nothing. Replaying the journal is this, in any order."""
    found: dict[str, int] = {}
    for transaction in transactions:
        for line in transaction.lines:
            grows = Side.DEBIT if plan_of(line.account).of.grows_by_debit else Side.CREDIT
            found[line.account] = found.get(line.account, 0) + _signed(line.side, line.amount_minor, grows)
    return found


def _signed(side: Side, minor: int, grows: Side) -> int:
    return minor if side is grows else -minor
