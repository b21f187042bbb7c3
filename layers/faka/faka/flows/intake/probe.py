"""Ask about the sample of a batch before any card of it is on sale.

```
sealed, sample drawn ─► asked card by card, each answer a record ─┬─ all GOOD ──────────────────────────────► linked, on sale
                              ▲  UNKNOWN: in ten minutes again ───┤
                              └───────────────────────────────────┼─ one BAD: batch FROZEN, case, complaint ─┐
                                                                  └─ still UNKNOWN: FROZEN, case ────────────┴─► linked behind the bar
```
The text of a card comes out of the uploaded file, which is there until the cards are linked: nothing is opened, and this function may
not open. Whoever dies between an answer and its record asks once more. What is frozen ends like any frozen batch: a person thaws it, or
declares it bad.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from faka.contexts.cases import CaseKind, open_case
from faka.contexts.complaints import complaint_of
from faka.contexts.intake import ImportJob, ImportState, Parsed, Sample, Verdict, read_lines
from faka.contexts.intake.probe import CardProbe
from faka.contexts.vault import BatchState, moved
from faka.flows.intake.sort import read_card
from faka.kernel.errors import Unavailable
from faka.kernel.secret import Secret
from faka.platform.objects import ObjectGone
from faka.platform.table import Write
from faka.platform.telemetry import note
from faka.wiring import Deps


PAUSE = timedelta(minutes=10)
"""Between two questions about one card, of which there are `ASKS_MAX`: an issuer that is down is given the better part of an hour. The
file leaves its bucket after a day."""

BY = "probe"
"""Who froze the batch and wrote the complaint."""


def until_asked(deps: Deps, job: ImportJob) -> int:
    """Seconds until the sample is asked about again; a queue waits at most a quarter of an hour."""
    left = (job.ask_at - deps.clock.now()).total_seconds() if job.ask_at is not None else 0.0
    return max(0, min(int(left) + 1, 900))


def probe_sample(deps: Deps, job: ImportJob, has_time: Callable[[], bool]) -> ImportJob:
    """One round of questions, at least one. The job stays PROBING, or goes on: to be sold, or to be held.

    Writes: the job after each answer; with the last one, where it is held: vault (batch FROZEN), case, complaint, log; one commit.
    Raises: ImportMoved; Throttled and the like: come again.
    """
    if job.ask_at is not None and deps.clock.now() < job.ask_at:
        return job
    probe = _opened(deps, job)
    for place, sample in enumerate(job.samples):
        if sample.is_open and not _has_bad(job):
            job = _answered(deps, job, place, _verdict(deps, job, probe, sample))
            if not has_time():
                return job
    if _has_bad(job):
        return _held(deps, job, Verdict.BAD)
    if all(one.verdict is Verdict.GOOD for one in job.samples):
        return _to_be_sold(deps, job)
    if not any(one.is_open for one in job.samples):
        return _held(deps, job, Verdict.UNKNOWN)
    return _replaced(deps, job, job.changed(deps.clock.now(), ask_at=deps.clock.now() + PAUSE))


def _has_bad(job: ImportJob) -> bool:
    return any(one.verdict is Verdict.BAD for one in job.samples)


def _opened(deps: Deps, job: ImportJob) -> CardProbe | None:
    """None where nobody can be asked: that is no answer, and not a good one."""
    row = deps.probes.find(job.sku)
    try:
        return deps.card_probe(row) if row is not None else None
    except Unavailable:
        return None


def _verdict(deps: Deps, job: ImportJob, probe: CardProbe | None, sample: Sample) -> Verdict:
    card = _card(deps, job, sample)
    if probe is None or card is None:
        return Verdict.UNKNOWN
    try:
        return probe.ask(Secret(card.number), Secret(card.secret))
    except Unavailable:
        return Verdict.UNKNOWN


def _card(deps: Deps, job: ImportJob, sample: Sample) -> Parsed | None:
    """The card's own line of the file; None where the file is gone."""
    try:
        pieces = list(deps.objects.read(job.work_key, job.etag, sample.start, sample.end))
    except ObjectGone:
        return None
    found = read_card(job, sample.line, next(read_lines(pieces, sample.start)))
    return found if isinstance(found, Parsed) else None


def _answered(deps: Deps, job: ImportJob, place: int, verdict: Verdict) -> ImportJob:
    note("card_probed", batch_id=job.id, sku_id=job.sku, outcome=verdict.value)
    asked = job.samples[place].model_copy(update={"asked": job.samples[place].asked + 1, "verdict": verdict})
    return _replaced(deps, job, job.changed(deps.clock.now(), samples=(*job.samples[:place], asked, *job.samples[place + 1 :])))


def _to_be_sold(deps: Deps, job: ImportJob) -> ImportJob:
    return _replaced(deps, job, job.moved(ImportState.LINKING, deps.clock.now(), ask_at=None))


def _held(deps: Deps, job: ImportJob, verdict: Verdict) -> ImportJob:
    now = deps.clock.now()
    told = f"a sampled card of {len(job.samples)} does not work" if verdict is Verdict.BAD else "nobody could tell whether its cards work"
    batch = deps.vault.batch(job.sku, job.ordinal)
    writes = [moved(batch, BatchState.FROZEN), deps.batch_log.noted(job.id, now, "frozen", BY, {"reason": told})]
    writes.append(deps.cases.opened(open_case(CaseKind.PROBE, job.id, job.id, told, now)))
    if verdict is Verdict.BAD:
        letter = complaint_of(job.id, job.supplier, job.sku, job.counts.new, job.unit_cost, reason=told, by=BY, at=now)
        writes.append(deps.complaints.drafted(letter))
    return _replaced(deps, job, job.moved(ImportState.LINKING, now, ask_at=None, held=told), writes)


def _replaced(deps: Deps, job: ImportJob, after: ImportJob, also: Sequence[Write] = ()) -> ImportJob:
    deps.tables.commit([deps.imports.replaced(job, after), *also])
    return after
