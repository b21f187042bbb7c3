"""Waiting for a task: its answer, its heartbeats, its time-out. Late answers find nobody."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from infra.local.asl.calls import TIMEOUT_S, Answer, Failure, Pause, Reply
from infra.local.asl.clock import Clock
from infra.local.asl.faults import HEARTBEAT, RUNTIME, TIMEOUT, Fault
from infra.local.asl.paths import needed


class TokenIsDead(LookupError):
    """The task has ended, or never was: the service answers TaskTimedOut or TaskDoesNotExist."""


class Letters:
    """What was sent to open tasks and when it arrives: answers, errors and heartbeats, by token."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._boxes: dict[str, list[tuple[datetime, Answer | Failure | None]]] = {}

    def open(self, token: str, reply: Reply) -> None:
        now = self._clock.now()
        box: list[tuple[datetime, Answer | Failure | None]] = [(now + timedelta(seconds=beat), None) for beat in reply.beats_s]
        if isinstance(reply, Answer | Failure):
            box.append((now + timedelta(seconds=reply.after_s), reply))
        self._boxes[token] = sorted(box, key=lambda letter: letter[0])

    def close(self, token: str) -> None:
        self._boxes.pop(token, None)

    def send(self, token: str, letter: Answer | Failure | None) -> None:
        """Raises: TokenIsDead."""
        if token not in self._boxes:
            raise TokenIsDead(token)
        self._boxes[token].append((self._clock.now(), letter))
        self._boxes[token].sort(key=lambda each: each[0])

    def next_at(self, token: str) -> datetime | None:
        box = self._boxes.get(token)
        return box[0][0] if box else None

    def take(self, token: str) -> Answer | Failure | None:
        return self._boxes[token].pop(0)[1]

    def has_come(self, token: str) -> bool:
        at = self.next_at(token)
        return at is not None and at <= self._clock.now()


def awaited(state: dict[str, Any], token: str, value: Any, context: Any, letters: Letters, clock: Clock) -> Generator[Pause, None, Any]:
    """The task's result.

    Raises: Fault with the task's error, States.Timeout or States.HeartbeatTimeout.
    """
    began = clock.now()
    deadline = began + timedelta(seconds=_limit(state, "TimeoutSeconds", value, context) or TIMEOUT_S)
    beat = _limit(state, "HeartbeatSeconds", value, context)
    silent_at = deadline if beat is None else min(deadline, began + timedelta(seconds=beat))
    while True:
        at = letters.next_at(token)
        if at is not None and at <= min(clock.now(), silent_at):
            letter = letters.take(token)
            if isinstance(letter, Answer):
                return letter.value
            if isinstance(letter, Failure):
                raise Fault(letter.error, letter.cause)
            silent_at = deadline if beat is None else min(deadline, at + timedelta(seconds=beat))
        elif clock.now() >= silent_at:
            raise Fault(TIMEOUT if silent_at == deadline else HEARTBEAT, f"{token} did not answer in time")
        else:
            yield Pause(silent_at if at is None else min(at, silent_at), (token,))


def _limit(state: dict[str, Any], field: str, value: Any, context: Any) -> float | None:
    if f"{field}Path" not in state:
        limit: float | None = state.get(field)
        return limit
    found = needed(state[f"{field}Path"], value, context)
    if isinstance(found, bool) or not isinstance(found, int) or found <= 0:
        raise Fault(RUNTIME, f"{field}Path must name a positive number")
    return found
