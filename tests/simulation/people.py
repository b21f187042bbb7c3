"""Scripts of those who use the shop: a buyer with a browser, a second tab, an operator."""

import random
import re
from collections.abc import Callable
from typing import Any

from faka.kernel.ids import OrderId, lookup_code, out_trade_no, ulid
from faka.wiring import Deps
from tests.kit.doors import Page, Shop
from tests.simulation import wiring
from tests.simulation.cloud import DIED, Failed
from tests.simulation.play import Play


_STATE = re.compile(r'data-state="([^"]*)"')
_CARD = re.compile(r"ZQ[0-9A-Z]{14}-S\d{6}")


class Browser(Shop):
    """A browser whose requests are invocations of this run. A function that dies shows as 502, as the gateway would."""

    def __init__(self, play: Play, name: str, address: str = "") -> None:
        self.cookies: dict[str, str] = {}
        self.play = play
        self.name = name
        self.address = address or f"203.0.113.{sum(name.encode()) % 250}"
        self._handlers = []
        for function in ("storefront", "reveal"):
            for method, path in wiring.door(function).routes:
                pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
                self._handlers.append((method, pattern, path, self._invoked(function)))
        self._handlers.sort(key=lambda one: one[2].count("{"))

    def _invoked(self, function: str) -> Any:
        def call(given: dict[str, Any], _context: Any) -> dict[str, Any]:
            answer = self.play.cloud.invoke(function, given, self.name)
            if answer is DIED or isinstance(answer, Failed):
                return {"statusCode": 502, "headers": {}, "multiValueHeaders": {}, "body": ""}
            found: dict[str, Any] = answer
            return found

        return call

    def call(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Page:
        page = super().call(method, url, body, headers)
        self.play.answers.append((f"{method} {url.split('?', maxsplit=1)[0]}", page.status))
        return page


class Buyer:
    """One purchase: a form of his own, which he may send again, and the order that it makes."""

    def __init__(self, play: Play, name: str, **chosen: Any) -> None:
        self.play = play
        self.browser = Browser(play, name, chosen.pop("address", ""))
        self._bytes = _Bytes(random.Random(f"form of {name}"))
        self.form = {
            "form_id": ulid(play.cloud.world.clock.now(), self._bytes),
            "code": lookup_code(self._bytes),
            "sku": play.cloud.world.sku.id,
            "quantity": "1",
            "contact": "",
            "channel": "alipay:page",
            **chosen,
        }
        self.order = OrderId(f"ord_{self.form['form_id']}")

    @property
    def channel(self) -> str:
        return str(self.form["channel"]).partition(":")[0]

    def submit(self, tries: int = 2) -> bool:
        """Send the form, again when there was no answer; says whether it led to the order."""
        for _ in range(tries):
            page = self.browser.post(f"/p/{self.play.cloud.world.product.id}", self.form)
            if page.status == 303:
                return True
            if page.status < 500:
                return False
        return False

    def pay(self, amount_minor: int | None = None, *, attempt: int = 0) -> None:
        """Money at the provider, for what the order asks; its notice is on the way."""
        pay(self.play, self.order, self.channel, amount_minor, attempt=attempt)

    def look(self) -> str:
        """The order page; what it says of the state."""
        page = self.browser.get(f"/o/{self.order}")
        found = _STATE.search(page.text)
        if page.status == 200 and found:
            self.play.seen.append((self.order, found.group(1)))
            return found.group(1)
        return ""

    def reveal(self, open_id: str = "") -> tuple[str, ...]:
        """Open the cards; what was shown."""
        page = self.browser.post(f"/o/{self.order}/cards", {"open_id": open_id} if open_id else {"x": "1"})
        cards = tuple(dict.fromkeys(_CARD.findall(page.text)))
        if page.status == 200 and cards:
            self.play.shown.append((self.order, cards))
        return cards


class _Bytes:
    """Two tabs of one form draw the same."""

    def __init__(self, stream: random.Random) -> None:
        self._stream = stream

    def bytes(self, count: int) -> bytes:
        return self._stream.randbytes(count)


def pay(play: Play, order_id: OrderId, channel: str, amount_minor: int | None = None, *, attempt: int = 0, notice: bool = True) -> None:
    """The buyer's money arrives at the provider, which sends its notice unless `notice` is false."""
    provider = play.cloud.providers.by_id(channel)
    number = out_trade_no(f"pay_{order_id[4:]}{attempt:02d}")  # type: ignore[arg-type]
    price = play.cloud.world.sku.price.minor
    if not provider.state(number):
        provider.open(number, amount_minor if amount_minor is not None else price)
    raws = provider.pay(number, amount_minor)
    if notice:
        play.notify(channel, raws)


COMMAND_TRIES = 5
"""A person repeats a command that ended without an answer; after so many he has long called somebody, and the run makes it up later."""


def operates(play: Play, name: str, work: Callable[[Deps], Any], *, tries: int = COMMAND_TRIES) -> None:
    """An operator's command, repeated until it ends well; what he could not do in the storm he does when it is over."""

    def command() -> bool:
        answer = play.cloud.run_flow(name, work)
        return not (answer is DIED or isinstance(answer, Failed))

    def script(play: Play) -> None:
        if not any(command() for _ in range(tries)) and tries > 1:
            play.left_over.append(command)

    play.cast(name, script)
