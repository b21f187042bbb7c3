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
| refunded | the newest refund that is on its way has arrived |
| refund_fails | the newest refund came to nothing; `delay_s` later, days after it was said to have succeeded |
"""

from dataclasses import dataclass

from infra.local.actors.bank import BankRefund, Trade
from infra.local.actors.desk import Desk
from infra.local.actors.notice import Notice


ACTS = ("pay", "decline", "late", "twice", "less", "more", "lose", "repeat", "reorder", "forge", "refund", "refunded", "refund_fails")


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
            older = desk.notice(trade, None, desk.waiting)
            return [Step(desk.notice(trade, bank.pay(trade))), Step(older, delay_s=0.5, is_kept=False)]
        case "forge":
            return [Step(notice, delay_s=0.02 * i, is_kept=False) for i, notice in enumerate(desk.forgeries(trade))]
        case "refund":
            return _refund(desk, trade, amount_minor)
        case "refunded" | "refund_fails":
            return _ended(desk, trade, is_failed=act == "refund_fails")
    raise ValueError("no such act")


def _refund(desk: Desk, trade: Trade, amount_minor: int | None) -> list[Step]:
    """The payment first, where there was none yet; then the notice that a part went back."""
    first = [] if trade.payments else [Step(desk.notice(trade, desk.bank.pay(trade)))]
    paid = trade.payments[0]
    number = f"R{len(trade.refunds) + 1}"
    refund = desk.bank.refund(trade, number, amount_minor or paid.amount_minor // 2 or 1)
    return [*first, *_told(desk, trade, refund, 0.5)]


def _ended(desk: Desk, trade: Trade, *, is_failed: bool) -> list[Step]:
    """Raises: ValueError where there is no refund that could end so."""
    ends = ("PROCESSING", "SUCCEEDED") if is_failed else ("PROCESSING",)
    refund = next((refund for refund in reversed(trade.refunds) if refund.state in ends), None)
    if refund is None:
        raise ValueError("no refund to end")
    (desk.bank.fail_refund if is_failed else desk.bank.finish_refund)(trade, refund)
    return _told(desk, trade, refund, 0.0)


def _told(desk: Desk, trade: Trade, refund: BankRefund, delay_s: float) -> list[Step]:
    notice = desk.refund_notice(trade, refund)
    return [Step(notice, delay_s)] if notice is not None else []
