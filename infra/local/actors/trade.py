"""What stands in the players' books: trades, payments on them, refunds of them."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum


@dataclass
class Payment:
    trade_no: str
    amount_minor: int
    paid_at: float
    payer: str


class RefundWay(StrEnum):
    """What a provider does with a refund that it accepts, or why it does not now."""

    AT_ONCE = "AT_ONCE"
    LATER = "LATER"
    """It stays PROCESSING until `finish_refund` or `fail_refund`."""
    SHORT = "SHORT"
    """The merchant's balance there does not cover it."""


class NotRefundable(Exception):
    """More than was paid and is not gone back already, or another amount under a number that was used."""


class BalanceShort(Exception):
    """The merchant has not enough money at the provider; the same number will do later."""


@dataclass
class BankRefund:
    number: str
    """The provider's own number of it."""
    refund_no: str
    """The merchant's number."""
    amount_minor: int
    created_at: float
    trade_no: str
    """The payment that it belongs to."""
    state: str = "PROCESSING"
    """PROCESSING, SUCCEEDED or FAILED."""
    finished_at: float = 0.0


@dataclass
class Trade:
    provider: str
    out_trade_no: str
    method: str
    subject: str
    amount_minor: int
    notify_url: str
    return_url: str
    expires_at: float
    created_at: float
    trade_no: str
    token: str
    state: str = "NEW"
    payments: list[Payment] = field(default_factory=list)
    notices: int = 0
    refunds: list[BankRefund] = field(default_factory=list)
    currency: str = "CNY"
    facts: dict[str, str] = field(default_factory=dict)
    """What one provider alone remembers of a trade."""

    @property
    def is_paid(self) -> bool:
        return bool(self.payments)

    def payment_of(self, trade_no: str) -> Payment | None:
        """The payment of this number; the first one where no number is given."""
        return next((payment for payment in self.payments if trade_no in ("", payment.trade_no)), None)

    def refunded_minor(self, trade_no: str) -> int:
        """What of this payment went back or is on its way."""
        return sum(refund.amount_minor for refund in self.refunds if refund.trade_no == trade_no and refund.state != "FAILED")

    def refund_of(self, refund_no: str) -> BankRefund | None:
        return next((refund for refund in self.refunds if refund.refund_no == refund_no), None)


def shanghai_day(at: float) -> date:
    return (datetime.fromtimestamp(at, UTC) + timedelta(hours=8)).date()
