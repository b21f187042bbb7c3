"""Events leave by EventBridge, at least once and unordered; consumers read the row and never trust the event."""

import json
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from faka.kernel.errors import Unavailable


PUT_EVENTS_MAX = 10
"""The service's bound for one request."""


class EventsRefused(Unavailable):
    """The bus took nothing or only a part; the stream will deliver the batch again."""


class Bus:
    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def announce(self, events: Sequence[tuple[str, dict[str, str]]]) -> None:
        """Publish (type, ids) pairs. Raises: EventsRefused when any of them was not taken."""
        for start in range(0, len(events), PUT_EVENTS_MAX):
            entries = [
                {"Source": "faka.trade", "DetailType": kind, "Detail": json.dumps(detail), "EventBusName": self._name}
                for kind, detail in events[start : start + PUT_EVENTS_MAX]
            ]
            try:
                answer = self._client.put_events(Entries=entries)
            except (ClientError, BotoCoreError) as error:
                raise EventsRefused(type(error).__name__) from error
            if answer.get("FailedEntryCount"):
                raise EventsRefused("put_events")
