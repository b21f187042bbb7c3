"""Ledger rows: inserted, never changed."""

from collections.abc import Iterator, Sequence

from faka.contexts.ledger.transaction import Transaction
from faka.kernel.errors import Broken, Conflict, FakaError
from faka.platform.due import without_due
from faka.platform.table import Item, Key, TableName, Tables, Write, insert


class AlreadyPosted(Conflict):
    """This very fact is in the ledger; carries the transaction."""


class LedgerConflict(Broken):
    """Another fact stands in the ledger under this name; carries it. Somebody books what did not happen, or names two facts alike."""


class BooksTooLarge(Broken):
    """More rows than one reading may take; a longer journal is read from an export."""


ROWS_MAX = 3_000_000
"""Rows of the journal that one reading goes through, claims and openings among them: some 300,000 orders, as for the nightly audit."""

SCAN_PAGE = 1_000
"""Rows of one request; the service cuts it at a megabyte anyway. One page is in memory, whatever the journal's length."""


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

    def find_many(self, txn_ids: Sequence[str]) -> dict[str, Transaction]:
        """Those of them that are booked."""
        rows = self._tables.batch_get([Key(TableName.JOURNAL, f"TXN#{txn_id}", "TXN") for txn_id in txn_ids])
        return {row["id"]: transaction_from(row) for row in rows.values()}

    def every(self) -> Iterator[Transaction]:
        """All transactions, in no order, page by page: for who reads the books as a whole, never for an answer to anybody.

        Bound: `ROWS_MAX` rows. Raises: BooksTooLarge beyond it; LedgerTampered, so that nobody adds up what was changed.
        """
        after: Item | None = None
        for _ in range(0, ROWS_MAX, SCAN_PAGE):
            rows, after = self._tables.scan(TableName.JOURNAL, limit=SCAN_PAGE, after=after)
            yield from (transaction_from(row) for row in rows if row["sk"] == "TXN")
            if after is None:
                return
        raise BooksTooLarge("journal")


def transaction_from(row: Item) -> Transaction:
    """Raises: LedgerTampered, LedgerUnbalanced, NoSuchAccount."""
    return Transaction.model_validate(without_due(row))
