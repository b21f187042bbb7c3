"""The list of all players: a new one is one line here."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from infra.local.actors import alipay, epay, epay_rsa, epusdt, stripe, wechatpay
from infra.local.actors.bank import Bank
from infra.local.actors.desk import Desk
from infra.local.actors.keys import Keys


class Kind(NamedTuple):
    desk: type[Desk]
    new_secrets: Callable[[], dict[str, str]]
    """The merchant's names and both sides' keys, made anew."""


DESKS: dict[str, Kind] = {
    "alipay": Kind(alipay.AlipayDesk, alipay.new_secrets),
    "epay": Kind(epay.EpayDesk, epay.new_secrets),
    "epay_rsa": Kind(epay_rsa.EpayRsaDesk, epay_rsa.new_secrets),
    "stripe": Kind(stripe.StripeDesk, stripe.new_secrets),
    "epusdt": Kind(epusdt.EpusdtDesk, epusdt.new_secrets),
    "wechatpay": Kind(wechatpay.WechatpayDesk, wechatpay.new_secrets),
}


def open_desks(keys: Keys, bank: Bank, base: str, kinds: Iterable[str] = tuple(DESKS)) -> dict[str, Desk]:
    """One desk a kind, all with one bank behind them, answering at `{base}/{kind}/`."""
    return {kind: DESKS[kind].desk(keys, bank, base) for kind in kinds}
