"""Time and chance are parameters. Production passes the real ones (`platform.real`); tests and the simulator their own."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol


SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had no daylight saving since 1991, so a fixed offset is exact and needs no zone database."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The present as aware UTC."""
        ...


class Chance(Protocol):
    def bytes(self, count: int) -> bytes:
        """Unpredictable bytes for ids and codes."""
        ...


class Pause(Protocol):
    def __call__(self, seconds: float) -> None:
        """Wait; a test passes a function that only counts."""
        ...


def to_row(at: datetime) -> str:
    """Fixed-width ISO with milliseconds and `Z`, so that text order is time order."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def from_row(text: str) -> datetime:
    return datetime.fromisoformat(text)


def epoch_s(at: datetime) -> int:
    """Seconds for TTL attributes only."""
    return int(at.timestamp())


def epoch_ms(at: datetime) -> int:
    """Whole milliseconds since 1970."""
    return int(at.timestamp() * 1000)


def from_epoch_s(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def business_day(at: datetime) -> date:
    """The day that a payment belongs to in the provider's bill."""
    return at.astimezone(SHANGHAI).date()
