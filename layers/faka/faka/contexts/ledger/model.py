"""Ledger transactions."""

from datetime import datetime
from enum import StrEnum

from pydantic import model_validator

from faka.kernel.errors import Broken
from faka.kernel.ids import ChannelId, OrderId
from faka.kernel.model import Frozen
from faka.kernel.money import Currency, Money


class LedgerUnbalanced(Broken):
    """Debits and credits of a transaction differ, or an amount is not positive."""


class Side(StrEnum):
    DEBIT = "D"
    CREDIT = "C"


class Line(Frozen):
    account: str
    side: Side
    amount_minor: int


class Transaction(Frozen):
    id: str
    kind: str
    ref: str
    currency: Currency
    lines: tuple[Line, ...]
    effective_at: datetime
    recorded_at: datetime

    @model_validator(mode="after")
    def _balances(self) -> "Transaction":
        debit = sum(line.amount_minor for line in self.lines if line.side is Side.DEBIT)
        credit = sum(line.amount_minor for line in self.lines if line.side is Side.CREDIT)
        if debit != credit or not self.lines or min(line.amount_minor for line in self.lines) <= 0:
            raise LedgerUnbalanced(self.id)
        return self


def clearing(channel_id: ChannelId, currency: Currency) -> str:
    return f"psp:{channel_id}:clearing/{currency}"


def funds(order_id: OrderId, currency: Currency) -> str:
    return f"order:{order_id}:funds/{currency}"


def suspense(currency: Currency) -> str:
    return f"suspense:unidentified_receipts/{currency}"


def _move(debit: str, to: list[tuple[str, int]]) -> tuple[Line, ...]:
    lines = [Line(account=account, side=Side.CREDIT, amount_minor=minor) for account, minor in to if minor]
    total = sum(line.amount_minor for line in lines)
    return (Line(account=debit, side=Side.DEBIT, amount_minor=total), *lines)


def receipt_applied(receipt: str, channel_id: ChannelId, order_id: OrderId, amount: Money, paid_at: datetime, at: datetime) -> Transaction:
    """Money came and pays an order."""
    lines = _move(clearing(channel_id, amount.currency), [(funds(order_id, amount.currency), amount.minor)])
    return Transaction(
        id=f"rcp:{receipt}",
        kind="receipt_applied",
        ref=order_id,
        currency=amount.currency,
        lines=lines,
        effective_at=paid_at,
        recorded_at=at,
    )


def receipt_suspended(receipt: str, channel_id: ChannelId, amount: Money, paid_at: datetime, at: datetime) -> Transaction:
    """Money came that pays nothing, or nothing yet."""
    lines = _move(clearing(channel_id, amount.currency), [(suspense(amount.currency), amount.minor)])
    return Transaction(
        id=f"rcp:{receipt}",
        kind="receipt_suspended",
        ref=receipt,
        currency=amount.currency,
        lines=lines,
        effective_at=paid_at,
        recorded_at=at,
    )


def delivered(order_id: OrderId, goods: Money, fee: Money, at: datetime) -> Transaction:
    """The goods are the buyer's: what was held for the order is earned."""
    currency = goods.currency
    lines = _move(funds(order_id, currency), [(f"revenue:sales/{currency}", goods.minor), (f"revenue:fees/{currency}", fee.minor)])
    return Transaction(
        id=f"dlv:{order_id}", kind="delivered", ref=order_id, currency=currency, lines=lines, effective_at=at, recorded_at=at
    )
