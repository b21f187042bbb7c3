"""The one interface of all providers, and the way out that they are given."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import BinaryIO, Protocol

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.base import Checkout, CloseResult, HttpAnswer, PaymentEvent, PaymentOrder, RawRequest
from faka.contexts.payments.providers.bill import BillFile, BillLine
from faka.contexts.payments.providers.refunding import RefundEvent, RefundOrder


class Transport(Protocol):
    """The one way out. `platform.outbound` is the real one; a test's provider is another."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float = 10.0,
        answered: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Send once, follow nothing, answer status and body.

        The answer's headers go into `answered`, names in lower case: WeChat Pay signs its answers there.
        Raises: Unavailable when there is no answer, without the address in its text (an epay address holds the key).
        """
        ...

    def download(
        self, url: str, into: BinaryIO, *, headers: Mapping[str, str] | None = None, bytes_max: int, timeout_s: float = 300.0
    ) -> int:
        """GET a file piece by piece; answers the status. Only a body of status 200 is written.

        Raises: Unavailable as above, also in the middle of the file and for one longer than `bytes_max`.
        """
        ...


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
