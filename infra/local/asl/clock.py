"""Time for a run: it stands still while states work and moves to the next moment when all of them wait."""

from datetime import UTC, datetime
from typing import Protocol


START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


class Clock(Protocol):
    def now(self) -> datetime: ...


class VirtualClock:
    def __init__(self, at: datetime = START) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def move_to(self, at: datetime) -> None:
        """Never back: a moment that has passed is now."""
        self._at = max(self._at, at)


def stamp(at: datetime) -> str:
    """As the context object and Timestamp fields spell a moment."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def moment(text: object) -> datetime | None:
    """A timestamp of the language: RFC 3339 with a capital T, and Z or an offset. None for anything else."""
    if not isinstance(text, str) or len(text) < len("2026-03-02T04:00:00Z") or text[10] != "T":
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
