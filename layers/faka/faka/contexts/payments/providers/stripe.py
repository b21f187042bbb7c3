"""Stripe's hosted page for cards: a Checkout Session for each attempt.

```
create   one call under our number; the same number within a day is answered as the first time, so a lost answer costs nothing
query    by the session's id (`provider_ref`); without it the day's sessions are read until one bears our number
close    an open session is expired; one that was paid says so
refund   the payment's refunds are read first: the number that makes a repeat harmless is forgotten after a day, the list is not
```
A session lives half an hour at least, an order less: closing at the order's end is what keeps late money rare.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from types import MappingProxyType
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from faka.contexts.payments.providers import stripe_bill, stripe_notice, stripe_refunds, stripe_sessions
from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import (
    AlreadyPaid,
    Checkout,
    CheckoutKind,
    CloseResult,
    MethodNotOffered,
    PaymentEvent,
    PaymentOrder,
    ProviderUnavailable,
)
from faka.contexts.payments.providers.bill import BillFile, BillLine
from faka.contexts.payments.providers.canonical import plain_subject
from faka.contexts.payments.providers.refunding import RefundEvent, RefundOrder
from faka.contexts.payments.providers.stripe_gateway import ID, Gateway, Json, Refused
from faka.kernel.clock import Clock, epoch_s
from faka.kernel.exchange import HttpAnswer, RawRequest, Transport
from faka.kernel.money import Currency


SUBJECT_BYTES_MAX = 250
"""Stripe takes more; nobody reads more on a card's page."""

SESSION_MIN = timedelta(minutes=31)
"""Stripe takes 30 minutes from its own clock on; the rest is for the way and for clocks that differ."""

SESSION_MAX = timedelta(hours=24) - timedelta(minutes=1)

MINOR_MIN: Final = MappingProxyType({Currency.USD: 50, Currency.JPY: 50, Currency.CNY: 400})
"""The least that Stripe charges: half a dollar, 50 yen, and of what it converts the worth of half a dollar and some room."""

MINOR_MAX = 99_999_999
"""Stripe's amounts have eight digits."""

URL_MAX = 2048
_URL = re.compile(r"https?://[!-~]+", re.ASCII)
_PAGES = "https://checkout.stripe.com"


class Stripe:
    """One account at Stripe."""

    methods = frozenset({"card"})
    needs_query = False

    def __init__(self, account: ChannelAccount, transport: Transport, clock: Clock) -> None:
        self.account = account
        self._gateway = Gateway(account, transport)
        self._clock = clock

    @property
    def form_hosts(self) -> tuple[str, ...]:
        gateway = urlsplit(self.account.gateway)
        own = f"{gateway.scheme}://{gateway.netloc}"
        return (_PAGES,) if (gateway.hostname or "").endswith("stripe.com") else (own,)

    def create(self, order: PaymentOrder) -> Checkout:
        if order.method not in self.methods:
            raise MethodNotOffered("stripe")
        if order.amount.currency is not self.account.currency or order.amount.currency not in MINOR_MIN:
            raise MethodNotOffered("stripe: another currency")
        if not MINOR_MIN[order.amount.currency] <= order.amount.minor <= MINOR_MAX:
            raise MethodNotOffered("stripe: the amount is out of its bounds")
        try:
            session, _ = self._gateway.post("checkout/sessions", self._form(order), order.out_trade_no)
        except Refused as refusal:
            if refusal.kind != "idempotency_error":
                raise
            # The number was used with another word, another language perhaps: what was made then is what there is.
            session = self._known(order)
        return Checkout(kind=CheckoutKind.REDIRECT, url=_page(session), valid_until=order.expires_at, provider_ref=text_of(session, "id"))

    def _form(self, order: PaymentOrder) -> list[tuple[str, str]]:
        """Nothing in it but the order, so that the same order makes the same form."""
        price = "line_items[0][price_data]"
        ends_at = min(order.expires_at + SESSION_MIN, self._clock.now() + SESSION_MAX)
        return [
            ("mode", "payment"),
            ("payment_method_types[0]", "card"),
            ("client_reference_id", order.out_trade_no),
            ("metadata[out_trade_no]", order.out_trade_no),
            ("payment_intent_data[metadata][out_trade_no]", order.out_trade_no),
            ("line_items[0][quantity]", "1"),
            (f"{price}[currency]", order.amount.currency.lower()),
            (f"{price}[unit_amount]", str(order.amount.minor)),
            (f"{price}[product_data][name]", plain_subject(order.subject, SUBJECT_BYTES_MAX)),
            ("expires_at", str(epoch_s(ends_at))),
            ("success_url", order.return_url),
            ("cancel_url", order.return_url),
        ]

    def _known(self, order: PaymentOrder) -> Json:
        """The session that was made under this number before. Raises: AlreadyPaid, ProviderUnavailable."""
        session = stripe_sessions.found(self._gateway, order.out_trade_no)
        if session is not None and text_of(session, "payment_status") == "paid":
            raise AlreadyPaid("stripe")
        asked = (str(order.amount.minor), order.amount.currency.lower(), "open")
        if session is None or (text_of(session, "amount_total"), text_of(session, "currency"), text_of(session, "status")) != asked:
            raise ProviderUnavailable("stripe knows this number for something else")
        return session

    def parse_notice(self, raw: RawRequest) -> PaymentEvent | RefundEvent:
        """Raises: Malformed, Forged."""
        return stripe_notice.read(raw, self.account, raw.received_at or self._clock.now(), is_live=self._gateway.is_live)

    def acknowledge(self, ok: bool) -> HttpAnswer:
        """Any 2xx ends the repeats, which else go on for three days."""
        return HttpAnswer(status=200 if ok else 503)

    def query(self, out_trade_no: str, *, provider_ref: str = "") -> PaymentEvent | None:
        return stripe_sessions.asked(self._gateway, self.account, out_trade_no, provider_ref)

    def close(self, out_trade_no: str, *, provider_ref: str = "") -> CloseResult:
        return stripe_sessions.closed(self._gateway, out_trade_no, provider_ref)

    def refund(self, order: RefundOrder) -> RefundEvent:
        return stripe_refunds.made(self._gateway, self.account, order)

    def query_refund(self, order: RefundOrder) -> RefundEvent | None:
        return stripe_refunds.found(self._gateway, self.account, order)

    def fetch_bill(self, day: date, into: BinaryIO) -> BillFile | None:
        return stripe_bill.fetch(self._gateway, day, into, self._clock.now())

    def parse_bill(self, day: date, source: BinaryIO) -> Iterator[BillLine]:
        return stripe_bill.parse(day, source, is_live=self._gateway.is_live)


def _page(session: Json) -> str:
    """Raises: ProviderUnavailable."""
    url = text_of(session, "url")
    if text_of(session, "object") != "checkout.session" or not ID.fullmatch(text_of(session, "id")):
        raise ProviderUnavailable("stripe answered about something else")
    if len(url) > URL_MAX or not _URL.fullmatch(url):
        raise ProviderUnavailable("stripe answered without a page")
    return url
