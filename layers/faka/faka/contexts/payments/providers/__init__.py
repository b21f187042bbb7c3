"""Payment providers behind one interface (`adapter.Adapter`).

`open_account` judges what is configured, `open_channel` gives the adapter. A channel is a data row, a secret and an
adapter; a new provider is one module here, one line in `open_channel` and one shape in `account`, which says what row and
secret hold for each kind.
"""

from faka.contexts.payments.providers.account import ChannelAccount, open_account
from faka.contexts.payments.providers.adapter import Adapter
from faka.contexts.payments.providers.base import ChannelClosed, ProviderKind
from faka.kernel.clock import Clock
from faka.kernel.exchange import Transport


__all__ = ["open_account", "open_channel"]


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
        case ProviderKind.EPAY_RSA:
            from faka.contexts.payments.providers.epay_rsa import EpayRsa  # noqa: PLC0415

            return EpayRsa(account, transport, clock)
        case ProviderKind.WECHATPAY:
            from faka.contexts.payments.providers.wechatpay import WechatPay  # noqa: PLC0415

            return WechatPay(account, transport, clock)
        case ProviderKind.STRIPE:
            from faka.contexts.payments.providers.stripe import Stripe  # noqa: PLC0415

            return Stripe(account, transport, clock)
        case ProviderKind.EPUSDT:
            from faka.contexts.payments.providers.epusdt import Epusdt  # noqa: PLC0415

            return Epusdt(account, transport, clock)
        case _:
            raise ChannelClosed("no such provider yet")
