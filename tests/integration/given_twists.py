"""A shop with one order that is paid and one that is not, and what strangers send to its door about the second.

The worst case is given away: each twist starts from the very message that the provider would sign if the second order were paid.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import urlencode

from faka.contexts.orders.model import Order
from faka.kernel.exchange import RawRequest
from faka.platform.table import TableName
from infra.local.actors.bank import Payment, Trade
from tests.contract.check_rows import Shop
from tests.kit.doors import CONTEXT, event, load, read
from tests.kit.providers import raw_request
from tests.kit.world import engine_world


METHODS = {"wechatpay": "native", "alipay": "page", "epay": "epay", "epay_rsa": "epay", "stripe": "card", "epusdt": "usdt"}
"""Kind of channel → way to pay."""

ROUTE = "/v1/callbacks/{channel}/{account}"

Rows = dict[tuple[str, str, str], dict[str, Any]]


class Verdict(StrEnum):
    """What must become of a message: how it is answered, and which rows it may leave. None of them is money."""

    REFUSED = "refused"
    """4xx, and no row of any table moves."""
    KNOWN = "known"
    """Acknowledged: its fact is on record already, and no row moves."""
    KEPT = "kept"
    """Acknowledged: the provider signed it and it pays nothing; the notice is kept as evidence."""
    PERSON = "a person's"
    """Acknowledged: the provider signed something about a refund that nobody here asked for; a person is asked."""


LEAVES = {Verdict.REFUSED: [], Verdict.KNOWN: [], Verdict.KEPT: ["trade NOTICE"], Verdict.PERSON: ["trade CASE", "trade NOTICE"]}
"""The kinds of rows that each verdict leaves behind."""


class Bench:
    """A shop with one channel. `victim` waits for its money; `paid` has had it, by the notice `old`."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.world = shop.world
        self.kind = shop.kind
        self.desk: Any = shop.provider.desk
        self.paid = shop.ordered()
        self._opened(self.paid)
        [self.old] = shop.provider.pay(shop.number(self.paid), self.paid.total.minor)
        self.deliver(self.old)
        self.victim = shop.ordered()
        self._opened(self.victim)

    def _opened(self, order: Order) -> None:
        if not self.shop.provider.state(self.shop.number(order)):
            self.shop.provider.open(self.shop.number(order), order.total.minor)

    # -- what is sent ---------------------------------------------------------------------------------------------------

    @property
    def number(self) -> str:
        return self.shop.number(self.victim)

    @property
    def trade(self) -> Trade:
        trade = self.world.providers.bank.find(self.desk.name, self.number)
        assert trade is not None
        return trade

    @property
    def claimed(self) -> Payment:
        """The payment that never was."""
        return Payment(self.trade.trade_no, self.trade.amount_minor, self.world.clock.now().timestamp(), "2088102177846880")

    def claim(self, status: str = "", **changes: str) -> RawRequest:
        """What the provider would send if the victim were paid, with changes that it signs too."""
        return raw_request(self.desk.notice(self.trade, self.claimed, status or self.desk.paid, **changes))

    # -- the door -------------------------------------------------------------------------------------------------------

    def deliver(self, raw: RawRequest, channel: str = "", account: str = "") -> tuple[int, str]:
        """Status and body of the function's answer. Without a name the channel's own address."""
        params = {"channel": channel or self.kind, "account": account or self.shop.provider.channel_id}
        path = f"/v1/callbacks/{params['channel']}/{params['account']}"
        given = event(raw.method, ROUTE, path, params, urlencode(raw.query), raw.body, dict(raw.headers), "203.0.113.7")
        function = load("callbacks")
        with patch.object(function, "deps", self.world.deps):
            page = read(function.handler(given, CONTEXT))
        return page.status, page.text

    def rows(self) -> Rows:
        """Every row of every table, as the client sees it."""
        rows = {(name.value, row["pk"]["S"], row["sk"]["S"]): row for name in TableName for row in self.world.client.rows(name)}
        return copy.deepcopy(rows)


Make = Callable[[Bench], RawRequest]


class Twist(NamedTuple):
    """One message that must not be believed."""

    hole: str
    """What other shops did here."""
    name: str
    make: Make
    verdict: Verdict = Verdict.REFUSED
    address: tuple[str, str] = ("", "")
    """Channel and account, where it goes to another door."""


HOLES = {
    "unsigned": "a message without a signature, or with something that is none",
    "loose": "true, a list, 0 or a magic digest equals any signature where types are not looked at",
    "key": "an empty key, a public one, or one that somebody else knows",
    "algorithm": "the message chooses how it is proved",
    "joined": "two readings of one signed text",
    "twice": "a parameter twice: one party reads the first, another the last",
    "amount": "an amount as a float, as a text, or not at all",
    "account": "an honest message of the forger's own account",
    "order": "the proof of one order for another, or the same again",
    "state": "signed, and not the word for paid",
    "refund": "money that goes back, taken for money that came",
    "time": "an old message, or one of the future",
    "serial": "the right key under a wrong name, or a key that the message brings",
    "shape": "another method, type or encoding than the provider's",
}


@contextmanager
def bench(kind: str) -> Iterator[Bench]:
    with engine_world() as world:
        yield Bench(Shop(world, kind, METHODS[kind]))


def moved(before: Rows, after: Rows) -> list[str]:
    """Table and kind of each row that is not the same byte for byte."""
    return sorted(f"{key[0]} {key[2]}" for key in {**before, **after} if before.get(key) != after.get(key))


# -- changing what is sent -------------------------------------------------------------------------------------------------------


def headed(raw: RawRequest, **headers: str) -> RawRequest:
    """With other headers; an empty one is left out."""
    new = {**raw.headers, **{name.replace("_", "-"): text for name, text in headers.items()}}
    return raw.model_copy(update={"headers": {name: text for name, text in new.items() if text}})


def bodied(raw: RawRequest, body: bytes) -> RawRequest:
    return raw.model_copy(update={"body": body})


def changed(whole: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """With changes by name; None takes a name out."""
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}
