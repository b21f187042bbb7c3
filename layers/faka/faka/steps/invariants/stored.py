"""What is kept of wallets, gift values, and imports whose cards were asked about."""

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


@dataclass(slots=True)
class ProbedFacts:
    """An import with a sample."""

    id: str
    sku: str
    ordinal: int
    state: str
    is_good: bool
    """Every sampled card is."""
    is_held: bool


class StoredFacts:
    def __init__(self) -> None:
        self.wallets: dict[str, WalletFacts] = {}
        self.movements: dict[str, dict[str, int]] = defaultdict(dict)
        """Wallet → the ledger's transaction → what it brought (positive) or took."""
        self.values: dict[str, ValueFacts] = {}
        self.issued: dict[str, tuple[str, ...]] = {}
        """Batch and chunk → the values that one commit issued."""
        self.probed: dict[str, ProbedFacts] = {}
