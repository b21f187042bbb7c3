"""The functions' processes of one local cloud: what they use, and how one of them comes to an end.

Only what descends from the cloud's own process and runs its runtime is looked at, and a process is named by a handle that cannot
come to mean another one.
"""

import contextlib
import os
import signal
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from infra.bench.cloud import TICKS
from infra.local.overlay import RUNTIME


PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
DOORS = frozenset({"storefront", "reveal", "callbacks"})


@dataclass(frozen=True)
class Worker:
    pid: int
    part: str
    """The function: `storefront`."""
    began: int
    """In ticks since the machine started: two processes of one number differ here."""
    cpu_s: float
    rss_mb: float


def workers(root: int) -> list[Worker]:
    """Living function processes below a cloud's own."""
    rows = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            rows[int(place.parent.name)] = place.read_text().rpartition(")")[2].split()
    found = []
    for pid in _below(root, {pid: int(row[1]) for pid, row in rows.items()}):
        row, part = rows[pid], _part(pid)
        if part:
            cpu_s = (int(row[11]) + int(row[12])) / TICKS
            found.append(Worker(pid, part, int(row[19]), cpu_s, int(row[21]) * PAGE_BYTES / 1e6))
    return found


def _below(root: int, parents: dict[int, int]) -> Iterator[int]:
    children = defaultdict(list)
    for pid, parent in parents.items():
        children[parent].append(pid)
    left = list(children[root])
    while left:
        pid = left.pop()
        yield pid
        left += children[pid]


def _part(pid: int) -> str:
    """The function that a process runs, or nothing when it is no function."""
    try:
        if str(RUNTIME) not in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
            return ""
        pairs = Path(f"/proc/{pid}/environ").read_text(errors="replace").split("\0")
    except OSError:
        return ""
    return next((pair.partition("=")[2] for pair in pairs if pair.startswith("POWERTOOLS_SERVICE_NAME=")), "")


def tell(worker: Worker, number: signal.Signals) -> bool:
    """Send a signal to this process and no other; says whether it was there to get it."""
    try:
        handle = os.pidfd_open(worker.pid)
    except ProcessLookupError:
        return False
    try:
        row = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
        if int(row[19]) != worker.began:
            return False
        signal.pidfd_send_signal(handle, number)
    except (FileNotFoundError, ProcessLookupError):
        return False
    finally:
        os.close(handle)
    return True


@dataclass(frozen=True)
class Reading:
    """The meters at one moment of the load. Seconds count while buyers buy, not while everybody holds still."""

    at_s: float
    orders: int
    cpu_s: float
    """Of all functions, the dead included; of a process that died what was read last."""


@dataclass(frozen=True)
class Growth:
    """Of the process of a function that lived longest: megabytes after a quarter of its life, and at its end."""

    part: str
    lived_s: float
    early_mb: float
    late_mb: float

    @property
    def percent(self) -> float:
        return 100 * (self.late_mb - self.early_mb) / self.early_mb


LIFE_S_MIN = 5
"""A shorter life says nothing about growth."""


class Meter:
    """Reads what the functions' processes use, as often as it is told to."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._spent: dict[tuple[int, int], float] = {}
        self._lives: dict[tuple[str, int, int], list[tuple[float, float]]] = {}
        self.readings: list[Reading] = []

    def read(self, at_s: float, orders: int) -> None:
        for worker in workers(self._root):
            self._spent[worker.pid, worker.began] = worker.cpu_s
            self._lives.setdefault((worker.part, worker.pid, worker.began), []).append((at_s, worker.rss_mb))
        self.readings.append(Reading(at_s, orders, sum(self._spent.values())))

    def cpu_ms_per_order(self, begin: float, end: float) -> float:
        """Within a part of the load, such as 0.8 to 1."""
        whole = self.readings[-1].at_s if self.readings else 0.0
        inside = [reading for reading in self.readings if begin * whole <= reading.at_s <= end * whole]
        if len(inside) < 2 or inside[-1].orders == inside[0].orders:
            return 0.0
        return 1000 * (inside[-1].cpu_s - inside[0].cpu_s) / (inside[-1].orders - inside[0].orders)

    def growth(self) -> list[Growth]:
        longest: dict[str, list[tuple[float, float]]] = {}
        for (part, _, _), life in self._lives.items():
            if len(life) > len(longest.get(part, ())):
                longest[part] = life
        return [_growth(part, life) for part, life in sorted(longest.items()) if life[-1][0] - life[0][0] >= LIFE_S_MIN]


def _growth(part: str, life: list[tuple[float, float]]) -> Growth:
    tenth = max(1, len(life) // 10)
    early, late = life[2 * tenth : 3 * tenth] or life[:1], life[-tenth:]
    return Growth(part, life[-1][0] - life[0][0], median(mb for _, mb in early), median(mb for _, mb in late))
