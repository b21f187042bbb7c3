"""What WeChat Pay's words mean: a transaction or a refund as it is told in a notice or an answer, as one of our events."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import EventSource, EventState, PaymentEvent
from faka.contexts.payments.providers.canonical import NUMBER, STATUS
from faka.contexts.payments.providers.refunding import RefundEvent, RefundProgress
from faka.contexts.payments.providers.wechatpay_gateway import object_of
from faka.kernel.exchange import Malformed
from faka.kernel.limits import AMOUNT_MINOR_MAX
from faka.kernel.money import Currency, Money


Facts = Mapping[str, object]

STATES: Final = MappingProxyType(
    {
        "SUCCESS": EventState.SUCCEEDED,
        "REFUND": EventState.REFUNDED,
        "NOTPAY": EventState.PENDING,
        "USERPAYING": EventState.PENDING,
        "CLOSED": EventState.CLOSED,
        "REVOKED": EventState.CLOSED,
        "PAYERROR": EventState.FAILED,
    }
)
REFUND_STATES: Final = MappingProxyType(
    {
        "SUCCESS": RefundProgress.SUCCEEDED,
        "PROCESSING": RefundProgress.PROCESSING,
        "CLOSED": RefundProgress.FAILED,
        # The buyer's card takes nothing any more; the money is with us until somebody sends it another way.
        "ABNORMAL": RefundProgress.FAILED,
    }
)
_PAID = (EventState.SUCCEEDED, EventState.REFUNDED)
_FEN = re.compile(r"0|[1-9][0-9]{0,11}", re.ASCII)


def payment_event(
    account: ChannelAccount, source: EventSource, facts: Facts, *, state: EventState | None = None, dedupe_key: str = "", digest: str
) -> PaymentEvent:
    """`state` overrules the closed list, where the message around the facts says something else.

    An unpaid transaction has neither a number of the provider's nor an amount: those are an empty text and zero then.
    Raises: Malformed.
    """
    status = word(facts, "trade_state", STATUS)
    is_paid = STATES.get(status) in _PAID
    number = word(facts, "transaction_id", NUMBER) if is_paid or "transaction_id" in facts else ""
    amount = object_of(facts, "amount")
    return PaymentEvent(
        channel_id=account.id,
        kind=account.kind,
        source=source,
        out_trade_no=word(facts, "out_trade_no", NUMBER),
        channel_txn_id=number,
        state=state or STATES.get(status, EventState.UNKNOWN),
        status=status,
        amount=fen(account, amount, "total") if is_paid or "total" in amount else Money(minor=0, currency=account.currency),
        paid_at=moment(text_of(facts, "success_time")) if is_paid else None,
        payer_ref=_pseudonym(account, text_of(object_of(facts, "payer"), "openid")),
        dedupe_key=dedupe_key or f"query.{number or 'none'}.{status}",
        raw_sha256=digest,
    )


def refund_event(
    account: ChannelAccount,
    source: EventSource,
    facts: Facts,
    *,
    status: str,
    state: RefundProgress | None = None,
    dedupe_key: str = "",
    digest: str,
) -> RefundEvent:
    """`status` is read by its caller: a notice calls it `refund_status`, an answer `status`. Raises: Malformed."""
    number = word(facts, "refund_id", NUMBER)
    return RefundEvent(
        channel_id=account.id,
        kind=account.kind,
        source=source,
        out_refund_no=word(facts, "out_refund_no", NUMBER),
        out_trade_no=word(facts, "out_trade_no", NUMBER),
        channel_txn_id=word(facts, "transaction_id", NUMBER),
        channel_refund_id=number,
        state=state or REFUND_STATES.get(status, RefundProgress.UNKNOWN),
        status=status,
        amount=fen(account, object_of(facts, "amount"), "refund"),
        finished_at=moment(text_of(facts, "success_time")),
        dedupe_key=dedupe_key or f"query.{number}.{status}",
        raw_sha256=digest,
    )


def word(facts: Facts, name: str, pattern: re.Pattern[str]) -> str:
    """A text that must be there and fit. Raises: Malformed, naming the field and never its value."""
    text = text_of(facts, name)
    if not pattern.fullmatch(text):
        raise Malformed(f"{name} is missing or unreadable")
    return text


def fen(account: ChannelAccount, amount: Facts, name: str) -> Money:
    """An amount in whole fen. A refund's notice names no currency: it is the account's then. Raises: Malformed."""
    text, currency = text_of(amount, name), text_of(amount, "currency") or account.currency
    if not _FEN.fullmatch(text) or int(text) > AMOUNT_MINOR_MAX or currency not in tuple(Currency):
        raise Malformed("an amount is missing or unreadable")
    return Money(minor=int(text), currency=Currency(currency))


def moment(text: str) -> datetime | None:
    """`2026-03-02T10:34:56+08:00` in UTC; None where there is none: a date is never a reason to lose a payment."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _pseudonym(account: ChannelAccount, payer: str) -> str:
    """No openid stands in our rows; the same payer at the same merchant has the same one."""
    named = f"wechatpay\0{account.merchant_id}\0{payer}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(named).hexdigest()[:32] if payer else ""
