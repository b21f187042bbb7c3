"""One call to Alipay's gateway: a signed request out, a proved node back."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from faka.contexts.payments.providers import rsa
from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import Unreadable, members, text_of
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.providers.canonical import signed_text
from faka.kernel.clock import SHANGHAI, Clock
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import Transport


TIME = "%Y-%m-%d %H:%M:%S"
_CODE = re.compile(r"[0-9A-Za-z._-]{1,64}", re.ASCII)


class Refused(ProviderUnavailable):
    """A proved business refusal (40004); `sub_code` says why."""

    def __init__(self, sub_code: str) -> None:
        super().__init__(f"alipay refuses: {_safe(sub_code)}")
        self.sub_code = sub_code


class Limited(ProviderUnavailable):
    """Proved: too many calls (40005), nothing was done."""


Goods = Mapping[str, str | Sequence[str]]
"""The `biz_content` of a call."""


class Gateway:
    """The gateway as one application sees it."""

    def __init__(self, account: ChannelAccount, transport: Transport, clock: Clock) -> None:
        self._account = account
        self._transport = transport
        self._clock = clock
        self.provider_key = rsa.public_key(account.public_key)

    @cached_property
    def _application_key(self) -> RSAPrivateKey:
        """Loaded when something is signed: taking a notice needs the provider's key only."""
        return rsa.private_key(self._account.secret)

    def signed(self, method: str, goods: Goods, extra: dict[str, str]) -> dict[str, str]:
        """The parameters of a request with their signature. Unlike in a notice, `sign_type` is signed."""
        params = {
            "app_id": self._account.merchant_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": self._clock.now().astimezone(SHANGHAI).strftime(TIME),
            "version": "1.0",
            "biz_content": json.dumps(goods, ensure_ascii=False, separators=(",", ":")),
            "app_cert_sn": self._account.app_cert_sn,
            "alipay_root_cert_sn": self._account.root_cert_sn,
            **extra,
        }
        params = {name: value for name, value in params.items() if value}
        text = signed_text({name: value.encode() for name, value in params.items()}, frozenset())
        return params | {"sign": rsa.sign(self._application_key, text)}

    def call(self, method: str, goods: Goods, extra: dict[str, str] | None = None) -> dict[str, object]:
        """The node of a proved answer that says 10000.

        Raises: Refused for a proved refusal, Limited for too many calls; ProviderUnavailable for all else.
        """
        body = urlencode(self.signed(method, goods, extra or {})).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
        try:
            status, answer = self._transport.request("POST", f"{self._account.gateway}?charset=utf-8", headers=headers, body=body)
        except Unavailable as error:
            raise ProviderUnavailable("alipay did not answer") from error
        node = self.proved(answer, method.replace(".", "_") + "_response") if status == 200 else None
        if node is None:
            raise ProviderUnavailable("alipay's answer proves nothing")
        code, sub_code = text_of(node, "code"), text_of(node, "sub_code")
        if code == "10000":
            return node
        if code == "40004":
            raise Refused(sub_code)
        if code == "40005":
            raise Limited("alipay takes no more calls now")
        raise ProviderUnavailable(f"alipay says {_safe(code)} {_safe(sub_code)}")

    def proved(self, answer: bytes, name: str) -> dict[str, object] | None:
        """The named node of an answer, or None unless Alipay signed its exact text. An `error_response` carries no
        signature and proves nothing; a node that is a text is encrypted content, which we do not ask for."""
        try:
            outer = members(answer)
        except Unreadable:
            return None
        node, source = outer.get(name, (None, ""))
        sign = outer.get("sign", ("", ""))[0]
        signature = rsa.signature_bytes(sign) if isinstance(sign, str) else None
        if not isinstance(node, dict) or signature is None:
            return None
        return node if rsa.is_signed(self.provider_key, source.encode(), signature) else None


def _safe(code: str) -> str:
    return code if _CODE.fullmatch(code) else "?"
