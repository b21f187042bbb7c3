"""I4 for batches with a sample: nothing of them is for sale before every sampled card is good, or a person said so."""

from collections.abc import Iterator

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.intake.model import ImportState
from faka.contexts.intake.probe import Verdict
from faka.contexts.intake.store import import_key
from faka.contexts.stock.link import link_key
from faka.contexts.vault.model import BatchState
from faka.contexts.vault.rows import batch_key
from faka.kernel.ids import BatchId, SkuId
from faka.platform.table import Item, Key, TableName
from faka.steps.invariants.books import Question
from faka.steps.invariants.facts import Facts
from faka.steps.invariants.stored import ProbedFacts


_ENDS = (ImportState.LINKING, ImportState.DONE)


def imported(facts: Facts, row: Item) -> None:
    samples = row.get("samples", ())
    if samples:
        is_good = all(one.get("verdict") == Verdict.GOOD for one in samples)
        place = row["id"], row["sku"], int(row["ordinal"])
        facts.stored.probed[row["id"]] = ProbedFacts(*place, row["state"], is_good, bool(row.get("held")))


def keys_of(facts: Facts, name: str) -> Iterator[Key]:
    """The rows that decide about an import."""
    yield import_key(BatchId(name))
    yield Key(TableName.TRADE, f"CASE#{case_id(CaseKind.PROBE, BatchId(name))}", "CASE")
    job = facts.stored.probed.get(name)
    if job is not None:
        yield link_key(SkuId(job.sku), job.ordinal)
        yield batch_key(SkuId(job.sku), job.ordinal)


def check(facts: Facts, _question: Question) -> None:
    for job in facts.stored.probed.values():
        if job.state in _ENDS and not job.is_good and not job.is_held:
            facts.say("I4", job.id, f"{job.state} though its sample is not good")
        if job.state not in _ENDS and job.ordinal in facts.stock[job.sku].links:
            facts.say("I4", job.id, f"{job.state} and for sale before its sample was answered")
        case = facts.cases.get(case_id(CaseKind.PROBE, BatchId(job.id)))
        state, _ = facts.stock[job.sku].withheld.get(job.ordinal, (BatchState.OPEN, frozenset()))
        if job.is_held and (case is None or (case.state == "OPEN" and state == BatchState.OPEN)):
            facts.say("I4", job.id, f"its sample holds it, it is {state} and its case {case.state if case else 'is not there'}")
