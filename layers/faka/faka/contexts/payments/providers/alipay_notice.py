"""Alipay's notices: proved first, read second."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from faka.contexts.payments.providers import alipay_refunds, rsa
from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.base import EventSource, EventState, PaymentEvent
from faka.contexts.payments.providers.canonical import (
    AMOUNT,
    NOTICE_ID,
    NUMBER,
    STATUS,
    Fields,
    beijing_time,
    form_fields,
    money_of,
    signed_text,
    word,
)
from faka.contexts.payments.providers.refunding import RefundEvent
from faka.kernel.exchange import Forged, Malformed, RawRequest


STATES = {
    "WAIT_BUYER_PAY": EventState.PENDING,
    "TRADE_SUCCESS": EventState.SUCCEEDED,
    "TRADE_FINISHED": EventState.SUCCEEDED,
    "TRADE_CLOSED": EventState.CLOSED,
}
_V1 = frozenset({"sign", "sign_type"})
_V2 = frozenset({"sign"})


def parse(account: ChannelAccount, key: RSAPublicKey, raw: RawRequest) -> PaymentEvent | RefundEvent:
    """Prove a notice, in the order: shape, algorithm, signature, account, content.

    Raises: Malformed, Forged.
    """
    fields = form_fields(raw)
    _prove(key, fields)
    if fields.get("app_id") != account.merchant_id.encode() or fields.get("seller_id") != account.seller_id.encode():
        raise Forged("a notice for another account")
    state, trade_no = _state(fields), word(fields, "trade_no", NUMBER)
    if state is EventState.REFUNDED and NUMBER.fullmatch(fields.get("out_biz_no", b"").decode("latin-1")):
        return alipay_refunds.told(account, fields, raw.sha256())
    return PaymentEvent(
        channel_id=account.id,
        kind=account.kind,
        source=EventSource.NOTICE,
        out_trade_no=word(fields, "out_trade_no", NUMBER),
        channel_txn_id=trade_no,
        state=state,
        status=word(fields, "trade_status", STATUS),
        amount=money_of(word(fields, "total_amount", AMOUNT), account.currency),
        refunded=money_of(word(fields, "refund_fee", AMOUNT), account.currency) if fields.get("refund_fee") else None,
        paid_at=beijing_time(fields.get("gmt_payment", b"").decode("latin-1")),
        payer_ref=pseudonym(account, fields.get("buyer_id", b"")),
        dedupe_key=word(fields, "notify_id", NOTICE_ID),
        raw_sha256=raw.sha256(),
    )


def pseudonym(account: ChannelAccount, payer: bytes) -> str:
    return hashlib.sha256(b"alipay\0" + account.merchant_id.encode() + b"\0" + payer).hexdigest()[:32] if payer else ""


def _prove(key: RSAPublicKey, fields: Fields) -> None:
    if fields.get("sign_type") != b"RSA2":
        raise Forged("not RSA2")
    if fields.get("charset", b"utf-8").lower() != b"utf-8":
        raise Malformed("we ask for UTF-8")
    signature = rsa.signature_bytes(fields.get("sign", b"").decode("latin-1"))
    if signature is None:
        raise Forged("no signature")
    for without in (_V1, _V2):
        if rsa.is_signed(key, signed_text(fields, without), signature):
            return
    raise Forged("the signature is not Alipay's")


def _state(fields: Fields) -> EventState:
    """The closed list; a refund is told by its fields, because a partial one keeps `TRADE_SUCCESS`."""
    state = STATES.get(word(fields, "trade_status", STATUS), EventState.UNKNOWN)
    refunds = fields.get("refund_fee", b"").strip(b"0.") or fields.get("gmt_refund") or fields.get("out_biz_no")
    if state is EventState.SUCCEEDED and refunds:
        return EventState.REFUNDED
    if state is EventState.CLOSED and (refunds or fields.get("gmt_payment")):
        return EventState.REFUNDED
    return state
