"""MiniStack, made fit for this shop: started as a child, with what it lacks put in before its server starts.

Nothing of the package is edited. What is replaced, and why (all measured on 1.5.33, whose hash is locked):

* DynamoDB writes share one lock. HTTP calls are serialised by the event loop already, but transactions and Step Functions'
  own tasks also run on other threads.
* Lambda: its runtime API wrote head and body of an answer in two packets, which costs 40 ms of delayed acknowledgement, and
  then waited 50 ms for log lines. Our functions log to files (`deploy.py`), so nothing has to be waited for.
* Schedules are looked at every second instead of every ten, streams four times a second instead of after each write (`pace.py`).
* JSON calls have a short way past the web server (`lane.py`).
"""

import contextlib
import functools
import os
import signal
import socketserver
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.core import iam_actions, lambda_runtime
from ministack.services import dynamodb, eventbridge, scheduler

from infra.local.lane import open_lane
from infra.local.pace import pace_streams


SCHEDULE_TICK_S = 1
WRITES = (
    "_put_item",
    "_update_item",
    "_delete_item",
    "_transact_write_items",
    "_batch_write_item",
    "_execute_statement",
    "_batch_execute_statement",
    "_execute_transaction",
)


def main() -> None:
    lock = threading.RLock()
    for name in WRITES:
        setattr(dynamodb, name, _locked(getattr(dynamodb, name), lock))
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    lambda_runtime.ProvidedWorker._drain_stderr_bounded = _drain_at_once  # noqa: SLF001
    eventbridge._SCHEDULER_TICK_INTERVAL = SCHEDULE_TICK_S  # noqa: SLF001
    scheduler._SCHEDULE_TICK_INTERVAL = SCHEDULE_TICK_S  # noqa: SLF001
    iam_actions.access_denied_response = _told(iam_actions.access_denied_response)
    pace_streams()
    open_lane()
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    from ministack.app import main as serve

    dirty = Path(os.environ["FAKA_LOCAL_DIRTY"])
    dirty.touch()
    sys.argv = sys.argv[:1]
    with contextlib.suppress(SystemExit):
        serve()
    dirty.unlink(missing_ok=True)


def _locked(write: Callable[..., Any], lock: threading.RLock) -> Callable[..., Any]:
    @functools.wraps(write)
    def alone(*args: Any, **options: Any) -> Any:
        with lock:
            return write(*args, **options)

    return alone


def _told(refuse: Callable[..., Any]) -> Callable[..., Any]:
    """With roles enforced, say which call was refused: the function that made it may not."""

    @functools.wraps(refuse)
    def told(service: str, action: str, *given: Any, **named: Any) -> Any:
        print(f"refused: {action} {given[0] if given else ''} {named.get('message', '')}", file=sys.stderr, flush=True)
        return refuse(service, action, *given, **named)

    return told


def _drain_at_once(worker: Any, **_: float) -> Any:
    return worker._drain_stderr()  # noqa: SLF001


def _stop_with_parent() -> None:
    """The parent holds the other end of our standard input and never writes: its end is the parent's end."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
