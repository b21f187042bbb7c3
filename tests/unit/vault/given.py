"""A key service in process, and envelopes over it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto import mock_aws

from faka.platform.envelope import Envelope
from tests.kit.clock import FrozenClock


class Keys:
    """A KMS key that counts how often it is asked."""

    def __init__(self) -> None:
        self._kms = boto3.client("kms", region_name="us-east-1")
        self.key_id = self._kms.create_key()["KeyMetadata"]["KeyId"]
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._kms, name)

        def counted(**arguments: Any) -> Any:
            self.calls.append(name)
            return method(**arguments)

        return counted

    def envelope(self, clock: FrozenClock) -> Envelope:
        """One cold instance of a function."""
        return Envelope(self, self.key_id, clock)


@contextmanager
def some_keys() -> Iterator[Keys]:
    with mock_aws():
        yield Keys()
