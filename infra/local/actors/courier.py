"""Carries notices to the shop, on the provider's schedule shortened to seconds, and keeps a log of what was answered.

Alipay sends eight times within 25 hours, an epay gateway about five times within two; here it is two minutes. What ends the
repeats is the provider's own: the exact word `success`, or any 2xx (`Notice.ends_with`).
"""

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

from infra.local.actors.acts import Step
from infra.local.actors.notice import Notice


SCHEDULE_S = {"alipay": (1, 3, 5, 10, 20, 40, 60), "epay": (1, 3, 10, 30)}
"""Pauses before the repeats."""

OTHERS_S = (1, 3, 10, 30)
"""The same for everybody else."""

LOG_MAX = 500
SENDERS = 16
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PATIENCE_S = 10.0


@dataclass(frozen=True)
class Entry:
    at: float
    notice: Notice
    attempt: int
    status: int
    answer: str
    took_ms: int

    @property
    def is_acknowledged(self) -> bool:
        return self.notice.is_acknowledged(self.status, self.answer)


class Courier:
    """One clock thread with a heap of what is due, and a pool that does it."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.log: deque[Entry] = deque(maxlen=LOG_MAX)
        self._now = now
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._is_over = False
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="notice")
        self._http = urllib3.PoolManager(num_pools=4, maxsize=SENDERS, retries=False, cert_reqs="CERT_NONE")
        self._clock = threading.Thread(target=self._run, name="courier", daemon=True)
        self._clock.start()

    def carry(self, steps: list[Step]) -> None:
        for step in steps:
            self.later(step.delay_s, lambda step=step: self._send(step, 0))  # type: ignore[misc]

    def later(self, delay_s: float, action: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._due, (self._now() + delay_s, next(self._order), action))
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify()
        self._clock.join(timeout=2)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._is_over and (not self._due or self._due[0][0] > self._now()):
                    self._changed.wait(self._due[0][0] - self._now() if self._due else None)
                if self._is_over:
                    return
                action = heapq.heappop(self._due)[2]
            self._pool.submit(action)

    def _send(self, step: Step, attempt: int) -> None:
        started = time.monotonic()
        status, answer = self._posted(step.notice)
        entry = Entry(self._now(), step.notice, attempt + 1, status, answer, int((time.monotonic() - started) * 1000))
        self.log.append(entry)
        pauses = SCHEDULE_S.get(step.notice.provider, OTHERS_S)
        if step.is_kept and not entry.is_acknowledged and attempt < len(pauses):
            self.later(pauses[attempt], lambda: self._send(step, attempt + 1))

    def _posted(self, notice: Notice) -> tuple[int, str]:
        if urlsplit(notice.url).hostname not in LOOPBACK:
            return 0, "not a loopback address: not sent"
        try:
            answer = self._http.request(
                notice.method,
                notice.url,
                body=notice.body or None,
                headers={**({"Content-Type": notice.content_type} if notice.content_type else {}), **notice.headers},
                redirect=False,
                timeout=PATIENCE_S,
            )
        except urllib3.exceptions.HTTPError as error:
            return 0, type(error).__name__
        return answer.status, answer.data[:200].decode("utf-8", "replace")
