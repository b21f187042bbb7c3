"""Batches, lots and cards as values; the fingerprint."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from faka.kernel.ids import BatchId, ProductId, SkuId
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.kernel.secret import Secret


PAGE_CARDS = 8
"""Cards in one page row: about 3 KB, so that an order of one card reads 1 unit and an import writes 0.4 units a card."""

VOID_MAX = 1_000
"""Single void cards in one batch row. Above that the batch itself is bad; the row stays below 10 KB."""

FINGERPRINT_BYTES = 16
"""128 bits: no two of 10^12 cards meet by chance."""

_BETWEEN = "\x1f"
"""Stands between number and secret where they travel as one text. Card files refuse control characters, so it can be in neither."""


class BatchState(StrEnum):
    OPEN = "OPEN"
    FROZEN = "FROZEN"
    VOID = "VOID"


class Run(Protocol):
    """Cards `start` to `start + count - 1` out of one batch. The stock's claims and the orders' runs both look like this."""

    @property
    def start(self) -> int: ...
    @property
    def count(self) -> int: ...
    @property
    def batch(self) -> int: ...


class Lot(Frozen):
    """Cards of one batch that expire on the same day: numbers `start` to `start + count - 1`."""

    start: int
    count: int
    expires: str = ""


class Batch(Frozen):
    """One import job as the vault keeps it. `room` numbers from `base` on are its own, used or not."""

    id: BatchId
    sku: SkuId
    product: ProductId
    ordinal: int
    state: BatchState
    keys: tuple[bytes, ...] = ()
    base: int
    room: int
    lots: tuple[Lot, ...] = ()
    void: frozenset[int] = frozenset()
    unit_cost: Money | None = None
    supplier: str = ""
    remark: str = ""
    by: str
    at: datetime

    @property
    def count(self) -> int:
        """Cards that the batch brought; 0 until its import has ended."""
        return sum(lot.count for lot in self.lots)

    def holds(self, number: int) -> bool:
        return any(lot.start <= number < lot.start + lot.count for lot in self.lots)

    def withholds(self, number: int) -> bool:
        return self.state is not BatchState.OPEN or number in self.void

    @property
    def job(self) -> dict[str, str]:
        """What the batch's data keys are bound to."""
        return {"sku": self.sku, "batch": self.id}

    def place(self, number: int) -> dict[str, str]:
        """What the card of a number is bound to."""
        return {**self.job, "number": str(number)}


@dataclass(frozen=True, slots=True)
class CardText:
    """A card in the clear, between the file and its seal."""

    number: str = field(repr=False)
    secret: str = field(repr=False)

    def joined(self) -> str:
        return f"{self.number}{_BETWEEN}{self.secret}"

    @classmethod
    def parted(cls, text: str) -> "CardText":
        number, _, secret = text.partition(_BETWEEN)
        return cls(number, secret)


@dataclass(frozen=True, slots=True)
class OpenCard:
    """A card as its buyer may see it. `number` is the stock's, `number_text` what is printed on the card (may be empty)."""

    number_text: str = field(repr=False)
    secret: Secret
    number: int


@dataclass(frozen=True, slots=True)
class Print:
    """Which line of which job a fingerprint belongs to."""

    hash: str
    batch: BatchId
    line: int


def fingerprint(key: bytes, card: CardText) -> str:
    """The same for the same card in any file, product and year; says nothing about the card without the key."""
    text = CardText(card.number.strip(), card.secret.strip()).joined()
    return hmac.digest(key, text.encode(), "sha256")[:FINGERPRINT_BYTES].hex()


def pages_of(start: int, count: int) -> Iterator[int]:
    return iter(range(start // PAGE_CARDS, (start + count - 1) // PAGE_CARDS + 1))
