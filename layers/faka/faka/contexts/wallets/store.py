"""Rows of wallets, movements and gift values. Every write is conditional."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from faka.contexts.wallets.errors import BalanceTooLow, CurrencyDiffers, ValueExists, ValueUsed, WalletExists, WalletNotFound
from faka.contexts.wallets.model import CHUNK_VALUES, STATEMENT_MAX, VALUES_MAX, GiftValue, Movement, ValueId, ValueState, Wallet, WalletId
from faka.kernel.clock import to_row
from faka.kernel.errors import FakaError, UnknownState
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, update


Model = TypeVar("Model", bound=Frozen)


def wallet_key(wallet_id: WalletId) -> Key:
    return Key(TableName.TRADE, f"WALLET#{wallet_id}", "WALLET")


def value_key(value_id: ValueId) -> Key:
    return Key(TableName.TRADE, f"VALUE#{value_id}", "VALUE")


class WalletStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    # -- wallets ------------------------------------------------------------------------------------------------

    def find(self, wallet_id: WalletId) -> Wallet | None:
        row = self._tables.get(wallet_key(wallet_id))
        return wallet_from(row) if row else None

    def opened(self, wallet: Wallet) -> Write:
        """Insert a new wallet with what is put into it. Else WalletExists, with the row of whoever came first."""
        return insert(TableName.TRADE, _item(wallet, wallet_key(wallet.id)), otherwise=_exists)

    def credited(self, wallet_id: WalletId, amount: Money) -> Write:
        """Put money in. Else WalletNotFound, or CurrencyDiffers."""
        return _moved(wallet_id, amount, "+", "#currency = :currency")

    def debited(self, wallet_id: WalletId, amount: Money) -> Write:
        """Take money out, and never more than there is. Else BalanceTooLow, WalletNotFound or CurrencyDiffers."""
        return _moved(wallet_id, amount, "-", "#currency = :currency AND #balance_minor >= :amount")

    def noted(self, wallet_id: WalletId, movement: Movement) -> Write:
        """A line of the statement, for the commit that moves the money."""
        key = Key(TableName.TRADE, f"WALLET#{wallet_id}", f"E#{to_row(movement.at)}#{movement.transaction}")
        return insert(TableName.TRADE, _item(movement, key))

    def statement(self, wallet_id: WalletId) -> list[Movement]:
        """The newest movements, at most `STATEMENT_MAX`."""
        rows, _ = self._tables.query(TableName.TRADE, f"WALLET#{wallet_id}", sk="E#", limit=STATEMENT_MAX, backwards=True, strong=True)
        return [movement_from(row) for row in rows]

    # -- gift values --------------------------------------------------------------------------------------------

    def value(self, value_id: ValueId) -> GiftValue | None:
        row = self._tables.get(value_key(value_id))
        return value_from(row) if row else None

    def issued(self, value: GiftValue) -> Write:
        """Else ValueExists."""
        return insert(TableName.TRADE, _item(value, value_key(value.id)), otherwise=_issued)

    def listed(self, batch: str, chunk: int, values: Sequence[ValueId]) -> Write:
        """Which values one commit issued, so that a batch can be voided without their codes. Else ValueExists."""
        item: Item = {"pk": f"VALUES#{batch}", "sk": f"{chunk:04d}", "values": list(values)}
        return insert(TableName.TRADE, item, otherwise=_issued)

    def redeemed(self, value: GiftValue, wallet_id: WalletId, at: datetime) -> Write:
        """The value goes into one wallet, once. Else ValueUsed, with the row that says into which."""
        return _ended(value, ValueState.REDEEMED, at, wallet_id)

    def voided(self, value: GiftValue, at: datetime) -> Write:
        """The value is worth nothing any more. Else ValueUsed."""
        return _ended(value, ValueState.VOID, at, "")

    def of_batch(self, batch: str) -> list[GiftValue]:
        """Every value of a batch, in the order of its issue; empty for a batch that is not there."""
        chunks, _ = self._tables.query(TableName.TRADE, f"VALUES#{batch}", limit=VALUES_MAX // CHUNK_VALUES + 1, strong=True)
        keys = [value_key(ValueId(name)) for row in chunks for name in row["values"]]
        rows = self._tables.batch_get(keys)
        return [value_from(rows[key]) for key in keys if key in rows]


def _moved(wallet_id: WalletId, amount: Money, sign: str, when: str) -> Write:
    def refused(row: Item | None) -> FakaError:
        if row is None:
            return WalletNotFound(wallet_id)
        return CurrencyDiffers(wallet_id) if row["currency"] != amount.currency else BalanceTooLow(wallet_id, row)

    return update(
        wallet_key(wallet_id),
        f"SET #balance_minor = #balance_minor {sign} :amount, #version = #version + :one",
        when=when,
        otherwise=refused,
        amount=amount.minor,
        one=1,
        currency=amount.currency.value,
    )


def _ended(value: GiftValue, state: ValueState, at: datetime, wallet_id: str) -> Write:
    return update(
        value_key(value.id),
        "SET #state = :to, #wallet_id = :wallet, #ended_at = :at",
        when="#state = :issued",
        otherwise=_used,
        to=state.value,
        wallet=wallet_id,
        at=to_row(at),
        issued=ValueState.ISSUED.value,
    )


def _exists(row: Item | None) -> FakaError:
    return WalletExists("wallet exists", row)


def _issued(row: Item | None) -> FakaError:
    return ValueExists("issued already", row)


def _used(row: Item | None) -> FakaError:
    return ValueUsed("value is not open", row)


def _item(model: Frozen, key: Key) -> Item:
    item: dict[str, Any] = model.model_dump(mode="json")
    return {**item, "pk": key.pk, "sk": key.sk}


def wallet_from(row: Item) -> Wallet:
    """Raises: UnknownState when the row does not fit the model, as do the two below."""
    return _read(Wallet, row)


def movement_from(row: Item) -> Movement:
    return _read(Movement, row)


def value_from(row: Item) -> GiftValue:
    return _read(GiftValue, row)


def _read(model: type[Model], row: Item) -> Model:
    try:
        return model.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error
