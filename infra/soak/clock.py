"""Two things that everybody in a soak shares: a clock that can be put ahead, and a turnstile that lets all of them hold still."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from faka.platform.real import SystemClock


class Ahead:
    """The machine's time and a lead on it. The providers, and the sweeps that a soak runs itself, live by this clock, so that what
    is due in ten minutes need not be waited for. The functions in their processes live by the machine's."""

    def __init__(self) -> None:
        self._lead = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self._lead

    def seconds(self) -> float:
        return self.now().timestamp()

    def put_ahead(self, seconds: float) -> None:
        self._lead += timedelta(seconds=seconds)


class Turnstile:
    """Everybody steps through for each thing that he does. Closed, it holds those who come and waits for those who are inside."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_open = True
        self._inside = 0
        self.held_s = 0.0
        """How long it was closed, all times together."""

    @contextmanager
    def through(self) -> Iterator[None]:
        with self._changed:
            while not self._is_open:
                self._changed.wait()
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def closed(self, wait_s: float) -> Iterator[bool]:
        """Whether everybody was out in time."""
        began = time.monotonic()
        with self._changed:
            self._is_open = False
            is_empty = self._changed.wait_for(lambda: self._inside == 0, wait_s)
        try:
            yield is_empty
        finally:
            with self._changed:
                self._is_open = True
                self._changed.notify_all()
            self.held_s += time.monotonic() - began
