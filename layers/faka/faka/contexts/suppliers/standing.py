"""How a supplier has done lately, and who is asked first: pure rules over counts of the last ten minutes and one breaker.

```
            3 of 10 went wrong, or his deposit is used up      pause over            one order goes to him
   CLOSED ───────────────────────────────────────────► OPEN ─────────────► PROBE ──(lease)──► OPEN ─┬─ it failed → OPEN, twice as long
    ▲                                                                                               └─ it arrived: the third one closes
    └───────────────────────────────────────────────────────────────────────────────────────────────────┘
```
The order of suppliers is that of what a top-up that arrives costs there: his price by the share of his that arrive, and a little for
waiting. One whom nobody has asked for ten minutes is as good as any, which is how a supplier that has recovered gets his orders back
even where the breaker never opened.

Nobody is left out for good. Where every breaker is open the least bad one is asked: the buyer has paid, a proved failure costs nothing,
and after it the money goes back all the same.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from faka.kernel.clock import epoch_s
from faka.kernel.ids import SupplierId
from faka.kernel.model import Frozen
from faka.kernel.money import Money


WINDOW: Final = timedelta(minutes=10)
MINUTES: Final = 10

PRIOR: Final = 10
"""Orders that count as arrived before anything is known. A supplier of whom nothing is known must not stand below one who does well, or
one who has recovered would never be asked again; his first failures tell soon enough."""

EVENTS_MIN: Final = 10
"""Ends before a breaker judges: of fewer, three bad ones are an accident."""

ERRORS_OPEN_PERCENT: Final = 30

PAUSE_MIN: Final = timedelta(minutes=1)
PAUSE_MAX: Final = timedelta(minutes=10)
OPENINGS_MAX: Final = 6
"""Doublings that matter: one minute times 2^5 is above the longest pause."""

LEASE: Final = timedelta(minutes=2)
"""How long one probe keeps the next one back; most top-ups end within three minutes."""

PROBES_GOOD: Final = 3

WAIT_S_MAX: Final = 120
"""Seconds of waiting that count: each is worth one minor unit of price, so two minutes outweigh a little more than a yuan."""

BALANCE_AGE: Final = timedelta(minutes=10)
"""How long a balance that he told is believed; deposits are topped up by hand."""

BALANCE_ASK: Final = timedelta(minutes=3)
"""Between two questions about it, whoever asks. Three may be lost before a balance is forgotten."""


class Outcome(StrEnum):
    GOOD = "GOOD"
    BAD = "BAD"
    SILENT = "SILENT"
    """No answer to the order. Bad for his standing; for the order it means nothing."""


class Reason(StrEnum):
    """Why a breaker opened."""

    ERRORS = "errors"
    BALANCE = "balance"
    PROBE = "probe"


class Verdict(StrEnum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    PROBE = "PROBE"
    """The pause is over: one order may find out."""


class Minute(Frozen):
    """Ends of one minute."""

    minute: int
    good: int = 0
    bad: int = 0
    silent: int = 0
    wait_s: int = 0
    """Of the good ones together, from order to arrival."""


class Breaker(Frozen):
    since: datetime
    """Counts before it are forgotten."""
    until: datetime | None = None
    leased_at: datetime | None = None
    openings: int = 0
    probes: int = 0
    """Good ones in a row."""
    reason: Reason | None = None
    version: int = 0

    def verdict(self, at: datetime) -> Verdict:
        if self.until is None:
            return Verdict.CLOSED
        return Verdict.OPEN if at < self.until else Verdict.PROBE

    def opened(self, at: datetime, reason: Reason) -> "Breaker":
        """Longer each time without a quiet while between."""
        quiet = at - self.since > 2 * PAUSE_MAX and self.until is None
        openings = min((0 if quiet else self.openings) + 1, OPENINGS_MAX)
        pause = min(PAUSE_MIN * 2 ** (openings - 1), PAUSE_MAX)
        return self._with(until=at + pause, leased_at=None, openings=openings, probes=0, reason=reason)

    def leased(self, at: datetime) -> "Breaker":
        """One order goes to him; the next one after its end, or after `LEASE`."""
        return self._with(until=at + LEASE, leased_at=at)

    def learned(self, counted: "Window", outcome: Outcome, sent_at: datetime, at: datetime) -> "Breaker":
        """After the end of an attempt that was sent at `sent_at`; unchanged (the same object) where it teaches nothing."""
        if self.until is None:
            is_bad = counted.total >= EVENTS_MIN and counted.errors * 100 >= ERRORS_OPEN_PERCENT * counted.total
            return self.opened(at, Reason.ERRORS) if is_bad and outcome is not Outcome.GOOD else self
        if self.leased_at is None or sent_at < self.leased_at:
            return self
        if outcome is not Outcome.GOOD:
            return self.opened(at, Reason.PROBE)
        if self.probes + 1 < PROBES_GOOD:
            return self._with(until=at, leased_at=None, probes=self.probes + 1)
        return self._with(since=at, until=None, leased_at=None, probes=0, reason=None)

    def _with(self, **changes: object) -> "Breaker":
        return self.model_copy(update={**changes, "version": self.version + 1})


class Window(Frozen):
    """The counts of the last `WINDOW`, as far as the breaker remembers them."""

    good: int = 0
    errors: int = 0
    wait_s: int = 0

    @classmethod
    def of(cls, minutes: Iterable[Minute], since: datetime, at: datetime) -> "Window":
        first = max(epoch_s(at) // 60 - MINUTES + 1, epoch_s(since) // 60)
        rows = [one for one in minutes if first <= one.minute <= epoch_s(at) // 60]
        return cls(
            good=sum(one.good for one in rows), errors=sum(one.bad + one.silent for one in rows), wait_s=sum(one.wait_s for one in rows)
        )

    @property
    def total(self) -> int:
        return self.good + self.errors

    @property
    def rate_bp(self) -> int:
        """The share that arrives in basis points, with `PRIOR` orders that never were; 1 at least."""
        return max(1, (self.good + PRIOR) * 10_000 // (self.total + PRIOR))

    @property
    def mean_wait_s(self) -> int:
        return min(WAIT_S_MAX, self.wait_s // self.good) if self.good else 0


class Standing(Frozen):
    """What is known of one supplier now, and of one SKU at him."""

    breaker: Breaker
    window: Window
    sold: Window = Window()
    """Of the SKU alone; `window` holds these too."""
    balance: Money | None = None
    """What of our deposit is left, where he told so within `BALANCE_AGE`."""
    balance_asked_at: datetime | None = None

    @property
    def rate_bp(self) -> int:
        """The share of this SKU that arrives. Where little is known of it, all that he sells speaks for it, with the weight of `PRIOR`
        orders: of one who is well and lacks a single product, only that product goes elsewhere."""
        return max(1, (self.sold.good * 10_000 + PRIOR * self.window.rate_bp) // (self.sold.total + PRIOR))

    @property
    def mean_wait_s(self) -> int:
        return (self.sold if self.sold.good else self.window).mean_wait_s

    def is_short(self, cost: Money) -> bool:
        """Whether his deposit does not reach, as far as is known."""
        return self.balance is not None and self.balance.currency is cost.currency and self.balance.minor < cost.minor

    def is_balance_due(self, at: datetime) -> bool:
        return self.balance_asked_at is None or at - self.balance_asked_at >= BALANCE_ASK

    def why(self, cost: Money, at: datetime) -> str:
        """What speaks against him, for a line of the log."""
        verdict, counted = self.breaker.verdict(at), self.sold if self.sold.errors else self.window
        if verdict is not Verdict.CLOSED:
            return f"{verdict} ({self.breaker.reason}): {self.window.errors} of {self.window.total} failed"
        if self.is_short(cost):
            return "SHORT: his deposit does not reach"
        return f"DEARER: {counted.errors} of {counted.total} failed, {self.mean_wait_s} s each"


def expected_minor(cost: Money, standing: Standing) -> int:
    """What a top-up that arrives costs there: price, failures and waiting, in minor units."""
    return cost.minor * 10_000 // standing.rate_bp + standing.mean_wait_s


class Rank(Frozen):
    """Where a supplier stands among those who sell the same; the smallest is asked first."""

    tier: int
    """0: may be asked; 1: his deposit does not reach; 2: his breaker is open."""
    expected_minor: int
    supplier_id: SupplierId

    @classmethod
    def of(cls, supplier_id: SupplierId, cost: Money, standing: Standing, at: datetime) -> "Rank":
        tier = 2 if standing.breaker.verdict(at) is Verdict.OPEN else 1 if standing.is_short(cost) else 0
        return cls(tier=tier, expected_minor=expected_minor(cost, standing), supplier_id=supplier_id)

    @property
    def key(self) -> tuple[int, int, str]:
        return self.tier, self.expected_minor, self.supplier_id
