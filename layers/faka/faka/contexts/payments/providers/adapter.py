"""The one interface of all providers, and the way out that they are given."""

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Protocol

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.base import Checkout, CloseResult, PaymentEvent, PaymentOrder
from faka.contexts.payments.providers.bill import BillFile, BillLine
from faka.contexts.payments.providers.refunding import RefundEvent, RefundOrder
from faka.kernel.exchange import HttpAnswer, RawRequest


class Adapter(Protocol):
    """One provider, opened for one account."""

    @property
    def account(self) -> ChannelAccount: ...
    @property
    def methods(self) -> frozenset[str]: ...  # the ways to pay that `create` knows
    @property
    def needs_query(self) -> bool:
        """True where a notice is too weak to pay by itself and only says *ask now* (MD5 schemes)."""
        ...

    @property
    def form_hosts(self) -> tuple[str, ...]: ...  # origins that the page's form-action policy must allow
    def create(self, order: PaymentOrder) -> Checkout:
        """Raises: MethodNotOffered, AlreadyPaid, ProviderUnavailable, ChannelClosed."""
        ...

    def parse_notice(self, raw: RawRequest) -> PaymentEvent | RefundEvent:
        """Raises: Malformed, Forged, ChannelClosed."""
        ...

    def acknowledge(self, ok: bool) -> HttpAnswer: ...

    def query(self, out_trade_no: str, *, provider_ref: str = "") -> PaymentEvent | None:
        """Raises: ProviderUnavailable, ChannelClosed."""
        ...

    def close(self, out_trade_no: str, *, provider_ref: str = "") -> CloseResult:
        """Raises: ProviderUnavailable, ChannelClosed."""
        ...

    def refund(self, order: RefundOrder) -> RefundEvent:
        """Raises: RefundRefused, RefundDelayed, RefundNotOffered (all proved); ProviderUnavailable: the outcome is unknown."""
        ...

    def query_refund(self, order: RefundOrder) -> RefundEvent | None:
        """None: the provider has no refund of this number. Raises: ProviderUnavailable, RefundNotOffered."""
        ...

    def fetch_bill(self, day: date, into: BinaryIO) -> BillFile | None:
        """The books of a day, as they come. None: the provider says that nothing happened on that day, which is final.

        Raises: BillNotReady, BillCorrupt (its hash is another), ProviderUnavailable, ChannelClosed.
        """
        ...

    def parse_bill(self, day: date, source: BinaryIO) -> Iterator[BillLine]:
        """Read what `fetch_bill` wrote; memory does not grow with the file.

        Raises: BillCorrupt, also after the last line: only a bill that was read to its end has been checked.
        """
        ...
