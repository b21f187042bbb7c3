"""Runs, extents and the words around them. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

from faka.contexts.stock.bounds import CLAIM_CARDS_MAX, RING_SLOTS, TAG_MAX
from faka.kernel.clock import business_day
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import SkuId
from faka.kernel.model import Frozen


NEVER = 99_999
"""The expiry day of cards that do not expire: after every real day, so that it sorts last and passes every comparison."""

_EPOCH = date(1970, 1, 1).toordinal()


def day_of(expires: str) -> int:
    """Days since 1970 of an ISO date: four bytes in the head instead of ten. Empty means never."""
    return date.fromisoformat(expires).toordinal() - _EPOCH if expires else NEVER


def expires_of(day: int) -> str:
    return "" if day == NEVER else date.fromordinal(day + _EPOCH).isoformat()


def last_dead_day(now: datetime, guard_days: int) -> int:
    """The latest expiry day that may no longer be sold: today in Shanghai plus the guard period."""
    return business_day(now).toordinal() - _EPOCH + guard_days


class Why(StrEnum):
    """Why cards are withheld."""

    FROZEN = "FROZEN"
    VOID = "VOID"
    EXPIRED = "EXPIRED"
    QUARANTINE = "QUARANTINE"


class Run(Frozen):
    """Cards `start` to `start + count - 1`, handed out by claim `serial` of a shard. The event is unique for ever."""

    shard: int
    serial: int
    start: int
    count: int
    batch: int
    expires: str = ""

    @property
    def event(self) -> str:
        return f"{self.shard}-{self.serial}"

    @property
    def extent(self) -> "Extent":
        return Extent(self.start, self.count, self.batch, day_of(self.expires))


@dataclass(frozen=True, slots=True)
class Extent:
    """Neighbouring cards of one batch and one expiry day."""

    start: int
    count: int
    batch: int
    day: int = NEVER

    @property
    def end(self) -> int:
        return self.start + self.count

    @property
    def row(self) -> list[int]:
        return [self.start, self.count, self.batch, self.day]

    def between(self, start: int, end: int) -> "Extent":
        """Cards `start` to `end - 1` of the same batch and day."""
        return Extent(start, end - start, self.batch, self.day)


def extent(start: int, count: int, batch: int, expires: str = "") -> Extent:
    """Raises: InvalidRequest for an empty extent or a negative number."""
    if start < 0 or count < 1:
        raise InvalidRequest("an extent holds at least one card")
    return Extent(start, count, batch, day_of(expires))


def in_order(extents: Iterable[Extent]) -> tuple[Extent, ...]:
    """Soonest expiry first, then lowest number; neighbours that belong together become one."""
    merged: list[Extent] = []
    for each in sorted(extents, key=lambda e: (e.day, e.start)):
        last = merged[-1] if merged else None
        if last is not None and (last.end, last.batch, last.day) == (each.start, each.batch, each.day):
            merged[-1] = last.between(last.start, each.end)
        elif each.count > 0:
            merged.append(each)
    return tuple(merged)


def overlap(extents: Iterable[Extent]) -> bool:
    """Whether a card is in two of them."""
    return any(a.end > b.start for a, b in pairwise(sorted(extents, key=lambda each: each.start)))


def total(extents: Iterable[Extent]) -> int:
    return sum(each.count for each in extents)


def spread(extents: Sequence[Extent], shards: int) -> list[list[Extent]]:
    """Cut each extent into one slice per shard, as even as whole cards allow."""
    slices: list[list[Extent]] = [[] for _ in range(shards)]
    for each in extents:
        bounds = [each.start + each.count * i // shards for i in range(shards + 1)]
        for mine, low, high in zip(slices, bounds[:-1], bounds[1:], strict=True):
            if high > low:
                mine.append(each.between(low, high))
    return slices


@dataclass(frozen=True, slots=True)
class Part:
    """One run of a claim, by name. The same claim asks for the same parts, and a part is answered once.

    What is still wanted belongs to the name: a repeat that got less in an earlier part must not adopt a later part that
    was meant for the rest of another course.
    """

    tag: str
    index: int
    want: int

    @property
    def digest(self) -> bytes:
        """16 bytes, because order ids come from the buyer's form: finding two with one digest must be out of reach."""
        return hashlib.blake2b(f"{self.tag}|{self.index}|{self.want}".encode(), digest_size=16).digest()

    @property
    def slot(self) -> int:
        """Neighbouring slots for the parts of one claim, so that they do not push each other out."""
        return (_spread(self.tag) // 2**16 + self.index) % RING_SLOTS


def home_shard(tag: str, shards: int) -> int:
    return _spread(tag) % shards


def _spread(tag: str) -> int:
    return int.from_bytes(hashlib.blake2b(tag.encode(), digest_size=4).digest(), "big")


def check_claim(tag: str, quantity: int, shards: int) -> None:
    """Raises: InvalidRequest."""
    if not 0 < len(tag) <= TAG_MAX:
        raise InvalidRequest("a tag has 1 to 64 characters")
    if not 0 < quantity <= CLAIM_CARDS_MAX or shards < 1:
        raise InvalidRequest(f"a claim takes 1 to {CLAIM_CARDS_MAX} cards from at least one shard")


class Counts(Frozen):
    """Where the cards of a SKU are. `imported + returned - claimed = available + withheld + waiting`."""

    sku: SkuId
    available: int
    waiting: int
    """In log rows that the heads have not taken in yet; claimable as soon as they do."""
    withheld: dict[Why, int]
    claimed: int
    returned: int
    imported: int

    @property
    def out(self) -> int:
        """Cards that orders hold or have."""
        return self.claimed - self.returned
