"""What Stripe keeps of a trade: session, intent, charge, refunds, and what each of them moved on the balance."""

from collections.abc import Iterator
from typing import Any

from infra.local.actors.bank import Bank, BankRefund, Payment, Trade
from infra.local.actors.spelling import Json


NAME = "stripe"
TRADES_MAX = 1_000_000
"""More than a player ever holds."""


class Books:
    """The objects of one account, in test mode."""

    def __init__(self, bank: Bank, base: str) -> None:
        self.bank = bank
        self.base = base
        self.more: list[Json] = []
        """What moves the balance beside the shop's trades: payouts, fees, disputes."""

    def trades(self) -> list[Trade]:
        """The newest first."""
        return [trade for trade in self.bank.newest(TRADES_MAX) if trade.provider == NAME]

    def of_session(self, session_id: str) -> Trade | None:
        trade = self.bank.by_token(session_id.removeprefix("cs_test_"))
        return trade if trade is not None and trade.provider == NAME and session_id.startswith("cs_test_") else None

    def of_intent(self, intent_id: str) -> tuple[Trade, Payment] | None:
        number = intent_id.removeprefix("pi_")
        return next(((trade, paid) for trade in self.trades() for paid in trade.payments if paid.trade_no == number), None)

    def session(self, trade: Trade, payment: Payment | None, *, is_expanded: bool = False) -> Json:
        """A session as it stands; `payment` is what it says to be paid by."""
        is_over = trade.state == "CLOSED" or (self.bank.is_expired(trade) and payment is None)
        status = "complete" if payment is not None else "expired" if is_over else "open"
        intent: Any = None
        if payment is not None:
            intent = self.intent(trade, payment) if is_expanded else f"pi_{payment.trade_no}"
        return {
            "id": f"cs_test_{trade.token}",
            "object": "checkout.session",
            "amount_subtotal": payment.amount_minor if payment else trade.amount_minor,
            "amount_total": payment.amount_minor if payment else trade.amount_minor,
            "client_reference_id": trade.out_trade_no,
            "created": int(trade.created_at),
            "currency": trade.currency.lower(),
            "customer_details": {"email": f"{payment.payer}@buyers.example", "name": None} if payment else None,
            "expires_at": int(trade.expires_at),
            "livemode": False,
            "metadata": {"out_trade_no": trade.out_trade_no},
            "mode": "payment",
            "payment_intent": intent,
            "payment_method_types": ["card"],
            "payment_status": "paid" if payment is not None else "unpaid",
            "status": status,
            "success_url": trade.return_url,
            "url": f"{self.base}/{NAME}/c/pay/cs_test_{trade.token}#fidkdWxOYHwnPyd1blpxYHZxWjA0" if status == "open" else None,
        }

    def intent(self, trade: Trade, payment: Payment) -> Json:
        return {
            "id": f"pi_{payment.trade_no}",
            "object": "payment_intent",
            "amount": payment.amount_minor,
            "amount_received": payment.amount_minor,
            "currency": trade.currency.lower(),
            "latest_charge": self.charge(trade, payment),
            "livemode": False,
            "metadata": {"out_trade_no": trade.out_trade_no},
            "status": "succeeded",
        }

    def charge(self, trade: Trade, payment: Payment) -> Json:
        back = trade.refunded_minor(payment.trade_no)
        return {
            "id": f"ch_{payment.trade_no}",
            "object": "charge",
            "amount": payment.amount_minor,
            "amount_captured": payment.amount_minor,
            "amount_refunded": back,
            "balance_transaction": f"txn_{payment.trade_no}",
            "created": int(payment.paid_at),
            "currency": trade.currency.lower(),
            "description": 'a text with "quotes", {braces} and\na line break',
            "disputed": False,
            "livemode": False,
            "metadata": {"out_trade_no": trade.out_trade_no},
            "paid": True,
            "payment_intent": f"pi_{payment.trade_no}",
            "refunded": back == payment.amount_minor,
            "status": "succeeded",
        }

    def refund(self, trade: Trade, refund: BankRefund) -> Json:
        """One that was made in the console (`R1`) bears no number of the shop."""
        number = refund.refund_no.partition("#")[0]
        metadata = {"out_refund_no": number, "out_trade_no": trade.out_trade_no} if number.startswith("rfd") else {}
        status = {"PROCESSING": "pending", "SUCCEEDED": "succeeded", "FAILED": "failed"}[refund.state]
        return {
            "id": f"re_{refund.number}",
            "object": "refund",
            "amount": refund.amount_minor,
            "balance_transaction": f"txn_{refund.number}",
            "charge": f"ch_{refund.trade_no}",
            "created": int(refund.created_at),
            "currency": trade.currency.lower(),
            "metadata": metadata,
            "payment_intent": f"pi_{refund.trade_no}",
            "reason": None,
            "status": status,
        } | ({"failure_reason": "expired_or_canceled_card"} if status == "failed" else {})

    def movements(self) -> list[Json]:
        """All balance transactions, the newest first."""
        found = [*self.more, *(moved for trade in self.trades() for moved in self._moved(trade))]
        return sorted(found, key=lambda moved: (moved["created"], moved["id"]), reverse=True)

    def _moved(self, trade: Trade) -> Iterator[Json]:
        for paid in trade.payments:
            fee = paid.amount_minor * 29 // 1000 + 30
            yield movement("charge", paid.trade_no, paid.paid_at, paid.amount_minor, fee, trade.currency, self.charge(trade, paid))
        for refund in trade.refunds:
            source = self.refund(trade, refund)
            yield movement("refund", refund.number, refund.created_at, -refund.amount_minor, 0, trade.currency, source)
            if refund.state == "FAILED":
                number = f"{refund.number}f"
                yield movement("refund_failure", number, refund.finished_at, refund.amount_minor, 0, trade.currency, source)


def movement(kind: str, number: str, at: float, amount: int, fee: int, currency: str, source: Json | str | None) -> Json:
    """One balance transaction."""
    return {
        "id": f"txn_{number}",
        "object": "balance_transaction",
        "amount": amount,
        "available_on": int(at) + 2 * 86400,
        "created": int(at),
        "currency": currency.lower(),
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [{"amount": fee, "currency": currency.lower(), "description": "Stripe processing fees", "type": "stripe_fee"}],
        "net": amount - fee,
        "reporting_category": kind,
        "source": source,
        "status": "pending",
        "type": kind,
    }
