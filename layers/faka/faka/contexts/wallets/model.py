"""Wallets, their movements, gift values."""

from datetime import datetime
from enum import StrEnum
from typing import NewType

from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import hash_code, is_ulid
from faka.kernel.model import Frozen
from faka.kernel.money import Currency, Money


WalletId = NewType("WalletId", str)
ValueId = NewType("ValueId", str)

STATEMENT_MAX = 50
"""Movements that a wallet's page lists, newest first; a person checks the last few."""

VALUES_MAX = 10_000
"""Gift values of one batch: a campaign, and a file that a person can still look through."""

CHUNK_VALUES = 90
"""Values that one commit issues, with one transaction of the ledger, the list of their ids and one note, below 100 items."""

_VALUE_ID = 32
"""Hexadecimal digits of a code's hash that name its value: 128 bits, beyond any collision."""


def wallet_id(form_id: str) -> WalletId:
    """The wallet that one form opens. The form's one-time id is the wallet's, so a form sent twice cannot open two.

    Raises: InvalidRequest when the form id is not one that we print.
    """
    if not is_ulid(form_id):
        raise InvalidRequest("form id is not a ULID")
    return WalletId(f"wal_{form_id}")


def is_wallet_id(text: str) -> bool:
    return text.startswith("wal_") and is_ulid(text[4:])


def value_id(code: str) -> ValueId:
    """The row of a gift value, found by its code alone; the code itself is stored nowhere."""
    return ValueId(hash_code(code)[:_VALUE_ID])


class Wallet(Frozen):
    id: WalletId
    currency: Currency
    balance_minor: int
    code_hash: str
    version: int = 1
    opened_at: datetime

    @property
    def balance(self) -> Money:
        return Money(minor=self.balance_minor, currency=self.currency)


class MovementKind(StrEnum):
    REDEEMED = "REDEEMED"
    SPENT = "SPENT"
    REFUNDED = "REFUNDED"


class Movement(Frozen):
    """One line of a wallet's statement. `amount_minor` is positive for money in and negative for money out."""

    transaction: str
    """The ledger's transaction that books it."""
    kind: MovementKind
    amount_minor: int
    ref: str
    """What it is for: an order or a gift value."""
    at: datetime


class ValueState(StrEnum):
    ISSUED = "ISSUED"
    REDEEMED = "REDEEMED"
    VOID = "VOID"


class GiftValue(Frozen):
    id: ValueId
    amount: Money
    state: ValueState = ValueState.ISSUED
    batch: str
    source: str
    """The ledger's account that paid for it: what a channel took for it, or what was given away."""
    issued_at: datetime
    expires_at: datetime
    wallet_id: str = ""
    """Into which wallet it went."""
    ended_at: datetime | None = None
