"""What is kept of wallets and gift values."""

from collections import defaultdict
from dataclasses import dataclass


@dataclass(slots=True)
class WalletFacts:
    currency: str
    balance: int
    version: int


@dataclass(slots=True)
class ValueFacts:
    state: str
    minor: int
    currency: str
    batch: str
    source: str
    wallet: str


class StoredFacts:
    def __init__(self) -> None:
        self.wallets: dict[str, WalletFacts] = {}
        self.movements: dict[str, dict[str, int]] = defaultdict(dict)
        """Wallet → the ledger's transaction → what it brought (positive) or took."""
        self.values: dict[str, ValueFacts] = {}
        self.issued: dict[str, tuple[str, ...]] = {}
        """Batch and chunk → the values that one commit issued."""
