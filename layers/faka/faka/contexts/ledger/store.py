"""Ledger rows: inserted, never changed."""

from faka.contexts.ledger.model import Transaction
from faka.kernel.errors import Conflict, FakaError
from faka.platform.due import without_due
from faka.platform.table import Item, Key, TableName, Tables, Write, insert


class AlreadyPosted(Conflict):
    """This fact is in the ledger; carries the transaction."""


class LedgerStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def posted(self, transaction: Transaction) -> Write:
        """Else AlreadyPosted."""
        item = {**transaction.model_dump(mode="json"), "pk": f"TXN#{transaction.id}", "sk": "TXN"}
        return insert(TableName.JOURNAL, item, otherwise=_posted)

    def find(self, txn_id: str) -> Transaction | None:
        row = self._tables.get(Key(TableName.JOURNAL, f"TXN#{txn_id}", "TXN"))
        return Transaction.model_validate(without_due(row)) if row else None


def _posted(row: Item | None) -> FakaError:
    return AlreadyPosted("already posted", row)
