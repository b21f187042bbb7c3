"""Sealing: what is stored of a card is an Encryption SDK message under the data key of its import job.

```
KMS key ──GenerateDataKey {shop, sku, batch}──► data key ──► one SDK message per card, bound to {shop, sku, batch, number}
                     └─► wrapped data key, kept once per job          stored as  version · index of the wrapped key · message
```
One KMS call seals a whole job, one opens all its cards. The message names its context in an authenticated header, so a
ciphertext moved to another number, job or product does not open. The suite commits to its key: a message has one plaintext.

This is the only module that imports the Encryption SDK. Whatever the SDK or the library below it throws leaves here as
SealBroken without its text; a key service that does not answer leaves as KeyServiceDown.
"""

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient
from aws_encryption_sdk.identifiers import AlgorithmSuite, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.key_providers.raw import RawMasterKey, WrappingKey
from botocore.exceptions import BotoCoreError, ClientError

from faka.kernel.clock import Clock
from faka.kernel.errors import Broken, Unavailable
from faka.kernel.secret import Secret


SHOP = "faka"
"""First word of every encryption context; the roles' conditions on KMS name it."""

VERSION = 1
"""Leading byte of a sealed card. Another envelope gets another byte, and both can be opened side by side."""

KEY_AGE_MAX = timedelta(minutes=5)
"""An opened data key stays in memory this long, so that a busy order page does not ask KMS for each card."""

KEYS_HELD_MAX = 64
"""Opened data keys in memory at once: more jobs than the cards of one order usually come from, in a few KB."""

KEYS_OF_JOB_MAX = 64
"""Wrapped keys of one job. A job asks for a new one whenever it goes on in another process, and the index is one byte."""

_SUITE = AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY
_PROVIDER = "faka.cards"
_BUSY = frozenset({"ThrottlingException", "KMSInternalException", "DependencyTimeoutException", "RequestLimitExceeded"})

Bound = Mapping[str, str]
"""An encryption context without the shop: what the message is tied to."""

_sdk_log = logging.getLogger("aws_encryption_sdk")
_sdk_log.setLevel(logging.CRITICAL + 1)  # it writes a traceback for each refused message and, at DEBUG, the whole context
_sdk_log.propagate = False


class SealBroken(Broken):
    """A sealed card did not open: changed, moved, or under a key that is not its own. Says nothing about its content."""


class KeyServiceDown(Unavailable):
    """The key service is busy or out of reach."""


class DataKey:
    """A job's data key, ready for use. Its text form shows nothing and it does not pickle."""

    __slots__ = ("master", "wrapped")

    def __init__(self, wrapped: bytes, plain: bytes) -> None:
        self.wrapped = wrapped
        self.master = RawMasterKey(
            provider_id=_PROVIDER,
            key_id="job",
            wrapping_key=WrappingKey(
                wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
                wrapping_key=plain,
                wrapping_key_type=EncryptionKeyType.SYMMETRIC,
            ),
        )

    def __repr__(self) -> str:
        return "DataKey(•••)"

    def __reduce__(self) -> str:
        raise TypeError("a data key does not leave the process by pickling")


class Envelope:
    """Seals with a job's data key and opens with its wrapped form."""

    def __init__(self, kms: Any, key_id: str, clock: Clock) -> None:
        self._kms = kms
        self._key_id = key_id
        self._clock = clock
        self._sdk = EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
        self._held: OrderedDict[tuple[bytes, tuple[tuple[str, str], ...]], tuple[datetime, DataKey]] = OrderedDict()

    def new_key(self, job: Bound) -> DataKey:
        """Ask KMS for a data key that only opens under the job's context.

        Raises: KeyServiceDown, SealBroken.
        """
        answer = self._ask("generate_data_key", KeySpec="AES_256", EncryptionContext=_context(job))
        return self._keep(job, DataKey(bytes(answer["CiphertextBlob"]), answer["Plaintext"]))

    def held_key(self, wrapped: Sequence[bytes], job: Bound) -> tuple[int, DataKey] | None:
        """One of a job's keys that this process still has in memory, with its index; else None. Asks nobody."""
        for index, blob in enumerate(wrapped):
            key = self._recall(blob, job)
            if key is not None:
                return index, key
        return None

    def seal(self, key: DataKey, index: int, text: str, bound: Bound) -> bytes:
        """Seal a text under the `index`-th key of its job. Raises: SealBroken."""
        try:
            message: bytes = self._sdk.encrypt(
                source=text.encode(), key_provider=key.master, encryption_context=_context(bound), algorithm=_SUITE, frame_length=0
            )[0]
        except Exception as error:  # noqa: BLE001 - the library's border: its errors have no common base
            raise SealBroken(f"seal: {type(error).__name__}") from None
        return bytes((VERSION, index)) + message

    def open(self, wrapped: Sequence[bytes], job: Bound, sealed: bytes, bound: Bound) -> Secret:
        """Open a sealed text that was bound to exactly `bound`, with the wrapped keys of its job.

        Raises: SealBroken when anything is not as it was sealed, KeyServiceDown.
        """
        if len(sealed) < 2 or sealed[0] != VERSION or sealed[1] >= len(wrapped):
            raise SealBroken("not an envelope of this job")
        key = self._unwrap(wrapped[sealed[1]], job)
        try:
            text, header = self._sdk.decrypt(source=sealed[2:], key_provider=key.master)
            if header.algorithm is not _SUITE or dict(header.encryption_context) != _context(bound):
                raise SealBroken("bound to another place")
            return Secret(text.decode())
        except SealBroken:
            raise
        except Exception as error:  # noqa: BLE001 - a changed message fails in the SDK, in `cryptography` or in `struct`
            raise SealBroken(f"open: {type(error).__name__}") from None

    # -- keys in memory ---------------------------------------------------------------------------------------

    def _unwrap(self, wrapped: bytes, job: Bound) -> DataKey:
        held = self._recall(wrapped, job)
        if held is not None:
            return held
        answer = self._ask("decrypt", CiphertextBlob=wrapped, EncryptionContext=_context(job))
        plain = answer["Plaintext"]
        if len(plain) != 32:
            raise SealBroken("a data key of the wrong size")
        return self._keep(job, DataKey(wrapped, plain))

    def _recall(self, wrapped: bytes, job: Bound) -> DataKey | None:
        name = (wrapped, tuple(sorted(job.items())))
        held = self._held.get(name)
        if held is None:
            return None
        if self._clock.now() - held[0] > KEY_AGE_MAX:
            del self._held[name]
            return None
        self._held.move_to_end(name)
        return held[1]

    def _keep(self, job: Bound, key: DataKey) -> DataKey:
        now = self._clock.now()
        for name in [name for name, (since, _) in self._held.items() if now - since > KEY_AGE_MAX]:
            del self._held[name]
        self._held[key.wrapped, tuple(sorted(job.items()))] = (now, key)
        while len(self._held) > KEYS_HELD_MAX:
            self._held.popitem(last=False)
        return key

    def _ask(self, verb: str, **arguments: Any) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = getattr(self._kms, verb)(KeyId=self._key_id, **arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _BUSY:
                raise KeyServiceDown(verb) from error
            raise SealBroken(f"{verb}: {code}") from None
        except BotoCoreError as error:
            raise KeyServiceDown(verb) from error
        return answer


def _context(bound: Bound) -> dict[str, str]:
    return {"shop": SHOP, **bound}
