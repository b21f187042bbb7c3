"""The drawer: extents that may not be sold, each a row of its own with its reason.

```
head ── slow write ──► aside `w` of the head ──► drawer row (insert) ──► head forgets `w`
                       one write takes it out        once: its key is the mark of that write
drawer row ── one transaction: `back` = log number, log row inserted ──► head takes it in
```
A drawer row is to withheld cards what an order is to sold ones: it decides, once, whether they go back. It is never
deleted, so that a helper who was asleep cannot put the same extent there again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from faka.contexts.stock.head import Aside, Head
from faka.contexts.stock.heads import Heads
from faka.contexts.stock.model import Extent, Why
from faka.kernel.errors import Conflict, FakaError, UnknownState
from faka.kernel.limits import PAGE_MAX
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, update


DRAWER_PAGES_MAX = 100


class AlreadyThere(Conflict):
    """Another helper put the extent there first."""


class AlreadyBack(Conflict):
    """The extent went back to its shard."""


def _there(row: Item | None) -> FakaError:
    return AlreadyThere("drawer", row)


def _back(row: Item | None) -> FakaError:
    return AlreadyBack("drawer", row)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One extent in the drawer of a shard."""

    key: Key
    shard: int
    extent: Extent
    why: Why


class AsideRows:
    def __init__(self, tables: Tables, heads: Heads) -> None:
        self._tables = tables
        self._heads = heads

    def take_over(self, head: Head) -> None:
        """Put what left the head into the drawer, then let the head forget it. Each half may be repeated by anybody."""
        for i, each in enumerate(head.aside):
            if each.end > each.start:
                try:
                    self._tables.apply(insert(TableName.TRADE, _row(head, i, each), otherwise=_there))
                except AlreadyThere:
                    continue
        self._heads.empty_aside(head)

    def rows(self, sku: str, shard: int) -> Iterator[Drawn]:
        """What lies in the drawer of a shard."""
        after: Item | None = None
        for _ in range(DRAWER_PAGES_MAX):
            page, after = self._tables.query(TableName.TRADE, f"ASIDE#{sku}#{shard}", limit=PAGE_MAX, strong=True, after=after)
            yield from (_read(row) for row in page if "back" not in row)
            if after is None:
                return

    def went_back(self, drawn: Drawn) -> Write:
        """Mark an extent as gone back, in the commit that logs it. Else AlreadyBack."""
        return update(drawn.key, "SET #back = :yes", when="attribute_exists(pk) AND attribute_not_exists(#back)", otherwise=_back, yes=True)


def _row(head: Head, i: int, each: Aside) -> Item:
    key = {"pk": f"ASIDE#{head.sku}#{head.shard}", "sk": f"{each.mark:010}#{i:02}"}
    return {**key, "x": [each.start, each.end - each.start, each.batch, each.day], "why": each.why.value}


def _read(row: Item) -> Drawn:
    try:
        return Drawn(Key(TableName.TRADE, row["pk"], row["sk"]), int(row["pk"].rsplit("#", 1)[1]), Extent(*row["x"]), Why(row["why"]))
    except (KeyError, ValueError, TypeError) as error:
        raise UnknownState(f"stock drawer {row.get('pk')} {row.get('sk')}") from error
