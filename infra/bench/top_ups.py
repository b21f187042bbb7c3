"""Buyers of top-ups, of cards beside them, and how their orders end."""

import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from faka.contexts.orders.model import OrderState
from faka.kernel.ids import OrderId, lookup_code, order_id, out_trade_no, payment_id, ulid
from faka.kernel.limits import BATCH_GET_MAX
from faka.platform.real import SystemChance, SystemClock
from faka.wiring import Deps
from infra.bench.buyers import AGENT, FORM, Line, request
from infra.bench.cloud import Cloud
from infra.bench.provider import Providers


TOP_UP, CARDS = "bench-top-up", "bench-beside"
COST_MINOR, TOP_UP_MINOR = 2_850, 2_990
KINDS = ("md5_form", "signed_json")

ENDED = (OrderState.COMPLETED, OrderState.FAILED)

WAIT_S_MAX = 500
"""For all of them together; a machine of two processors takes about two minutes."""


class Doors:
    """Buyers of top-ups and of cards, each with an address of his own."""

    def __init__(self, cloud: Cloud) -> None:
        self.port = cloud.port
        self._providers = Providers(cloud.players, f"http://127.0.0.1:{cloud.port}")
        self._lock = threading.Lock()
        self._next = 0

    def buy(self, product: str, price_minor: int, *, is_paid: bool = True) -> tuple[OrderId, float]:
        """The order, and the seconds that its form took. Raises: ValueError where the shop says no."""
        with self._lock:
            self._next += 1
            number = self._next
        form_id = ulid(SystemClock().now(), SystemChance())
        order = order_id(form_id)
        fields = {"form_id": form_id, "code": lookup_code(SystemChance()), "sku": product, "quantity": "1", "contact": ""}
        fields |= {"channel": "alipay:page", "account_mobile": str(13_000_000_000 + number)}
        headers = (f"Content-Type: {FORM}", f"Origin: http://127.0.0.1:{self.port}", "Accept: text/html", f"User-Agent: {AGENT}")
        line = Line(self.port, f"127.{32 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}")
        try:
            began = time.perf_counter()
            status, _, body = line.ask(request("POST", f"/p/{product}", self.port, urlencode(fields).encode(), headers))
            took_s = time.perf_counter() - began
            if status != 303:
                raise ValueError(f"{status} {body[:120]!r}")
            if is_paid:
                with self._lock:
                    notice = self._providers.paid("alipay", out_trade_no(payment_id(order, 0)), price_minor)
                path = notice.url.partition(f":{self.port}")[2]
                line.ask(request("POST", path, self.port, notice.body, (f"Content-Type: {notice.content_type}",)))
        finally:
            line.close()
        return order, took_s

    def page_s(self, product: str) -> float:
        line, began = Line(self.port), time.perf_counter()
        try:
            line.ask(request("GET", f"/p/{product}", self.port, headers=("Accept: text/html", f"User-Agent: {AGENT}")))
        finally:
            line.close()
        return time.perf_counter() - began


def ended(deps: Deps, orders: list[OrderId], began: float) -> dict[OrderId, OrderState]:
    ended: dict[OrderId, OrderState] = {}
    while len(ended) < len(orders) and time.monotonic() - began < WAIT_S_MAX:
        open_ = [order for order in orders if order not in ended]
        for part in _parts(open_):
            ended |= {name: order.state for name, order in deps.orders.get_many(part).items() if order.state in ENDED}
        time.sleep(0.5)
    return ended


def _parts(orders: list[OrderId]) -> Iterator[list[OrderId]]:
    for start in range(0, len(orders), BATCH_GET_MAX):
        yield orders[start : start + BATCH_GET_MAX]
