"""Asking Stripe about an attempt, and ending it."""

import hashlib
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import CloseResult, EventSource, EventState, PaymentEvent, ProviderUnavailable
from faka.contexts.payments.providers.stripe_gateway import Gateway, Json, Refused
from faka.contexts.payments.providers.stripe_objects import Told, inner, minor_of, money_of, session_fact, session_number, time_of
from faka.kernel.clock import epoch_s
from faka.kernel.exchange import Malformed
from faka.kernel.ids import payment_of


PAGES_MAX = 20
"""Two thousand sessions in the hours of one order; a shop with more keeps the session's id, which makes the search needless."""

BEFORE = timedelta(minutes=5)
AFTER = timedelta(hours=25)
"""The hours around an order in which a session of its attempts was made: clocks differ, and no order waits longer than a day."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SESSION = re.compile(r"cs_[0-9A-Za-z_]{1,120}", re.ASCII)
_EXPAND = (("expand[]", "payment_intent.latest_charge"),)
_DEAD = ("requires_payment_method", "canceled")
"""Of an intent behind a session that is over: its money will not come any more."""


def asked(gateway: Gateway, account: ChannelAccount, number: str, ref: str) -> PaymentEvent | None:
    """Stripe's word about one of our numbers. Raises: ProviderUnavailable."""
    session, body = _session(gateway, number, ref)
    if session is None:
        return None
    charge = inner(inner(session, "payment_intent"), "latest_charge")
    state = _state(session, charge)
    status = f"{text_of(session, 'status')}_{text_of(session, 'payment_status')}"
    sha256 = hashlib.sha256(body).hexdigest()
    told = Told(account, EventSource.QUERY, f"query.{text_of(session, 'id')}.{state.lower()}", sha256, time_of(charge, "created"))
    try:
        event = session_fact(told, session, state, status)
        back = money_of(charge, "amount_refunded") if minor_of(charge, "amount_refunded") else None
    except Malformed:
        raise ProviderUnavailable("stripe answered without an amount") from None
    return event.model_copy(update={"refunded": back}) if back is not None else event


def closed(gateway: Gateway, number: str, ref: str) -> CloseResult:
    """Raises: ProviderUnavailable, also while money is on its way: it may still come or not."""
    session, _ = _session(gateway, number, ref)
    if session is not None and text_of(session, "status") == "open":
        known = text_of(session, "id")
        # Refused for a session that is over: since we looked the buyer has paid, or its own time came.
        with suppress(Refused):
            gateway.post(f"checkout/sessions/{known}/expire")
        session, _ = _session(gateway, number, known)
    if session is None:
        return CloseResult.NOT_FOUND
    event_state = _state(session, inner(inner(session, "payment_intent"), "latest_charge"))
    if event_state in (EventState.SUCCEEDED, EventState.REFUNDED):
        return CloseResult.ALREADY_PAID
    if event_state in (EventState.CLOSED, EventState.FAILED):
        return CloseResult.CLOSED
    raise ProviderUnavailable("stripe has not closed it")


def found(gateway: Gateway, number: str) -> Json | None:
    """The newest session with our number, from the list of its hours, which is complete: what is not in it does not exist.

    Raises: ProviderUnavailable.
    """
    made_at = _made_at(number)
    if made_at is None:
        return None
    hours = (("created[gte]", str(epoch_s(made_at - BEFORE))), ("created[lte]", str(epoch_s(made_at + AFTER))))
    for page in gateway.pages("checkout/sessions", hours, PAGES_MAX):
        for session in page.objects:
            if session_number(session) == number:
                return session
    return None


def _session(gateway: Gateway, number: str, ref: str) -> tuple[Json | None, bytes]:
    """Raises: ProviderUnavailable, also where a session is another order's or of the wrong kind of money."""
    known = ref if _SESSION.fullmatch(ref) else text_of(found(gateway, number) or {}, "id")
    if not _SESSION.fullmatch(known):
        return None, b""
    try:
        session, body = gateway.get(f"checkout/sessions/{known}", _EXPAND)
    except Refused as refusal:
        if refusal.error == "resource_missing":
            return None, b""
        raise
    if text_of(session, "id") != known or session_number(session) != number or session.get("livemode") is not gateway.is_live:
        raise ProviderUnavailable("stripe answered about something else")
    return session, body


def _state(session: Json, charge: Json) -> EventState:
    match text_of(session, "status"), text_of(session, "payment_status"):
        case "complete", "paid":
            return EventState.REFUNDED if minor_of(charge, "amount_refunded") else EventState.SUCCEEDED
        case "complete", "unpaid":
            return EventState.FAILED if text_of(inner(session, "payment_intent"), "status") in _DEAD else EventState.PENDING
        case "open", "unpaid":
            return EventState.PENDING
        case "expired", "unpaid":
            return EventState.CLOSED
    return EventState.UNKNOWN


def _made_at(number: str) -> datetime | None:
    """When the order of one of our numbers was made: the first ten symbols of its ULID are milliseconds."""
    if payment_of(number) is None:
        return None
    milliseconds = 0
    for symbol in number[3:13]:
        milliseconds = milliseconds << 5 | _CROCKFORD.index(symbol)
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError):
        return None
