"""A world in which everything is half-way, and the operations that meet in it."""

from collections.abc import Callable

from faka.contexts.stock import Why
from tests.kit.clock import FrozenClock
from tests.kit.engine import Engine
from tests.unit.stock.audit import faults
from tests.unit.stock.wire import Wire
from tests.unit.stock.world import SKU, Shop


Operation = Callable[[Shop], object]

NEXT = 18
"""The number under the cursor of shard 1."""


def half_way() -> Engine:
    """Two shards. Batch 1 runs, batch 2 waits and expires soon, batch 3 is frozen, batch 4 is linked but not taken in.

    Orders: `held` (one run), `wide` (several), `paid`, `ended` (its cards back), `letting` (ended, its log row not taken in).
    Small numbers: each extent ends soon, so that every operation meets its edge.
    """
    engine = Engine()
    shop = Shop(engine.tables())
    shop.link(1, 0, 24)
    shop.link(2, 24, 8, "2026-03-20")
    shop.link(3, 32, 6)
    shop.stock.withhold(SKU, 3, Why.FROZEN)
    shop.buy("ended", 3)
    shop.buy("held", 2)
    shop.buy("wide", 9)
    shop.buy("paid", 2)
    shop.pay("paid")
    shop.cancel("ended")
    shop.buy("letting", 2)
    dies_before_settling(engine, lambda other: other.cancel("letting"))
    dies_before_settling(engine, lambda other: other.link(4, 40, 6))
    return engine


def dies_before_settling(engine: Engine, operation: Operation) -> None:
    """Run an operation up to its transaction."""
    from tests.unit.stock.wire import Crash, dies_after

    probe = Wire(engine.fork())
    operation(Shop(probe.tables()))
    wire = Wire(engine).at(probe.verbs.index("transact_write_items") + 1, dies_after)
    try:
        operation(Shop(wire.tables()))
    except Crash:
        return


def _tomorrow(shop: Shop) -> None:
    """A buyer on a day when batch 2 has expired."""
    clock = FrozenClock()
    clock.advance(days=30)
    Shop(shop.tables, clock).buy("tomorrow", 3)


OPERATIONS: dict[str, Operation] = {
    "buy one": lambda shop: shop.buy("new", 1),
    "buy another": lambda shop: shop.buy("other", 1),
    "buy several": lambda shop: shop.buy("several", 7),
    "buy nearly all": lambda shop: shop.buy("many", 20),
    "buy too many": lambda shop: shop.buy("greedy", 90),
    "buy when batch 2 is expired": _tomorrow,
    "buy the held again": lambda shop: shop.buy("held", 2),
    "pay the held": lambda shop: shop.pay("held"),
    "pay the ended": lambda shop: shop.pay("ended"),
    "cancel the held": lambda shop: shop.cancel("held"),
    "cancel the wide": lambda shop: shop.cancel("wide"),
    "settle": lambda shop: shop.stock.settle_log(SKU, range(2)),
    "link batch 5": lambda shop: shop.link(5, 50, 5),
    "freeze batch 1": lambda shop: shop.stock.withhold(SKU, 1, Why.FROZEN),
    "void batch 2": lambda shop: shop.stock.withhold(SKU, 2, Why.VOID),
    "restore batch 3": lambda shop: shop.stock.restore(SKU, 3),
    "restore batch 1": lambda shop: shop.stock.restore(SKU, 1),
    "void the next number": lambda shop: shop.stock.withhold_number(SKU, NEXT, Why.VOID),
    "close": lambda shop: shop.stock.close(SKU),
}


def _rush(shop: Shop) -> None:
    """The buyer's double click goes first, and so many others after it that the ring forgets both."""
    shop.buy("new", 1)
    for i in range(7):
        shop.buy(f"rush{i}", 1)


GUESTS: dict[str, Operation] = OPERATIONS | {
    "the same buyer and a rush": _rush,
    "everything is sold": lambda shop: [shop.buy(f"all{i}", 3) for i in range(12)],
}
"""What runs inside another operation."""


def after_all(engine: Engine) -> list[str]:
    """Let the sweep come, as it does every minute, and audit."""
    Shop(engine.tables()).sweep(engine)
    return faults(engine, SKU)


def meeting(start: Engine, first: Operation, second: Operation, call: int, guards_off: tuple[tuple[str, str], ...] = ()) -> list[str]:
    """`second` runs wholly before call `call` of `first`, then the sweep; what the audit finds."""
    engine = start.fork()
    other, mine = Wire(engine), Wire(engine)
    for clause, pk in guards_off:
        other.without(clause, pk)
        mine.without(clause, pk)
    mine.first(call, lambda: second(Shop(other.tables())))
    first(Shop(mine.tables()))
    return after_all(engine)


def calls_of(start: Engine, operation: Operation) -> int:
    wire = Wire(start.fork())
    operation(Shop(wire.tables()))
    return wire.calls
