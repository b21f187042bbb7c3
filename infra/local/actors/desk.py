"""What a player of a payment provider is: who asks it, what it answers, what it sends.

```
shop's server ──Asked──► serve ──► Answered        create, query, close, refund, refund query, bill, the bill's file
buyer's browser ──Asked──► enter ──► Trade         he follows the checkout that the shop gave him
bank ──Payment, BankRefund──► notice, refund_notice ──► Notice        what the courier carries to the shop
nobody ──► forgeries ──► Notice                    what only looks like that
day ──► bill ──► bytes                             the provider's own books, in its true format
```
A desk verifies the merchant's real signatures and answers with the provider's own. `infra.local.actors.desks` lists all.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from infra.local.actors.bank import Bank, BankRefund, Payment, Trade
from infra.local.actors.keys import Keys
from infra.local.actors.notice import Notice


JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Asked:
    """A request that reached a player."""

    method: str
    path: str
    """From the root, so with the desk's name in front: `/wechatpay/v3/pay/transactions/native`."""
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    raw_query: str = ""
    """As it stood in the address: some providers sign it."""

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> "Asked":
        """What a request to this address looks like to who is asked."""
        address = urlsplit(url)
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        return cls(method, address.path, parse_qsl(address.query, keep_blank_values=True), lower, body, address.query)

    @property
    def page(self) -> str:
        """The path behind the desk's name."""
        return self.path.lstrip("/").partition("/")[2]

    @property
    def params(self) -> dict[str, str]:
        """The fields of query and form together."""
        try:
            form = parse_qsl(self.body.decode(), keep_blank_values=True)
        except UnicodeDecodeError:
            form = []
        return {**dict(self.query), **dict(form)}


@dataclass(frozen=True)
class Answered:
    """What a player says to the shop's server."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def lower_headers(self) -> dict[str, str]:
        return {"content-type": self.content_type} | {name.lower(): value for name, value in self.headers.items()}


class Desk(ABC):
    """What one provider does for one merchant."""

    name: ClassVar[str]
    """The kind of channel, and the first part of its addresses: `{base}/{name}/…`."""
    title: ClassVar[dict[str, str]]
    """What a buyer reads, by language."""
    paid: ClassVar[str] = "TRADE_SUCCESS"
    """The provider's own word for *paid*, which a notice carries."""
    waiting: ClassVar[str] = "WAIT_BUYER_PAY"

    def __init__(self, keys: Keys, bank: Bank, base: str) -> None:
        self.keys = keys
        self.bank = bank
        self.base = base

    @property
    def own(self) -> Mapping[str, str]:
        """The names and keys of this merchant here, as `new_secrets` of the desk's module made them."""
        return self.keys.of(self.name)

    @abstractmethod
    def channel(self) -> dict[str, Any]:
        """What the shop must know: a channel row (id, kind, title, gateway, account, methods, public_key, …) and `secret`."""

    # -- who comes ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def serve(self, asked: Asked) -> Answered:
        """A call of the shop's server. A wrong one is answered as the provider answers it; nothing is raised."""

    def is_entrance(self, asked: Asked) -> bool:  # noqa: ARG002 - a provider without pages of its own
        """Whether this is a buyer's browser and not the shop's server."""
        return False

    @abstractmethod
    def enter(self, asked: Asked) -> Trade:
        """A buyer arrives by a checkout's address. Raises: Refusal."""

    def call_name(self, asked: Asked) -> str:
        """What a call is counted under: query, close, refund, …"""
        params = asked.params
        return (params.get("method") or params.get("act") or asked.path).replace("/", ".").rpartition(".")[2]

    # -- what is sent -------------------------------------------------------------------------------------------------

    @abstractmethod
    def notice(self, trade: Trade, payment: Payment | None, status: str = "", **changes: str) -> Notice:
        """A notice with its own name; sending it again is a repeat. Without a status: paid. `changes` go in before the signature."""

    def refund_notice(self, trade: Trade, refund: BankRefund, status: str = "", **changes: str) -> Notice | None:  # noqa: ARG002
        """What the provider tells about a refund as it stands; None where it tells nothing."""
        return None

    @abstractmethod
    def forgeries(self, trade: Trade) -> Iterator[Notice]:
        """Notices that claim a payment which never was."""

    def return_address(self, trade: Trade) -> str:
        """Where the buyer's browser goes after paying."""
        return trade.return_url

    def bill(self, day: date) -> bytes:
        """The provider's file of this day in Shanghai; empty where nothing happened."""
        raise NotImplementedError
