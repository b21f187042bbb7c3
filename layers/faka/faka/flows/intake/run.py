"""The worker: takes a job from wherever it stands as far as its time allows."""

from collections.abc import Callable

from faka.contexts.intake import ImportBusy, ImportJob, ImportMoved, ImportState
from faka.flows.intake.count import count_and_claim, take_over
from faka.flows.intake.finish import close_file, link_and_end, sweep_files
from faka.flows.intake.probe import probe_sample, until_asked
from faka.flows.intake.seal import seal_lines
from faka.kernel.ids import BatchId, ulid
from faka.platform.telemetry import count, note
from faka.wiring import Deps


RESERVE_S = 20.0
"""What must be left of an invocation before another step begins. A step of the largest lines takes about two seconds."""

HasTime = Callable[[], bool]


def run_import(deps: Deps, batch: BatchId, seconds_left: Callable[[], float]) -> ImportJob:
    """Go on with an import until it is over or the time is; then put it back into the queue.

    Writes:  trade (job row, SKU numbers, stock heads and logs), vault (batch, pages, fingerprints), journal (one entry),
             bucket (work copy, problem file; deletes both copies of the upload).
    Raises:  ImportNotFound; ImportBusy when another worker has the job, and everything Unavailable: come again.
             Broken errors (SealBroken, PageBroken, UnknownState): the queue's dead-letter alarm.
    Source:  twice at once is harmless, dead at any call is harmless; tests/integration/test_intake_crash.py.
    """
    job = deps.imports.get(batch)
    if job.is_over:
        sweep_files(deps, job)
        return job
    try:
        job = deps.imports.leased(job, ulid(deps.clock.now(), deps.chance), deps.clock.now())
        return _advance(deps, job, lambda: seconds_left() > RESERVE_S)
    except ImportMoved as moved:
        # Whoever took over may hold the very message that we do, so it must stay in the queue until the job is over.
        raise ImportBusy(batch) from moved


def _advance(deps: Deps, job: ImportJob, has_time: HasTime) -> ImportJob:
    while not job.is_over:
        if not has_time():
            return _requeue(deps, job)
        before = job
        job = _step(deps, job, has_time)
        if job.state is ImportState.PROBING and job.ask_at is not None:
            return _requeue(deps, job, until_asked(deps, job))
        if job is before:  # nothing was uploaded: only the bucket's event can change that
            return _release(deps, job)
    sweep_files(deps, job)
    note("import_ended", batch_id=job.id, sku_id=job.sku, outcome=job.state.value, count=job.counts.new)
    count("CardsImported", job.counts.new)
    return job


def _step(deps: Deps, job: ImportJob, has_time: HasTime) -> ImportJob:
    match job.state:
        case ImportState.WAITING:
            return take_over(deps, job)
        case ImportState.COUNTING:
            return count_and_claim(deps, job)
        case ImportState.SEALING if job.offset < job.size:
            return seal_lines(deps, job, has_time)
        case ImportState.SEALING:
            return close_file(deps, job)
        case ImportState.PROBING:
            return probe_sample(deps, job, has_time)
        case ImportState.LINKING:
            return link_and_end(deps, job)
        case ImportState.DONE | ImportState.REFUSED:
            return job


def _requeue(deps: Deps, job: ImportJob, delay_s: int = 0) -> ImportJob:
    released = _release(deps, job)
    deps.intake_queue.send({"import": job.id}, delay_s)
    note("import_requeued", batch_id=job.id, count=job.counts.lines)
    return released


def _release(deps: Deps, job: ImportJob) -> ImportJob:
    """Give the lease back, so that the next worker need not wait for it to end."""
    released = job.changed(deps.clock.now(), lease_by="", lease_until=None)
    deps.tables.commit([deps.imports.replaced(job, released)])
    return released
