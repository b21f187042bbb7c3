"""The claim by itself, on the engine of the tests: no time, only counts, the same on every machine.

A thousand buyers are a thousand threads of which one at a time may make one request; who is next is drawn with a seed. So every
buyer stands between any two requests of any other, which is as bad as it gets.
"""

import importlib
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from faka.contexts.stock import OutOfStock, StockStore, extent
from faka.kernel.ids import SkuId
from faka.platform.real import SystemClock


Engine: Any = importlib.import_module("tests.kit.engine").Engine
tables_over: Any = importlib.import_module("tests.kit.tables").tables_over
"""Instruments of the tests, which are held to their promises there; loaded by name because the tests are not typed like us."""

SKU = SkuId("bench")
SEED = 20260301
STACK_BYTES = 256 * 1024
SIZES = (1_000, 100_000, 1_000_000, 10_000_000)
QUANTITIES = (1, 20, 500)


class Turns:
    """Lets one thread at a time make one request."""

    def __init__(self, seed: int, count: int) -> None:
        self._chance = random.Random(seed)
        self._turns = [threading.Semaphore(0) for _ in range(count)]
        self._lock = threading.Lock()
        self._all_wait = threading.Semaphore(0)
        self._waiting: list[int] = []
        self._running = count

    def client(self, engine: Any, name: int) -> Any:
        return _Client(engine, lambda: self._turn(name))

    def play(self, works: list[Callable[[], None]]) -> None:
        """Run all of them to their ends."""
        threads = [threading.Thread(target=self._work, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        while True:
            self._all_wait.acquire()
            if not self._waiting:
                break
            chosen = self._waiting.pop(self._chance.randrange(len(self._waiting)))
            self._running = 1
            self._turns[chosen].release()
        for thread in threads:
            thread.join()

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self._stop()

    def _turn(self, name: int) -> None:
        self._stop(name)
        self._turns[name].acquire()

    def _stop(self, name: int | None = None) -> None:
        """This thread waits, or has ended; the last one to do so wakes the play."""
        with self._lock:
            if name is not None:
                self._waiting.append(name)
            self._running -= 1
            if self._running == 0:
                self._waiting.sort()
                self._all_wait.release()


class _Client:
    def __init__(self, engine: Any, turn: Callable[[], None]) -> None:
        self._engine = engine
        self._turn = turn

    def __getattr__(self, verb: str) -> Any:
        def call(**given: Any) -> Any:
            self._turn()
            return getattr(self._engine, verb)(**given)

        return call


@dataclass(frozen=True)
class Contest:
    """So many buyers at once for so many cards."""

    name: str
    buyers: int
    cards: int
    quantity: int
    shards: int


CONTESTS = (
    Contest("1,000 buyers, plenty", 1_000, 100_000, 1, 4),
    Contest("1,000 buyers for the last 100", 1_000, 100, 1, 4),
    Contest("20 orders of 500 on 10,000", 20, 10_000, 500, 4),
)


def measure(*, is_quick: bool = False) -> dict[str, Any]:
    contests = CONTESTS if not is_quick else tuple(Contest(c.name, min(c.buyers, 50), c.cards, c.quantity, c.shards) for c in CONTESTS)
    return {"requests": [alone(size, quantity) for size in SIZES for quantity in QUANTITIES], "contests": [contested(c) for c in contests]}


def _stocked(cards: int, shards: int) -> Any:
    engine = Engine(is_metered=True)
    stock = StockStore(tables_over(engine), SystemClock())
    allotted = stock.allot(SKU, cards)
    stock.link(SKU, allotted.batch, [extent(allotted.base, cards, allotted.batch)], shards)
    return engine


def alone(size: int, quantity: int) -> dict[str, Any]:
    """One claim on a stock of `size` cards, half of them sold."""
    engine = _stocked(size, 1)
    stock = StockStore(tables_over(engine), SystemClock())
    sold = min(size // 2, 500_000)
    while sold:
        stock.claim(SKU, f"before-{sold}", min(sold, 500), 1)
        sold -= min(sold, 500)
    engine.requests.clear()
    engine.units.clear()
    stock.claim(SKU, "one", quantity, 1)
    return {"stock": size, "quantity": quantity, "requests": sum(engine.requests.values()), "write": engine.units["write"]}


def contested(contest: Contest) -> dict[str, Any]:
    engine = _stocked(contest.cards, contest.shards)
    engine.requests.clear()
    turns, refused = Turns(SEED, contest.buyers), [0] * contest.buyers
    taken: list[list[int]] = [[] for _ in range(contest.buyers)]

    def buyer(name: int) -> Callable[[], None]:
        def buy() -> None:
            stock = StockStore(tables_over(turns.client(engine, name)), SystemClock())
            try:
                runs = stock.claim(SKU, f"order-{name}", contest.quantity, contest.shards)
            except OutOfStock as short:
                refused[name] = 1
                runs = short.taken
            taken[name] += [number for run in runs for number in range(run.start, run.start + run.count)]

        return buy

    before = threading.stack_size(STACK_BYTES)
    try:
        turns.play([buyer(name) for name in range(contest.buyers)])
    finally:
        threading.stack_size(before)
    numbers = [number for mine in taken for number in mine]
    served = contest.buyers - sum(refused)
    return {
        "name": contest.name,
        "buyers": contest.buyers,
        "served": served,
        "refused": sum(refused),
        "falsely_refused": max(0, min(contest.buyers, contest.cards // contest.quantity) - served),
        "sold_twice": len(numbers) - len(set(numbers)),
        "attempts": engine.requests["update_item"] / contest.buyers,
        "requests": sum(engine.requests.values()) / contest.buyers,
    }
