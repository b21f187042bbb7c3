"""A worker that dies at its n-th call: before the request leaves, or after the service did it and before the answer."""

import re
from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """Not an Exception: a killed process runs no handler of ours."""


class DyingClient:
    """Forwards to `client` and dies once, at call `at` (from 1). Afterwards the process is gone: every further call dies too."""

    def __init__(self, client: Any, at: int, *, after: bool) -> None:
        self._client = client
        self._at = at
        self._after = after
        self.calls = 0

    def __getattr__(self, verb: str) -> Any:
        def call(**given: Any) -> Any:
            self.calls += 1
            if self.calls > self._at or (self.calls == self._at and not self._after):
                raise Killed(verb)
            answer = getattr(self._client, verb)(**given)
            if self.calls == self._at:
                raise Killed(verb)
            return answer

        return call


def calls_of(client: Any, work: Any) -> int:
    """How many calls a piece of work makes when nothing goes wrong."""
    counting = DyingClient(client, at=10_000, after=False)
    work(counting)
    return counting.calls


_ROWS = re.compile(r"'S': '([A-Z]+)[#']")


class _Listening:
    """Forwards to `client` and notes what each call was: its verb and the kinds of rows that it names."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.said: list[str] = []

    def __getattr__(self, verb: str) -> Any:
        def call(**given: Any) -> Any:
            self.said.append(f"{verb} {' '.join(sorted(set(_ROWS.findall(repr(given)))))}")
            return getattr(self._client, verb)(**given)

        return call


def first_of_each_kind(client: Any, work: Callable[[Any], object]) -> dict[str, int]:
    """Each kind of call that a piece of work makes, and which call (from 1) is the first of that kind."""
    listening = _Listening(client)
    work(listening)
    found: dict[str, int] = {}
    for at, kind in enumerate(listening.said, 1):
        found.setdefault(kind, at)
    return found
