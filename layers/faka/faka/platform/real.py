"""The one source of real time, chance and waiting."""

import secrets
import time
from datetime import UTC, datetime


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemChance:
    def bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)


def system_pause(seconds: float) -> None:
    time.sleep(seconds)
