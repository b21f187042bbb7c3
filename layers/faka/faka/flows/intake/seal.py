"""Second pass: from lines to sealed pages, one bounded step after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from faka.contexts.intake import (
    PROBLEMS_KIND,
    PROBLEMS_MAX,
    Counts,
    ImportJob,
    JobLot,
    Line,
    Parsed,
    Problem,
    Reason,
    decode,
    is_blank,
    parse,
    problems_key,
    read_lines,
    written,
)
from faka.contexts.vault import PAGE_CARDS, Batch, CardText, Page, Print, fingerprint, key_added
from faka.contexts.vault.rows import batch_from_item
from faka.kernel.clock import business_day
from faka.kernel.errors import Broken
from faka.platform.envelope import KEYS_OF_JOB_MAX, DataKey
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


@dataclass(frozen=True)
class Found:
    """What the lines of one step turned out to be."""

    cards: tuple[tuple[int, Parsed], ...]
    problems: tuple[Problem, ...]
    seen: int
    """Lines that count, blank ones and the header left out."""


def seal_lines(deps: Deps, job: ImportJob, has_time: Callable[[], bool]) -> ImportJob:
    """Take steps until the file ends or the time does. At least one."""
    seal = _seal(deps, job) if job.lots else None
    lines = read_lines(deps.objects.read(job.work_key, job.etag, job.offset, job.size), job.offset)
    while job.offset < job.size:
        job = _one_step(deps, job, seal, list(islice(lines, STEP_LINES)))
        if not has_time():
            break
    return job


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
    found = _sort(deps, job, lines)
    lots, pages = _fill(deps, job, seal, found.cards)
    deps.vault.save_pages(job.sku, pages)
    key = _report(deps, job, found.problems, job.line + len(lines))
    duplicates = sum(problem.reason is Reason.DUPLICATE for problem in found.problems)
    after = job.changed(
        deps.clock.now(),
        lots=lots,
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


# -- what a line is -------------------------------------------------------------------------------------------------


def _sort(deps: Deps, job: ImportJob, lines: Sequence[Line]) -> Found:
    """Parse, then ask whose each card is: this very line's, or somebody's who had it before."""
    read = [(number, _read(job, number, line)) for number, line in enumerate(lines, job.line + 1)]
    problems = [Problem(number, what) for number, what in read if isinstance(what, Reason)]
    first: dict[str, tuple[int, Parsed]] = {}
    secret = deps.fingerprint_key()
    for number, what in read:
        if isinstance(what, Parsed):
            hash_ = fingerprint(secret, CardText(what.number, what.secret))
            if hash_ in first:
                problems.append(Problem(number, Reason.DUPLICATE, job.id, first[hash_][0]))
            else:
                first[hash_] = (number, what)
    owners = deps.vault.claim_prints([Print(hash_, job.id, number) for hash_, (number, _) in first.items()])
    cards = []
    for owner, (number, card) in zip(owners, first.values(), strict=True):
        if (owner.batch, owner.line) == (job.id, number):
            cards.append((number, card))
        else:
            problems.append(Problem(number, Reason.DUPLICATE, owner.batch, owner.line))
    problems.sort(key=lambda problem: problem.line)
    return Found(tuple(cards), tuple(problems), sum(what is not None for _, what in read))


def _read(job: ImportJob, number: int, line: Line) -> Parsed | Reason | None:
    """None for what is not a line of cards at all."""
    form = job.read.form
    if number == job.read.header_line or is_blank(line):
        return None
    if line.raw is None:
        return Reason.TOO_LONG
    text = decode(line.raw, form.encoding)
    if text is None:
        return Reason.ENCODING
    return parse(text, form, job.day or business_day(job.opened_at), is_link=job.wish.is_link)


# -- sealing --------------------------------------------------------------------------------------------------------


def _fill(deps: Deps, job: ImportJob, seal: Seal | None, cards: Sequence[tuple[int, Parsed]]) -> tuple[tuple[JobLot, ...], list[Page]]:
    """Give each card the next number of its lot, seal it there, and cut off the pages that became full."""
    lots = {lot.expires: lot for lot in job.lots}
    open_pages = {lot.expires: list(lot.tail) for lot in job.lots}
    pages = []
    for _, card in cards:
        expires = card.expires or job.wish.expires
        lot = lots.get(expires)
        if lot is None or seal is None or lot.sealed == lot.room:
            raise RoomExceeded(job.id)
        number = lot.base + lot.sealed
        text = CardText(card.number, card.secret).joined()
        open_pages[expires].append(deps.envelope.seal(seal.key, seal.index, text, seal.batch.place(number)))
        lots[expires] = lot.model_copy(update={"sealed": lot.sealed + 1})
        if len(open_pages[expires]) == PAGE_CARDS:
            pages.append(Page(number // PAGE_CARDS, job.ordinal, tuple(open_pages[expires])))
            open_pages[expires] = []
    return tuple(lot.model_copy(update={"tail": tuple(open_pages[expires])}) for expires, lot in lots.items()), pages


def _report(deps: Deps, job: ImportJob, problems: Sequence[Problem], line: int) -> str:
    """Add to the problem file, under a new name: the job row decides which name counts."""
    known = job.counts.duplicate + job.counts.bad
    if not problems or known > PROBLEMS_MAX:
        return job.problems_key
    earlier = deps.objects.get(job.problems_key) if job.problems_key else b""
    key = problems_key(job.id, line)
    deps.objects.put(key, written(earlier, known, problems), PROBLEMS_KIND)
    return key
