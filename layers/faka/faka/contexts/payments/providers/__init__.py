"""Payment providers behind one interface (`base.Adapter`).

`open_account` judges what is configured, `open_channel` gives the adapter. A channel is a data row, a secret and an
adapter; a new provider is one module here and one line in `open_channel`.

The secret of a channel is a JSON object in the secret store:

| kind | JSON | what it is |
|---|---|---|
| alipay | `{"private_key": "…"}` | the application's private key, PEM or bare base64, PKCS#1 or PKCS#8 |
| epay | `{"key": "…"}` | the shared key that the gateway prints in its merchant page |

Everything else is public and stands in the channel row: `gateway`, `account` (`{"app_id", "seller_id"}` or `{"pid"}`),
and for Alipay `public_key`.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from faka.contexts.payments.providers.base import (
    SECRET_LENGTH_MIN,
    Adapter,
    ChannelAccount,
    ChannelClosed,
    ProviderKind,
    Transport,
)
from faka.kernel.clock import Clock
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency
from faka.kernel.secret import Secret


_MERCHANT = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_SELLER = re.compile(r"[0-9]{16}", re.ASCII)
_PLACEHOLDER = re.compile(r"change.?me|place.?holder|your[-_ ]|example|replace|secret|password|todo|x{6}|\*{3}|[<>{}$]", re.IGNORECASE)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def open_account(
    *,
    channel_id: ChannelId,
    kind: str,
    account: Mapping[str, str],
    gateway: str,
    currency: Currency,
    public_key: str,
    secret: Mapping[str, Secret] | None,
) -> ChannelAccount:
    """Judge a channel's row and secret before anything is signed or verified with them.

    An absent, empty or invented secret is the classic hole: an HMAC with an empty key verifies what everybody can compute.
    So such a channel neither sells nor takes notices.
    Raises: ChannelClosed, naming what is missing and never what is there.
    """
    if kind not in tuple(ProviderKind):
        raise ChannelClosed("no such provider")
    is_alipay = kind == ProviderKind.ALIPAY
    merchant_id, seller_id = account.get("app_id" if is_alipay else "pid", ""), account.get("seller_id", "")
    if not _MERCHANT.fullmatch(merchant_id) or (is_alipay and not _SELLER.fullmatch(seller_id)):
        raise ChannelClosed("the account's identity is missing")
    if not _is_callable(gateway):
        raise ChannelClosed("the gateway's address is not https, or names a port or a user")
    key = (secret or {}).get("private_key" if is_alipay else "key", Secret(""))
    if not is_usable(key):
        raise ChannelClosed("the secret is missing, too short or a placeholder")
    if is_alipay and len(public_key.strip()) < SECRET_LENGTH_MIN:
        raise ChannelClosed("the provider's public key is missing")
    return ChannelAccount(
        id=channel_id,
        kind=ProviderKind(kind),
        merchant_id=merchant_id,
        seller_id=seller_id if is_alipay else "",
        gateway=gateway if is_alipay or gateway.endswith("/") else f"{gateway}/",
        currency=currency,
        pay_type=account.get("type", ""),
        app_cert_sn=account.get("app_cert_sn", ""),
        root_cert_sn=account.get("root_cert_sn", ""),
        public_key=public_key,
        secret=key,
    )


def _is_callable(gateway: str) -> bool:
    """What the way out refuses is refused here already, where an operator reads why and no buyer waits."""
    try:
        address = urlsplit(gateway)
        port = address.port
    except ValueError:
        return False
    if address.scheme == "http":
        return address.hostname in _LOOPBACK
    return address.scheme == "https" and port in (None, 443) and "@" not in address.netloc


def is_usable(secret: Secret) -> bool:
    """Whether this can be a key at all: long enough, not one symbol repeated, not a word that means *fill me in*."""
    text = secret.reveal()
    is_dull = len(set(text)) < 5
    return text == text.strip() and len(text) >= SECRET_LENGTH_MIN and not is_dull and not _PLACEHOLDER.search(text)


def open_channel(account: ChannelAccount, transport: Transport, clock: Clock) -> Adapter:
    """The adapter of an account. Imports only what it opens: a function that never meets Alipay loads no RSA.

    Raises: ChannelClosed when a key cannot be read.
    """
    match account.kind:
        case ProviderKind.ALIPAY:
            from faka.contexts.payments.providers.alipay import Alipay  # noqa: PLC0415

            return Alipay(account, transport, clock)
        case ProviderKind.EPAY:
            from faka.contexts.payments.providers.epay import Epay  # noqa: PLC0415

            return Epay(account, transport, clock)
