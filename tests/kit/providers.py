"""Payment providers in process: the players of `infra.local.actors` without HTTP.

```python
providers = FakeProviders(clock)                       # a transport, secrets and channel rows of Alipay and epay
providers = FakeProviders(clock, kinds=tuple(DESKS))   # of all
deps = Deps(settings, ..., transport=providers, secrets=providers.secrets)
catalog rows:                                          providers.rows()
[raw] = providers.alipay.pay("pay01J…")                # the buyer pays; the signed notice as the door hands it over
providers.epay.lose("pay01J…")                         # paid, no notice: only a query finds it
providers.alipay.is_down = True                        # every call fails; .loses_answers does the work and loses the answer
providers.by_id("wechatpay")                           # any player of the list joins when it is first named
providers.alipay.refund_way = RefundWay.LATER          # what the shop asks back stays on its way, until
raw = providers.alipay.finish_refund("pay01J…")        # it arrives, or .fail_refund, also long after it had arrived
providers.alipay.bill(date(2026, 3, 2))                # the file of a day, in the provider's true format
```
`pay` needs no visit: where the trade is unknown (the shop signs page addresses without a call), it is opened with
`amount_minor`, or entered through the checkout that the test passed to `visit`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

from faka.contexts.catalog.model import ChannelRow
from faka.contexts.payments.providers import open_account, open_channel
from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.adapter import Adapter
from faka.contexts.payments.providers.base import Checkout
from faka.kernel.clock import Clock
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import RawRequest
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency
from faka.kernel.secret import Secret
from infra.local.actors.acts import Step, play
from infra.local.actors.bank import Bank, BankRefund, RefundWay, Trade
from infra.local.actors.desk import Answered, Asked, Desk
from infra.local.actors.desks import open_desks
from infra.local.actors.keys import Keys, new_keys, stranger_keys
from infra.local.actors.notice import Notice


__all__ = ["FakeProvider", "FakeProviders", "SecretShelf", "raw_request", "shared_keys", "stranger_keys"]

BASE = "https://provider.test"
NOTIFY = "https://notify.test/v1/callbacks"
FIRST = ("alipay", "epay")
"""Whose channels a shop has where a test asks for no others."""


@cache
def shared_keys() -> Keys:
    """Two RSA keys cost half a second: one set serves all tests of a process."""
    return new_keys()


class NoAnswer(Unavailable):
    """What a transport raises when the line is cut."""


def raw_request(notice: Notice) -> RawRequest:
    """A notice as the door hands it to the flow."""
    address = urlsplit(notice.url)
    headers = {name.lower(): value for name, value in notice.headers.items()}
    headers |= {"content-type": notice.content_type} if notice.content_type else {}
    query = tuple(parse_qsl(address.query, keep_blank_values=True))
    return RawRequest(method=notice.method, path=address.path, headers=headers, query=query, body=notice.body)


class FakeProvider:
    """One provider with one merchant."""

    def __init__(self, desk: Desk, clock: Clock, transport: "FakeProviders", channel_id: str = "") -> None:
        self.desk = desk
        self.channel = desk.channel() | ({"id": channel_id} if channel_id else {})
        self.is_down = False
        self.loses_answers = False
        self.calls: Counter[str] = Counter()
        """How often the shop asked, by what: query, close, precreate, order, refund."""
        self._clock = clock
        self._transport = transport

    # -- what the shop knows about it

    @property
    def channel_id(self) -> ChannelId:
        return ChannelId(self.channel["id"])

    @property
    def secret(self) -> dict[str, Secret]:
        return {name: Secret(value) for name, value in self.channel["secret"].items()}

    def row(self, **changes: Any) -> ChannelRow:
        facts: dict[str, Any] = {
            "id": self.channel["id"],
            "kind": self.channel["kind"],
            "title": self.channel["title"],
            "enabled": True,
            "methods": tuple(self.channel["methods"]),
            "account": self.channel["account"],
            "gateway": self.channel["gateway"],
            "currency": Currency.CNY,
            "secret_name": f"faka/channels/{self.channel['id']}",
            "public_key": self.channel["public_key"],
        }
        facts |= {name: value for name, value in self.channel.items() if name not in facts and name != "secret"}
        return ChannelRow(**(facts | changes))

    def account(self, **changes: Any) -> ChannelAccount:
        facts: dict[str, Any] = {
            "channel_id": self.channel_id,
            "kind": self.channel["kind"],
            "account": self.channel["account"],
            "gateway": self.channel["gateway"],
            "currency": Currency.CNY,
            "public_key": self.channel["public_key"],
            "public_keys": self.channel.get("public_keys"),
            "secret": self.secret,
            **({"currency": Currency(self.channel["currency"])} if "currency" in self.channel else {}),
            **changes,
        }
        secret = facts.pop("secret")
        facts.setdefault("secrets", [] if secret is None else [secret])
        return open_account(**facts)

    def adapter(self, **changes: Any) -> Adapter:
        return open_channel(self.account(**changes), self._transport, self._clock)

    # -- what the buyer and the bank do

    def visit(self, checkout: Checkout) -> str:
        """The buyer follows a checkout, by address or by scanning; answers the number of the trade."""
        address = urlsplit(checkout.url)
        if address.path.startswith("/qr/"):
            trade = self.desk.bank.by_token(address.path.removeprefix("/qr/"))
            assert trade is not None
            self.desk.bank.scan(trade)
        else:
            trade = self.desk.enter(Asked.of("GET", checkout.url))
        return trade.out_trade_no

    def open(self, out_trade_no: str, amount_minor: int) -> Trade:
        """A trade as if the buyer had come with it."""
        return self.desk.bank.open(
            self.desk.name,
            out_trade_no,
            is_known=True,
            method="page",
            subject="goods",
            amount_minor=amount_minor,
            notify_url=f"{NOTIFY}/{self.desk.name}/{self.channel_id}",
            return_url="",
            expires_at=0.0,
        )

    def pay(self, out_trade_no: str, amount_minor: int | None = None, times: int = 1) -> list[RawRequest]:
        """The buyer pays; the same notice `times` times. `amount_minor` other than the trade's is a wrong amount."""
        [step] = play(self.desk, self._trade(out_trade_no, amount_minor), "pay", amount_minor=amount_minor)
        return [raw_request(step.notice)] * times

    def pay_twice(self, out_trade_no: str) -> list[RawRequest]:
        """Two payments with two transaction numbers."""
        return [raw_request(step.notice) for step in play(self.desk, self._trade(out_trade_no, None), "twice")]

    def lose(self, out_trade_no: str, amount_minor: int | None = None) -> None:
        """Paid, and the notice never arrives."""
        play(self.desk, self._trade(out_trade_no, amount_minor), "lose", amount_minor=amount_minor)

    def decline(self, out_trade_no: str) -> None:
        self._trade(out_trade_no, None)

    def notice(self, out_trade_no: str, status: str = "", **changes: str) -> RawRequest:
        """Any notice that the provider would sign; no money moves. `changes` go in before the signature."""
        trade = self._trade(out_trade_no, None)
        return raw_request(self.desk.notice(trade, trade.payments[-1] if trade.payments else None, status, **changes))

    def forgeries(self, out_trade_no: str) -> list[RawRequest]:
        """Notices that nobody may believe."""
        return [raw_request(notice) for notice in self.desk.forgeries(self._trade(out_trade_no, None))]

    # -- money that goes back

    @property
    def refund_way(self) -> RefundWay:
        """How it takes what the shop asks back: at once, later, or not now because the merchant's balance is short."""
        return self.desk.bank.refund_ways.get(self.desk.name, RefundWay.AT_ONCE)

    @refund_way.setter
    def refund_way(self, way: RefundWay) -> None:
        self.desk.bank.refund_ways[self.desk.name] = way

    def refund(self, out_trade_no: str, amount_minor: int | None = None) -> RawRequest:
        """Money goes back from the provider's own console; the notice of it."""
        return raw_request(play(self.desk, self._trade(out_trade_no, None), "refund", amount_minor=amount_minor)[-1].notice)

    def refunds(self, out_trade_no: str) -> list[BankRefund]:
        """The refunds of a trade as the provider has them, the oldest first."""
        return self._trade(out_trade_no, None).refunds

    def finish_refund(self, out_trade_no: str) -> RawRequest | None:
        """The newest refund on its way arrives; its notice, where the provider sends one."""
        return _only(play(self.desk, self._trade(out_trade_no, None), "refunded"))

    def fail_refund(self, out_trade_no: str) -> RawRequest | None:
        """The newest refund comes to nothing, though it may have been said to have arrived; its notice, if there is one."""
        return _only(play(self.desk, self._trade(out_trade_no, None), "refund_fails"))

    def bill(self, day: date) -> bytes:
        """The provider's own books of a day in Shanghai; empty where nothing happened."""
        return self.desk.bill(day)

    def state(self, out_trade_no: str) -> str:
        """NEW, WAITING, PAID, CLOSED; empty where the provider knows nothing."""
        trade = self.desk.bank.find(self.desk.name, out_trade_no)
        return trade.state if trade else ""

    def _trade(self, out_trade_no: str, amount_minor: int | None) -> Trade:
        trade = self.desk.bank.find(self.desk.name, out_trade_no)
        if trade is None:
            assert amount_minor is not None, "visit the checkout, open the trade, or say what it costs"
            return self.open(out_trade_no, amount_minor)
        return trade


def _only(steps: Sequence[Step]) -> RawRequest | None:
    return raw_request(steps[0].notice) if steps else None


class FakeProviders:
    """The players with one bank behind them, as the shop's only transport."""

    def __init__(self, clock: Clock, keys: Keys | None = None, bank: Bank | None = None, kinds: Sequence[str] = FIRST) -> None:
        self.keys = keys or shared_keys()
        self.bank = bank or Bank(lambda: clock.now().timestamp())
        self.secrets = SecretShelf({})
        self._clock = clock
        self._all: dict[str, FakeProvider] = {}
        for kind in kinds:
            self.also(kind)

    @property
    def alipay(self) -> FakeProvider:
        return self.by_id("alipay")

    @property
    def epay(self) -> FakeProvider:
        return self.by_id("epay")

    @property
    def refunds(self) -> list[BankRefund]:
        """All refunds at all providers."""
        return [refund for trade in self.bank.newest(1_000_000) for refund in trade.refunds]

    def rows(self) -> list[ChannelRow]:
        return [provider.row() for provider in self._all.values()]

    def by_id(self, channel_id: str) -> FakeProvider:
        """The provider of a channel; one that nobody named so far joins."""
        known = self._all.get(channel_id)
        return known or next((one for one in self._all.values() if one.desk.name == channel_id), None) or self.also(channel_id)

    def also(self, kind: str, channel_id: str = "") -> FakeProvider:
        """One more channel: of a provider that has none yet, or another row of the same merchant there."""
        [desk] = open_desks(self.keys, self.bank, BASE, [kind]).values()
        provider = FakeProvider(desk, self._clock, self, channel_id)
        self._all[provider.channel_id] = provider
        self.secrets.write(f"faka/channels/{provider.channel_id}", provider.secret)
        return provider

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
        """The transport of the adapters."""
        answer = self._asked(Asked.of(method, url, headers, body))
        if answered is not None:
            answered |= answer.lower_headers
        return answer.status, answer.body

    def download(
        self, url: str, into: BinaryIO, *, headers: Mapping[str, str] | None = None, bytes_max: int, timeout_s: float = 300.0
    ) -> int:
        answer = self._asked(Asked.of("GET", url, headers))
        if len(answer.body) > bytes_max:
            raise NoAnswer("too long")
        if answer.status == 200:
            into.write(answer.body)
        return answer.status

    def _asked(self, asked: Asked) -> Answered:
        provider = self.by_id(asked.path.lstrip("/").partition("/")[0])
        provider.calls[provider.desk.call_name(asked)] += 1
        if provider.is_down:
            raise NoAnswer(provider.channel_id)
        answer = provider.desk.serve(asked)
        if provider.loses_answers:
            raise NoAnswer(provider.channel_id)
        return answer


class SecretShelf:
    """A secret store in memory. `read` and `live` as in `platform.secrets.Secrets`."""

    def __init__(self, kept: Mapping[str, Mapping[str, Secret]]) -> None:
        self._kept = dict(kept)
        self._live: dict[str, tuple[tuple[Mapping[str, Secret], ...], Mapping[str, Secret] | None]] = {}

    def read(self, name: str) -> Mapping[str, Secret] | None:
        return self._kept.get(name)

    def live(self, name: str) -> tuple[Mapping[str, Secret], ...]:
        """The same tuple while nothing changes, as there."""
        kept = self._kept.get(name)
        if self._live.get(name, ((), None))[1] is not kept:
            self._live[name] = ((kept,) if kept is not None else (), kept)
        return self._live.get(name, ((), None))[0]

    def write(self, name: str, values: Mapping[str, Secret]) -> None:
        self._kept[name] = values

    def forget(self, name: str) -> None:
        self._kept.pop(name, None)
