"""After the last line: close the batch, forget the plaintext, put the cards on sale, say so."""

from datetime import datetime

from faka.contexts.intake import ImportJob, ImportState
from faka.contexts.ledger.purchases import stock_purchased
from faka.contexts.stock import Why, extent
from faka.contexts.vault import PAGE_CARDS, Batch, Lot, Page, filled
from faka.kernel.errors import Broken
from faka.platform.table import Write
from faka.wiring import Deps


class CountsDiffer(Broken):
    """New, duplicate and bad lines do not add up to the lines of the file."""


def close_file(deps: Deps, job: ImportJob) -> ImportJob:
    """Write the pages that are not full, and in one commit the batch's lots, the job's next state, and what the cards have cost.

    A worker that comes second finds the job moved, so a batch is bought once.
    Raises: CountsDiffer, before anything is put on sale.
    """
    if job.counts.lines != job.read.lines:
        raise CountsDiffer(f"{job.id}: {job.counts.lines} of {job.read.lines}")
    tails = [Page((lot.base + lot.sealed) // PAGE_CARDS, job.ordinal, lot.tail) for lot in job.lots if lot.tail]
    deps.vault.save_pages(job.sku, tails)
    now = deps.clock.now()
    state = ImportState.PROBING if job.samples else ImportState.LINKING
    after = job.moved(state, now, lots=tuple(lot.model_copy(update={"tail": ()}) for lot in job.lots))
    writes = [deps.imports.replaced(job, after)]
    if job.lots:
        batch = deps.vault.batch(job.sku, job.ordinal)
        writes += [filled(batch, _lots(job)), *_bought(deps, batch, sum(lot.count for lot in _lots(job)), now)]
    deps.tables.commit(writes)
    return after


def _bought(deps: Deps, batch: Batch, count: int, now: datetime) -> list[Write]:
    """Stock at cost, before its first card is on sale. Nothing where nobody said what it has cost."""
    if batch.unit_cost is None or not batch.unit_cost.minor or not count:
        return []
    bought = stock_purchased(batch.id, batch.supplier, batch.unit_cost.times(count), now)
    return [deps.costs.noted(batch.sku, batch.ordinal, batch.id, batch.unit_cost), deps.ledger.posted(bought)]


def link_and_end(deps: Deps, job: ImportJob) -> ImportJob:
    """Nobody needs the file any more, so it goes first; then the cards go on sale; then the job is done.

    Those of a batch that a person must decide about are barred before, so they come into stock behind the bar and never on sale.
    """
    deps.objects.delete(job.work_key)
    extents = [extent(lot.start, lot.count, job.ordinal, lot.expires) for lot in _lots(job)]
    if extents and job.held:
        deps.stock.withhold(job.sku, job.ordinal, Why.FROZEN)
    if extents:
        deps.stock.link(job.sku, job.ordinal, extents, job.shards)
    now = deps.clock.now()
    after = job.moved(ImportState.DONE, now, done_at=now)
    entry = deps.batch_log.noted(job.id, now, "imported", job.by, job.counts.model_dump())
    deps.tables.commit([deps.imports.replaced(job, after), entry])
    return after


def sweep_files(deps: Deps, job: ImportJob) -> None:
    """The upload is gone after this, also what somebody posted again with an old form."""
    deps.objects.delete(job.work_key)
    deps.objects.delete(job.incoming_key)


def _lots(job: ImportJob) -> list[Lot]:
    return [Lot(start=lot.base, count=lot.sealed, expires=lot.expires) for lot in job.lots if lot.sealed]
