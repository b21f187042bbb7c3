"""Every act of the players against a running shop: `python -m infra.local.actors.matrix --port 8080` prints one table.

For each channel and act: an order is made as a visitor without a script makes it, the act is played, and the order must end
where the rules say, with exactly one card or none. Ends with 0 only if each row is as wanted.
"""

import argparse
import http.client
import json
import random
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from infra.local.headless import Page, Visitor


WAIT_S_MAX = 150.0
"""The sweeper heals within two minutes what an event lost."""
SETTLE_S = 2.0
"""An order that reached its end is looked at again after this: repeats and forgeries must not move it."""
REFUND = 2
"""The third word of an order's tag; behind it stands one for each of its refunds."""
SOLD, WAITING, HELD = "completed", "pending_payment", "on_hold"


class Guest(Visitor):
    """A visitor from a loopback address of his own, because the shop bounds the open orders of one address.

    Where the system has 127.0.0.1 only, all guests share it and the shop's bound ends the matrix early.
    """

    def __init__(self) -> None:
        super().__init__()
        self._connections = _Sourced()


class _Sourced(dict[str, http.client.HTTPConnection]):
    def setdefault(self, site: str, _: http.client.HTTPConnection | None = None) -> http.client.HTTPConnection:
        if site not in self:
            self[site] = http.client.HTTPConnection(urlsplit(site).netloc, timeout=30, source_address=(_own_address(), 0))
        return self[site]


def _own_address() -> str:
    address = f"127.{random.randrange(2, 250)}.{random.randrange(250)}.{random.randrange(2, 250)}"
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return "127.0.0.1"
    return address


@dataclass(frozen=True)
class Case:
    word: str
    """What row G15 calls it."""
    act: str
    state: str
    order: dict[str, Any] = field(default_factory=dict)
    refunds: tuple[str, ...] = ("none",)
    cancels_first: bool = False

    @property
    def cards(self) -> int:
        return 1 if self.state == SOLD else 0

    def refunds_at(self, channel: str) -> tuple[str, ...]:
        """An epay gateway's query names one transaction only: its second payment is a person's case, not an automatic refund."""
        return (*self.refunds, "none") if channel == "epay" else self.refunds


CASES = (
    Case("plain", "pay", SOLD),
    Case("declined", "decline", WAITING),
    Case("repeated", "repeat", SOLD, {"times": 20}),
    Case("double", "twice", SOLD, refunds=("due", "extra")),
    Case("lost", "lose", SOLD),
    Case("reordered", "reorder", SOLD),
    Case("late", "pay", SOLD, cancels_first=True),
    Case("too little", "less", HELD),
    Case("too much", "more", HELD),
    Case("forged", "forge", WAITING),
)


@dataclass(frozen=True)
class Row:
    channel: str
    case: Case
    state: str = ""
    cards: int = 0
    sent: int = 0
    accepted: int = 0
    refused: int = 0
    took_s: float = 0.0
    trouble: str = ""

    @property
    def is_right(self) -> bool:
        is_as_wanted = (_word(self.state, 0), self.cards) == (self.case.state, self.case.cards)
        is_as_wanted = is_as_wanted and _word(self.state, REFUND) in self.case.refunds_at(self.channel)
        return is_as_wanted and not self.trouble

    def cells(self) -> tuple[str, ...]:
        wanted = f"{self.case.state}, {self.case.cards} card" + ("s" if self.case.cards != 1 else "")
        seen = self.trouble or f"{self.state}, {self.cards}"
        counts = (str(self.sent), str(self.accepted), str(self.refused))
        return (self.channel, self.case.word, *counts, wanted, seen, f"{self.took_s:.1f}", "ok" if self.is_right else "WRONG")


def run(shop: str, channel: str, case: Case) -> Row:
    began, visitor = time.monotonic(), Guest()
    try:
        order = _ordered(visitor, shop, channel)
        cashier = _cashier(visitor, order)
        number, players = urlsplit(cashier.url).path.rpartition("/")[2], cashier.url.partition("/cashier/")[0]
        if case.cancels_first:
            order = visitor.submit(order, _wanted(order.form("/cancel"), "a button to cancel"))
        _asked(f"{players}/_control", {"out_trade_no": number, "act": case.act, **case.order})
        state = _settled(visitor, order.url, case.state, case.refunds_at(channel))
        cards = _cards(visitor, order.url) if state.startswith(SOLD) else 0
        told = _asked(f"{players}/_notices?out_trade_no={number}")
        accepted = sum(one["answer"] == "success" for one in told)
        refused = sum(one["status"] in (400, 401) for one in told)
        return Row(channel, case, state, cards, len(told), accepted, refused, time.monotonic() - began)
    except (OSError, LookupError) as error:
        return Row(channel, case, took_s=time.monotonic() - began, trouble=str(error))
    finally:
        visitor.close()


def _ordered(visitor: Visitor, shop: str, channel: str) -> Page:
    """A fresh order, paid by the wanted channel's page."""
    home = visitor.get(f"{shop}/")
    for address in dict.fromkeys(urljoin(home.url, link["href"]) for link in home.links if link["href"].startswith("/p/")):
        page = visitor.get(address)
        form = page.form(urlsplit(address).path)
        ways = form.choices.get("channel", []) if form else []
        way = next((way for way in ways if way.startswith(f"{channel}:") and not way.endswith(":precreate")), "")
        if form is None or not way or not form.choices.get("sku"):
            continue
        sku = form.fields.get("sku") or form.choices["sku"][0]
        order = visitor.submit(page, form, sku=sku, channel=way, contact=f"matrix-{time.monotonic_ns()}@faka.example", **form.ticks)
        if order.stage:
            return order
        raise LookupError(f"no order: {order.status} {order.headline}")
    raise LookupError("nothing can be bought")


def _cashier(visitor: Visitor, order: Page) -> Page:
    form = next((form for form in order.forms if "data-leaving" in form.attributes), None)
    link = next((link["href"] for link in order.links if "data-leaving" in link), "")
    page = visitor.submit(order, form) if form else visitor.get(_wanted(link, "a way to pay"))
    if "/cashier/" not in page.url:
        raise LookupError(f"no cashier: {page.status} {page.headline}")
    return page


def _settled(visitor: Visitor, address: str, wanted: str, refunds: tuple[str, ...]) -> str:
    """The order's tag once it is where it should be and stays there, or at the end of patience."""
    until, state = time.monotonic() + WAIT_S_MAX, ""
    while time.monotonic() < until:
        state = visitor.get(f"{address.partition('?')[0]}/status").stage.get("data-state", "")
        is_delivered = wanted != SOLD or ".none." not in state
        if state.startswith(wanted) and is_delivered and _word(state, REFUND) in refunds:
            break
        time.sleep(0.3)
    time.sleep(SETTLE_S)
    return visitor.get(f"{address.partition('?')[0]}/status").stage.get("data-state", state)


def _word(tag: str, place: int) -> str:
    words = tag.split(".")
    return words[place] if place < len(words) else ""


def _cards(visitor: Visitor, address: str) -> int:
    page = visitor.get(address.partition("?")[0])
    form = next((form for form in page.forms if "data-reveal" in form.attributes), None)
    return len(visitor.submit(page, _wanted(form, "a button to show the card")).secrets)


def _wanted(found: Any, what: str) -> Any:
    if not found:
        raise LookupError(f"the page has not {what}")
    return found


def _asked(url: str, order: dict[str, Any] | None = None) -> Any:
    body = json.dumps(order).encode() if order is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=30) as answer:
        return json.load(answer)


def table(rows: list[Row]) -> Iterator[str]:
    head = ("channel", "act", "sent", "ack", "refused", "wanted", "seen", "s", "")
    lines = [head, *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.actors.matrix", description="Play every act against a running shop.")
    parser.add_argument("--port", type=int, default=8080, help="port of the shop")
    parser.add_argument("--parallel", type=int, default=4, help="orders at the same time")
    given = parser.parse_args()
    shop = f"http://127.0.0.1:{given.port}"
    with ThreadPoolExecutor(given.parallel) as pool:
        rows = list(pool.map(lambda pair: run(shop, *pair), [(channel, case) for channel in ("alipay", "epay") for case in CASES]))
    print("\n".join(table(rows)))
    wrong = sum(not row.is_right for row in rows)
    print(f"{len(rows) - wrong} of {len(rows)} as wanted")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
