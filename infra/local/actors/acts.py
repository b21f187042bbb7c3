"""What a buyer, a bank or a rogue can do to a trade, as a script of notices.

| act | what happens |
|---|---|
| pay | the full amount; one notice, repeated until it is acknowledged |
| decline | nothing is paid; the trade stays open |
| late | money arrives after the trade's end (`delay_s` later), even if the shop closed it |
| twice | two payments with two numbers |
| less, more | another amount (`amount_minor`, or a cent less, or double) |
| lose | paid, and no notice ever leaves; only a query finds it |
| repeat | the same notice `times` times, acknowledged or not |
| reorder | the notice of the payment first, then an older one that says *waiting* |
| forge | notices that were never ours: changed after signing, other keys, other accounts; nothing is paid |
| refund | paid, and a part went back from the provider's own console: at Alipay `TRADE_SUCCESS` again, with a refund in it |
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from infra.local.actors.alipay import AlipayDesk, beijing
from infra.local.actors.bank import Trade
from infra.local.actors.epay import EpayDesk
from infra.local.actors.keys import Keys
from infra.local.actors.notice import Notice
from infra.local.actors.spelling import md5, rsa2, yuan


Desk = AlipayDesk | EpayDesk

ACTS = ("pay", "decline", "late", "twice", "less", "more", "lose", "repeat", "reorder", "forge", "refund")


@dataclass(frozen=True)
class Step:
    """One notice of the script. `is_kept` ones follow the provider's schedule until they are acknowledged."""

    notice: Notice
    delay_s: float = 0.0
    is_kept: bool = True


def play(desk: Desk, trade: Trade, act: str, *, amount_minor: int | None = None, times: int = 1) -> list[Step]:
    """Book the act and answer its notices. `late` is booked by the caller when its time has come.

    Raises: ValueError for an unknown act.
    """
    bank = desk.bank
    match act:
        case "pay" | "late":
            return [Step(desk.notice(trade, bank.pay(trade, amount_minor)))]
        case "decline":
            return []
        case "lose":
            bank.pay(trade, amount_minor)
            return []
        case "twice":
            return [Step(desk.notice(trade, bank.pay(trade))), Step(desk.notice(trade, bank.pay(trade)), delay_s=0.3)]
        case "less":
            return [Step(desk.notice(trade, bank.pay(trade, amount_minor or max(1, trade.amount_minor - 1))))]
        case "more":
            return [Step(desk.notice(trade, bank.pay(trade, amount_minor or trade.amount_minor * 2)))]
        case "repeat":
            notice = desk.notice(trade, bank.pay(trade, amount_minor))
            return [Step(notice)] + [Step(notice, delay_s=0.05 * i, is_kept=False) for i in range(1, max(2, times))]
        case "reorder":
            older = desk.notice(trade, None, "WAIT_BUYER_PAY")
            return [Step(desk.notice(trade, bank.pay(trade))), Step(older, delay_s=0.5, is_kept=False)]
        case "forge":
            return [Step(notice, delay_s=0.02 * i, is_kept=False) for i, notice in enumerate(forgeries(desk, trade))]
        case "refund":
            return _refund(desk, trade, amount_minor)
    raise ValueError("no such act")


def _refund(desk: Desk, trade: Trade, amount_minor: int | None) -> list[Step]:
    """The payment first, where there was none yet; then the notice that a part went back."""
    first = [] if trade.payments else [Step(desk.notice(trade, desk.bank.pay(trade)))]
    paid = trade.payments[0]
    if isinstance(desk, EpayDesk):
        return [*first, Step(desk.notice(trade, paid, "TRADE_REFUND"), delay_s=0.5)]
    back = yuan(amount_minor or paid.amount_minor // 2 or 1)
    told = desk.notice(trade, paid, refund_fee=back, gmt_refund=f"{beijing(desk.bank.now())}.000", out_biz_no="R1")
    return [*first, Step(told, delay_s=0.5)]


def forgeries(desk: Desk, trade: Trade) -> Iterator[Notice]:
    """Notices that claim a payment which never was."""
    stranger = _stranger()
    honest = desk.signed(desk.notice_params(trade, None, "TRADE_SUCCESS"))
    yield desk.packed(trade, {**honest, "sign": _turned(honest["sign"])})
    yield desk.packed(trade, {**honest, "out_trade_no": _turned(honest["out_trade_no"])})
    yield desk.packed(trade, {**honest, "sign_type": "RSA" if desk.name == "alipay" else "md5"})
    yield desk.packed(trade, {name: value for name, value in honest.items() if name != "sign"})
    yield desk.packed(trade, {**honest, "sign": "true"})
    if isinstance(desk, AlipayDesk):
        other = {**honest, "app_id": stranger.app_id, "seller_id": stranger.seller_id}
        text = "&".join(f"{name}={other[name]}" for name in sorted(other) if name not in ("sign", "sign_type"))
        yield desk.packed(trade, {**honest, "sign": rsa2(stranger.provider, text)})
        # The classic one: an honest notice of the forger's own account at the same provider.
        yield desk.packed(trade, desk.signed({**desk.notice_params(trade, None, "TRADE_SUCCESS"), "app_id": stranger.app_id}))
        yield desk.packed(trade, desk.signed({**desk.notice_params(trade, None, "TRADE_SUCCESS"), "seller_id": stranger.seller_id}))
    else:
        for key in ("", " ", stranger.epay_key, desk.keys.pid):
            yield desk.packed(trade, {**honest, "sign": md5(honest, key)})
        # This one is the gateway's own: right key, nothing paid. Only the query tells.
        yield desk.packed(trade, honest)
    doubled = desk.packed(trade, honest)
    yield _with_second_field(doubled)


def _with_second_field(notice: Notice) -> Notice:
    if notice.body:
        return notice.forged(body=notice.body + b"&total_amount=0.01")
    address = urlsplit(notice.url)
    pairs = [*parse_qsl(address.query, keep_blank_values=True), ("money", "0.01")]
    return notice.forged(url=address._replace(query=urlencode(pairs)).geturl())


def _turned(text: str) -> str:
    return ("B" if text[0] != "B" else "C") + text[1:]


_made: list[Keys] = []


def _stranger() -> Keys:
    """Another merchant, made when first needed."""
    from infra.local.actors.keys import new_keys

    if not _made:
        _made.append(new_keys())
    return _made[0]
