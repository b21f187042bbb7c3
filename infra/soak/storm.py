"""Carries out the plan of faults, and calms everything down again."""

import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.local.weather import forecast
from infra.soak.clock import Turnstile
from infra.soak.operators import Office
from infra.soak.plan import Fault, Kind, faults
from infra.soak.processes import DOORS, Worker, tell, workers
from infra.soak.provider import Bank


HANDS = 6
"""Faults that can fall while others last."""

STALL_S_MAX = 2.5
SHARES = {Kind.REFUSE: ("refuse", 0.3), Kind.DELAY: ("delay", 0.5), Kind.LOSE: ("lose", 0.08)}
"""What the emulator does then, and with which share of its calls."""

AT_THE_OFFICE = frozenset({Kind.FREEZE, Kind.VOID, Kind.PRICE, Kind.IMPORT})


class Storm:
    """Faults as planned, on a thread of its own."""

    def __init__(self, root: int, bank: Bank, weather: Path, office: Office, turnstile: Turnstile, seed: int, seconds: float) -> None:
        self._root, self._bank, self._weather, self._office, self._turnstile = root, bank, weather, office, turnstile
        self._plan = faults(seed, seconds)
        self._is_over = threading.Event()
        self._hands, self._desk = ThreadPoolExecutor(HANDS), ThreadPoolExecutor(1)
        self.fell: Counter[str] = Counter()
        self.witnesses: set[tuple[int, int]] = set()
        """One process of each function that no fault ends, so that its memory can be watched. Named once the shop is warm."""
        self.calm()
        self._thread = threading.Thread(target=self._run)

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """No fault begins any more; those that last are waited for."""
        self._is_over.set()
        self._thread.join()
        self._hands.shutdown()
        self._desk.shutdown()
        self.calm()

    def calm(self) -> None:
        forecast(self._weather, 0, (), 0)
        self._bank.trouble = None

    def name_witnesses(self) -> None:
        first: dict[str, Worker] = {}
        for worker in sorted(workers(self._root), key=lambda one: one.began):
            first.setdefault(worker.part, worker)
        self.witnesses = {(one.pid, one.began) for one in first.values()}

    def _run(self) -> None:
        began = time.monotonic()
        for fault in self._plan:
            while not self._is_over.is_set() and time.monotonic() - began - self._turnstile.held_s < fault.at_s:
                time.sleep(0.02)
            if self._is_over.is_set():
                return
            if fault.kind in AT_THE_OFFICE:
                self._desk.submit(self._told, fault)
            elif fault.kind is Kind.SWEEPS:
                self._hands.submit(self._told, fault)
            else:
                self._hands.submit(self._falls, fault)

    def _told(self, fault: Fault) -> None:
        """Work of the office, which steps through the turnstile by itself."""
        if fault.kind is Kind.SWEEPS:
            self._office.sweeps()
        else:
            self._office.does(fault.kind, fault.number, fault.lasts_s)
        self.fell[fault.kind] += 1

    def _falls(self, fault: Fault) -> None:
        """Nobody holds still for the judge while a fault lasts."""
        with self._turnstile.through():
            self._lasts(fault)

    def _lasts(self, fault: Fault) -> None:
        match fault.kind:
            case Kind.KILL_DOOR | Kind.KILL_WORKER:
                self._signal(fault, signal.SIGKILL)
            case Kind.STALL:
                stopped = self._signal(fault, signal.SIGSTOP)
                if stopped is not None:
                    time.sleep(min(fault.lasts_s, STALL_S_MAX))
                    tell(stopped, signal.SIGCONT)
            case Kind.DOWN | Kind.SLOW | Kind.GARBAGE:
                self._bank.trouble = fault.kind
                time.sleep(fault.lasts_s)
                self._bank.trouble = None
                self.fell[fault.kind] += 1
            case Kind.REFUSE | Kind.DELAY | Kind.LOSE:
                kind, share = SHARES[fault.kind]
                forecast(self._weather, share, (kind,), fault.number)
                time.sleep(fault.lasts_s)
                forecast(self._weather, 0, (), 0)
                self.fell[fault.kind] += 1

    def _signal(self, fault: Fault, number: signal.Signals) -> Worker | None:
        """To one process that is not spared; None when there was none."""
        is_door = fault.kind is Kind.KILL_DOOR or (fault.kind is Kind.STALL and fault.number % 2 == 0)
        found = [worker for worker in workers(self._root) if (worker.part in DOORS) == is_door]
        alone = Counter(worker.part for worker in found)
        found = [one for one in found if (one.pid, one.began) not in self.witnesses or alone[one.part] == 1]
        if not found:
            return None
        chosen = random.Random(fault.number).choice(sorted(found, key=lambda one: (one.part, one.began)))
        if not tell(chosen, number):
            return None
        self.fell[f"{fault.kind}: {chosen.part}"] += 1
        return chosen
