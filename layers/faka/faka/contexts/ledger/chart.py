"""The chart of accounts: every account that a transaction may name, each of one currency, which ends its name.

| account | class | kind | whose money |
|---|---|---|---|
| `psp:{channel}:clearing` | asset | recording | at a provider; clears through payouts and fees |
| `bank:{id}` | asset | recording | own |
| `inventory:cards` | asset | recording | own: unsold cards at cost |
| `supplier:{id}:prepaid` | asset | authorising | at a supplier |
| `supplier:{id}:payable` | liability | recording | suppliers' |
| `order:{id}:funds` | liability | authorising | customers': from payment until delivery or refund |
| `wallet:{id}` | liability | authorising | customers': stored value |
| `stored:outstanding` | liability | recording | customers': sold as gift card, not redeemed |
| `refund:{channel}:in_transit` | liability | recording | customers' |
| `suspense:unidentified_receipts`, `:failed_refunds` | liability | recording | customers' |
| `suspense:missing_receipts` | asset | recording | own: we delivered, the provider denies the money |
| `agent:{id}:commission_pending` | liability | recording | agents': until the time for complaints is over |
| `agent:{id}:commission_payable` | liability | authorising | agents' |
| `revenue:sales`, `:fees`, `:commission` | income | recording | own |
| `expense:cogs`, `:channel_fee`, `:commission`, `:promotion`, `:loss` | expense | recording | own |
| `equity:opening` | equity | recording | own |

*Authorising*: the balance decides whether something may happen, so it stands in a row and changes under a condition in the commit of
the transaction. *Recording*: no balance row, so that revenue or clearing cannot become a hot row; balances come from the journal.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from faka.kernel.errors import Broken
from faka.kernel.money import Currency


class NoSuchAccount(Broken):
    """A transaction names an account that is not on the chart, or one of another currency."""


class AccountClass(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"
    EQUITY = "equity"

    @property
    def grows_by_debit(self) -> bool:
        return self in (AccountClass.ASSET, AccountClass.EXPENSE)


class Kind(StrEnum):
    AUTHORISING = "authorising"
    RECORDING = "recording"


class Whose(StrEnum):
    CUSTOMERS = "CUSTOMERS"
    SUPPLIERS = "SUPPLIERS"
    AGENTS = "AGENTS"
    PROVIDERS = "PROVIDERS"
    """Ours and our customers', but it lies at a provider."""
    OWN = "OWN"


@dataclass(frozen=True, slots=True)
class Plan:
    """One line of the chart: a family of accounts. `*` stands where each account of the family has its own id."""

    family: str
    of: AccountClass
    kind: Kind
    whose: Whose

    @property
    def is_per_id(self) -> bool:
        return "*" in self.family


_A, _L, _I, _E = AccountClass.ASSET, AccountClass.LIABILITY, AccountClass.INCOME, AccountClass.EXPENSE
_RULES, _TELLS = Kind.AUTHORISING, Kind.RECORDING

CHART: dict[str, Plan] = {
    plan.family: plan
    for plan in (
        Plan("psp:*:clearing", _A, _TELLS, Whose.PROVIDERS),
        Plan("bank:*", _A, _TELLS, Whose.OWN),
        Plan("inventory:cards", _A, _TELLS, Whose.OWN),
        Plan("supplier:*:prepaid", _A, _RULES, Whose.OWN),
        Plan("supplier:*:payable", _L, _TELLS, Whose.SUPPLIERS),
        Plan("order:*:funds", _L, _RULES, Whose.CUSTOMERS),
        Plan("wallet:*", _L, _RULES, Whose.CUSTOMERS),
        Plan("stored:outstanding", _L, _TELLS, Whose.CUSTOMERS),
        Plan("refund:*:in_transit", _L, _TELLS, Whose.CUSTOMERS),
        Plan("suspense:unidentified_receipts", _L, _TELLS, Whose.CUSTOMERS),
        Plan("suspense:failed_refunds", _L, _TELLS, Whose.CUSTOMERS),
        Plan("suspense:missing_receipts", _A, _TELLS, Whose.OWN),
        Plan("agent:*:commission_pending", _L, _TELLS, Whose.AGENTS),
        Plan("agent:*:commission_payable", _L, _RULES, Whose.AGENTS),
        Plan("revenue:sales", _I, _TELLS, Whose.OWN),
        Plan("revenue:fees", _I, _TELLS, Whose.OWN),
        Plan("revenue:commission", _I, _TELLS, Whose.OWN),
        Plan("expense:cogs", _E, _TELLS, Whose.OWN),
        Plan("expense:channel_fee", _E, _TELLS, Whose.OWN),
        Plan("expense:commission", _E, _TELLS, Whose.OWN),
        Plan("expense:promotion", _E, _TELLS, Whose.OWN),
        Plan("expense:loss", _E, _TELLS, Whose.OWN),
        Plan("equity:opening", AccountClass.EQUITY, _TELLS, Whose.OWN),
    )
}

_WITHOUT_NUMBER = frozenset(("order:*:funds", "wallet:*"))

ACCOUNTS_REMEMBERED = 1_024
"""Names whose line of the chart is remembered: all but orders' and wallets' accounts, which pass by. 200 KB."""

ID = re.compile(r"[^:/*#\x00-\x20]{1,250}")
"""An id inside a name: nothing that parts names, so that no id can make its account read as another one."""


@lru_cache(maxsize=ACCOUNTS_REMEMBERED)
def plan_of(account: str) -> Plan:
    """The line of the chart that an account belongs to. Raises: NoSuchAccount."""
    path, slash, currency = account.rpartition("/")
    plan = CHART.get(family_of(account))
    if not slash or "*" in path or plan is None or currency not in Currency.__members__ or path.count(":") != plan.family.count(":"):
        raise NoSuchAccount(account[:80])
    return plan


def family_of(account: str) -> str:
    """The account's name with `*` for its id, without its currency."""
    path = account.rpartition("/")[0]
    if path in CHART:
        return path
    parts = path.split(":")
    if len(parts) > 1 and ID.fullmatch(parts[1]):
        parts[1] = "*"
    return ":".join(parts)


def listed_as(account: str) -> str:
    """Under which name a list of balances shows an account: orders' and wallets' accounts are without number, so together. Raises:
    NoSuchAccount."""
    family = plan_of(account).family
    return f"{family}/{account.rpartition('/')[2]}" if family in _WITHOUT_NUMBER else account


def plan_listed(name: str) -> Plan:
    """The line of the chart behind a name that `listed_as` made."""
    return CHART[family_of(name)]


def currency_of(account: str) -> Currency:
    """Raises: NoSuchAccount."""
    plan_of(account)
    return Currency(account.rpartition("/")[2])
