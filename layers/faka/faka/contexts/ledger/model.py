"""The postings of a sale: money comes, goods go."""

from datetime import datetime

from faka.contexts.ledger.accounts import clearing, cogs, fees, funds, inventory, sales, suspense
from faka.contexts.ledger.transaction import LedgerUnbalanced, Line, Side, Transaction, booked
from faka.kernel.ids import ChannelId, OrderId
from faka.kernel.money import Money


__all__ = [
    "LedgerUnbalanced",
    "Line",
    "Side",
    "Transaction",
    "clearing",
    "cost_of_goods",
    "delivered",
    "funds",
    "receipt_applied",
    "receipt_suspended",
    "suspense",
]


def receipt_applied(receipt: str, channel_id: ChannelId, order_id: OrderId, amount: Money, paid_at: datetime, at: datetime) -> Transaction:
    """Money came and pays an order."""
    came, kept = clearing(channel_id, amount.currency), funds(order_id, amount.currency)
    moved = amount.minor
    return booked(
        f"rcp:{receipt}", "receipt_applied", order_id, amount.currency, [(came, moved)], [(kept, moved)], at, effective_at=paid_at
    )


def receipt_suspended(receipt: str, channel_id: ChannelId, amount: Money, paid_at: datetime, at: datetime) -> Transaction:
    """Money came that pays nothing, or nothing yet."""
    came, kept = clearing(channel_id, amount.currency), suspense(amount.currency)
    moved = amount.minor
    return booked(
        f"rcp:{receipt}", "receipt_suspended", receipt, amount.currency, [(came, moved)], [(kept, moved)], at, effective_at=paid_at
    )


def delivered(order_id: OrderId, goods: Money, fee: Money, at: datetime, cost_minor: int = 0) -> Transaction:
    """The goods are the buyer's: what was held for the order is earned, and what its very cards have cost is spent.

    Units: `cost_minor` is in the currency of the sale; cost in another one is a transaction of its own (`cost_of_goods`).
    """
    currency = goods.currency
    held = goods + fee
    debits = [(funds(order_id, currency), held.minor), (cogs(currency), cost_minor)]
    credits_ = [(sales(currency), goods.minor), (fees(currency), fee.minor), (inventory(currency), cost_minor)]
    return booked(f"dlv:{order_id}", "delivered", order_id, currency, debits, credits_, at)


def cost_of_goods(order_id: OrderId, cost: Money, at: datetime) -> Transaction:
    """What an order's cards have cost, where it cannot stand beside its price: bought in another currency, or given away."""
    debits, credits_ = [(cogs(cost.currency), cost.minor)], [(inventory(cost.currency), cost.minor)]
    return booked(f"cst:{order_id}:{cost.currency}", "cost_of_goods", order_id, cost.currency, debits, credits_, at)
