"""A worker that dies at its n-th call: before the request leaves, or after the service did it and before the answer."""

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
