"""Calls to an epay gateway of version 2: RSA both ways, each with a time.

The canonical text is that of version 1 without a key; lists and objects stand outside it. So what an answer's signature proves is
its plain members, and that it is no older than the window. A refusal carries no signature at all: nothing but *no such order* is
ever concluded from one, and that only says that nobody has paid yet.
"""

import hashlib
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from faka.contexts.payments.providers import rsa
from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import Unreadable, members, text_of
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.providers.canonical import Fields, signed_text
from faka.kernel.clock import Clock, epoch_s
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import Forged, Transport


WINDOW: Final = timedelta(seconds=300)
"""How far a message's time may be from ours; the protocol's own number."""

UNSIGNED: Final = frozenset({"sign", "sign_type"})


class Refused(ProviderUnavailable):
    """The gateway says no, unsigned, with a code."""

    def __init__(self, code: str) -> None:
        super().__init__("epay refuses")
        self.number = code


class Gateway:
    """The gateway as one merchant sees it."""

    def __init__(self, account: ChannelAccount, transport: Transport, clock: Clock) -> None:
        self._account = account
        self._transport = transport
        self._clock = clock
        self._provider_key = rsa.public_key(account.public_key)

    @cached_property
    def _merchant_key(self) -> RSAPrivateKey:
        """Loaded when something is signed: taking a notice needs the provider's key only."""
        return rsa.private_key(self._account.secret)

    def signed(self, params: dict[str, str]) -> dict[str, str]:
        """The parameters of a request with whose they are, their time and their signature."""
        whole = {"pid": self._account.merchant_id, **params, "timestamp": str(epoch_s(self._clock.now()))}
        whole = {name: value for name, value in whole.items() if value}
        text = signed_text({name: value.encode() for name, value in whole.items()}, UNSIGNED)
        return whole | {"sign": rsa.sign(self._merchant_key, text), "sign_type": "RSA"}

    def call(self, path: str, params: dict[str, str]) -> tuple[dict[str, object], str]:
        """The members of a proved answer that says 0, and its fingerprint.

        Raises: Refused, ProviderUnavailable.
        """
        body, values = self.body(path, params)
        return values, hashlib.sha256(body).hexdigest()

    def body(self, path: str, params: dict[str, str]) -> tuple[bytes, dict[str, object]]:
        """The same with the body as it came. Raises: Refused, ProviderUnavailable."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        sent = urlencode(self.signed(params)).encode()
        try:
            status, answer = self._transport.request("POST", f"{self._account.gateway}{path}", headers=headers, body=sent)
        except Unavailable as error:
            raise ProviderUnavailable("epay did not answer") from error
        if status != 200:
            raise ProviderUnavailable(f"epay answered {status}")
        try:
            values = {name: value for name, (value, _) in members(answer).items()}
        except Unreadable:
            raise ProviderUnavailable("epay's answer is unreadable") from None
        code = text_of(values, "code")
        if code != "0":
            raise Refused(code)
        try:
            self.prove({name: value.encode() for name, value in values.items() if isinstance(value, str)}, self._clock.now())
        except Forged:
            raise ProviderUnavailable("epay's answer proves nothing") from None
        return answer, values

    def prove(self, fields: Fields, at: datetime) -> None:
        """The fields are the gateway's, unchanged, and of the time `at`.

        Raises: Forged.
        """
        if fields.get("sign_type") != b"RSA":
            raise Forged("not RSA")
        signature = rsa.signature_bytes(fields.get("sign", b"").decode("latin-1"))
        if signature is None or not rsa.is_signed(self._provider_key, signed_text(fields, UNSIGNED), signature):
            raise Forged("the signature is not the gateway's")
        time = fields.get("timestamp", b"")
        if not (time.isdigit() and len(time) == 10 and abs(int(time) - epoch_s(at)) <= WINDOW.total_seconds()):
            raise Forged("not of this time")
