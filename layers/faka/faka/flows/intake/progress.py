"""How far an import has come, for whoever waits for it."""

from faka.contexts.intake import Counts, ImportState, Refusal
from faka.kernel.ids import BatchId, SkuId
from faka.kernel.model import Frozen
from faka.wiring import Deps


LINK_VALID_S = 300
"""The problem file holds no secret, but there is no reason for its address to live longer than a click."""


class Progress(Frozen):
    batch: BatchId
    sku: SkuId
    state: ImportState
    refusal: Refusal | None
    lines: int
    """0 until they are counted."""
    counts: Counts
    has_problems: bool


def progress(deps: Deps, batch: BatchId) -> Progress:
    """Raises: ImportNotFound."""
    job = deps.imports.get(batch)
    return Progress(
        batch=job.id,
        sku=job.sku,
        state=job.state,
        refusal=job.refusal,
        lines=job.survey.lines if job.survey else 0,
        counts=job.counts,
        has_problems=bool(job.problems_key),
    )


def problem_link(deps: Deps, batch: BatchId) -> str:
    """An address to download the problem file from; empty when there is none. Raises: ImportNotFound."""
    job = deps.imports.get(batch)
    if not job.problems_key:
        return ""
    return deps.objects.download_link(job.problems_key, name=f"problems-{batch}.csv", valid_s=LINK_VALID_S)
