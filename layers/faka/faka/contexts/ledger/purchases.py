"""Postings of stock: cards come in at cost, leave with a delivery (`model.delivered`), come back or are lost.

| fact | transaction id | debit | credit |
|---|---|---|---|
| a batch was bought | `bat:{batch}` | inventory:cards | supplier:{id}:payable |
| unseen cards came back from a buyer | `rec:{refund}:{currency}` | inventory:cards | expense:cogs |
| withheld cards were replaced | `rep:{order}:{version}:{currency}` | expense:cogs, expense:loss | inventory:cards, expense:cogs |
| unsold cards are void or expired | `void:{what}` | expense:loss | inventory:cards |
| he charged more than became stock, or less | `pur:{purchase}` | expense:loss, or the other way round | supplier:{id}:payable |
| he owes for bad cards | `cpl:{complaint}` | supplier:{id}:payable | expense:loss |
| the supplier was paid | `set:{id}:paid` | supplier:{id}:payable | bank:{id} |
"""

from datetime import datetime

from faka.contexts.ledger.accounts import account_id, bank, cogs, inventory, loss, payable
from faka.contexts.ledger.transaction import Transaction, booked
from faka.kernel.ids import BatchId, OrderId, PurchaseId
from faka.kernel.money import Currency, Money


def stock_purchased(batch: BatchId, supplier: str, cost: Money, at: datetime) -> Transaction:
    """A batch at what its new cards have cost together. `supplier` is as people wrote it; nobody is `%`."""
    owed = payable(account_id(supplier), cost.currency)
    debits, credits_ = [(inventory(cost.currency), cost.minor)], [(owed, cost.minor)]
    return booked(f"bat:{batch}", "stock_purchased", batch, cost.currency, debits, credits_, at)


def purchase_charged(purchase: PurchaseId, supplier: str, beyond: int, currency: Currency, at: datetime) -> Transaction:
    """What a supplier charged for a purchase beyond what its cards stand in the books for: cards that never came, or a share that
    does not divide. `beyond` is in minor units and not zero; negative, he charged less.
    """
    owed, lost = payable(account_id(supplier), currency), loss(currency)
    debits, credits_ = [(lost, beyond)], [(owed, beyond)]
    if beyond < 0:
        debits, credits_ = [(owed, -beyond)], [(lost, -beyond)]
    return booked(f"pur:{purchase}", "purchase_charged", purchase, currency, debits, credits_, at)


def cards_recovered(refund: str, order_id: OrderId, cost: Money, at: datetime) -> Transaction:
    """Cards that nobody has seen are stock again, at what they had cost."""
    debits, credits_ = [(inventory(cost.currency), cost.minor)], [(cogs(cost.currency), cost.minor)]
    return booked(f"rec:{refund}:{cost.currency}", "cards_recovered", order_id, cost.currency, debits, credits_, at)


def cards_replaced(order_id: OrderId, version: int, withheld: Money, fresh: Money, at: datetime) -> Transaction:
    """An order has other cards than it was delivered with: their cost is the order's, the withheld cards' is a loss.

    Units: both in one currency. `version` is the order's after the replacement.
    """
    currency = fresh.currency
    debits = [(cogs(currency), fresh.minor), (loss(currency), withheld.minor)]
    credits_ = [(inventory(currency), fresh.minor), (cogs(currency), withheld.minor)]
    return booked(f"rep:{order_id}:{version}:{currency}", "cards_replaced", order_id, currency, debits, credits_, at)


def cards_voided(what: str, batch: BatchId, cost: Money, note: str, at: datetime) -> Transaction:
    """Unsold cards that will never be sold. `what` names them, so that none is lost twice (`steps.write_off`)."""
    debits, credits_ = [(loss(cost.currency), cost.minor)], [(inventory(cost.currency), cost.minor)]
    return booked(f"void:{what}", "cards_voided", batch, cost.currency, debits, credits_, at, note=note)


def complaint_accepted(complaint: str, supplier: str, amount: Money, at: datetime) -> Transaction:
    """The supplier takes back what bad cards have cost; their loss was booked when they were voided or replaced."""
    debits, credits_ = [(payable(account_id(supplier), amount.currency), amount.minor)], [(loss(amount.currency), amount.minor)]
    return booked(f"cpl:{complaint}", "complaint_accepted", supplier or "-", amount.currency, debits, credits_, at)


def supplier_paid(settlement: str, supplier: str, bank_id: str, amount: Money, at: datetime) -> Transaction:
    debits, credits_ = [(payable(account_id(supplier), amount.currency), amount.minor)], [(bank(bank_id, amount.currency), amount.minor)]
    return booked(f"set:{settlement}:paid", "supplier_paid", supplier or "-", amount.currency, debits, credits_, at)
