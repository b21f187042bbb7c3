"""The relay of the model: what the trade table's stream tells becomes the claim journal and events."""

from collections import deque
from typing import Any

from faka.flows.announce import announce
from faka.platform.table import TableName
from infra.bench.scale.footprint import Row
from infra.bench.scale.service import PHYSICAL
from infra.bench.scale.shop import Shop


STREAM_BATCH = 100
"""Records of one call of the relay, as the template says."""

ANNOUNCED = ("ORDER#", "HEAD#", "LOG#")
"""Rows of which the relay is told, as the template's filter says."""


class Relay:
    """Reads what the trade table's stream tells, a few times a second, and announces it."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._deps = shop.deps("journal")
        self._records: deque[dict[str, Any]] = deque()
        shop.service.watchers.append(self._told)
        self._is_awake = False

    def _told(self, _at: float, table: str, old: Row | None, new: Row | None) -> None:
        if table != PHYSICAL[TableName.TRADE] or new is None or not new["pk"]["S"].startswith(ANNOUNCED):
            return
        self._records.append({"dynamodb": {"NewImage": new, **({"OldImage": old} if old else {})}})
        if not self._is_awake:
            self._is_awake = True
            self._shop.timeline.at(self._shop.timeline.now + self._shop.parameters.stream_poll_ms / 1000, self._poll)

    def _poll(self) -> None:
        while self._records:
            announce(self._deps, [self._records.popleft() for _ in range(min(STREAM_BATCH, len(self._records)))])
        self._is_awake = False
