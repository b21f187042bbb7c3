"""Purchases: cards that the shop buys from suppliers for its own stock."""

from faka.contexts.purchases.model import Attempt, Purchase, PurchaseState, batch_of, number_of, purchase_of
from faka.contexts.purchases.rule import Heard, Word, after
from faka.contexts.purchases.store import PurchaseMissing, PurchaseMoved, PurchaseRuns, PurchaseStore, Running


__all__ = [
    "Attempt",
    "Heard",
    "Purchase",
    "PurchaseMissing",
    "PurchaseMoved",
    "PurchaseRuns",
    "PurchaseState",
    "PurchaseStore",
    "Running",
    "Word",
    "after",
    "batch_of",
    "number_of",
    "purchase_of",
]
