"""What Stripe's objects say about a payment or a refund: sessions, intents, charges, refunds.

Our number stands in the `metadata`, which only the holder of the key can write; `client_reference_id` alone would not do,
because a buyer can put one into the address of a payment link. A payment's number at Stripe is that of its payment intent:
session, charge, refund, dispute and balance transaction all name it.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import EventSource, EventState, PaymentEvent
from faka.contexts.payments.providers.canonical import NUMBER
from faka.contexts.payments.providers.refunding import RefundEvent, RefundProgress
from faka.contexts.payments.providers.stripe_gateway import ID, Json
from faka.kernel.clock import from_epoch_s
from faka.kernel.exchange import Malformed
from faka.kernel.money import Currency, Money


CURRENCIES: Final = MappingProxyType({"cny": Currency.CNY, "usd": Currency.USD, "jpy": Currency.JPY})
"""The shop's currencies that Stripe has, as it spells them."""

_PROGRESS: Final = MappingProxyType(
    {
        "pending": RefundProgress.PROCESSING,
        "requires_action": RefundProgress.PROCESSING,
        "succeeded": RefundProgress.SUCCEEDED,
        "failed": RefundProgress.FAILED,
        "canceled": RefundProgress.FAILED,
    }
)
_DIGITS = re.compile(r"[0-9]{1,12}", re.ASCII)
_NOT_LETTERS = re.compile(r"[^A-Z]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """Where a fact comes from."""

    account: ChannelAccount
    source: EventSource
    dedupe_key: str
    raw_sha256: str
    at: datetime | None = None
    """When it happened, by Stripe's clock."""


def inner(values: Json, name: str) -> Json:
    """An object in an object; empty where there is none."""
    value = values.get(name)
    return value if isinstance(value, dict) else {}


def id_of(values: Json, name: str) -> str:
    """The id of a linked object, expanded or not; empty where there is none."""
    text = text_of(values, name) or text_of(inner(values, name), "id")
    return text if ID.fullmatch(text) else ""


def minor_of(values: Json, name: str) -> int | None:
    text = text_of(values, name)
    return int(text) if _DIGITS.fullmatch(text) else None


def time_of(values: Json, name: str) -> datetime | None:
    seconds = minor_of(values, name)
    return from_epoch_s(seconds) if seconds is not None and seconds < 2**32 else None


def our_number(values: Json, name: str = "out_trade_no") -> str:
    """The number that our server wrote into the object; empty where another system made it."""
    number = text_of(inner(values, "metadata"), name)
    return number if NUMBER.fullmatch(number) else ""


def session_number(session: Json) -> str:
    """Empty also where the two places of a session's number do not agree."""
    number = our_number(session)
    return number if number and text_of(session, "client_reference_id") == number else ""


def status_word(text: str) -> str:
    """Stripe's word in letters, at most 40 of them."""
    return _NOT_LETTERS.sub("_", text.upper())[:40].strip("_") or "OTHER"


def money_of(values: Json, name: str) -> Money | None:
    """None for a currency that the shop does not have.

    Raises: Malformed without an amount.
    """
    minor = minor_of(values, name)
    if minor is None:
        raise Malformed(f"{name} is missing or unreadable")
    currency = CURRENCIES.get(text_of(values, "currency"))
    return None if currency is None else Money(minor=minor, currency=currency)


def payment_fact(
    told: Told, number: str, intent: str, state: EventState, status: str, amount: Money | None, payer: str = ""
) -> PaymentEvent:
    """A fact about one payment; in a currency that the shop does not have it is nothing that the shop can conclude from."""
    return PaymentEvent(
        channel_id=told.account.id,
        kind=told.account.kind,
        source=told.source,
        out_trade_no=number,
        channel_txn_id=intent,
        state=state if amount is not None else EventState.UNKNOWN,
        status=status_word(status),
        amount=amount or Money(minor=0, currency=told.account.currency),
        paid_at=told.at if state is EventState.SUCCEEDED else None,
        payer_ref=_pseudonym(told.account, payer),
        dedupe_key=told.dedupe_key,
        raw_sha256=told.raw_sha256,
    )


def session_fact(told: Told, session: Json, state: EventState, status: str) -> PaymentEvent:
    """Raises: Malformed."""
    payer = text_of(inner(session, "customer_details"), "email").lower()
    intent = id_of(session, "payment_intent")
    if state is EventState.SUCCEEDED and not intent:
        raise Malformed("a payment without its number")
    return payment_fact(told, session_number(session), intent, state, status, money_of(session, "amount_total"), payer)


def refund_fact(told: Told, refund: Json) -> RefundEvent:
    """A refund that somebody made in Stripe's own console has no number of ours.

    Raises: Malformed.
    """
    status, amount = text_of(refund, "status"), money_of(refund, "amount")
    state = _PROGRESS.get(status, RefundProgress.UNKNOWN) if amount is not None else RefundProgress.UNKNOWN
    channel_refund_id = text_of(refund, "id")
    if not ID.fullmatch(channel_refund_id):
        raise Malformed("a refund without its number")
    is_over = state in (RefundProgress.SUCCEEDED, RefundProgress.FAILED)
    return RefundEvent(
        channel_id=told.account.id,
        kind=told.account.kind,
        source=told.source,
        out_refund_no=our_number(refund, "out_refund_no"),
        out_trade_no=our_number(refund),
        channel_txn_id=id_of(refund, "payment_intent") or id_of(refund, "charge"),
        channel_refund_id=channel_refund_id,
        state=state,
        status=status_word(status),
        amount=amount or Money(minor=0, currency=told.account.currency),
        finished_at=told.at if is_over else None,
        dedupe_key=told.dedupe_key,
        raw_sha256=told.raw_sha256,
    )


def _pseudonym(account: ChannelAccount, payer: str) -> str:
    if not payer:
        return ""
    return hashlib.sha256(f"stripe\0{account.merchant_id}\0{payer}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
