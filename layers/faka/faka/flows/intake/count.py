"""First pass: take the file over, find out how it reads, claim numbers for its cards."""

from datetime import date

from faka.contexts.intake import ImportJob, ImportState, JobLot, Refusal, Room, Survey, survey
from faka.contexts.vault import PAGE_CARDS, Batch, BatchState, opened
from faka.kernel.clock import business_day
from faka.platform.objects import ObjectGone
from faka.wiring import Deps


def take_over(deps: Deps, job: ImportJob) -> ImportJob:
    """Copy the upload to a place that the upload form cannot reach. No upload, no change."""
    try:
        seen = deps.objects.stat(job.incoming_key)
    except ObjectGone:
        return job
    mine = deps.objects.copy(job.incoming_key, job.work_key, seen.etag)
    now = deps.clock.now()
    after = job.moved(ImportState.COUNTING, now, etag=mine.etag, size=mine.size, day=business_day(now))
    deps.tables.commit([deps.imports.replaced(job, after)])
    return after


def count_and_claim(deps: Deps, job: ImportJob) -> ImportJob:
    """Read the file once, then claim numbers and a batch for what it may hold, and note both in the job."""
    deps.objects.delete(job.incoming_key)
    now = deps.clock.now()
    day = job.day or business_day(now)
    found = _survey(deps, job, day)
    if isinstance(found, Refusal):
        after = job.moved(ImportState.REFUSED, now, refusal=found, done_at=now)
        entry = deps.batch_log.noted(job.id, now, "import_refused", job.by, {"refusal": found.value})
        deps.tables.commit([deps.imports.replaced(job, after), entry])
        return after
    if not found.rooms:  # no line can be a card: the second pass only says why
        after = job.moved(ImportState.SEALING, now, survey=found)
        deps.tables.commit([deps.imports.replaced(job, after)])
        return after
    return _claim(deps, job, found)


def _survey(deps: Deps, job: ImportJob, day: date) -> Survey | Refusal:
    try:
        return survey(lambda: deps.objects.read(job.work_key, job.etag, 0, job.size), job.wish, day)
    except ObjectGone:
        return Refusal.FILE_GONE


def _claim(deps: Deps, job: ImportJob, found: Survey) -> ImportJob:
    """A worker that dies in between leaves a gap in the numbers, and nothing else."""
    allotted = deps.stock.allot(job.sku, sum(_whole_pages(room) for room in found.rooms))
    lots = _lots(found.rooms, allotted.base)
    size = _sample_size(deps, job)
    after = job.moved(ImportState.SEALING, deps.clock.now(), survey=found, ordinal=allotted.batch, lots=lots, sample_size=size)
    batch = Batch(
        id=job.id,
        sku=job.sku,
        product=job.product,
        ordinal=allotted.batch,
        state=BatchState.OPEN,
        base=allotted.base,
        room=sum(lot.room for lot in lots),
        unit_cost=job.unit_cost,
        supplier=job.supplier,
        remark=job.remark,
        by=job.by,
        at=job.opened_at,
    )
    deps.tables.commit([deps.imports.replaced(job, after), opened(batch)])
    return after


def _sample_size(deps: Deps, job: ImportJob) -> int:
    probe = deps.probes.find(job.sku)
    return probe.sample if probe is not None and probe.enabled else 0


def _lots(rooms: tuple[Room, ...], base: int) -> tuple[JobLot, ...]:
    """Each expiry day gets its own numbers, whole pages each, soonest first."""
    lots = []
    for room in rooms:
        lots.append(JobLot(expires=room.expires, base=base, room=_whole_pages(room)))
        base += _whole_pages(room)
    return tuple(lots)


def _whole_pages(room: Room) -> int:
    return -(-room.count // PAGE_CARDS) * PAGE_CARDS
