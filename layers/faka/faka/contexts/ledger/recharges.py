"""What a supplier takes for a recharge, and what he gives back."""

from datetime import datetime

from faka.contexts.ledger.accounts import account_id, cogs, payable
from faka.contexts.ledger.transaction import Transaction, booked
from faka.kernel.ids import OrderId, RechargeId
from faka.kernel.money import Money


def recharge_cost(recharge: RechargeId, order_id: OrderId, supplier: str, cost: Money, at: datetime) -> Transaction:
    """The supplier charged it: spent for the order, owed to him (a deposit at him is a debt of his, on the same account)."""
    debits, credits_ = [(cogs(cost.currency), cost.minor)], [(payable(account_id(supplier), cost.currency), cost.minor)]
    return booked(f"rch:{recharge}:cost", "recharge_cost", order_id, cost.currency, debits, credits_, at)


def recharge_taken_back(recharge: RechargeId, order_id: OrderId, supplier: str, cost: Money, at: datetime) -> Transaction:
    """The supplier took the recharge back and owes what he had charged."""
    debits, credits_ = [(payable(account_id(supplier), cost.currency), cost.minor)], [(cogs(cost.currency), cost.minor)]
    return booked(f"rch:{recharge}:back", "recharge_taken_back", order_id, cost.currency, debits, credits_, at)
