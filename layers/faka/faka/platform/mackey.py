"""A secret HMAC key that is stored nowhere: the service's own MAC over a constant label.

One KMS call per cold instance and label; afterwards an HMAC costs about 2 µs, against a call for each value. The key is
as secret as the right to call GenerateMac on that KMS key, and two labels give two unrelated keys.
"""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from faka.kernel.errors import Unavailable


class MacKeyUnavailable(Unavailable):
    """The key service did not answer, or refused this function."""


class MacKey:
    """The key behind one label, fetched at first use and kept for the life of the process."""

    __slots__ = ("_key", "_key_id", "_kms", "_label")

    def __init__(self, kms: Any, key_id: str, label: str) -> None:
        self._kms = kms
        self._key_id = key_id
        self._label = label
        self._key = b""

    def __call__(self) -> bytes:
        """Raises: MacKeyUnavailable."""
        if not self._key:
            try:
                answer = self._kms.generate_mac(KeyId=self._key_id, MacAlgorithm="HMAC_SHA_256", Message=self._label.encode())
            except (ClientError, BotoCoreError) as error:
                raise MacKeyUnavailable(f"label {self._label}") from error
            self._key = bytes(answer["Mac"])
        return self._key
