"""Stablecoin gateways of the epusdt family (epusdt, BEpusdt): priced in money, paid on a chain.

```
create   POST api/v1/order/create-transaction   a signed JSON; the answer names the gateway's own trade and its page
notice   POST, JSON                             MD5 over the fields and the shared token; no time, no nonce, no merchant
query    GET pay/check-status/{trade}           the gateway's own word about *its* number; not signed, and without an amount
close    POST api/v1/order/cancel-transaction   BEpusdt only
```
Nothing asks by our number, and to send `create` again would open a second trade once the first is over. So the trade's number
and the price that was agreed are the checkout's `provider_ref`, and without it a question has no answer.

MD5 with a token proves little, so `needs_query` is True: a notice only says *ask now*. What is asked is the trade that was made
for this very attempt, never the one that the notice names: whoever has the token could name any paid trade.

The gateway finds a payment by the last digits of its amount at one address. What was sent in another amount, or too late, no
gateway can attribute: it comes as nothing here and is a person's case. There are no refunds and no books.
"""

import re
from collections.abc import Iterator
from datetime import date
from types import MappingProxyType
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import (
    Checkout,
    CheckoutKind,
    CloseResult,
    EventSource,
    EventState,
    MethodNotOffered,
    PaymentEvent,
    PaymentOrder,
    ProviderUnavailable,
)
from faka.contexts.payments.providers.bill import BillFile, BillLine, BillNotOffered
from faka.contexts.payments.providers.canonical import NUMBER, plain_subject
from faka.contexts.payments.providers.epusdt_gateway import SEEN, STATES, Gateway, NoSuchCall, shortest
from faka.contexts.payments.providers.epusdt_notice import read
from faka.contexts.payments.providers.refunding import RefundEvent, RefundNotOffered, RefundOrder
from faka.kernel.clock import Clock
from faka.kernel.exchange import HttpAnswer, RawRequest, Transport
from faka.kernel.money import Currency, Money


SUBJECT_BYTES_MAX = 60
"""BEpusdt's column has 64."""

MINOR_MAX: Final = MappingProxyType({Currency.CNY: 10_000_00, Currency.USD: 1_500_00, Currency.JPY: 200_000})
"""What arrives on a chain cannot be called back and is confirmed by one gateway only: above this a person sells. It is also
below a million, from where on Go prints a float with an exponent and signs that."""

TIMEOUT_S_MIN = 180
TIMEOUT_S_MAX = 3600
"""BEpusdt's bounds; outside of them it silently takes its own default."""

URL_MAX = 1024
_URL = re.compile(r"https?://[!-~]+", re.ASCII)
_REF = re.compile(r"([0-9A-Za-z_-]{1,64})\.([0-9]{1,12})", re.ASCII)


class Epusdt:
    """One token at one gateway."""

    methods = frozenset({"usdt"})
    needs_query = True

    def __init__(self, account: ChannelAccount, transport: Transport, clock: Clock) -> None:
        self.account = account
        self._gateway = Gateway(account, transport)
        self._clock = clock

    @property
    def form_hosts(self) -> tuple[str, ...]:
        gateway = urlsplit(self.account.gateway)
        return (f"{gateway.scheme}://{gateway.netloc}",)

    # -- asking for money -----------------------------------------------------------------------------------------

    def create(self, order: PaymentOrder) -> Checkout:
        if order.method not in self.methods:
            raise MethodNotOffered("epusdt")
        if order.amount.currency is not self.account.currency or order.amount.currency not in MINOR_MAX:
            raise MethodNotOffered("epusdt: another currency")
        if not 0 < order.amount.minor <= MINOR_MAX[order.amount.currency]:
            raise MethodNotOffered("epusdt: the amount is out of its bounds")
        answer = self._gateway.signed("api/v1/order/create-transaction", self._wish(order), frozenset({"amount", "timeout"}))
        trade = answer.get("data")
        if text_of(answer, "status_code") != "200" or not isinstance(trade, dict):
            raise ProviderUnavailable("epusdt made no trade")
        agreed = (text_of(trade, "order_id"), shortest(text_of(trade, "amount")))
        if agreed != (order.out_trade_no, shortest(order.amount.decimal())):
            raise ProviderUnavailable("epusdt answered about something else")
        url, number = text_of(trade, "payment_url"), text_of(trade, "trade_id")
        if len(url) > URL_MAX or not _URL.fullmatch(url) or not NUMBER.fullmatch(number):
            raise ProviderUnavailable("epusdt answered without a page")
        return Checkout(kind=CheckoutKind.REDIRECT, url=url, valid_until=order.expires_at, provider_ref=f"{number}.{order.amount.minor}")

    def _wish(self, order: PaymentOrder) -> dict[str, str]:
        """The first version of the protocol takes what it does not know, as long as it is signed."""
        left_s = int((order.expires_at - self._clock.now()).total_seconds())
        fiat = order.amount.currency
        return {
            "order_id": order.out_trade_no,
            "amount": shortest(order.amount.decimal()),
            "notify_url": order.notify_url,
            "redirect_url": order.return_url,
            "name": plain_subject(order.subject, SUBJECT_BYTES_MAX),
            "trade_type": self.account.pay_type,
            "fiat": "" if fiat is Currency.CNY else fiat.value,
            "timeout": str(min(max(left_s, TIMEOUT_S_MIN), TIMEOUT_S_MAX)),
        }

    # -- notices --------------------------------------------------------------------------------------------------

    def parse_notice(self, raw: RawRequest) -> PaymentEvent:
        """Raises: Malformed, Forged."""
        return read(raw, self.account)

    def acknowledge(self, ok: bool) -> HttpAnswer:
        """The two bytes end the repeats (about five of them); BEpusdt looks at the status only."""
        return HttpAnswer(status=200, body=b"ok") if ok else HttpAnswer(status=503)

    # -- asking and closing ---------------------------------------------------------------------------------------

    def query(self, out_trade_no: str, *, provider_ref: str = "") -> PaymentEvent | None:
        """The gateway's word about the trade that it made for this attempt; the amount is the one that was agreed then."""
        trade, minor = self._reference(provider_ref)
        status, digest = self._gateway.status(trade)
        if not status:
            return None
        state = STATES.get(status, EventState.UNKNOWN)
        return PaymentEvent(
            channel_id=self.account.id,
            kind=self.account.kind,
            source=EventSource.QUERY,
            out_trade_no=out_trade_no,
            channel_txn_id=trade,
            state=state,
            status=state.value,
            amount=Money(minor=minor, currency=self.account.currency),
            dedupe_key=f"query.{trade}.{status}",
            raw_sha256=digest,
        )

    def close(self, out_trade_no: str, *, provider_ref: str = "") -> CloseResult:  # noqa: ARG002 - it knows its own numbers only
        """Without a reference, and where the gateway has no such call, there is nothing to close: late money stays possible."""
        if not _REF.fullmatch(provider_ref):
            return CloseResult.NOT_FOUND
        trade, _ = self._reference(provider_ref)
        status, _ = self._gateway.status(trade)
        if STATES.get(status) is EventState.PENDING and status != SEEN:
            if self._is_cancelled(trade):
                return CloseResult.CLOSED
            # Refused: since we looked it was seen, or paid, or this gateway has no such call.
            status, _ = self._gateway.status(trade)
        match STATES.get(status):
            case EventState.SUCCEEDED:
                return CloseResult.ALREADY_PAID
            case EventState.CLOSED | EventState.FAILED:
                return CloseResult.CLOSED
        if status in ("", "1"):
            return CloseResult.NOT_FOUND
        raise ProviderUnavailable("epusdt has seen money and is not sure of it")

    def _is_cancelled(self, trade: str) -> bool:
        try:
            answer = self._gateway.signed("api/v1/order/cancel-transaction", {"trade_id": trade})
        except NoSuchCall:
            return False
        return text_of(answer, "status_code") == "200"

    def _reference(self, provider_ref: str) -> tuple[str, int]:
        """Raises: ProviderUnavailable."""
        found = _REF.fullmatch(provider_ref)
        if found is None:
            raise ProviderUnavailable("epusdt knows its own numbers only")
        return found.group(1), int(found.group(2))

    # -- what it has not ------------------------------------------------------------------------------------------

    def refund(self, order: RefundOrder) -> RefundEvent:  # noqa: ARG002
        raise RefundNotOffered(self.account.id)

    def query_refund(self, order: RefundOrder) -> RefundEvent | None:  # noqa: ARG002
        raise RefundNotOffered(self.account.id)

    def fetch_bill(self, day: date, into: BinaryIO) -> BillFile | None:  # noqa: ARG002
        raise BillNotOffered(self.account.id)

    def parse_bill(self, day: date, source: BinaryIO) -> Iterator[BillLine]:  # noqa: ARG002
        raise BillNotOffered(self.account.id)
