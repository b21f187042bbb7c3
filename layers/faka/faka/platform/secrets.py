"""Secrets by name, from Secrets Manager, kept for a while.

Doors that *set* a secret use `write` and have no right to read: what a merchant typed in is never shown again, not even
to him. A secret is a JSON object of texts; each value stays wrapped until the moment of use.

```
put v2 ──► AWSCURRENT v2, AWSPREVIOUS v1   both count for OVERLAP: what is on its way was signed with v1
put v2 again ──► AWSCURRENT v2, AWSPREVIOUS v2   v1 counts no more: how a leaked secret is ended at once
```
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


OVERLAP: Final = timedelta(hours=24)
"""How long the version before the current one still proves what comes: providers repeat a notice for a day."""

Versions = tuple[Mapping[str, Secret], ...]


class SecretsUnavailable(Unavailable):
    """The secret store does not answer."""


class Secrets:
    """The secret store, with a memory.

    Bound: as many entries as there are channels.
    """

    def __init__(self, client: Any, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[str, tuple[datetime, Versions]] = {}

    def read(self, name: str) -> Mapping[str, Secret] | None:
        """The current version's values, or None when there is no such secret or it is no JSON object of texts.

        Raises: SecretsUnavailable.
        """
        versions = self.live(name)
        return versions[0] if versions else None

    def live(self, name: str) -> Versions:
        """The versions that count, the newest first: the current one, and for `OVERLAP` after a rotation the one before it.

        Empty when there is no secret, or when the *current* version is no JSON object of texts: an old one alone opens nothing.
        The same tuple is answered until it is looked up again. Raises: SecretsUnavailable.
        """
        now = self._clock.now()
        until, kept = self._kept.get(name, (now, ()))
        if now < until:
            return kept
        versions = self._versions(name, now)
        self._kept[name] = (now + (AGE_MAX if versions else ABSENT_AGE_MAX), versions)
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

    def _versions(self, name: str, now: datetime) -> Versions:
        current, made_at = self._fetch(SecretId=name)
        if current is None:
            return ()
        if made_at is None or now - made_at >= OVERLAP:
            return (current,)
        before, _ = self._fetch(SecretId=name, VersionStage="AWSPREVIOUS")
        return (current,) if before is None else (current, before)

    def _fetch(self, **asked: str) -> tuple[Mapping[str, Secret] | None, datetime | None]:
        """A version's values and when it was written; nothing where there is no such version."""
        try:
            answer = self._client.get_secret_value(**asked)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None, None
            raise SecretsUnavailable(f"secret {asked['SecretId']}") from error
        except BotoCoreError as error:
            raise SecretsUnavailable(f"secret {asked['SecretId']}") from error
        return _texts(answer.get("SecretString", "")), answer.get("CreatedDate")


def _texts(text: str) -> Mapping[str, Secret] | None:
    try:
        values = json.loads(text)
    except ValueError:
        # The decoder's error holds the document; it ends here.
        return None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        return None
    return {key: Secret(value) for key, value in values.items()}
