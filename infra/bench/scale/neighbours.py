"""The services beside the database, each with its time: KMS with its quota, secrets, payment providers, the event bus."""

import importlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from faka.kernel.clock import Clock
from infra.bench.scale.client import Latency
from infra.bench.scale.parameters import Parameters
from infra.bench.scale.partitions import Bucket
from infra.bench.scale.timeline import Timeline


FakeProviders: Any = importlib.import_module("tests.kit.providers").FakeProviders
"""The payment players of the tests in process: real keys and signatures, nobody's network."""


class Neighbours:
    def __init__(self, timeline: Timeline, parameters: Parameters, latency: Latency, clock: Clock) -> None:
        self._timeline = timeline
        self._parameters = parameters
        self._latency = latency
        self._quota = Bucket(parameters.kms_quota_s, parameters.kms_quota_s, parameters.kms_quota_s)
        self._keys: dict[bytes, tuple[bytes, Any]] = {}
        self.players = FakeProviders(clock)
        self.calls: Counter[str] = Counter()
        """Calls by service, and `kms throttle`."""

    # -- KMS ----------------------------------------------------------------------------------------------------------

    def generate_data_key(self, EncryptionContext: Mapping[str, str], **_: Any) -> dict[str, bytes]:  # noqa: N803 - the SDK's name
        plain, wrapped = os.urandom(32), os.urandom(184)
        self._keys[wrapped] = plain, dict(EncryptionContext)
        return {"CiphertextBlob": wrapped, "Plaintext": plain}

    def decrypt(self, CiphertextBlob: bytes, EncryptionContext: Mapping[str, str], **_: Any) -> dict[str, bytes]:  # noqa: N803
        self._ask_kms()
        plain, bound = self._keys[bytes(CiphertextBlob)]
        if bound != dict(EncryptionContext):
            raise ClientError({"Error": {"Code": "InvalidCiphertextException", "Message": ""}}, "Decrypt")
        return {"Plaintext": plain}

    def generate_mac(self, **_: Any) -> dict[str, bytes]:
        self._ask_kms()
        return {"Mac": b"m" * 32}

    def _ask_kms(self) -> None:
        self._go("kms", self._parameters.kms_ms)
        if not self._quota.has(1, self._timeline.now):
            self.calls["kms throttle"] += 1
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "KMS")
        self._quota.take(1, self._timeline.now)

    # -- the others ---------------------------------------------------------------------------------------------------

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        self._go("secrets", self._parameters.secret_ms)
        return {"SecretString": json.dumps({name: value.reveal() for name, value in self.players.secrets.read(SecretId).items()})}

    def put_events(self, Entries: list[Any]) -> dict[str, int]:  # noqa: N803
        self._go("events", self._parameters.bus_ms)
        self.calls["event"] += len(Entries)
        return {"FailedEntryCount": 0}

    def request(self, method: str, url: str, **given: Any) -> tuple[int, bytes]:
        """The transport of the providers' adapters."""
        self._go("provider", self._parameters.provider_ms)
        answer: tuple[int, bytes] = self.players.request(method, url, **given)
        return answer

    def download(self, url: str, into: BinaryIO, **given: Any) -> int:
        """No bill is fetched here."""
        del url, into, given
        raise NotImplementedError

    def _go(self, service: str, median_ms: float) -> None:
        self.calls[service] += 1
        self._timeline.wait(self._latency.of(median_ms))
