"""Ask another function of the shop and wait for its answer: where its secrets are not the asker's."""

import json
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from faka.kernel.clock import Clock
from faka.kernel.errors import Unavailable
from faka.platform.task import SCHEMA_VERSION


REST = timedelta(seconds=30)
"""How long one instance leaves a function alone that did not answer: whoever asks next shall not wait as well."""


class FunctionUnavailable(Unavailable):
    """No answer in time, or an error of the function's own."""


class Function:
    def __init__(self, client: Any, name: str, clock: Clock) -> None:
        self._client = client
        self._name = name
        self._clock = clock
        self._rests_until: datetime | None = None

    def ask(self, task: str, **given: Any) -> dict[str, Any]:
        """The answer to one task, within the client's time. Raises: FunctionUnavailable, also for `REST` after there was no answer."""
        now = self._clock.now()
        if self._rests_until is not None and now < self._rests_until:
            raise FunctionUnavailable("rests")
        try:
            return self._asked(json.dumps({"schema_version": SCHEMA_VERSION, "task": task, **given}))
        except FunctionUnavailable:
            self._rests_until = now + REST
            raise

    def _asked(self, payload: str) -> dict[str, Any]:
        try:
            answer = self._client.invoke(FunctionName=self._name, Payload=payload.encode())
            told = json.loads(answer["Payload"].read())
        except (ClientError, BotoCoreError, ValueError):
            raise FunctionUnavailable("invoke") from None  # the payload may name an account
        if "FunctionError" in answer or not isinstance(told, dict):
            raise FunctionUnavailable("error")
        return told
