"""WeChat Pay's API v3 as one merchant sees it: signed requests out, proved answers and notices in.

```
out  Authorization: RSA over  METHOD \n path?query \n time \n nonce \n body \n     with the merchant's key
in   Wechatpay-Signature over        time \n nonce \n body \n                       with the key that Wechatpay-Serial names
```
Two kinds of provider keys live side by side while an account moves from one to the other: platform certificates (a serial of
hexadecimal digits) and public keys (`PUB_KEY_ID_…`). A serial that the channel's row does not hold is refused: fetching keys
while a message is judged would let every forger make us call out.

Only 2xx answers are signed. A refusal (4xx) proves itself by its connection alone, so nothing that moves money rests on one.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from itertools import count
from typing import NamedTuple, cast
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from faka.contexts.payments.providers import rsa
from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import Unreadable, members, text_of
from faka.contexts.payments.providers.base import ChannelClosed, ProviderUnavailable
from faka.kernel.clock import Clock, epoch_s, from_epoch_s
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import Forged, Transport


SCHEME = "WECHATPAY2-SHA256-RSA2048"
WINDOW = timedelta(seconds=300)
"""How far a message's time may be from ours. The provider's own documents name it; each repeat is signed anew."""

API_V3_KEY_BYTES = 32
_TIME = re.compile(r"[1-9][0-9]{9}", re.ASCII)
_NONCE = re.compile(r"[0-9A-Za-z+/=_-]{1,64}", re.ASCII)
_SERIAL = re.compile(r"[0-9A-Za-z_]{8,64}", re.ASCII)
_CODE = re.compile(r"[0-9A-Za-z_]{1,64}", re.ASCII)


_THEIRS = re.compile(r"https://(?:[a-z0-9-]+\.){1,3}(?:weixin\.qq\.com|wechatpay\.cn)", re.ASCII)


def is_theirs(origin: str) -> bool:
    """Whether scheme and host are WeChat Pay's own, and not those of a player."""
    return bool(_THEIRS.fullmatch(origin))


class Refused(ProviderUnavailable):
    """A refusal with a code, which says why. It is not signed."""

    def __init__(self, status: int, code: str) -> None:
        self.reason = code if _CODE.fullmatch(code) else "?"
        super().__init__(f"wechatpay refuses: {status} {self.reason}")
        self.status = status


class ProviderKey(NamedTuple):
    key: RSAPublicKey
    valid_from: datetime | None = None
    """None on both sides for a public key, which does not end."""
    valid_until: datetime | None = None

    def is_valid(self, at: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= at) and (self.valid_until is None or at <= self.valid_until)


def provider_keys(account: ChannelAccount) -> dict[str, ProviderKey]:
    """The provider's keys by their serials.

    Raises: ChannelClosed for one that cannot be read, and for a certificate that stands under another's serial.
    """
    return {serial: _provider_key(serial, text) for serial, text in account.public_keys.items()}


def _provider_key(serial: str, text: str) -> ProviderKey:
    if "BEGIN CERTIFICATE" not in text:
        return ProviderKey(rsa.public_key(text))
    # 15 ms of a cold start that an account with a public key alone does without.
    from cryptography import x509  # noqa: PLC0415

    try:
        certificate = x509.load_pem_x509_certificate(text.strip().encode("ascii"))
        pem = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        is_named = int(serial, 16) == certificate.serial_number
        valid = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except (ValueError, UnsupportedAlgorithm):
        raise ChannelClosed("the provider's certificate cannot be read, or its serial is not one") from None
    if not is_named:
        raise ChannelClosed("the provider's certificate has another serial")
    return ProviderKey(rsa.public_key(pem.decode()), *valid)


def api_v3_keys(account: ChannelAccount) -> tuple[bytes, ...]:
    """All live keys that content may be encrypted with, the newest first; an older one that cannot be a key is left out.

    Raises: ChannelClosed when the newest is not 32 bytes long.
    """
    keys = [key.reveal().encode() for key in account.live("api_v3_key")]
    if len(keys[0]) != API_V3_KEY_BYTES:
        raise ChannelClosed("the APIv3 key is not 32 bytes long")
    return tuple(key for key in keys if len(key) == API_V3_KEY_BYTES)


def request_text(method: str, target: str, time: str, nonce: str, body: bytes) -> bytes:
    """What a request's signature covers; `target` is path and query exactly as they are sent."""
    return f"{method}\n{target}\n{time}\n{nonce}\n".encode() + body + b"\n"


def message_text(time: str, nonce: str, body: bytes) -> bytes:
    """What the signature of an answer or a notice covers."""
    return f"{time}\n{nonce}\n".encode() + body + b"\n"


class Gateway:
    """One merchant number, its keys and the way out."""

    def __init__(self, account: ChannelAccount, transport: Transport, clock: Clock) -> None:
        self._account = account
        self.transport = transport
        self._clock = clock
        self._keys = provider_keys(account)
        self.api_v3_keys = api_v3_keys(account)
        self._calls = count()
        address = urlsplit(account.gateway)
        self.origin = f"{address.scheme}://{address.netloc}"
        self._base = address.path.rstrip("/")

    @cached_property
    def _merchant_key(self) -> RSAPrivateKey:
        """Loaded when something is signed: taking a notice needs the provider's keys only."""
        return rsa.private_key(self._account.secret)

    # -- in -------------------------------------------------------------------------------------------------------

    def prove(self, headers: Mapping[str, str], body: bytes, at: datetime) -> None:
        """The message is the provider's, unchanged, and of the time `at`.

        Raises: Forged.
        """
        if headers.get("wechatpay-signature-type", SCHEME) != SCHEME:
            raise Forged("another signature scheme")
        serial, time, nonce = (headers.get(f"wechatpay-{name}", "") for name in ("serial", "timestamp", "nonce"))
        # The signed text has no quoting: what could hold a line break would move the borders between its parts.
        if not _SERIAL.fullmatch(serial) or not _TIME.fullmatch(time) or not _NONCE.fullmatch(nonce):
            raise Forged("no serial, time or nonce")
        known = self._keys.get(serial)
        if known is None or not known.is_valid(at):
            raise Forged("a serial that this channel does not know, or does not know any more")
        signature = rsa.signature_bytes(headers.get("wechatpay-signature", ""))
        if signature is None or not rsa.is_signed(known.key, message_text(time, nonce, body), signature):
            raise Forged("the signature is not WeChat Pay's")
        if abs(at - from_epoch_s(int(time))) > WINDOW:
            raise Forged("a message of another time")

    # -- out ------------------------------------------------------------------------------------------------------

    def call(self, method: str, path: str, content: Mapping[str, object] | None = None) -> dict[str, object]:
        """The members of a proved answer; empty where the answer has no content (204).

        Raises: Refused with the provider's code; ProviderUnavailable for all else.
        """
        target = f"{self._base}{path}"
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() if content is not None else b""
        headers = {"Accept": "application/json", "Content-Type": "application/json", **self.authorization(method, target, body)}
        answered: dict[str, str] = {}
        try:
            status, answer = self.transport.request(method, f"{self.origin}{target}", headers=headers, body=body, answered=answered)
        except Unavailable as error:
            raise ProviderUnavailable("wechatpay did not answer") from error
        if not 200 <= status < 300:
            raise Refused(status, text_of(_members(answer), "code"))
        try:
            self.prove(answered, answer, self._clock.now())
        except Forged:
            raise ProviderUnavailable("wechatpay's answer proves nothing") from None
        if not answer:
            return {}
        values = _members(answer)
        if not values:
            raise ProviderUnavailable("wechatpay's answer is unreadable")
        return values

    def authorization(self, method: str, target: str, body: bytes = b"") -> dict[str, str]:
        """The header that proves us. The newest public key of the provider's is asked to sign, where there is one."""
        time = str(epoch_s(self._clock.now()))
        nonce = self.nonce(method, target)
        signature = rsa.sign(self._merchant_key, request_text(method, target, time, nonce, body))
        facts = {
            "mchid": self._account.merchant_id,
            "nonce_str": nonce,
            "signature": signature,
            "timestamp": time,
            "serial_no": self._account.identity["serial_no"],
        }
        named = [serial for serial in self._keys if serial.startswith("PUB_KEY_ID_")]
        asked = {"Wechatpay-Serial": named[-1]} if named else {}
        return {"Authorization": f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in facts.items()), **asked}

    def signed(self, text: str) -> str:
        """Our signature over a text that a buyer's app hands to the provider."""
        return rsa.sign(self._merchant_key, text.encode())

    def nonce(self, *of: str) -> str:
        """32 letters that nobody without the key foretells, and that no second call of this instance gets.

        It is derived, not drawn, so that an adapter stays a function of what it is given. Two instances that ask the same
        in the same microsecond share one, which harms nothing: they ask the same.
        """
        seed = "\n".join((self._clock.now().isoformat(), str(next(self._calls)), *of))
        return hmac.new(self.api_v3_keys[0], seed.encode(), hashlib.sha256).hexdigest()[:32].upper()


def _members(answer: bytes) -> dict[str, object]:
    try:
        return {name: value for name, (value, _) in members(answer).items()}
    except Unreadable:
        return {}


def object_of(values: Mapping[str, object], name: str) -> dict[str, object]:
    """An object in an object; empty for everything else."""
    value = values.get(name)
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
