"""A thousand top-ups at once on the local cloud, and what a supplier that hangs costs the buyers of other goods.

Orders are placed and paid through the shop's doors; fulfilment, machines, suppliers' players and the ledger are those of `make run`.
What is measured is our contention and the emulator's speed, not the throughput of the service that it stands for.
"""

import json
import statistics
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from faka.contexts.catalog.model import Product
from faka.contexts.orders.model import OrderState
from faka.flows.edit_catalog import publish
from faka.kernel.ids import OrderId, ProductId, SkuId, lookup_code, order_id, out_trade_no, payment_id, ulid
from faka.kernel.limits import BATCH_GET_MAX
from faka.platform.real import SystemChance, SystemClock
from faka.wiring import Deps
from infra.bench.buyers import AGENT, FORM, Line, request
from infra.bench.cloud import Cloud
from infra.bench.provider import Providers
from infra.bench.shop import CATEGORY, PRICE_MINOR, put_on_sale, put_up, seal
from infra.local.actors.server import create_server
from infra.local.seed import seed_suppliers


WHOLE, QUICK = 1_000, 12
SENDERS = 24
WAIT_S_MAX = 500
"""For all of them together; a machine of two processors takes about two minutes."""

TOP_UP, CARDS = "bench-top-up", "bench-beside"
COST_MINOR, TOP_UP_MINOR = 2_850, 2_990
HANGS_S = 8.0
HANGING = 12
"""Top-ups that wait for the hanging supplier meanwhile."""

VISITS = 30
"""Pages and orders of the other goods, with and without."""

ENDED = (OrderState.COMPLETED, OrderState.FAILED)


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


def measure(cloud: Cloud, deps: Deps, count: int) -> dict[str, Any]:
    with _players(cloud) as players:
        _open(deps, cloud, players)
        doors = Doors(cloud)
        doors.buy(CARDS, PRICE_MINOR)
        whole = _at_once(cloud, deps, doors, players, count)
        hang = _beside_one_that_hangs(doors, players, VISITS if count == WHOLE else 6)
    return {**whole, "hang": hang, "is_right": whole["right"]}


@contextmanager
def _players(cloud: Cloud) -> Iterator[str]:
    """The suppliers, in this process: a cloud without a demo has none."""
    server = create_server(0, cloud.players)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def _open(deps: Deps, cloud: Cloud, players: str) -> None:
    form = {"fields": [{"name": "mobile", "label": {"zh": "手机号码", "en": "Mobile number"}, "kind": "PHONE"}]}
    price = {"minor": TOP_UP_MINOR, "currency": "CNY"}
    skus = [{"id": TOP_UP, "name": {"zh": "30 元", "en": "30 yuan"}, "price": price, "per_order_max": 1}]
    head = {"id": TOP_UP, "kind": "DIRECT_RECHARGE", "category": CATEGORY, "state": "LISTED", "title": {"zh": "话费", "en": "Top-up"}}
    publish(deps, Product.model_validate({**head, "skus": skus, "account_form": form}))
    offers = [
        {"kind": kind, "sku": TOP_UP, "goods_id": "5010", "cost": {"minor": COST_MINOR + rank, "currency": "CNY"}}
        for rank, kind in enumerate(("md5_form", "signed_json"))
    ]
    seed_suppliers(deps, players, cloud.players, offers)
    put_up(deps, CARDS, [CARDS])
    put_on_sale(deps, seal(deps, ProductId(CARDS), SkuId(CARDS), 500, [range(500)]))


def _placed(doors: Doors, count: int) -> tuple[list[OrderId], list[str]]:
    """Orders that are paid, and why others were not taken."""
    numbers, orders, failures, lock = iter(range(count)), list[OrderId](), list[str](), threading.Lock()

    def buyer() -> None:
        while True:
            with lock:
                if next(numbers, None) is None:
                    return
            try:
                orders.append(doors.buy(TOP_UP, TOP_UP_MINOR)[0])
            except (OSError, ValueError) as error:
                failures.append(str(error)[:200])

    threads = [threading.Thread(target=buyer) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return orders, failures


def _at_once(cloud: Cloud, deps: Deps, doors: Doors, players: str, count: int) -> dict[str, Any]:
    began, cpu = time.monotonic(), cloud.cpu_s()
    orders, failures = _placed(doors, count)
    placed_s = time.monotonic() - began
    states = _ended(deps, orders, began)
    ended_s = time.monotonic() - began
    used = cloud.cpu_s()
    charged, cost = _charged(players)
    owed = sum(_owed(deps, orders))
    done = sum(state is OrderState.COMPLETED for state in states.values())
    return {
        "orders": len(orders),
        "failures": failures[:5],
        "completed": done,
        "ended": len(states),
        "charges": charged,
        "cost_minor": cost,
        "owed_minor": owed,
        "placed_s": round(placed_s, 1),
        "ended_s": round(ended_s, 1),
        "per_s": round(len(states) / ended_s, 1),
        "cpu_s": {part: round(used[part] - cpu[part], 1) for part in used},
        "right": len(states) == len(orders) == done == charged == count and cost == owed,
    }


def _ended(deps: Deps, orders: list[OrderId], began: float) -> dict[OrderId, OrderState]:
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


def _charged(players: str) -> tuple[int, int]:
    """How many numbers stand charged at the suppliers, each counted as often as it was, and what they took."""
    with urllib.request.urlopen(f"{players}/_supplies", timeout=60) as answer:
        suppliers: dict[str, dict[str, dict[str, Any]]] = json.load(answer)
    stand = [one for orders in suppliers.values() for one in orders.values() if one["state"] == "SUCCEEDED"]
    return sum(one["charges"] for one in stand), sum(one["cost_minor"] * one["charges"] for one in stand)


def _owed(deps: Deps, orders: list[OrderId]) -> Iterator[int]:
    """What the ledger owes for each; an entry that does not balance owes nothing."""
    for order in orders:
        entry = deps.ledger.find(f"rch:rch_{order[4:]}:cost")
        if entry is not None and sum(line.amount_minor * (1 if line.side == "D" else -1) for line in entry.lines) == 0:
            yield sum(line.amount_minor for line in entry.lines if line.account.startswith("supplier:"))


def _beside_one_that_hangs(doors: Doors, players: str, visits: int) -> dict[str, Any]:
    """Page and order of other goods, with all well and with every supplier holding the line; by turns, so that all else is alike."""
    well = _visits(doors, visits)
    for kind in ("md5_form", "signed_json"):
        _control(players, supplier=kind, hangs_s=HANGS_S)
    try:
        for _ in range(HANGING):
            doors.buy(TOP_UP, TOP_UP_MINOR)
        time.sleep(1)
        ill = _visits(doors, visits)
    finally:
        for kind in ("md5_form", "signed_json"):
            _control(players, supplier=kind, hangs_s=0)
    return {
        "visits": visits,
        "page_ms": [round(one[0], 1) for one in (well, ill)],
        "order_ms": [round(one[1], 1) for one in (well, ill)],
        "page_ratio": round(ill[0] / well[0], 2),
        "order_ratio": round(ill[1] / well[1], 2),
    }


def _visits(doors: Doors, visits: int) -> tuple[float, float]:
    """Medians in milliseconds: the page, the order's form."""
    pages, forms = [], []
    for _ in range(visits):
        pages.append(doors.page_s(CARDS) * 1_000)
        forms.append(doors.buy(CARDS, PRICE_MINOR)[1] * 1_000)
    return statistics.median(pages), statistics.median(forms)


def _control(players: str, **order: Any) -> None:
    asked = urllib.request.Request(f"{players}/_control", json.dumps(order).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(asked, timeout=30).close()
