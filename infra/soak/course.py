"""The course of one soak: stage, load with checks, calm, end."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from faka.steps.invariants import Books, Violation
from faka.wiring import ShopSettings
from infra.bench.cloud import ROOT, Cloud
from infra.soak.browser import Browser, Shut
from infra.soak.clock import Ahead, Turnstile
from infra.soak.diary import Diary, Placed
from infra.soak.goods import look_up
from infra.soak.judge import Evidence, standing, verdict
from infra.soak.operators import Office
from infra.soak.people import Buyer, address_of
from infra.soak.plan import visit
from infra.soak.processes import Meter
from infra.soak.provider import Bank
from infra.soak.scene import all_rows, dead_letters, hidden, logs, wait_for_queues
from infra.soak.stage import Cards, open_shop, stock_up
from infra.soak.storm import Storm


HOLD_TTL_S = 60
"""How long an unpaid order holds its cards here; the template says a quarter of an hour, for which nobody wants to wait."""

MINUTE_S, MINUTES = 61, 11
"""At the end the clock is put ahead minute by minute, each with two sweeps: past the hold, the provider's grace, the search for orphans
and the ten tries of a notice that nobody confirms. Providers refuse requests whose time is a quarter of an hour off."""

HOLD_STILL_S_MAX = 90
POST_S_MAX = 60
LOOKED_UP_MAX = 120
"""Orders that are looked up by their code at the end, those first whose buyers left without a card."""

PATIENCE_S = 75
"""Of a buyer who has paid: longer than from one sweep to the next."""

METER_S = 1.0


class NotTidied(Exception):
    """What was left over could not be done although everything works again."""


@dataclass(frozen=True)
class Options:
    seconds: float
    buyers: int
    seed: int
    orders_per_check: int = 1_000
    root: Path = ROOT
    """Whose code runs: a test runs a copy that lacks a guard."""
    logs: Path | None = None
    """Where the logs go when a promise is broken."""
    say: Callable[[str], None] = lambda _: None
    """Told how far the run is."""


class Course:
    def __init__(self, options: Options, cloud: Cloud, settings: ShopSettings, weather: Path) -> None:
        self._options, self._cloud = options, cloud
        self.clock, self._turnstile = Ahead(), Turnstile()
        self.diary, self.meter = Diary(), Meter(cloud.process.pid)
        self._cards = Cards(options.seed)
        self._shop = f"http://127.0.0.1:{cloud.port}"
        self.office = Office(settings, self.clock, self._cards, self._turnstile)
        self.bank = Bank(cloud.port + 1, cloud.players, self.clock, options.seed, self._turnstile)
        self.storm = Storm(cloud.process.pid, self.bank, weather, self.office, self._turnstile, options.seed, options.seconds)
        self._next_visit, self._began = 0, 0.0
        self._lock = threading.Lock()
        self.broken: list[Violation] = []
        self.checks: list[int] = []
        self.states: Counter[str] = Counter()
        self.receipts: Counter[str] = Counter()
        self.refunds: Counter[str] = Counter()
        self.rows = self.hidden = 0
        self.evidence, self.judged_at = Evidence(Books(), self.diary, ()), self.clock.now()
        self.load_s = self.crowd_cpu_s = 0.0

    def go(self) -> None:
        with self.bank:
            deps = self.office.deps()
            open_shop(deps, self.bank.address, self._cloud.players)
            stock_up(deps, self._cards, self._options.seconds / 60)
            self._options.say("the shop is stocked, the crowd comes")
            self._load()
            self._options.say(f"{len(self.diary.placed)} orders; faults have stopped, what waits is done")
            self._calm_down()
            self._end()

    # -- the load ---------------------------------------------------------------------------------------------------

    @property
    def _at_s(self) -> float:
        """Seconds of buying so far."""
        return time.monotonic() - self._began - self._turnstile.held_s

    def _load(self) -> None:
        self.storm.name_witnesses()
        self._began, cpu_s = time.monotonic(), time.process_time()
        self.storm.begin()
        with ThreadPoolExecutor(self._options.buyers) as crowd:
            buying = [crowd.submit(self._buys) for _ in range(self._options.buyers)]
            while self._at_s < self._options.seconds and not self.broken:
                time.sleep(METER_S)
                self.meter.read(self._at_s, len(self.diary.shown))
                if len(self.diary.placed) >= self._options.orders_per_check * (len(self.checks) + 1):
                    self._check()
            self.load_s, self.crowd_cpu_s = self._at_s, time.process_time() - cpu_s
            self.storm.end()
            for each in buying:
                each.result()

    def _buys(self) -> None:
        """One buyer after the other, until the time is over."""
        while self._at_s < self._options.seconds and not self.broken:
            with self._lock:
                number = self._next_visit
                self._next_visit += 1
            Buyer(visit(self._options.seed, number), self._shop, self.bank, self.diary, self._turnstile, patience_s=self._patience_s).go()

    @property
    def _patience_s(self) -> float:
        """Nobody stays much longer than the load lasts."""
        return min(PATIENCE_S, self._options.seconds / 2)

    def _check(self) -> None:
        """Everybody holds still; the judge looks, and looks again at what looks wrong."""
        with self._turnstile.closed(HOLD_STILL_S_MAX):
            self._cloud.settle()
            wrong = self._judged(is_quiet=False)
            self.broken += standing(wrong, self._judged(is_quiet=False)) if wrong else []
        self.checks.append(len(self.diary.placed))
        self._options.say(f"{self.checks[-1]} orders, {self.rows} rows: {len(self.broken)} promises broken")

    def _judged(self, *, is_quiet: bool) -> list[Violation]:
        now = self.clock.now()
        books = all_rows(self.office.deps())
        self.rows = sum(len(rows) for rows in (books.catalog, books.trade, books.vault, books.journal, books.guard))
        self.states = Counter(f"{row['state']} {row.get('delivery', '')}".strip() for row in books.trade if row["sk"] == "ORDER")
        self.receipts = Counter(row["state"] for row in books.trade if row["sk"] == "CHANNELTXN")
        self.refunds = Counter(row["status"] for row in books.trade if row["sk"] == "REFUND")
        self.evidence = Evidence(
            books=books,
            diary=self.diary,
            takings=self.bank.takings(),
            givings=self.bank.givings(),
            logs=logs(self._cloud),
            mark=self._cards.mark,
            dead_letters=dead_letters(self._cloud),
        )
        self.judged_at = now
        return verdict(self.evidence, now, is_quiet=is_quiet)

    # -- the end ----------------------------------------------------------------------------------------------------

    def _calm_down(self) -> None:
        """Faults have stopped. What is on its way arrives, and the time passes after which the sweep mends what was left lying."""
        self.office.tidy()
        wait_for_queues(self._cloud)
        self._cloud.settle()
        for _ in range(MINUTES):
            self.clock.put_ahead(MINUTE_S)
            self.bank.post.hurry()
            self.office.sweeps()
            self._wait_for_post()
            wait_for_queues(self._cloud)
        self._wait_for_post(at_all=True)
        left = self.office.finish_imports()
        if left:
            raise NotTidied(f"card files that were not taken in: {', '.join(left)}")

    def _wait_for_post(self, *, at_all: bool = False) -> None:
        """Until nothing flies: looked at twice, because a notice between the courier's hands is on neither of them."""
        ends, idle = time.monotonic() + POST_S_MAX, 0
        while idle < 2 and time.monotonic() < ends:
            idle = idle + 1 if self.bank.post.is_idle(at_all=at_all) else 0
            time.sleep(0.05)

    def _end(self) -> None:
        self._look_up()
        wait_for_queues(self._cloud)
        self._cloud.settle()
        self.hidden = hidden(self._cloud)
        self.office.sweep()
        self.broken += self._judged(is_quiet=True)
        self.checks.append(len(self.diary.placed))

    def _look_up(self) -> None:
        """Some orders once more, on other devices: what was shown is still there, and what came late can be seen."""
        gone = set(self.diary.gave_up)
        orders = sorted(self.diary.placed, key=lambda each: each.order not in gone)[:LOOKED_UP_MAX]
        with ThreadPoolExecutor(self._options.buyers) as crowd:
            list(crowd.map(self._looks, range(len(orders)), orders))

    def _looks(self, number: int, placed: Placed) -> None:
        device = Browser(self._shop, address_of(2 * (self._next_visit + number)), self.diary, self._turnstile)
        try:
            look_up(device, placed, self.diary)
        except Shut as error:
            self.broken.append(Violation("I12", placed.order, f"could not be looked up: {error}"))
        finally:
            device.close()
