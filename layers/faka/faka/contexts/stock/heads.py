"""Reading and writing heads. A head is never part of a transaction, so claims never meet one."""

from collections.abc import Iterable
from typing import cast

from faka.contexts.stock.head import OPEN, Head, Take, TakeNext, head_key, new_head, read_head
from faka.contexts.stock.model import Part, Run, expires_of
from faka.contexts.stock.rewrite import Rewrite, rewritten
from faka.contexts.stock.standing import Standing
from faka.kernel.errors import Conflict, FakaError
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, update


class Refused(Conflict):
    """The head did not take the write; `head` is what stood there, read by the refusal itself."""

    @property
    def head(self) -> Head | None:
        return read_head(dict(self.row)) if self.row is not None else None


def _refused(row: Item | None) -> FakaError:
    return Refused("stock head", row)


class Heads:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, sku: str, shard: int) -> Head | None:
        row = self._tables.get(head_key(sku, shard))
        return read_head(row) if row is not None else None

    def get_many(self, keys: Iterable[tuple[str, int]], *, strong: bool = True) -> dict[tuple[str, int], Head]:
        rows = self._tables.batch_get([head_key(sku, shard) for sku, shard in keys], strong=strong)
        heads = [read_head(row) for row in rows.values()]
        return {(head.sku, head.shard): head for head in heads}

    def create(self, sku: str, shard: int, standing: Standing) -> None:
        """Make the shard's head, obedient to the standing orders as they are; somebody else's head is as good."""
        try:
            self._tables.apply(insert(TableName.TRADE, new_head(sku, shard, standing.generation, standing.is_open), otherwise=_refused))
        except Refused:
            return

    def claim(self, sku: str, shard: int, step: Take | TakeNext, part: Part, dead_day: int) -> tuple[Run, Head]:
        """Hand out a run in one conditional write.

        Raises: Refused, with the head as it is.
        """
        write = claim_write(head_key(sku, shard), step, part, dead_day)
        head = read_head(cast(Item, self._tables.apply(write)))
        slot = head.slots[part.slot]
        run = Run(shard=shard, serial=slot.serial, start=slot.start, count=slot.count, batch=slot.batch, expires=expires_of(slot.day))
        return run, head

    def rewrite(self, head: Head, after: Rewrite) -> bool:
        """Make a slow write; False when somebody else wrote first."""
        try:
            self._tables.apply(rewritten(head, after, _refused))
        except Refused:
            return False
        return True

    def empty_aside(self, head: Head) -> None:
        """Forget the extents that have left the head. Only they are forgotten: their mark names the write that took them."""
        mark = head.aside[0].mark
        write = update(
            head_key(head.sku, head.shard),
            "SET #w = :none, #k = #k + :one REMOVE #p",
            when="#w[0][0] = :mark",
            otherwise=_refused,
            none=[],
            one=1,
            mark=mark,
        )
        try:
            self._tables.apply(write)
        except Refused:
            return


def claim_write(key: Key, step: Take | TakeNext, part: Part, dead_day: int) -> Write:
    """The claim. The right-hand sides see the row as it was, so the ring learns where the cursor stood.

    | clause | rules out |
    |---|---|
    | `st = OPEN` | selling what the shop has closed |
    | `a >= q` | handing out cards that the running extent does not have: the double sale |
    | `x > dead day` | handing out expired cards |
    | `t <> this part` | claiming twice for one order after a lost answer or a double click |
    | `a = 0` (next extent) | dropping the rest of the running extent |
    | `q[0] count >= q`, `q[0] day > dead day` (next extent) | the same for the extent that is being opened |
    """
    i = part.slot
    values = {"q": step.count, "t": part.digest, "tag": part.tag, "one": 1, "dead": dead_day, "open": OPEN}
    common = f"#t{i} = :t, #m{i} = :q, #i{i} = #n, #n = #n + :one, #cl = #cl + :q, #l = :tag"
    if isinstance(step, Take):
        sets = f"SET {common}, #s{i} = #c, #b{i} = #b, #x{i} = #x, #c = #c + :q, #a = #a - :q"
        when = "#a >= :q AND #x > :dead"
    else:
        values |= {"zero": 0}
        sets = (
            f"SET {common}, #s{i} = #q[0][0], #b{i} = #q[0][2], #x{i} = #q[0][3], #k = #k + :one, "
            "#c = #q[0][0] + :q, #a = #q[0][1] - :q, #b = #q[0][2], #x = #q[0][3] REMOVE #q[0]"
        )
        when = "#a = :zero AND #q[0][1] >= :q AND #q[0][3] > :dead"
    return update(key, sets, when=f"#st = :open AND {when} AND #t{i} <> :t", otherwise=_refused, **values)
