"""What a visitor's own device keeps for us and cannot read: sealed with AES-256-GCM, under a key that is stored nowhere.

```
value = base64url( version │ nonce, 12 bytes │ ciphertext │ tag, 16 bytes )      authenticated beside it: version and purpose
```
Nonces are random: after 2^32 seals under one key two equal ones are as likely as 2^-33, and a million seals a day take eleven years to
get there. `cryptography` is loaded by the first value that is sealed or opened: most visitors bring none, and no cold start waits for it.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from faka.kernel.clock import Chance
from faka.platform.mackey import MacKey


VERSION = b"\x01"
"""Leading byte of a sealed value. Another cipher gets another byte."""

NONCE_BYTES = 12
TAG_BYTES = 16

_ALPHABET = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class DeviceSeal:
    """Seals and opens for one purpose; `key` gives 32 bytes, `value_max` bounds what is made and what is read."""

    def __init__(self, key: MacKey, purpose: str, value_max: int, chance: Chance) -> None:
        self._key = key
        self._beside = VERSION + purpose.encode()
        self._value_max = value_max
        self._chance = chance

    @property
    def text_max(self) -> int:
        """Bytes of the longest text whose sealed value is not too long."""
        return self._value_max * 3 // 4 - len(VERSION) - NONCE_BYTES - TAG_BYTES

    def seal(self, text: bytes) -> str:
        """Raises: MacKeyUnavailable; ValueError for a text above `text_max`."""
        if len(text) > self.text_max:
            raise ValueError("too long for a device")
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        nonce = self._chance.bytes(NONCE_BYTES)
        return _written(VERSION + nonce + AESGCM(self._key()).encrypt(nonce, text, self._beside))

    def open(self, value: str) -> bytes | None:
        """The text; None for whatever this seal has not made. What cannot be ours by its shape does not ask for the key.

        Raises: MacKeyUnavailable.
        """
        raw = _read(value) if len(value) <= self._value_max else b""
        if raw[:1] != VERSION or len(raw) < len(VERSION) + NONCE_BYTES + TAG_BYTES:
            return None
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        nonce, sealed = raw[1 : 1 + NONCE_BYTES], raw[1 + NONCE_BYTES :]
        try:
            return AESGCM(self._key()).decrypt(nonce, sealed, self._beside)
        except InvalidTag:
            return None


def _written(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _read(value: str) -> bytes:
    """Empty for what is not written exactly as we write it: the decoder alone skips foreign signs and the last one's spare bits."""
    if not _ALPHABET.fullmatch(value) or len(value) % 4 == 1:
        return b""
    raw = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    return raw if _written(raw) == value else b""
