"""Balances from transactions, and the one rule of accounts whose balance decides."""

from collections.abc import Iterable

from faka.contexts.ledger.chart import listed_as, plan_listed, plan_of
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


ACCOUNTS_MAX = 20_000
"""Names that a list of balances may hold: suppliers, agents, banks and channels by currency. 4 MB, and more than a person reads."""


class TooManyAccounts(Broken):
    """More names than a list of balances may hold."""


class Totals:
    """Debits and credits of every account that a list shows. Transactions in any order; memory by the names, not by the journal."""

    def __init__(self) -> None:
        self.debits: dict[str, int] = {}
        self.credits: dict[str, int] = {}
        self.transactions = 0

    def add(self, transaction: Transaction) -> None:
        """Raises: TooManyAccounts."""
        self.transactions += 1
        for line in transaction.lines:
            name = listed_as(line.account)
            side = self.debits if line.side is Side.DEBIT else self.credits
            side[name] = side.get(name, 0) + line.amount_minor
        if len(self.debits) + len(self.credits) > ACCOUNTS_MAX:
            raise TooManyAccounts("totals")

    @property
    def names(self) -> list[str]:
        return sorted(self.debits.keys() | self.credits.keys())

    def balance(self, name: str) -> int:
        """By the account's own direction: what an asset is worth, what is owed, earned or spent."""
        signed = self.debits.get(name, 0) - self.credits.get(name, 0)
        return signed if plan_listed(name).of.grows_by_debit else -signed

    def sums(self) -> dict[str, tuple[int, int]]:
        """Currency → debits and credits of all accounts; they are equal, or something is broken."""
        found: dict[str, tuple[int, int]] = {}
        for name in self.names:
            currency = name.rpartition("/")[2]
            debit, credit = found.get(currency, (0, 0))
            found[currency] = debit + self.debits.get(name, 0), credit + self.credits.get(name, 0)
        return found


def _signed(side: Side, minor: int, grows: Side) -> int:
    return minor if side is grows else -minor
