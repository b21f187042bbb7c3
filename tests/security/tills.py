"""What a till's tests share: telling the shop something, reading its books, and the memory that keeps a fact from counting twice."""

from collections import Counter
from typing import Any

import pytest

from faka.contexts.orders.model import Order
from faka.kernel.errors import FakaError
from faka.platform.table import put
from faka.steps.settle import booking
from tests.kit.world import World


def postings(world: World) -> Counter[str]:
    return Counter(row["kind"] for row in world.rows("test-journal") if row["sk"] == "TXN")


def tell(world: World, order: Order, raw: Any) -> None:
    try:
        world.deliver_notice(order, raw)
    except FakaError:
        pass


def due_back(world: World) -> list[Any]:
    """Money that came once and is taken for twice is due back once."""
    return [row for row in world.rows("test-trade") if row["sk"] == "REFUND"]


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notice, receipt, entry and case are written over whatever is there, and no receipt is looked for."""
    honest = booking._read
    for context in ("payments.store", "ledger.store", "cases"):
        monkeypatch.setattr(f"faka.contexts.{context}.insert", lambda table, item, **_: put(table, item))
    monkeypatch.setattr(booking, "_read", lambda deps, event: (*honest(deps, event)[:2], False))
