"""What a supplier is owed for a period, from the journal: a statement whose end is the balance of his account.

opening + purchases − claims − taken back − payments + corrections = payable
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from faka.contexts.ledger.accounts import account_id, payable
from faka.contexts.ledger.transaction import Side, Transaction
from faka.kernel.clock import SHANGHAI
from faka.kernel.model import Frozen
from faka.kernel.money import Currency


class Part(StrEnum):
    PURCHASES = "purchases"
    CLAIMS = "claims"
    TAKEN_BACK = "taken back"
    PAYMENTS = "payments"
    CORRECTIONS = "corrections"
    """Everything else that moved his account; nothing is left out."""


_PARTS: Final[Mapping[str, Part]] = MappingProxyType(
    {
        "stock_purchased": Part.PURCHASES,
        "purchase_charged": Part.PURCHASES,
        "recharge_cost": Part.PURCHASES,
        "delivered_divided": Part.PURCHASES,
        "complaint_accepted": Part.CLAIMS,
        "recharge_taken_back": Part.TAKEN_BACK,
        "supplier_paid": Part.PAYMENTS,
    }
)
"""Where each kind of transaction stands."""


class Owed(Frozen):
    """Minor units of one currency; each part as it changes what is owed, so what lowers it is negative."""

    supplier: str
    currency: Currency
    since: datetime
    until: datetime
    """The period ends before it."""
    opening_minor: int
    parts: dict[Part, int]
    transactions: int

    @property
    def payable_minor(self) -> int:
        """Below zero: he owes us."""
        return self.opening_minor + sum(self.parts.values())


def owed(transactions: Iterable[Transaction], supplier: str, currency: Currency, since: datetime, until: datetime) -> Owed:
    """The statement of what was recorded from `since` on and before `until`; transactions in any order, of anybody."""
    account = payable(account_id(supplier), currency)
    opening, count = 0, 0
    parts = dict.fromkeys(Part, 0)
    for one in transactions:
        moved = sum(line.amount_minor * (1 if line.side is Side.CREDIT else -1) for line in one.lines if line.account == account)
        if not moved or one.recorded_at >= until:
            continue
        if one.recorded_at < since:
            opening += moved
            continue
        parts[_PARTS.get(one.kind, Part.CORRECTIONS)] += moved
        count += 1
    return Owed(supplier=supplier, currency=currency, since=since, until=until, opening_minor=opening, parts=parts, transactions=count)


def touching(transactions: Iterable[Transaction], supplier: str, currency: Currency) -> list[Transaction]:
    """Those that move a supplier's account, so that the journal is read once for several statements."""
    account = payable(account_id(supplier), currency)
    return [one for one in transactions if any(line.account == account for line in one.lines)]


def due_minor(transactions: list[Transaction], supplier: str, currency: Currency, until: datetime, ever: tuple[datetime, datetime]) -> int:
    """What of a period's end is still to be paid: less what was paid, claimed or taken back since. New purchases are the next period's.

    `ever` begins before and ends after everything that is booked.
    """
    ended = owed(transactions, supplier, currency, ever[0], until)
    since = owed(transactions, supplier, currency, until, ever[1])
    return ended.payable_minor + sum(minor for minor in since.parts.values() if minor < 0)


def day_begins(day: date) -> datetime:
    """A business day is Shanghai's."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
