"""Rows of import jobs. Every change is one write conditional on the version that was read."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import ValidationError

from faka.contexts.intake.errors import ImportBusy, ImportMoved, ImportNotFound
from faka.contexts.intake.model import ImportJob
from faka.kernel.clock import to_row
from faka.kernel.errors import FakaError, UnknownState
from faka.kernel.ids import BatchId
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, put


def import_key(batch: BatchId) -> Key:
    return Key(TableName.TRADE, f"IMPORT#{batch}", "IMPORT")


class ImportStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, batch: BatchId) -> ImportJob:
        """Raises: ImportNotFound."""
        row = self._tables.get(import_key(batch))
        if row is None:
            raise ImportNotFound(batch)
        return from_item(row)

    def get_many(self, batches: Iterable[BatchId]) -> dict[BatchId, ImportJob]:
        """The jobs among these that exist."""
        rows = self._tables.batch_get([import_key(batch) for batch in batches])
        return {BatchId(row["id"]): from_item(row) for row in rows.values()}

    def placed(self, job: ImportJob) -> Write:
        return insert(TableName.TRADE, to_item(job), otherwise=_moved)

    def replaced(self, before: ImportJob, after: ImportJob) -> Write:
        """Write the job as it is after a step. Else ImportMoved, with the current row."""
        return put(TableName.TRADE, to_item(after), when="#version = :seen", otherwise=_moved, seen=before.version)

    def leased(self, job: ImportJob, worker: str, at: datetime) -> ImportJob:
        """Become the job's worker. The lease keeps two workers from doing the same work twice; that they would do no harm
        is the business of the version and of the fingerprints.

        Raises: ImportBusy while another worker is alive, ImportMoved when one was quicker.
        """
        if job.is_leased(at) and job.lease_by != worker:
            raise ImportBusy(job.id)
        mine = job.model_copy(update={"lease_by": worker}).changed(at)
        self._tables.apply(self.replaced(job, mine))
        return mine


def _moved(row: Item | None) -> FakaError:
    return ImportMoved("import moved", row)


def to_item(job: ImportJob) -> Item:
    item: Item = job.model_dump(mode="json", exclude_defaults=True, exclude={"lots"})
    key = import_key(job.id)
    item |= {"pk": key.pk, "sk": key.sk, "version": job.version, "state": job.state.value, "opened_at": to_row(job.opened_at)}
    item["lots"] = [[lot.expires, lot.base, lot.room, lot.sealed, list(lot.tail)] for lot in job.lots]
    return item


def from_item(row: Item) -> ImportJob:
    """Raises: UnknownState when the row does not fit the model."""
    given = {name: value for name, value in row.items() if name not in ("pk", "sk")}
    given["lots"] = [dict(zip(("expires", "base", "room", "sealed", "tail"), lot, strict=True)) for lot in row.get("lots", [])]
    try:
        return ImportJob.model_validate(given)
    except ValidationError as error:
        raise UnknownState(f"import row {row.get('id')}") from error
