"""Threads that run one at a time, in an order drawn from a seed, changing at each call to the database.

```
buyer 1 ──call──►│        │──call──►            all wait, one is drawn, does its one call and runs to its next
buyer 2 ─────────│──call──│─────────►           same seed, same story: a storm that fails can be looked at again
```
"""

import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

from faka.platform.table import Tables
from tests.kit.clock import CountingPause
from tests.kit.engine import Engine
from tests.kit.tables import PHYSICAL
from tests.unit.stock.wire import Crash


class Baton:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._lock = threading.Lock()
        self._running = 0
        self._places: dict[int, int] = {}
        self._waiting: dict[int, threading.Event] = {}

    def run(self, actors: Sequence[Callable[[], object]]) -> list[BaseException]:
        """Run all actors to their ends; what any of them raised."""
        self._running = len(actors)
        raised: list[BaseException] = []
        threads = [threading.Thread(target=self._live, args=(i, actor, raised), daemon=True) for i, actor in enumerate(actors)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in threads), "an actor never ended"
        return raised

    def turn(self) -> None:
        """Wait until drawn."""
        mine = threading.Event()
        with self._lock:
            self._waiting[self._places[threading.get_ident()]] = mine
            self._draw()
        mine.wait()

    def _live(self, place: int, actor: Callable[[], object], raised: list[BaseException]) -> None:
        self._places[threading.get_ident()] = place
        try:
            self.turn()
            actor()
        except BaseException as error:
            raised.append(error)
        finally:
            with self._lock:
                self._running -= 1
                self._draw()

    def _draw(self) -> None:
        if self._waiting and len(self._waiting) == self._running:
            drawn = self._chance.choice(sorted(self._waiting))
            self._waiting.pop(drawn).set()


class Turns:
    """A client whose calls take turns, and die now and then."""

    def __init__(self, engine: Engine, baton: Baton, chance: random.Random, crash_rate: float) -> None:
        self._engine = engine
        self._baton = baton
        self._chance = chance
        self._crash_rate = crash_rate

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        def call(**given: Any) -> Any:
            self._baton.turn()
            fate = self._chance.random()
            if fate < self._crash_rate / 2:
                raise Crash
            answer = getattr(self._engine, verb)(**given)
            if fate < self._crash_rate:
                raise Crash
            return answer

        return call

    def tables(self) -> Tables:
        return Tables(self, PHYSICAL, CountingPause())
