"""Messages to ourselves. A queue delivers at least once and in no order; what reads it must not mind."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from faka.kernel.errors import Unavailable


class QueueDown(Unavailable):
    """The queue does not take messages now."""


class Queue:
    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: Mapping[str, str], delay_s: int = 0) -> None:
        """Ids only: what is in a queue can be read by whoever may read its dead letters. Raises: QueueDown."""
        try:
            self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(message), DelaySeconds=delay_s)
        except (ClientError, BotoCoreError) as error:
            raise QueueDown("send") from error
