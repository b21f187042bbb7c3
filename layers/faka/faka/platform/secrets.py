"""Secrets by name, from Secrets Manager, kept for a while.

Doors that *set* a secret use `write` and have no right to read: what a merchant typed in is never shown again, not even
to him. A secret is a JSON object of texts; each value stays wrapped until the moment of use.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from faka.kernel.clock import Clock
from faka.kernel.errors import Unavailable
from faka.kernel.secret import Secret


AGE_MAX: Final = timedelta(minutes=5)
"""A rotated key is in use everywhere after five minutes; a call costs 10 to 20 ms and is paid by the call."""

ABSENT_AGE_MAX: Final = timedelta(seconds=15)
"""An absent secret is looked for again soon: somebody is entering it right now."""


class SecretsUnavailable(Unavailable):
    """The secret store does not answer."""


class Secrets:
    """The secret store, with a memory.

    Bound: as many entries as there are channels.
    """

    def __init__(self, client: Any, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[str, tuple[datetime, Mapping[str, Secret] | None]] = {}
        self._live: dict[str, tuple[Mapping[str, Secret] | None, tuple[Mapping[str, Secret], ...]]] = {}

    def read(self, name: str) -> Mapping[str, Secret] | None:
        """The secret's values, or None when there is no such secret or it is no JSON object of texts.

        Raises: SecretsUnavailable.
        """
        now = self._clock.now()
        until, kept = self._kept.get(name, (now, None))
        if now < until:
            return kept
        values = self._fetch(name)
        self._kept[name] = (now + (AGE_MAX if values is not None else ABSENT_AGE_MAX), values)
        return values

    def live(self, name: str) -> tuple[Mapping[str, Secret], ...]:
        """The versions that count, the newest first; empty when there is none.

        Raises: SecretsUnavailable.
        """
        values = self.read(name)
        kept = self._live.get(name)
        if kept is not None and kept[0] is values:
            return kept[1]
        versions = () if values is None else (values,)
        self._live[name] = (values, versions)
        return versions

    def write(self, name: str, values: Mapping[str, Secret]) -> None:
        """Store a new version, making the secret where it is new.

        Raises: SecretsUnavailable.
        """
        text = json.dumps({key: value.reveal() for key, value in values.items()})
        self._kept.pop(name, None)
        try:
            try:
                self._client.put_secret_value(SecretId=name, SecretString=text)
            except self._client.exceptions.ResourceNotFoundException:
                self._client.create_secret(Name=name, SecretString=text)
            return
        except (ClientError, BotoCoreError) as error:
            failure = type(error).__name__
        # Outside the handler: a parameter error of the SDK prints the parameters.
        raise SecretsUnavailable(f"secret {name}: {failure}")

    def _fetch(self, name: str) -> Mapping[str, Secret] | None:
        try:
            text = self._client.get_secret_value(SecretId=name).get("SecretString", "")
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise SecretsUnavailable(f"secret {name}") from error
        except BotoCoreError as error:
            raise SecretsUnavailable(f"secret {name}") from error
        return _texts(text)


def _texts(text: str) -> Mapping[str, Secret] | None:
    try:
        values = json.loads(text)
    except ValueError:
        # The decoder's error holds the document; it ends here.
        return None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        return None
    return {key: Secret(value) for key, value in values.items()}
