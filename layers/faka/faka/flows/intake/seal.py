"""Second pass: from lines to sealed pages, one bounded step after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from faka.contexts.intake import Counts, ImportJob, JobLot, Line, Parsed, Problem, Reason, read_lines
from faka.contexts.vault import PAGE_CARDS, Batch, CardText, Page, key_added
from faka.contexts.vault.rows import batch_from_item
from faka.flows.intake.draw import drawn
from faka.flows.intake.report import report
from faka.flows.intake.sort import sort_lines
from faka.kernel.errors import Broken
from faka.platform.envelope import KEYS_OF_JOB_MAX, DataKey
from faka.platform.objects import ObjectGone
from faka.platform.telemetry import note
from faka.wiring import Deps


STEP_LINES = 1_000
"""Lines between two checkpoints: forty insert requests, about a second of work to lose, at most 2 MB in memory. It is a
constant because a step done again must begin and end at the same lines."""


class RoomExceeded(Broken):
    """More cards in the second reading than the first had counted."""


@dataclass(frozen=True)
class Seal:
    """The batch and the data key that this worker seals under, with the key's place in the batch's list."""

    batch: Batch
    key: DataKey
    index: int


def seal_lines(deps: Deps, job: ImportJob, has_time: Callable[[], bool]) -> ImportJob:
    """Take steps until the file ends or the time does. At least one.

    A file that is gone ends the job where it stands: what is sealed comes on sale, the rest can be imported again.
    """
    lines = read_lines(deps.objects.read(job.work_key, job.etag, job.offset, job.size), job.offset)
    seal: Seal | None = None
    while job.offset < job.size:
        try:
            step = list(islice(lines, STEP_LINES))
        except ObjectGone:
            return _cut(deps, job)
        if job.lots and seal is None:
            seal = _seal(deps, job)
        job = _one_step(deps, job, seal, step)
        if not has_time():
            break
    return job


def _cut(deps: Deps, job: ImportJob) -> ImportJob:
    unread = job.read.lines - job.counts.lines
    key = report(deps, job, [Problem(job.line + 1, Reason.UNREAD)], job.line + 1) if unread else job.problems_key
    counts = job.counts.model_copy(update={"bad": job.counts.bad + unread})
    after = job.changed(deps.clock.now(), offset=job.size, cut_line=job.line, counts=counts, problems_key=key)
    deps.tables.commit([deps.imports.replaced(job, after)])
    note("import_cut", batch_id=job.id, sku_id=job.sku, count=unread)
    return after


def _seal(deps: Deps, job: ImportJob) -> Seal:
    """A key that this process still holds, else a new one: an import may not decrypt the one that it began with.

    The wrapped key is stored before anything is sealed under it, so no card can outlive its key.
    """
    batch = deps.vault.batch(job.sku, job.ordinal)
    held = deps.envelope.held_key(batch.keys, batch.job)
    if held is not None:
        return Seal(batch, held[1], held[0])
    key = deps.envelope.new_key(batch.job)
    batch = batch_from_item(deps.tables.apply(key_added(batch, key.wrapped, KEYS_OF_JOB_MAX)) or {})
    return Seal(batch, key, batch.keys.index(key.wrapped))


def _one_step(deps: Deps, job: ImportJob, seal: Seal | None, lines: Sequence[Line]) -> ImportJob:
    """One checkpoint further. Everything before its last write may happen twice."""
    found = sort_lines(deps, job, lines)
    lots, pages, numbers = _fill(deps, job, seal, found.cards)
    deps.vault.save_pages(job.sku, pages)
    key = report(deps, job, found.problems, job.line + len(lines))
    duplicates = sum(problem.reason is Reason.DUPLICATE for problem in found.problems)
    after = job.changed(
        deps.clock.now(),
        lots=lots,
        samples=drawn(deps.chance, job, lines, [line for line, _ in found.cards], numbers),
        offset=lines[-1].end,
        line=job.line + len(lines),
        problems_key=key,
        counts=Counts(
            new=job.counts.new + len(found.cards),
            duplicate=job.counts.duplicate + duplicates,
            bad=job.counts.bad + len(found.problems) - duplicates,
        ),
    )
    deps.tables.commit([deps.imports.replaced(job, after)])
    if job.problems_key not in ("", key):
        deps.objects.delete(job.problems_key)
    return after


def _fill(
    deps: Deps, job: ImportJob, seal: Seal | None, cards: Sequence[tuple[int, Parsed]]
) -> tuple[tuple[JobLot, ...], list[Page], list[int]]:
    """Give each card the next number of its lot, seal it there, and cut off the pages that became full; the numbers last."""
    lots = {lot.expires: lot for lot in job.lots}
    open_pages = {lot.expires: list(lot.tail) for lot in job.lots}
    pages, numbers = [], []
    for _, card in cards:
        expires = card.expires or job.wish.expires
        lot = lots.get(expires)
        if lot is None or seal is None or lot.sealed == lot.room:
            raise RoomExceeded(job.id)
        number = lot.base + lot.sealed
        numbers.append(number)
        text = CardText(card.number, card.secret).joined()
        open_pages[expires].append(deps.envelope.seal(seal.key, seal.index, text, seal.batch.place(number)))
        lots[expires] = lot.model_copy(update={"sealed": lot.sealed + 1})
        if len(open_pages[expires]) == PAGE_CARDS:
            pages.append(Page(number // PAGE_CARDS, job.ordinal, tuple(open_pages[expires])))
            open_pages[expires] = []
    return tuple(lot.model_copy(update={"tail": tuple(open_pages[expires])}) for expires, lot in lots.items()), pages, numbers
