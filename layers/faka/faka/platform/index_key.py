"""A keyed hash for looking up people without storing who they are: contacts and network addresses."""

import hmac
from typing import Any

from faka.platform.mackey import MacKey


_LABEL = "faka/people-index/v1"


class IndexKey:
    def __init__(self, client: Any, key_id: str) -> None:
        self._key = MacKey(client, key_id, _LABEL)

    def digest(self, kind: str, value: str) -> str:
        """32 hex symbols, different for each kind, so that a contact's hash says nothing about an address.

        Raises: MacKeyUnavailable.
        """
        return hmac.digest(self._key(), f"{kind}\0{value}".encode(), "sha256").hex()[:32]
