"""How often the emulator looks into streams and queues for its functions."""

import threading
import time
from collections.abc import Callable

from ministack.services import lambda_svc


STREAM_POLLS_PER_S = 4
"""Lambda's own base rate for a shard of a table's stream. The emulator looks after every single write, and would start the relay
for each row of an order: a tenth of all processor time on a busy shop, for nothing that AWS does."""


def pace_streams() -> None:
    lambda_svc._poll_dynamodb_streams = paced(  # noqa: SLF001
        lambda_svc._poll_dynamodb_streams,  # noqa: SLF001
        1 / STREAM_POLLS_PER_S,
        lambda_svc.esm_wake.set,
    )


def paced(poll: Callable[[], bool], pause_s: float, wake: Callable[[], None]) -> Callable[[], bool]:
    """`poll`, but not sooner than `pause_s` after the last time that it found work. Asked sooner, it has itself woken later."""
    next_at = 0.0
    is_called_for = threading.Event()

    def call() -> None:
        is_called_for.clear()
        wake()

    def poll_in_time() -> bool:
        nonlocal next_at
        left = next_at - time.monotonic()
        if left > 0:
            if not is_called_for.is_set():
                is_called_for.set()
                timer = threading.Timer(left, call)
                timer.daemon = True
                timer.start()
            return False
        has_found = poll()
        if has_found:
            next_at = time.monotonic() + pause_s
        return has_found

    return poll_in_time
