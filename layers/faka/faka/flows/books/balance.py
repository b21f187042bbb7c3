"""The trial balance: every account's debits and credits, and whether they are equal in each currency."""

from faka.contexts.ledger.balances import Totals
from faka.contexts.ledger.chart import AccountClass, Whose, plan_listed
from faka.kernel.errors import Broken
from faka.kernel.model import Frozen
from faka.wiring import Deps


class BooksUneven(Broken):
    """Debits and credits of a currency differ."""


class AccountBalance(Frozen):
    account: str
    of: AccountClass
    whose: Whose
    debit_minor: int
    credit_minor: int
    balance_minor: int
    """By the account's own direction."""


class CurrencySum(Frozen):
    currency: str
    debit_minor: int
    credit_minor: int


class TrialBalance(Frozen):
    transactions: int
    accounts: tuple[AccountBalance, ...]
    sums: tuple[CurrencySum, ...]

    @property
    def is_even(self) -> bool:
        return all(one.debit_minor == one.credit_minor for one in self.sums)


def trial_balance(deps: Deps) -> TrialBalance:
    """All accounts; those of orders and wallets together.

    Raises: BooksTooLarge, TooManyAccounts, LedgerTampered, LedgerUnbalanced, Throttled.
    """
    return listed(total_of(deps))


def total_of(deps: Deps) -> Totals:
    totals = Totals()
    for transaction in deps.ledger.every():
        totals.add(transaction)
    return totals


def require_even(totals: Totals, what: str) -> None:
    """Raises: BooksUneven."""
    if any(debit != credit for debit, credit in totals.sums().values()):
        raise BooksUneven(what)


def listed(totals: Totals) -> TrialBalance:
    return TrialBalance(
        transactions=totals.transactions,
        accounts=tuple(_balance(totals, name) for name in totals.names),
        sums=tuple(CurrencySum(currency=name, debit_minor=debit, credit_minor=credit) for name, (debit, credit) in totals.sums().items()),
    )


def _balance(totals: Totals, name: str) -> AccountBalance:
    plan = plan_listed(name)
    return AccountBalance(
        account=name,
        of=plan.of,
        whose=plan.whose,
        debit_minor=totals.debits.get(name, 0),
        credit_minor=totals.credits.get(name, 0),
        balance_minor=totals.balance(name),
    )
