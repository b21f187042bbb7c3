"""Slow writes of a head: everything but a claim. Pure: what the head is after it, and the write that makes it so.

Each is conditional on the version `k` that was read. Claims do not touch `k` as long as they stay within the running
extent, so a slow write does not starve under them; in return it must not write what claims change (`c`, `a`, `n`, `cl`,
the ring) except in the two ways that need no knowledge of them:

* the running extent ends at `c + a`, whatever claims do. `a = v - c` cuts it at `v`, if the cursor has not passed `v`;
* `p = c, a = 0` closes it and keeps where it stood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from faka.contexts.stock.bounds import CUT_AHEAD, LOG_EXTENTS_MAX, QUEUE_EXTENTS_MAX
from faka.contexts.stock.head import BLANK, CLOSED, IN_P, OPEN, Aside, Head, head_key
from faka.contexts.stock.model import Extent, Why, in_order, total
from faka.contexts.stock.standing import Standing
from faka.kernel.errors import FakaError
from faka.platform.table import Item, Write, update


@dataclass(frozen=True, slots=True)
class LogRow:
    """What a log row adds to its shard."""

    number: int
    why: str
    extents: tuple[Extent, ...]
    serials: frozenset[int] = frozenset()

    @property
    def total(self) -> int:
        return total(self.extents)


IMPORT, RETURN, RESTORE = "IMPORT", "RETURN", "RESTORE"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A slow write, as the fields that it sets."""

    queue: tuple[Extent, ...]
    fields: dict[str, Any]
    aside: tuple[Aside, ...] = ()
    opened: Extent | None = None
    """Becomes the running extent; only where that one is used up."""
    cut: int | None = None
    """The running extent ends before this number."""
    parked: bool = False
    """The running extent closes and leaves with `aside`."""


def taking_log(head: Head, rows: Sequence[LogRow], standing: Standing) -> Rewrite | None:
    """Take log rows in, as many in a row as there is room for; None when there is none for the first.

    Barred cards go aside instead of into the queue. Cards that expire sooner than the running extent cut it short, so that
    they are sold first. The ring forgets claims that were given back.
    """
    queue, aside, last = head.queue, list[Aside](), head.applied
    fields: dict[str, Any] = {"im": head.imported, "re": head.returned, "wh": head.withheld}
    for row in rows:
        kept, barred = standing.split(row.extents)
        longer = in_order([*queue, *kept])
        has_room = not queue or len(longer) <= QUEUE_EXTENTS_MAX
        fits_aside = not aside or len(aside) + len(barred) <= LOG_EXTENTS_MAX
        if row.number != last + 1 or not has_room or not fits_aside:
            break
        queue, last = longer, row.number
        aside += [_aside(head, each, why) for each, why in barred]
        fields[{IMPORT: "im", RETURN: "re", RESTORE: "wh"}[row.why]] += -row.total if row.why == RESTORE else row.total
        fields["wh"] += sum(each.count for each, _ in barred)
        fields |= {f"t{i}": BLANK for i, slot in enumerate(head.slots) if slot.serial in row.serials}
    if last == head.applied:
        return None
    fields["lp"] = last
    return _led(head, queue, fields, tuple(aside))


def _led(head: Head, queue: tuple[Extent, ...], fields: dict[str, Any], aside: tuple[Aside, ...]) -> Rewrite:
    """Put the right extent in front: the first of the queue where nothing runs, or a sooner one before the running."""
    running = head.running
    if not queue:
        return Rewrite(queue, fields, aside)
    if running.count == 0:
        return Rewrite(queue[1:], fields, aside, opened=queue[0])
    cut = running.start + CUT_AHEAD
    if queue[0].day < running.day and cut < running.end and len(queue) < QUEUE_EXTENTS_MAX:
        tail = running.between(cut, running.end)
        return Rewrite(in_order([*queue, tail]), fields, aside, cut=cut)
    return Rewrite(queue, fields, aside)


def obeying(head: Head, standing: Standing) -> Rewrite:
    """Take everything barred out of the head and note the generation of the orders that it obeys."""
    queue, barred = standing.split(head.queue)
    fields = {"g": standing.generation, "st": OPEN if standing.is_open else CLOSED}
    return _without(head, queue, barred, fields, standing)


def discarding(head: Head, dead_day: int) -> Rewrite:
    """Take expired cards out of the head. The running extent is closed where it stands: another process may have an
    earlier idea of today."""
    queue = [each for each in head.queue if each.day > dead_day]
    barred = [(each, Why.EXPIRED) for each in head.queue if each.day <= dead_day]
    if head.running.count and head.running.day <= dead_day:
        return _leave(head, queue, barred, {}, parked=Why.EXPIRED)
    return _leave(head, queue, barred, {})


def _without(head: Head, queue: list[Extent], barred: list[tuple[Extent, Why]], fields: dict[str, Any], standing: Standing) -> Rewrite:
    running = head.running
    if not running.count:
        return _leave(head, queue, barred, fields)
    whole = standing.why_batch(running.batch)
    if whole is not None:
        return _leave(head, queue, barred, fields, parked=whole)
    first = standing.first_barred(running)
    if first is None:
        return _leave(head, queue, barred, fields)
    kept, out = standing.split([running.between(first, running.end)])
    return _leave(head, [*queue, *kept], [*barred, *out], fields, cut=first)


def _leave(
    head: Head,
    queue: Sequence[Extent],
    barred: Sequence[tuple[Extent, Why]],
    fields: dict[str, Any],
    *,
    parked: Why | None = None,
    cut: int | None = None,
) -> Rewrite:
    aside = [_aside(head, each, why) for each, why in barred]
    if parked is not None:
        aside.append(Aside(head.version + 1, IN_P, head.running.end, head.running.batch, head.running.day, parked))
    withheld = head.withheld + sum(each.count for each, _ in barred)
    return Rewrite(in_order(queue), fields | {"wh": withheld}, tuple(aside), cut=cut, parked=parked is not None)


def _aside(head: Head, each: Extent, why: Why) -> Aside:
    return Aside(head.version + 1, each.start, each.end, each.batch, each.day, why)


def rewritten(head: Head, after: Rewrite, otherwise: Callable[[Item | None], FakaError]) -> Write:
    """The write, on the condition that nobody else wrote slowly since `head` was read."""
    values: dict[str, Any] = {"q": [each.row for each in after.queue], "k": head.version, "one": 1, **after.fields}
    sets = ["#q = :q", "#k = #k + :one", *(f"#{name} = :{name}" for name in after.fields if name != "wh")]
    when = ["#k = :k"]
    if after.aside:
        values["w"] = [each.row for each in after.aside]
        sets.append("#w = :w")
    if "wh" in after.fields:
        # What the running extent still holds is known only to the write itself.
        sets.append("#wh = :wh + #a" if after.parked else "#wh = :wh")
    if after.parked:
        values["zero"] = 0
        sets += ["#p = #c", "#a = :zero"]
    if after.cut is not None:
        values["cut"] = after.cut
        sets.append("#a = :cut - #c")
        when.append("#c <= :cut")
    if after.opened is not None:
        values |= {"c": after.opened.start, "a": after.opened.count, "b": after.opened.batch, "x": after.opened.day}
        sets += [f"#{name} = :{name}" for name in "cabx"]
    return update(head_key(head.sku, head.shard), "SET " + ", ".join(sets), when=" AND ".join(when), otherwise=otherwise, **values)
