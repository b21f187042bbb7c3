"""Stripe's webhook: proved over the raw bytes, then read by a closed list of types.

```
Stripe-Signature: t=1533204620,v1=8221…[,v1=…][,v0=…]      HMAC-SHA256 of `t.body` with the endpoint's secret, in hex
```
While a secret is rolled Stripe signs with both, and so do we try both of ours. The whole `whsec_…` text is the key. Events
come in any order and more than once; each has an id, which is the same on every repeat.

| type | fact |
|---|---|
| checkout.session.completed | SUCCEEDED where `payment_status` is paid, PENDING where unpaid |
| checkout.session.async_payment_succeeded, …_failed, checkout.session.expired | SUCCEEDED, FAILED, CLOSED |
| payment_intent.succeeded, .payment_failed, .canceled | SUCCEEDED, PENDING (he may try another card), CLOSED |
| charge.refunded | REFUNDED: some or all of it went back |
| refund.created, .updated, .failed, charge.refund.updated | a refund, as it stands |
| all others, disputes among them | UNKNOWN: kept, counted, and nothing is concluded from it |
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import Unreadable, members, text_of
from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX, EventSource, EventState, PaymentEvent
from faka.contexts.payments.providers.refunding import RefundEvent
from faka.contexts.payments.providers.stripe_gateway import ID, Json
from faka.contexts.payments.providers.stripe_objects import (
    CURRENCIES,
    Told,
    id_of,
    inner,
    minor_of,
    money_of,
    our_number,
    payment_fact,
    refund_fact,
    session_fact,
    time_of,
)
from faka.kernel.clock import from_epoch_s
from faka.kernel.exchange import Forged, Malformed, RawRequest
from faka.kernel.money import Money
from faka.kernel.secret import Secret


TOLERANCE = timedelta(seconds=300)
"""Stripe's own figure, and both ways: its library takes a time that lies ahead, so that whoever once had the secret could
keep signed notices for later."""

SIGNATURES_MAX = 8
"""Two secrets and an older scheme are three; what has more was not made by Stripe."""

_TIME = re.compile(r"[0-9]{9,11}", re.ASCII)
_HEX64 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_REFUNDS = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
_SESSIONS: Final = MappingProxyType(
    {
        "checkout.session.completed": {"paid": EventState.SUCCEEDED, "unpaid": EventState.PENDING},
        "checkout.session.async_payment_succeeded": {"paid": EventState.SUCCEEDED},
        "checkout.session.async_payment_failed": {"unpaid": EventState.FAILED},
        "checkout.session.expired": {"unpaid": EventState.CLOSED},
    }
)
_INTENTS: Final = MappingProxyType(
    {
        "payment_intent.succeeded": ("succeeded", EventState.SUCCEEDED),
        "payment_intent.payment_failed": ("requires_payment_method", EventState.PENDING),
        "payment_intent.canceled": ("canceled", EventState.CLOSED),
    }
)


def signature(timestamp: str, body: bytes, secret: Secret) -> str:
    return hmac.new(secret.reveal().encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def prove(raw: RawRequest, secrets: tuple[Secret, ...], now: datetime) -> None:
    """Raises: Forged; its order is signature first, so that nothing is said about the time of what Stripe did not send."""
    parts = [part.partition("=") for part in raw.headers.get("stripe-signature", "").split(",", SIGNATURES_MAX)]
    times = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1" and _HEX64.fullmatch(value)]
    if len(parts) > SIGNATURES_MAX or len(times) != 1 or not _TIME.fullmatch(times[0]) or not given:
        raise Forged("no signature")
    wanted = [signature(times[0], raw.body, secret) for secret in secrets]
    # No short cut: how long this takes says nothing about which of them fits.
    if not sum(hmac.compare_digest(one, other) for one in given for other in wanted):
        raise Forged("the signature is not Stripe's")
    if abs(now - from_epoch_s(int(times[0]))) > TOLERANCE:
        raise Forged("signed too long ago, or ahead of time")


def read(raw: RawRequest, account: ChannelAccount, now: datetime, *, is_live: bool) -> PaymentEvent | RefundEvent:
    """Prove a webhook, in the order: shape, signature, time, account, content.

    Raises: Malformed, Forged.
    """
    content_type = raw.headers.get("content-type", "").lower().split(";")[0].strip()
    if raw.method != "POST" or raw.query or content_type != "application/json":
        raise Malformed("a notice is a POST of JSON without a query")
    if not 0 < len(raw.body) <= NOTICE_BYTES_MAX:
        raise Malformed("the notice is empty or too large")
    prove(raw, account.live("webhook_secret"), now)
    try:
        event: Json = {name: value for name, (value, _) in members(raw.body).items()}
    except Unreadable:
        raise Malformed("the notice is not JSON of its kind") from None
    subject = inner(inner(event, "data"), "object")
    if text_of(event, "object") != "event" or not ID.fullmatch(text_of(event, "id")) or not subject:
        raise Malformed("the notice is not an event")
    # Only events of connected accounts name one; without it the endpoint's secret is the account's.
    if event.get("account") is not None and event["account"] != account.merchant_id:
        raise Forged("a notice for another account")
    if event.get("livemode") is not is_live or subject.get("livemode", is_live) is not is_live:
        raise Forged("play money, or not of this key's kind")
    told = Told(account, EventSource.NOTICE, text_of(event, "id"), raw.sha256(), time_of(event, "created"))
    return _fact(told, text_of(event, "type"), subject)


def _fact(told: Told, kind: str, subject: Json) -> PaymentEvent | RefundEvent:
    is_as_named = text_of(subject, "object") == _object_of(kind)
    if kind in _REFUNDS and is_as_named:
        return refund_fact(told, subject)
    if kind in _SESSIONS and is_as_named and text_of(subject, "mode") == "payment":
        state = _SESSIONS[kind].get(text_of(subject, "payment_status"), EventState.UNKNOWN)
        return session_fact(told, subject, state, kind)
    if kind in _INTENTS and is_as_named:
        status, meant = _INTENTS[kind]
        state = meant if text_of(subject, "status") == status else EventState.UNKNOWN
        amount = money_of(subject, "amount_received" if state is EventState.SUCCEEDED else "amount")
        return payment_fact(told, our_number(subject), text_of(subject, "id"), state, kind, amount)
    if kind == "charge.refunded" and is_as_named:
        return _refunded(told, kind, subject)
    return _unknown(told, kind, subject)


def _object_of(kind: str) -> str:
    return "refund" if kind in _REFUNDS else kind.rpartition(".")[0]


def _refunded(told: Told, kind: str, charge: Json) -> PaymentEvent:
    """Which refund it was stands in the refund's own event."""
    refunded = money_of(charge, "amount_refunded")
    intent = id_of(charge, "payment_intent") or text_of(charge, "id")
    event = payment_fact(told, our_number(charge), intent, EventState.REFUNDED, kind, money_of(charge, "amount"))
    return event.model_copy(update={"refunded": refunded})


def _unknown(told: Told, kind: str, subject: Json) -> PaymentEvent:
    """Kept for a person: a dispute names the payment and no number of ours."""
    minor, currency = minor_of(subject, "amount"), CURRENCIES.get(text_of(subject, "currency"))
    amount = Money(minor=minor, currency=currency) if minor is not None and currency is not None else None
    intent = id_of(subject, "payment_intent") or id_of(subject, "charge")
    return payment_fact(told, our_number(subject), intent, EventState.UNKNOWN, kind, amount)
