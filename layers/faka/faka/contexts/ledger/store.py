"""Ledger rows: inserted, never changed."""

from faka.contexts.ledger.transaction import Transaction
from faka.kernel.errors import Broken, Conflict, FakaError
from faka.platform.due import without_due
from faka.platform.table import Item, Key, TableName, Tables, Write, insert


class AlreadyPosted(Conflict):
    """This very fact is in the ledger; carries the transaction."""


class LedgerConflict(Broken):
    """Another fact stands in the ledger under this name; carries it. Somebody books what did not happen, or names two facts alike."""


class LedgerStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def posted(self, transaction: Transaction) -> Write:
        """Else AlreadyPosted, or LedgerConflict when what is there says something else."""
        sealed = transaction.sealed()
        item = {**sealed.model_dump(mode="json"), "pk": f"TXN#{transaction.id}", "sk": "TXN"}

        def met(row: Item | None) -> FakaError:
            is_same = row is not None and row.get("content_hash") == sealed.content_hash
            return (AlreadyPosted if is_same else LedgerConflict)(transaction.id, row)

        return insert(TableName.JOURNAL, item, otherwise=met)

    def find(self, txn_id: str) -> Transaction | None:
        """Raises: LedgerTampered when the row does not say any more what it was sealed with."""
        row = self._tables.get(Key(TableName.JOURNAL, f"TXN#{txn_id}", "TXN"))
        return transaction_from(row) if row else None


def transaction_from(row: Item) -> Transaction:
    """Raises: LedgerTampered, LedgerUnbalanced, NoSuchAccount."""
    return Transaction.model_validate(without_due(row))
