"""What a task is asked, and what it may answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


TIMEOUT_S = 99_999_999
"""How long a task may take where it does not say: what the service waits, some three years."""


@dataclass(frozen=True)
class Call:
    """One attempt of a task."""

    state: str
    place: str
    """The state's name with the items and branches around it: `Recharge each line[0] > Ask supplier`."""
    resource: str
    parameters: Any
    attempt: int
    """0 for the first, as `$$.State.RetryCount`."""
    token: str
    """Names the attempt; a task that waits for its token has it in the parameters too."""
    at: datetime


@dataclass(frozen=True)
class Answer:
    """The task's result, `after_s` seconds after it was asked; heartbeats come at `beats_s` seconds."""

    value: Any = None
    after_s: float = 0.0
    beats_s: tuple[float, ...] = ()


@dataclass(frozen=True)
class Failure:
    """The task's error."""

    error: str
    cause: str = ""
    after_s: float = 0.0
    beats_s: tuple[float, ...] = ()


@dataclass(frozen=True)
class Pending:
    """No answer yet: one may come from outside by the token (`Execution.succeed`, `fail`, `beat`), or none until the time-out."""

    beats_s: tuple[float, ...] = ()


Reply = Answer | Failure | Pending


@dataclass(frozen=True)
class Pause:
    """A run has nothing to do before `until`, unless one of the tokens is answered."""

    until: datetime
    tokens: tuple[str, ...] = ()
