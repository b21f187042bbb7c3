"""How many cards of a SKU were really for sale at any moment, seen from outside: in heads, and in log rows on their way there."""

from bisect import bisect_left, bisect_right
from typing import Any

from infra.bench.scale.footprint import Row


class Truth:
    """Watches the changes of one SKU's stock. Log rows count from the moment at which they are written, as the product promises."""

    def __init__(self, sku: str) -> None:
        self._head, self._log = f"HEAD#{sku}#", f"LOG#{sku}#"
        self._waiting: dict[tuple[int, int], int] = {}
        self._now = 0
        self._moments = [0.0]
        self._values = [0]

    def __call__(self, at: float, _table: str, old: Row | None, new: Row | None) -> None:
        pk = str((new or old or {})["pk"]["S"])
        if pk.startswith(self._head):
            shard = int(pk.rpartition("#")[2])
            taken = range(_number(old, "lp") + 1, _number(new, "lp") + 1)
            self._add(at, _cards(new) - _cards(old) - sum(self._waiting.pop((shard, number)) for number in taken))
        elif pk.startswith(self._log) and old is None and new is not None:
            shard, log = map(int, pk.rsplit("#", 2)[1:])
            self._waiting[shard, log] = sum(_count(each) for each in new["x"]["L"])
            self._add(at, self._waiting[shard, log])

    @property
    def left(self) -> int:
        return self._now

    @property
    def logged(self) -> list[tuple[int, int]]:
        """Shard and number of each log row that its head has not taken in."""
        return list(self._waiting)

    def fewest(self, since: float, until: float) -> int:
        """The lowest number that was for sale at any moment of a span."""
        low = max(0, bisect_left(self._moments, since) - 1)
        return min(self._values[low : bisect_right(self._moments, until)])

    def _add(self, at: float, change: int) -> None:
        if change:
            self._now += change
            self._moments.append(at)
            self._values.append(self._now)


def _number(row: Row | None, name: str) -> int:
    return int(row[name]["N"]) if row is not None else 0


def _cards(row: Row | None) -> int:
    return _number(row, "a") + sum(_count(each) for each in row["q"]["L"]) if row is not None else 0


def _count(extent: dict[str, Any]) -> int:
    return int(extent["L"][1]["N"])
