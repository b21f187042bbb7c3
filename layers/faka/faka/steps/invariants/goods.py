"""I1 and I4 over all rows of one SKU: each number is in exactly one place, and every claim has one fate.

```
linked by an import  =  head (running, queue, on its way to the drawer) + log rows not yet taken in + drawer
                      + orders' runs + claims on their way + cards that were withheld, and replaced or paid back
claim                =  owned by one order | back in one log row, let go by one order or fence | replaced | on its way
```
"""

from collections.abc import Iterable, Iterator

from faka.contexts.stock.model import Extent, total
from faka.contexts.stock.rewrite import IMPORT, RESTORE, RETURN
from faka.contexts.vault.model import PAGE_CARDS
from faka.steps.invariants.books import Question
from faka.steps.invariants.facts import Facts, Place, SkuFacts


NAMED_MAX = 5
"""Ranges of numbers that one sentence names; more of them say nothing more."""

Range = tuple[int, int]


def check(facts: Facts, question: Question) -> None:
    for sku, stock in facts.stock.items():
        linked = _linked(facts, sku, stock)
        taken = sorted(_places(stock))
        found = len(facts.wrong)
        _claims(facts, sku, stock)
        _one_place_each(facts, sku, taken)
        if len(facts.wrong) == found:  # where a card is in two places, counting says the same again
            _none_lost(facts, sku, stock, taken, linked, question)
        for shard in stock.logs.keys() | stock.heads.keys():
            _head_follows_log(facts, sku, stock, shard)
        _sealed(facts, sku, stock, linked)


def _claims(facts: Facts, sku: str, stock: SkuFacts) -> None:
    """Every claim has one fate (I1), and the journal tells the truth about it (I5)."""
    for event, times in stock.returned.items():
        if times > 1:
            facts.say("I1", f"{sku}#{event}", f"the claim came back {times} times")
        if event in stock.owners:
            facts.say("I1", stock.owners[event], f"owns claim {event} of {sku}, which came back")
        if event not in stock.left and event not in facts.fence_events:
            facts.say("I1", f"{sku}#{event}", "the claim came back and nobody let it go")
    for event, order in stock.left.items():
        if event not in stock.returned and not facts.orders[order].replaced:
            facts.say("I1", order, f"let claim {event} of {sku} go, and it never came back")
    for event, claim in stock.claims.items():
        owner = stock.owners.get(event)
        if owner is not None and claim.order not in ("", owner):
            facts.say("I5", owner, f"owns claim {event} of {sku}, which the journal gives to {claim.order}")
        end = claim.start + claim.count
        if owner is not None and any(low < claim.start or high > end for low, high in stock.runs[event]):
            facts.say("I5", owner, f"owns {_told(stock.runs[event])} of claim {event} of {sku}, which is {_told([(claim.start, end)])}")


def _places(stock: SkuFacts) -> list[Place]:
    """Where numbers are. A drawer row counts before the head's own note of the same extent, which is forgotten later."""
    found = list(stock.places)
    for shard, head in stock.heads.items():
        found += ((each.start, each.end, f"head {shard}") for each in head.extents())
        for i, aside in enumerate(head.aside):
            if (shard, aside.mark, i) not in stock.drawer and aside.end > aside.start:
                found.append((aside.start, aside.end, f"leaving head {shard}"))
    found += ((numbers[0], numbers[1], f"drawer {shard}") for (shard, _, _), numbers in stock.drawer.items() if numbers is not None)
    for shard, number, _, extents in _waiting(stock):
        found += ((each.start, each.end, f"log row {number} of head {shard}") for each in extents)
    for event, claim in stock.claims.items():
        if event not in stock.returned:
            found += _beside_owner(stock, event, claim.start, claim.start + claim.count)
    return found


def _waiting(stock: SkuFacts) -> Iterator[tuple[int, int, str, tuple[Extent, ...]]]:
    """Log rows that their heads have not taken in: shard, number, why, extents."""
    for shard, rows in stock.logs.items():
        applied = stock.heads[shard].applied if shard in stock.heads else 0
        yield from ((shard, number, why, extents) for number, why, extents in rows if number > applied)


def _beside_owner(stock: SkuFacts, event: str, start: int, end: int) -> Iterator[Place]:
    """What of a claim its order does not own: all of it while it is on its way, a part where withheld cards were replaced."""
    for low, high in sorted(stock.runs[event]) if event in stock.runs else ():
        if low > start:
            yield start, low, f"claim {event}"
        start = max(start, high)
    if start < end:
        yield start, end, f"claim {event}"


def _one_place_each(facts: Facts, sku: str, taken: list[Place]) -> None:
    reach, holder = -1, ""
    for start, end, name in taken:
        if start < reach:
            owner = next((each for each in (name, holder) if each in facts.orders), None)
            numbers = _told([(start, min(end, reach))])
            facts.say("I1" if owner else "I4", owner or sku, f"cards {numbers} of {sku} are with {holder} and {name}")
        if end > reach:
            reach, holder = end, name


def _linked(facts: Facts, sku: str, stock: SkuFacts) -> list[tuple[int, int, int]]:
    """What imports put up for sale, each number once and within what was given out."""
    linked = sorted(
        (each.start, each.end, each.batch) for rows in stock.logs.values() for _, why, extents in rows if why == IMPORT for each in extents
    )
    upto: dict[int, int] = {}
    reach = 0
    for start, end, batch in linked:
        upto[batch] = max(upto.get(batch, 0), end)
        if start < reach:
            facts.say("I4", sku, f"cards {_told([(start, min(end, reach))])} were put up for sale twice")
        reach = max(reach, end)
    if upto != stock.links:
        facts.say("I4", sku, f"linked up to {sorted(upto.items())[:NAMED_MAX]}, the marks say {sorted(stock.links.items())[:NAMED_MAX]}")
    if reach > stock.allotted[0] or max(upto, default=0) > stock.allotted[1]:
        facts.say("I4", sku, f"card {reach - 1} was put up for sale, {stock.allotted[0]} numbers were given out")
    return linked


def _none_lost(facts: Facts, sku: str, stock: SkuFacts, taken: list[Place], linked: list[tuple[int, int, int]], question: Question) -> None:
    """What is in no place is on its way, as many as the heads say; and nothing is anywhere that never was for sale."""
    here, there = [(start, end) for start, end, _ in taken], [(start, end) for start, end, _ in linked]
    missing, strange = _without(there, here), _without(here, there)
    if strange:
        facts.say("I4", sku, f"cards {_told(strange)} were never put up for sale")
    on_the_way = sum(head.claimed for head in stock.heads.values()) - sum(stock.owned.values()) - _returned(stock)
    known = sum(end - start for start, end, name in taken if name.startswith("claim "))
    lost = sum(end - start for start, end in missing)
    if lost != on_the_way - known:
        facts.say("I4", sku, f"{lost} cards are nowhere ({_told(missing)}), {on_the_way - known} can be on their way")
    if question.is_quiet and on_the_way != stock.replaced:
        facts.say("I4", sku, f"{on_the_way - stock.replaced} claimed cards have no owner")


def _returned(stock: SkuFacts) -> int:
    return sum(total(extents) for rows in stock.logs.values() for _, why, extents in rows if why == RETURN)


def _head_follows_log(facts: Facts, sku: str, stock: SkuFacts, shard: int) -> None:
    """A head has taken in exactly the log up to its mark, and has put aside exactly what lies there."""
    rows, head = stock.logs.get(shard, ()), stock.heads.get(shard)
    subject = f"{sku}#{shard}"
    if len(rows) != max((number for number, _, _ in rows), default=0):
        facts.say("I4", subject, f"the log has {len(rows)} rows and goes to number {max(number for number, _, _ in rows)}")
    if head is None:
        return
    if head.applied > len(rows):
        facts.say("I4", subject, f"took in log row {head.applied} of {len(rows)}")
    taken = {IMPORT: 0, RETURN: 0, RESTORE: 0}
    coming_back = 0
    for number, why, extents in rows:
        if number <= head.applied:
            taken[why] += total(extents)
        elif why == RESTORE:
            coming_back += total(extents)
    if (head.imported, head.returned) != (taken[IMPORT], taken[RETURN]):
        told = f"{head.imported} imported and {head.returned} returned"
        facts.say("I4", subject, f"the head counts {told}, its log {taken[IMPORT]} and {taken[RETURN]}")
    aside = sum(each.end - each.start for i, each in enumerate(head.aside) if (shard, each.mark, i) not in stock.drawer)
    drawn = sum(numbers[1] - numbers[0] for (where, _, _), numbers in stock.drawer.items() if where == shard and numbers is not None)
    if head.withheld != aside + drawn + coming_back:
        facts.say("I4", subject, f"the head counts {head.withheld} withheld, {aside + drawn + coming_back} are")


def _sealed(facts: Facts, sku: str, stock: SkuFacts, linked: list[tuple[int, int, int]]) -> None:
    """Behind each number for sale lies a sealed card of its batch."""
    bare = []
    for start, end, batch in linked:
        for page in range(start // PAGE_CARDS, (end - 1) // PAGE_CARDS + 1):
            owner, cards = stock.pages.get(page, (0, 0))
            last = min(end, (page + 1) * PAGE_CARDS)
            if owner != batch or page * PAGE_CARDS + cards < last:
                bare.append((max(start, page * PAGE_CARDS), last))
    if bare:
        facts.say("I4", sku, f"cards {_told(bare)} are for sale and have no sealed card")


def _without(these: list[Range], those: list[Range]) -> list[Range]:
    """Numbers of the first that are not in the second; both are sorted."""
    left: list[Range] = []
    at = 0
    for low, end in these:
        start = low
        while at < len(those) and those[at][1] <= start:
            at += 1
        i = at
        while i < len(those) and those[i][0] < end and start < end:
            if those[i][0] > start:
                left.append((start, those[i][0]))
            start = max(start, those[i][1])
            i += 1
        if start < end:
            left.append((start, end))
    return left


def _told(ranges: Iterable[Range]) -> str:
    known = list(ranges)
    told = [str(start) if end == start + 1 else f"{start}-{end - 1}" for start, end in known[:NAMED_MAX]]
    return ", ".join([*told, *(["…"] if len(known) > NAMED_MAX else [])])
