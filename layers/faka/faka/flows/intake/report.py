"""The problem file of a job, step by step."""

from collections.abc import Sequence

from faka.contexts.intake import PROBLEMS_KIND, PROBLEMS_MAX, ImportJob, ImportMoved, Problem, problems_key, written
from faka.platform.objects import ObjectGone
from faka.wiring import Deps


def report(deps: Deps, job: ImportJob, problems: Sequence[Problem], line: int) -> str:
    """Add to the problem file, under a new name: the job row decides which name counts."""
    known = job.counts.duplicate + job.counts.bad
    if not problems or known > PROBLEMS_MAX:
        return job.problems_key
    key = problems_key(job.id, line)
    deps.objects.put(key, written(_earlier(deps, job), known, problems), PROBLEMS_KIND)
    return key


def _earlier(deps: Deps, job: ImportJob) -> bytes:
    """What was reported so far. A file that the bucket has dropped with age is begun again: the counts are in the job.

    Another worker deletes it only after it has taken the job further, so a job that stands where it stood rules that out.
    Raises: ImportMoved.
    """
    try:
        return deps.objects.get(job.problems_key) if job.problems_key else b""
    except ObjectGone:
        if deps.imports.get(job.id).version != job.version:
            raise ImportMoved(job.id) from None
        return b""
