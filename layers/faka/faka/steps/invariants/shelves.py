"""Rows of stock, of its claim journal and of its sealed pages into facts, with the rules that one head alone can break."""

from faka.contexts.stock.head import read_head
from faka.contexts.stock.log import read_log
from faka.contexts.stock.model import total
from faka.contexts.stock.rewrite import RETURN
from faka.contexts.stock.standing import read_standing
from faka.contexts.vault.model import BatchState
from faka.platform.table import Item, TableName
from faka.steps.invariants import kinds
from faka.steps.invariants.facts import ClaimFacts, Facts


def head(facts: Facts, row: Item) -> None:
    """A head's own counters add up (I4); its ring tells of the last claims."""
    read = read_head(row)
    stock = facts.stock[read.sku]
    stock.heads[read.shard] = read
    inside = total(read.extents())
    if read.imported + read.returned - read.claimed - read.withheld != inside:
        counted = f"{read.imported} + {read.returned} - {read.claimed} - {read.withheld}"
        facts.say("I4", f"{read.sku}#{read.shard}", f"the head counts {counted} and holds {inside} cards")
    if read.running.count < 0 or any(each.count < 1 for each in read.queue):
        facts.say("I4", f"{read.sku}#{read.shard}", "the head owes cards")
    for slot in read.slots:
        if slot.serial >= 0:
            _claimed(facts, read.sku, f"{read.shard}-{slot.serial}", ClaimFacts(slot.start, slot.count, slot.batch, "", ""))


def log(facts: Facts, row: Item) -> None:
    _, sku, shard, _ = row["pk"].split("#")
    read = read_log(row)
    stock = facts.stock[sku]
    stock.logs[int(shard)].append((read.number, read.why, read.extents))
    if read.why == RETURN:
        stock.returned.update(f"{shard}-{serial}" for serial in read.serials)
    elif read.serials:
        facts.say("I4", f"{sku}#{shard}", f"log row {read.number} is {read.why} and names claims")


def drawer(facts: Facts, row: Item) -> None:
    _, sku, shard = row["pk"].split("#")
    mark, _, place = row["sk"].partition("#")
    start, count, _, _ = row["x"]
    facts.stock[sku].drawer[int(shard), int(mark), int(place)] = None if "back" in row else (start, start + count)


def standing(facts: Facts, row: Item) -> None:
    stock = facts.stock[row["pk"].split("#", 1)[1]]
    stock.allotted = row.get("nx", 0), row.get("nb", 0)
    if "bars" in row and "g" in row:
        stock.standing = read_standing(row)


def link(facts: Facts, row: Item) -> None:
    _, sku, ordinal = row["pk"].split("#")
    facts.stock[sku].links[int(ordinal)] = row["upto"]


def claim(facts: Facts, row: Item) -> None:
    shard, serial, start, count, ordinal, _ = row["run"]
    read = ClaimFacts(start, count, ordinal, row["tag"].partition("+")[0], row["at"])
    _claimed(facts, row["pk"].split("#")[1], f"{shard}-{serial}", read)


def _claimed(facts: Facts, sku: str, event: str, read: ClaimFacts) -> None:
    """Ring and journal tell the same of one claim (I5); the journal also knows for whom."""
    known = facts.stock[sku].claims.get(event)
    if known is not None and (known.start, known.count, known.batch) != (read.start, read.count, read.batch):
        facts.say("I5", f"{sku}#{event}", f"is told as card {known.start} × {known.count} and as {read.start} × {read.count}")
    if known is None or not known.order:
        facts.stock[sku].claims[event] = read


def page(facts: Facts, row: Item) -> None:
    _, sku, number = row["pk"].split("#")
    kinds.sealed(facts, row)
    facts.stock[sku].pages[int(number)] = row["batch"], len(row["cards"])


def cost(facts: Facts, row: Item) -> None:
    _, sku, ordinal = row["pk"].split("#")
    facts.costs[sku, int(ordinal)] = int(row["unit_minor"]), str(row["currency"])


def batch(facts: Facts, row: Item) -> None:
    void = frozenset(row.get("void", ()))
    if row["state"] != BatchState.OPEN or void:
        facts.stock[row["sku"]].withheld[row["ordinal"]] = row["state"], void


READERS = {
    (TableName.TRADE, "HEAD"): head,
    (TableName.TRADE, "LOG"): log,
    (TableName.TRADE, "ASIDE"): drawer,
    (TableName.TRADE, "SKU"): standing,
    (TableName.TRADE, "LINK"): link,
    (TableName.VAULT, "PAGE"): page,
    (TableName.VAULT, "BATCH"): batch,
    (TableName.JOURNAL, "CLAIM"): claim,
    (TableName.JOURNAL, "COST"): cost,
}
