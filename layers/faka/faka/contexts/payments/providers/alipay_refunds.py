"""Refunds at Alipay: one number (`out_request_no`) for a refund's whole life, so that a repeat moves nothing twice.

```
alipay.trade.refund                  fund_change Y: moved now      N: nothing moved by this call (a repeat, or not yet)
alipay.trade.fastpay.refund.query    refund_status REFUND_SUCCESS  no status: not arrived or not done, the number may be sent again
```
After every refusal that sounds final the refund is asked about first: a call whose answer got lost may have gone through, and the
trade, given back in whole, then refuses the repeat.
"""

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.alipay_gateway import Gateway, Limited, Refused
from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import EventSource, ProviderUnavailable
from faka.contexts.payments.providers.canonical import (
    AMOUNT,
    NOTICE_ID,
    NUMBER,
    STATUS,
    Fields,
    beijing_time,
    money_of,
    plain_subject,
    word,
)
from faka.contexts.payments.providers.refunding import RefundDelayed, RefundEvent, RefundOrder, RefundProgress, RefundRefused
from faka.kernel.exchange import Malformed


REASON_BYTES_MAX = 256

LATER: Final = frozenset({"ACQ.SELLER_BALANCE_NOT_ENOUGH", "ACQ.REFUND_CHARGE_ERROR", "ACQ.SELLER_FREQUENCY_LIMITED"})
"""Proved refusals after which the same number will do: the balance there is short, or too many calls."""

NEVER: Final = frozenset(
    {
        "ACQ.TRADE_NOT_EXIST",
        "ACQ.TRADE_HAS_FINISHED",
        "ACQ.TRADE_HAS_CLOSE",
        "ACQ.TRADE_STATUS_ERROR",
        "ACQ.TRADE_NOT_ALLOW_REFUND",
        "ACQ.DISCORDANT_REPEAT_REQUEST",
        "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
        "ACQ.REFUND_FEE_ERROR",
        "ACQ.NOT_ALLOW_PARTIAL_REFUND",
        "ACQ.REASON_TRADE_BEEN_FREEZEN",
        "ACQ.BUYER_ERROR",
        "ACQ.BUYER_NOT_EXIST",
        "ACQ.BUYER_ENABLE_STATUS_FORBID",
        "ACQ.ENTERPRISE_PAY_BIZ_ERROR",
        "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND",
    }
)
"""Proved refusals that no repetition changes. A code in neither list proves nothing (`ACQ.SYSTEM_ERROR` least of all)."""

_PROGRESS: Final = MappingProxyType(
    {
        "REFUND_SUCCESS": RefundProgress.SUCCEEDED,
        "REFUND_PROCESSING": RefundProgress.PROCESSING,
        "REFUND_FAIL": RefundProgress.FAILED,
    }
)


def refund(account: ChannelAccount, gateway: Gateway, order: RefundOrder) -> RefundEvent:
    """Raises: RefundRefused, RefundDelayed, ProviderUnavailable (the outcome is unknown)."""
    goods = {
        "out_trade_no": order.out_trade_no,
        "trade_no": order.channel_txn_id,
        "refund_amount": order.amount.decimal(),
        "out_request_no": order.out_refund_no,
        "refund_reason": plain_subject(order.reason, REASON_BYTES_MAX),
    }
    try:
        node = gateway.call("alipay.trade.refund", {name: value for name, value in goods.items() if value})
    except Limited as limited:
        raise RefundDelayed(account.id) from limited
    except Refused as refusal:
        if refusal.sub_code in LATER:
            raise RefundDelayed(account.id) from refusal
        if refusal.sub_code not in NEVER:
            raise
        known = query_refund(account, gateway, order)
        if known is None:
            raise RefundRefused(_letters(refusal.sub_code)) from refusal
        return known
    _is_about(node, order)
    if text_of(node, "fund_change") == "Y":
        return _event(account, order, node, RefundProgress.SUCCEEDED, "REFUND_SUCCESS", order.amount.decimal())
    known = query_refund(account, gateway, order)
    return known or _event(account, order, node, RefundProgress.PROCESSING, "ACCEPTED", order.amount.decimal())


def query_refund(account: ChannelAccount, gateway: Gateway, order: RefundOrder) -> RefundEvent | None:
    """None also where Alipay knows the number and says no status: it may still be done, or never; sending it again is right.

    Raises: ProviderUnavailable.
    """
    goods = {"out_trade_no": order.out_trade_no, "trade_no": order.channel_txn_id, "out_request_no": order.out_refund_no}
    goods = {name: value for name, value in goods.items() if value}
    try:
        node = gateway.call("alipay.trade.fastpay.refund.query", {**goods, "query_options": ["gmt_refund_pay"]})
    except Refused as refusal:
        if refusal.sub_code in ("ACQ.TRADE_NOT_EXIST", "ACQ.REFUND_NOT_EXIST"):
            return None
        raise
    status = text_of(node, "refund_status")
    if not status:
        return None
    _is_about(node, order)
    if text_of(node, "out_request_no") != order.out_refund_no or not STATUS.fullmatch(status):
        raise ProviderUnavailable("alipay answered about another refund")
    return _event(account, order, node, _PROGRESS.get(status, RefundProgress.UNKNOWN), status, text_of(node, "refund_amount"))


def told(account: ChannelAccount, fields: Fields, raw_sha256: str) -> RefundEvent:
    """A proved notice about a refund: which one, and that it is time to ask. `amount` is all that went back on the trade.

    Raises: Malformed.
    """
    refunded = word(fields, "refund_fee" if fields.get("refund_fee") else "total_amount", AMOUNT)
    return RefundEvent(
        channel_id=account.id,
        kind=account.kind,
        source=EventSource.NOTICE,
        out_refund_no=word(fields, "out_biz_no", NUMBER),
        out_trade_no=word(fields, "out_trade_no", NUMBER),
        channel_txn_id=word(fields, "trade_no", NUMBER),
        channel_refund_id="",
        state=RefundProgress.UNKNOWN,
        status=word(fields, "trade_status", STATUS),
        amount=money_of(refunded, account.currency),
        finished_at=beijing_time(fields.get("gmt_refund", b"").decode("latin-1")),
        dedupe_key=word(fields, "notify_id", NOTICE_ID),
        raw_sha256=raw_sha256,
    )


def _is_about(node: Mapping[str, object], order: RefundOrder) -> None:
    """Raises: ProviderUnavailable when a proved answer is about another trade."""
    about = {name: text_of(dict(node), name) for name in ("out_trade_no", "trade_no")}
    if about["out_trade_no"] != order.out_trade_no or (order.channel_txn_id and about["trade_no"] != order.channel_txn_id):
        raise ProviderUnavailable("alipay answered about another trade")


def _event(
    account: ChannelAccount, order: RefundOrder, node: dict[str, object], state: RefundProgress, status: str, amount: str
) -> RefundEvent:
    try:
        money = money_of(amount, account.currency)
    except Malformed:
        raise ProviderUnavailable("alipay answered without an amount") from None
    return RefundEvent(
        channel_id=account.id,
        kind=account.kind,
        source=EventSource.QUERY,
        out_refund_no=order.out_refund_no,
        out_trade_no=order.out_trade_no,
        channel_txn_id=text_of(node, "trade_no"),
        channel_refund_id="",
        state=state,
        status=status,
        amount=money,
        finished_at=beijing_time(text_of(node, "gmt_refund_pay")) if state is RefundProgress.SUCCEEDED else None,
        dedupe_key=f"refund.{order.out_refund_no}.{status}",
        raw_sha256=hashlib.sha256(json.dumps(node, sort_keys=True).encode()).hexdigest(),
    )


def _letters(code: str) -> str:
    return code.replace("ACQ.", "").replace("_", "")
