"""Capacity of a table or an index: partitions over a ring of hashed keys, each with a bucket of write and one of read units."""

from bisect import bisect_right
from collections.abc import Mapping
from hashlib import blake2b
from math import ceil

from infra.bench.scale.parameters import Parameters


RING = 2**64
UNEVEN_MIN = 0.05
"""A split that leaves less than this share of the heat on one side cools nothing: one item carries it, and an item is not divided."""


def place(pk: str) -> int:
    """Where on the ring a partition key lies."""
    return int.from_bytes(blake2b(pk.encode(), digest_size=8).digest(), "big")


class Bucket:
    """`rate` units a second flow in, up to `depth`; what a request used beyond its estimate makes a debt."""

    __slots__ = ("_at", "_depth", "_left", "_rate")

    def __init__(self, rate: float, depth: float, left: float, now: float = 0.0) -> None:
        self._rate = rate
        self._depth = depth
        self._left = left
        self._at = now

    def left(self, now: float) -> float:
        self._left = min(self._depth, self._left + (now - self._at) * self._rate)
        self._at = now
        return self._left

    def has(self, units: float, now: float) -> bool:
        """A request larger than the whole bucket passes when the bucket is full."""
        return self.left(now) >= min(units, self._depth)

    def take(self, units: float, now: float) -> None:
        self._left = self.left(now) - units


class Partition:
    __slots__ = ("low", "read", "write")

    def __init__(self, low: int, parameters: Parameters, now: float) -> None:
        self.low = low
        writes, reads = parameters.partition_write_s, parameters.partition_read_s
        self.write = Bucket(writes, writes * parameters.burst_s, writes * parameters.saved_s, now)
        self.read = Bucket(reads, reads * parameters.burst_s, reads * parameters.saved_s, now)


class Partitions:
    """`write_s` and `read_s` are the warm throughput; the table has as many partitions as it needs for that."""

    def __init__(self, parameters: Parameters, write_s: float = 0, read_s: float = 0) -> None:
        needed = max(write_s / parameters.partition_write_s, read_s / parameters.partition_read_s)
        count = max(parameters.new_table_partitions, ceil(needed))
        self._parameters = parameters
        self._all = [Partition(RING * i // count, parameters, 0.0) for i in range(count)]
        self._lows = [partition.low for partition in self._all]
        self._of: dict[str, Partition] = {}

    def __len__(self) -> int:
        return len(self._all)

    def of(self, pk: str) -> Partition:
        found = self._of.get(pk)
        if found is None:
            found = self._of[pk] = self._all[bisect_right(self._lows, place(pk)) - 1]
        return found

    def writes(self, pk: str, units: float, now: float) -> None:
        self.of(pk).write.take(units, now)

    def heated(self, loads: Mapping[str, float], seconds: float, now: float) -> None:
        """Let a steady load (write units a second by key) go on for so long: hot partitions are split, again and again.

        A partition is split between keys, where its heat halves best; one that is hot with a single key stays as it is.
        """
        for _ in range(int(seconds // self._parameters.split_after_s)):
            cuts = [cut for partition in self._all if (cut := self._cut(partition, loads)) is not None]
            if not cuts:
                break
            for low in cuts:
                self._all.append(Partition(low, self._parameters, now))
            self._all.sort(key=lambda partition: partition.low)
            self._lows = [partition.low for partition in self._all]
            self._of.clear()

    def _cut(self, partition: Partition, loads: Mapping[str, float]) -> int | None:
        """Where to split, or None."""
        mine = sorted((place(pk), load) for pk, load in loads.items() if self.of(pk) is partition)
        total = sum(load for _, load in mine)
        if total < self._parameters.heat_share * self._parameters.partition_write_s:
            return None
        below, best = 0.0, (total, 0)
        for where, load in mine:
            if below and abs(total - 2 * below) < best[0]:
                best = abs(total - 2 * below), where
            below += load
        return best[1] if best[0] <= total * (1 - 2 * UNEVEN_MIN) else None
