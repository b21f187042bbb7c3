"""The head row of one shard, and which claim fits it now. Pure; the chart of the row stands in the package docstring."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from faka.contexts.stock.bounds import RING_SLOTS
from faka.contexts.stock.model import NEVER, Extent, Part, Run, Why, expires_of, total
from faka.kernel.errors import UnknownState
from faka.platform.table import Item, Key, TableName


OPEN, CLOSED = "OPEN", "CLOSED"
BLANK = b"-"
"""Tag of an empty slot. Never a digest, which has 16 bytes."""

IN_P = -1
"""Start of an extent whose true start the same write put into `p`."""


@dataclass(frozen=True, slots=True)
class Slot:
    digest: bytes
    start: int
    count: int
    serial: int
    batch: int
    day: int


@dataclass(frozen=True, slots=True)
class Aside:
    """An extent on its way out of the head. `mark` is the version of the write that took it out: unique, never reused."""

    mark: int
    start: int
    end: int
    batch: int
    day: int
    why: Why

    @property
    def row(self) -> list[int | str]:
        return [self.mark, self.start, self.end, self.batch, self.day, self.why.value]


@dataclass(frozen=True, slots=True)
class Head:
    sku: str
    shard: int
    is_open: bool
    running: Extent
    queue: tuple[Extent, ...]
    serial: int
    version: int
    applied: int
    generation: int
    aside: tuple[Aside, ...]
    slots: tuple[Slot, ...]
    imported: int
    returned: int
    claimed: int
    withheld: int

    def sellable(self, dead_day: int) -> int:
        """Cards that a claim may take from this head, expired ones left out."""
        return total(e for e in self.extents() if e.day > dead_day) if self.is_open else 0

    def holds_expired(self, dead_day: int) -> bool:
        return any(e.day <= dead_day for e in self.extents())

    def extents(self) -> Iterator[Extent]:
        if self.running.count:
            yield self.running
        yield from self.queue

    def answered(self, part: Part) -> Run | None:
        """The run that this part got before, if the ring still knows."""
        slot = self.slots[part.slot]
        if slot.digest != part.digest:
            return None
        return Run(shard=self.shard, serial=slot.serial, start=slot.start, count=slot.count, batch=slot.batch, expires=expires_of(slot.day))


def head_key(sku: str, shard: int) -> Key:
    return Key(TableName.TRADE, f"HEAD#{sku}#{shard}", "HEAD")


def new_head(sku: str, shard: int, generation: int, is_open: bool) -> Item:
    """A head without cards. All slots exist from the start, so that conditions on them never meet an absent attribute."""
    key = head_key(sku, shard)
    row: Item = {"pk": key.pk, "sk": key.sk, "st": OPEN if is_open else CLOSED, "c": 0, "a": 0, "b": 0, "x": NEVER, "q": [], "w": []}
    row |= {"n": 0, "k": 0, "lp": 0, "g": generation, "l": "-", "im": 0, "re": 0, "cl": 0, "wh": 0}
    for i in range(RING_SLOTS):
        row |= {f"t{i}": BLANK, f"s{i}": 0, f"m{i}": 0, f"i{i}": -1, f"b{i}": 0, f"x{i}": 0}
    return row


def read_head(row: Item) -> Head:
    """Raises: UnknownState when the row is not a head."""
    try:
        return _read(row)
    except (KeyError, ValueError, TypeError) as error:
        raise UnknownState(f"stock head {row.get('pk')}") from error


def _read(row: dict[str, Any]) -> Head:
    _, sku, shard = row["pk"].split("#")
    return Head(
        sku=sku,
        shard=int(shard),
        is_open=row["st"] == OPEN,
        running=Extent(row["c"], row["a"], row["b"], row["x"]),
        queue=tuple(Extent(*each) for each in row["q"]),
        serial=row["n"],
        version=row["k"],
        applied=row["lp"],
        generation=row["g"],
        aside=tuple(_read_aside(each, row) for each in row["w"]),
        slots=tuple(Slot(*(row[f"{name}{i}"] for name in "tsmibx")) for i in range(RING_SLOTS)),
        imported=row["im"],
        returned=row["re"],
        claimed=row["cl"],
        withheld=row["wh"],
    )


def _read_aside(entry: list[Any], row: dict[str, Any]) -> Aside:
    mark, start, end, batch, day, why = entry
    return Aside(mark, row["p"] if start == IN_P else start, end, batch, day, Why(why))


# -- which claim fits -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Take:
    """Take `count` cards from the running extent."""

    count: int


@dataclass(frozen=True, slots=True)
class TakeNext:
    """The running extent is used up: open the first of the queue and take `count` of it, in one write."""

    count: int


@dataclass(frozen=True, slots=True)
class Have:
    """This part was claimed before: same answer."""

    run: Run


@dataclass(frozen=True, slots=True)
class Discard:
    """Expired cards stand in front: they must leave the head first."""


@dataclass(frozen=True, slots=True)
class Short:
    """This head cannot give what is wanted."""


Step = Take | TakeNext | Have | Discard | Short


def fitting_step(head: Head, part: Part, dead_day: int, *, less_is_fine: bool) -> Step:
    """What to do next on this head for this part.

    A head that has less than wanted is left alone unless all heads were looked at (`less_is_fine`): nothing is taken only
    to be given back.
    """
    before = head.answered(part)
    if before is not None:
        return Have(before)
    sellable = head.sellable(dead_day)
    if sellable == 0 or (sellable < part.want and not less_is_fine):
        return Short()
    front = next(head.extents())
    if front.day <= dead_day:
        return Discard()
    count = min(part.want, front.count)
    return Take(count) if head.running.count else TakeNext(count)
