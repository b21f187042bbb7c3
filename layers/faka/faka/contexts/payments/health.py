"""Whether a channel's provider answers: a breaker in one small row, written only when something is wrong.

```
            5 failures in 2 minutes, at least two       pause over                    one order goes through
   WELL ──────── for each recovery ──────────► RESTING ───────────► PROBE ──(lease)──► RESTING ──┬─ it failed → RESTING, twice as long
    ▲                                                                                            └─ it succeeded ─┐
    └────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
```
A success is written once after a failure, so a channel that works costs nothing. What counts between two successes is the run
of failures: two failures for each recovery mean that about every second call fails, whatever the traffic.
A resting channel gets no new orders; its open ones are asked about all the same.
Row: `HEALTH#{channel}` / `HEALTH` in the guard table; leaves by TTL an hour after the last change.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from faka.contexts.payments.exposure import taken, taken_keys, taken_sums
from faka.kernel.clock import epoch_s, to_row
from faka.kernel.errors import Conflict, UnknownState
from faka.kernel.ids import ChannelId
from faka.kernel.model import Frozen
from faka.platform.table import Item, Key, TableName, Tables, put


WINDOW = timedelta(minutes=2)
"""Failures are counted within it: the early questions about one order (5 s, 30 s, 60 s) fall into one window."""

FAILURES_OPEN = 5
"""One lost answer is everyday, five in two minutes are not; a small shop that asks twice a minute still notices in time."""

FAILURES_A_RECOVERY = 2

PAUSE_MIN = timedelta(seconds=30)
PAUSE_MAX = timedelta(minutes=10)
"""Doubled with each probe that fails. The longest pause costs a provider that is back ten minutes of our orders."""

OPENINGS_MAX = 6
"""Doublings that matter: 30 s times 2^5 is above the longest pause."""

ROW_TTL = timedelta(hours=1)

GLANCE_AGE = timedelta(seconds=2)
"""As long as a page may lag an edit of the catalogue. A channel that has just failed is offered for two seconds more."""


class HealthMoved(Conflict):
    """Somebody noted another outcome since the row was read; carries it."""


class Verdict(StrEnum):
    WELL = "WELL"
    RESTING = "RESTING"
    PROBE = "PROBE"
    """The pause is over: one order may find out."""


class Health(Frozen):
    """What was noted of one channel. `until` is set while the breaker is open."""

    failures: int = 0
    recoveries: int = 0
    since: datetime
    is_failing: bool = False
    """Whether the last outcome was a failure."""
    openings: int = 0
    """How often it opened without a long quiet time between; the pause grows by it."""
    until: datetime | None = None
    is_probing: bool = False
    version: int = 0

    def verdict(self, at: datetime) -> Verdict:
        if self.until is None:
            return Verdict.WELL
        return Verdict.RESTING if at < self.until else Verdict.PROBE

    def failed(self, at: datetime) -> "Health":
        """After a failure. While it rests nothing new is learned, unless the failure is the probe's."""
        if self.until is not None:
            return self.rested(at) if self._decides(at) else self
        if at - self.since > WINDOW:
            quiet = 0 if at - self.since > PAUSE_MAX else self.openings
            return self._with(failures=1, recoveries=0, since=at, is_failing=True, openings=quiet)
        after = self._with(failures=self.failures + 1, is_failing=True)
        is_bad = after.failures >= max(FAILURES_OPEN, FAILURES_A_RECOVERY * after.recoveries)
        return after.rested(at) if is_bad else after

    def succeeded(self, at: datetime) -> "Health":
        """After a success: closes the breaker where it decides, counts once after a failure, and else is nothing new."""
        if self.until is not None:
            closed = {"failures": 0, "recoveries": 0, "since": at, "is_failing": False, "until": None, "is_probing": False}
            return self._with(**closed) if self._decides(at) else self
        return self._with(recoveries=self.recoveries + 1, is_failing=False) if self.is_failing else self

    def leased(self, at: datetime) -> "Health":
        """One order goes through; the next one only after a pause, so that a buyer who leaves blocks nothing."""
        return self._with(until=at + PAUSE_MIN, is_probing=True)

    def _decides(self, at: datetime) -> bool:
        return self.is_probing or self.verdict(at) is Verdict.PROBE

    def rested(self, at: datetime) -> "Health":
        """Open the breaker, for longer each time."""
        openings = min(self.openings + 1, OPENINGS_MAX)
        pause = min(PAUSE_MIN * 2 ** (openings - 1), PAUSE_MAX)
        return self._with(openings=openings, until=at + pause, is_failing=True, is_probing=False)

    def _with(self, **changes: object) -> "Health":
        return self.model_copy(update={**changes, "version": self.version + 1})


def health_key(channel: ChannelId) -> Key:
    return Key(TableName.GUARD, f"HEALTH#{channel}", "HEALTH")


class Glance(Frozen):
    """What one instance knows of a channel, perhaps `GLANCE_AGE` old."""

    health: Health | None
    """None where nothing is noted."""
    taken_minor: int | None
    """None where it was not asked for."""
    read_at: datetime


class HealthStore:
    """Reads for pages come from a short memory; whoever writes reads the row itself."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._seen: dict[ChannelId, Glance] = {}

    def glance(self, channels: Mapping[ChannelId, bool], at: datetime) -> Mapping[ChannelId, Glance]:
        """What is known of the channels; those marked True have a limit, and the day's receipts are summed for them.

        Bound: one request for all of them, at most once in `GLANCE_AGE`; as many entries as there are channels.
        """
        if not all(self._knows(one, has_limit, at) for one, has_limit in channels.items()):
            limited = [one for one, has_limit in channels.items() if has_limit]
            rows = self._tables.batch_get([*map(health_key, channels), *taken_keys(limited, at)], strong=False)
            sums = taken_sums(rows)
            for one, has_limit in channels.items():
                row = rows.get(health_key(one))
                taken_minor = sums.get(one, 0) if has_limit else None
                self._seen[one] = Glance(health=read_health(row) if row else None, taken_minor=taken_minor, read_at=at)
        return {one: self._seen[one] for one in channels}

    def _knows(self, channel: ChannelId, has_limit: bool, at: datetime) -> bool:
        seen = self._seen.get(channel)
        if seen is None or (has_limit and seen.taken_minor is None):
            return False
        return timedelta(0) <= at - seen.read_at <= GLANCE_AGE

    def find(self, channel: ChannelId, at: datetime) -> Health:
        """What is noted now, read strongly; nothing noted is a fresh row."""
        row = self._tables.get(health_key(channel))
        return read_health(row) if row else Health(since=at)

    def change(self, channel: ChannelId, before: Health, after: Health, at: datetime) -> None:
        """Write what was learned. Raises: HealthMoved."""
        key = health_key(channel)
        row: Item = {"pk": key.pk, "sk": key.sk, **_fields(after), "ttl": epoch_s(at + ROW_TTL)}
        when = "#version = :seen" if before.version else "attribute_not_exists(pk)"
        seen = {"seen": before.version} if before.version else {}
        self._seen.pop(channel, None)
        self._tables.apply(put(TableName.GUARD, row, when=when, otherwise=lambda row: HealthMoved("health", row), **seen))

    def count_taken(self, channel: ChannelId, ref: str, minor: int, at: datetime) -> None:
        """Add a receipt to the day of an account with a limit."""
        self._tables.apply(taken(channel, ref, minor, at))


def _fields(health: Health) -> Item:
    fields: dict[str, Any] = health.model_dump(mode="json", exclude={"since", "until"})
    return {**fields, "since": to_row(health.since), **({"until": to_row(health.until)} if health.until else {})}


def read_health(row: Item) -> Health:
    """Raises: UnknownState when the row does not fit the model."""
    try:
        return Health.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk", "ttl")})
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error
