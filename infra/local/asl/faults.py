"""Errors of an execution, by name: which rule they fit, and when they are retried."""

from collections.abc import Sequence
from typing import Any


ALL = "States.ALL"
TIMEOUT = "States.Timeout"
HEARTBEAT = "States.HeartbeatTimeout"
TASK_FAILED = "States.TaskFailed"
RUNTIME = "States.Runtime"
EXCEEDED = "States.ExceedToleratedFailureThreshold"
TERMINAL = frozenset({RUNTIME, "States.DataLimitExceeded"})
"""The service lets no rule catch or retry these: the definition itself is wrong."""

INTERVAL_S = 1
ATTEMPTS_MAX = 3
BACKOFF_RATE = 2.0
"""What the language says where a retrier leaves them out."""


class Fault(Exception):
    """A state failed with an error of this name."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


def fits(names: Sequence[str], error: str) -> bool:
    """Whether ErrorEquals holds for an error. A lost heartbeat is a time-out too; TaskFailed stands for all but time-outs."""
    if error in names:
        return True
    if error in TERMINAL:
        return False
    if ALL in names or (error == HEARTBEAT and TIMEOUT in names):
        return True
    return TASK_FAILED in names and error not in (TIMEOUT, HEARTBEAT)


class Retries:
    """The retriers of one visit to a state, each with what it has left. A new visit starts anew."""

    def __init__(self, retriers: Sequence[dict[str, Any]]) -> None:
        self._retriers = retriers
        self._used = [0] * len(retriers)

    @property
    def count(self) -> int:
        """Attempts that were repeats, as `$$.State.RetryCount` tells."""
        return sum(self._used)

    def fitting(self, error: str) -> int | None:
        """The first retrier that names the error; the others are not asked."""
        return next((index for index, each in enumerate(self._retriers) if fits(each["ErrorEquals"], error)), None)

    def spend(self, index: int) -> float | None:
        """Seconds until the next attempt, or None when this retrier is exhausted."""
        each, used = self._retriers[index], self._used[index]
        if used >= each.get("MaxAttempts", ATTEMPTS_MAX):
            return None
        self._used[index] += 1
        delay = each.get("IntervalSeconds", INTERVAL_S) * each.get("BackoffRate", BACKOFF_RATE) ** used
        return float(min(delay, each.get("MaxDelaySeconds", delay)))


def catching(catchers: Sequence[dict[str, Any]], error: str) -> int | None:
    """The first catcher that names the error."""
    return next((index for index, each in enumerate(catchers) if fits(each["ErrorEquals"], error)), None)
