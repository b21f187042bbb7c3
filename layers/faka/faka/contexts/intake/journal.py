"""What people did to a batch, in the journal: imported, frozen, thawed, void, expired. Insert only."""

from collections.abc import Mapping
from datetime import datetime

from faka.kernel.clock import Chance, to_row
from faka.kernel.errors import Conflict, FakaError
from faka.kernel.ids import BatchId, ulid
from faka.kernel.limits import PAGE_MAX
from faka.platform.table import Item, TableName, Tables, Write, insert


class BatchLog:
    def __init__(self, tables: Tables, chance: Chance) -> None:
        self._tables = tables
        self._chance = chance

    def noted(self, batch: BatchId, at: datetime, what: str, by: str, detail: Mapping[str, int | str] | None = None) -> Write:
        """One entry, for the commit that does what it says."""
        name = f"{to_row(at)}#{ulid(at, self._chance)}"
        row: Item = {"pk": f"AUDIT#{batch}", "sk": name, "what": what, "by": by, "at": to_row(at)}
        return insert(TableName.JOURNAL, {**row, **(detail or {})}, otherwise=_noted)

    def entries(self, batch: BatchId) -> list[Item]:
        """What happened to the batch, oldest first, one page."""
        rows, _ = self._tables.query(TableName.JOURNAL, f"AUDIT#{batch}", limit=PAGE_MAX, strong=True)
        return rows


def _noted(row: Item | None) -> FakaError:
    return Conflict("noted already", row)
