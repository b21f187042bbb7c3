"""A merchant account at a provider, judged before anything is signed or verified with it.

| kind | identity (`account` of the row) | public keys of the row | secret, a JSON object of texts |
|---|---|---|---|
| alipay | app_id, seller_id (app_cert_sn, root_cert_sn) | `public_key` | private_key |
| wechatpay | mchid, appid, serial_no | `public_keys`: serial or PUB_KEY_ID_… → PEM of key or certificate | private_key, api_v3_key |
| epay | pid (type) | | key |
| epay_rsa | pid (type) | `public_key` | private_key |
| stripe | account | | secret_key, webhook_secret |
| epusdt | merchant | | token |

Keys are PEM or bare base64, PKCS#1 or PKCS#8. A secret has two live versions while it is rotated: what is sent is signed
with the newest, what comes may be proved by either.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from faka.contexts.payments.providers.base import ChannelClosed, ProviderKind
from faka.kernel.exchange import is_callable_address
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency
from faka.kernel.secret import SECRET_LENGTH_MIN, Secret, is_usable


_MERCHANT: Final = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_SELLER: Final = re.compile(r"[0-9]{16}", re.ASCII)
_SERIAL: Final = re.compile(r"[0-9A-F]{8,40}", re.ASCII)
VERSIONS_MAX = 2


@dataclass(frozen=True, slots=True)
class _Shape:
    """What an account of a kind must have."""

    merchant: str
    """The identity that a message must carry."""
    secrets: tuple[str, ...]
    """The first is the main one."""
    identity: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    has_public_key: bool = False
    is_folder: bool = False
    """The gateway is a base address, ending with `/`."""


_SHAPES: Final = MappingProxyType(
    {
        ProviderKind.ALIPAY: _Shape("app_id", ("private_key",), {"seller_id": _SELLER}, has_public_key=True),
        ProviderKind.WECHATPAY: _Shape("mchid", ("private_key", "api_v3_key"), {"appid": _MERCHANT, "serial_no": _SERIAL}, True, True),
        ProviderKind.EPAY: _Shape("pid", ("key",), is_folder=True),
        ProviderKind.EPAY_RSA: _Shape("pid", ("private_key",), has_public_key=True, is_folder=True),
        ProviderKind.STRIPE: _Shape("account", ("secret_key", "webhook_secret"), is_folder=True),
        ProviderKind.EPUSDT: _Shape("merchant", ("token",), is_folder=True),
    }
)


@dataclass(frozen=True, slots=True)
class ChannelAccount:
    """One merchant account at one provider: what its channel row and its secret say. Made by `open_account`."""

    id: ChannelId
    kind: ProviderKind
    merchant_id: str
    """Alipay: app_id. Epay: pid. WeChat Pay: mchid. The identity that a notice must carry."""
    gateway: str
    """Alipay: the full address of gateway.do. Others: the base address, ending with `/`."""
    currency: Currency
    identity: Mapping[str, str] = field(default_factory=dict)
    """All that the row says about the account."""
    public_key: str = field(default="", repr=False)
    """The provider's key (not ours), PEM or bare base64 of the DER, where it has one."""
    public_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The provider's keys or certificates by their serials, where several live side by side."""
    secrets: tuple[Mapping[str, Secret], ...] = field(default=(), repr=False)
    """One or two live versions, the newest first."""

    @property
    def seller_id(self) -> str:
        """Alipay: the 2088… number of the seller."""
        return self.identity.get("seller_id", "")

    @property
    def pay_type(self) -> str:
        """Epay: the gateway's own name of a way to pay (alipay, wxpay, qqpay); empty lets the buyer choose there."""
        return self.identity.get("type", "")

    @property
    def app_cert_sn(self) -> str:
        """Alipay in certificate mode: serial of the application's certificate (`certificates.serial`)."""
        return self.identity.get("app_cert_sn", "")

    @property
    def root_cert_sn(self) -> str:
        return self.identity.get("root_cert_sn", "")

    @property
    def secret(self) -> Secret:
        """The newest main secret."""
        return self.secrets[0][_SHAPES[self.kind].secrets[0]]

    def live(self, name: str) -> tuple[Secret, ...]:
        """All live versions of a secret, the newest first; what comes may be proved by any of them."""
        return tuple(version[name] for version in self.secrets)


def open_account(
    *,
    channel_id: ChannelId,
    kind: str,
    account: Mapping[str, str],
    gateway: str,
    currency: Currency,
    public_key: str = "",
    public_keys: Mapping[str, str] | None = None,
    secrets: Sequence[Mapping[str, Secret]],
) -> ChannelAccount:
    """Judge a channel's row and secret before anything is signed or verified with them.

    An absent, empty or invented secret is the classic hole: an HMAC with an empty key verifies what everybody can compute.
    So such a channel neither sells nor takes notices. An older version that is not usable is left out.
    Raises: ChannelClosed, naming what is missing and never what is there.
    """
    if kind not in tuple(ProviderKind):
        raise ChannelClosed("no such provider")
    shape = _SHAPES[ProviderKind(kind)]
    if not _MERCHANT.fullmatch(account.get(shape.merchant, "")) or not all(
        pattern.fullmatch(account.get(name, "")) for name, pattern in shape.identity.items()
    ):
        raise ChannelClosed("the account's identity is missing")
    if not is_callable_address(gateway):
        raise ChannelClosed("the gateway's address is not https, or names a port or a user")
    live = [version for version in secrets[:VERSIONS_MAX] if all(is_usable(version.get(name, Secret(""))) for name in shape.secrets)]
    if not secrets or not live or live[0] is not secrets[0]:
        raise ChannelClosed("the secret is missing, too short or a placeholder")
    if shape.has_public_key and not any(len(key.strip()) >= SECRET_LENGTH_MIN for key in (public_key, *(public_keys or {}).values())):
        raise ChannelClosed("the provider's public key is missing")
    return ChannelAccount(
        id=channel_id,
        kind=ProviderKind(kind),
        merchant_id=account[shape.merchant],
        gateway=f"{gateway}/" if shape.is_folder and not gateway.endswith("/") else gateway,
        currency=currency,
        identity=dict(account),
        public_key=public_key,
        public_keys=dict(public_keys or {}),
        secrets=tuple(live),
    )
