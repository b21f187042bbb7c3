"""Postings of shares: a sale that is divided at once, and commissions that wait until the time for complaints is over.

| fact | transaction id | debit | credit |
|---|---|---|---|
| goods of a supplier are the buyer's | `dlv:{order}` | order:{order}:funds | each party's account (`shares.account_of`), revenue:fees |
| own goods, sold by agents | `com:{order}` | expense:commission | agent:{id}:commission_pending |
| a refund takes commission back | `com:{refund}:back` | agent:{id}:commission_pending or _payable | expense:commission |
| the time for complaints is over | `com:{order}:due` | agent:{id}:commission_pending | agent:{id}:commission_payable |
| an agent was paid | `set:{id}:paid` | agent:{id}:commission_payable | bank:{id} |

A refund of a divided sale comes out of the parts themselves (`shares.from_parts`), in the refund's own transaction.
"""

from datetime import datetime

from faka.contexts.ledger.accounts import bank, commission_paid, commission_payable, commission_pending, fees, funds
from faka.contexts.ledger.shares import Parts, account_of
from faka.contexts.ledger.transaction import Transaction, booked
from faka.kernel.ids import OrderId
from faka.kernel.money import Currency, Money


def delivered_divided(order_id: OrderId, parts: Parts, fee: Money, at: datetime) -> Transaction:
    """What was held for the order belongs to the parties of its sale; the fee is ours."""
    currency = fee.currency
    held = sum(parts.values()) + fee.minor
    to = [(account_of(party, currency), minor) for party, minor in sorted(parts.items())]
    return booked(
        f"dlv:{order_id}", "delivered", order_id, currency, [(funds(order_id, currency), held)], [*to, (fees(currency), fee.minor)], at
    )


def commissions_earned(order_id: OrderId, agents: Parts, currency: Currency, at: datetime) -> Transaction:
    """Agents' commissions on goods of our own. Parties are agents' ids."""
    to = [(commission_pending(agent, currency), minor) for agent, minor in sorted(agents.items())]
    spent = [(commission_paid(currency), sum(agents.values()))]
    return booked(f"com:{order_id}", "commissions_earned", order_id, currency, spent, to, at)


def commissions_taken_back(
    refund: str, order_id: OrderId, agents: Parts, currency: Currency, at: datetime, *, is_matured: bool = False
) -> Transaction:
    """What a refund takes back of them (`shares.taken_back`); of matured ones even below zero, to be recovered from later ones."""
    stands = commission_payable if is_matured else commission_pending
    of = [(stands(agent, currency), minor) for agent, minor in sorted(agents.items())]
    back = [(commission_paid(currency), sum(agents.values()))]
    return booked(f"com:{refund}:back", "commissions_taken_back", order_id, currency, of, back, at)


def commissions_matured(order_id: OrderId, agents: Parts, currency: Currency, at: datetime) -> Transaction:
    """What is left of an order's commissions may be paid out."""
    of = [(commission_pending(agent, currency), minor) for agent, minor in sorted(agents.items())]
    to = [(commission_payable(agent, currency), minor) for agent, minor in sorted(agents.items())]
    return booked(f"com:{order_id}:due", "commissions_matured", order_id, currency, of, to, at)


def agent_paid(settlement: str, agent: str, bank_id: str, amount: Money, at: datetime) -> Transaction:
    debits, credits_ = [(commission_payable(agent, amount.currency), amount.minor)], [(bank(bank_id, amount.currency), amount.minor)]
    return booked(f"set:{settlement}:paid", "agent_paid", agent, amount.currency, debits, credits_, at)
