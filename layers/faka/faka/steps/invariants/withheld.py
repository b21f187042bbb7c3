"""I4 for what may not be sold: what is barred is not in a head that obeys, and heads obey once the work is done."""

from faka.contexts.stock.bounds import QUEUE_EXTENTS_MAX
from faka.contexts.stock.head import Head
from faka.contexts.stock.standing import Standing
from faka.contexts.vault.model import BatchState
from faka.steps.invariants.books import Question
from faka.steps.invariants.facts import Facts, SkuFacts


def check(facts: Facts, question: Question) -> None:
    for sku, stock in facts.stock.items():
        standing = stock.standing or Standing()
        for head in stock.heads.values():
            _obeys(facts, sku, head, standing)
        if question.is_quiet:
            _all_obey(facts, sku, stock, standing)
            _vault_is_heard(facts, sku, stock, standing)


def _obeys(facts: Facts, sku: str, head: Head, standing: Standing) -> None:
    subject = f"{sku}#{head.shard}"
    if head.generation > standing.generation:
        facts.say("I4", subject, f"obeys orders {head.generation}, the newest are {standing.generation}")
    elif head.generation == standing.generation and (standing.batches or standing.numbers):
        for each, why in standing.split(head.extents())[1]:
            facts.say("I4", subject, f"cards {each.start}-{each.end - 1} are for sale and {why}")


def _all_obey(facts: Facts, sku: str, stock: SkuFacts, standing: Standing) -> None:
    for shard, head in stock.heads.items():
        if head.generation != standing.generation:
            facts.say("I4", f"{sku}#{shard}", f"obeys orders {head.generation}, the newest are {standing.generation}")
        waits = max((number for number, _, _ in stock.logs.get(shard, ())), default=0) - head.applied
        if waits and len(head.queue) < QUEUE_EXTENTS_MAX // 2:
            facts.say("I4", f"{sku}#{shard}", f"{waits} log rows wait though there is room")


def _vault_is_heard(facts: Facts, sku: str, stock: SkuFacts, standing: Standing) -> None:
    """What the vault does not show is not for sale."""
    for ordinal, (state, void) in stock.withheld.items():
        is_open = standing.why_batch(ordinal) is None
        if state != BatchState.OPEN and is_open:
            facts.say("I4", sku, f"batch {ordinal} is {state} and not barred")
        single = standing.numbers or {}
        bare = [number for number in void if is_open and number not in single]
        if bare:
            facts.say("I4", sku, f"{len(bare)} void cards of batch {ordinal} are not barred, such as {min(bare)}")
