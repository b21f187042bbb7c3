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
HANGING = 8
"""Top-ups that run meanwhile, in either half: more than functions of a provider's call that the emulator runs at once on two processors."""

KINDS = ("md5_form", "signed_json")
ROUNDS, ROUNDS_QUICK = 10, 1
VISITS = 8
"""Pages and orders of the other goods, in each half of a round."""

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
        hang = _beside_those_that_hang(deps, doors, players, ROUNDS if count == WHOLE else ROUNDS_QUICK)
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
        for rank, kind in enumerate(KINDS)
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


class Half:
    """What visits took, in milliseconds, and how many calls the suppliers held when each of them began."""

    def __init__(self) -> None:
        self.pages: list[float] = []
        self.forms: list[float] = []
        self.held: list[int] = []


def _beside_those_that_hang(deps: Deps, doors: Doors, players: str, rounds: int) -> dict[str, Any]:
    """Page and order of other goods while top-ups run whose suppliers answer, and while they run whose suppliers hold the line: by turns,
    with as many top-ups, and nothing left of one turn in the next. Odd rounds begin with the other half.
    """
    halves = (Half(), Half())
    ratios: dict[str, list[float]] = {"pages": [], "forms": []}
    for each in range(rounds):
        seen = (Half(), Half())
        for turn in (0, 1) if each % 2 == 0 else (1, 0):
            _turn(deps, doors, players, seen[turn], hangs_s=HANGS_S * turn)
        for name, kept in ratios.items():
            kept.append(statistics.median(getattr(seen[1], name)) / statistics.median(getattr(seen[0], name)))
        for whole, part in zip(halves, seen, strict=True):
            whole.pages += part.pages
            whole.forms += part.forms
            whole.held += part.held
    found: dict[str, Any] = {"rounds": rounds, "visits": rounds * VISITS, "held": [round(statistics.mean(one.held), 1) for one in halves]}
    for said, name in (("page", "pages"), ("order", "forms")):
        medians = [statistics.median(getattr(one, name)) for one in halves]
        found[f"{said}_ms"] = [round(one, 1) for one in medians]
        found[f"{said}_ratio"] = round(medians[1] / medians[0], 2)
        found[f"{said}_ratios"] = [round(min(ratios[name]), 2), round(max(ratios[name]), 2)]
    return found


def _turn(deps: Deps, doors: Doors, players: str, half: Half, *, hangs_s: float) -> None:
    for kind in KINDS:
        _control(players, supplier=kind, hangs_s=hangs_s)
    orders = [doors.buy(TOP_UP, TOP_UP_MINOR)[0] for _ in range(HANGING)]
    time.sleep(1)
    for _ in range(VISITS):
        half.held.append(sum(_control(players, supplier=kind)["held"] for kind in KINDS))
        half.pages.append(doors.page_s(CARDS) * 1_000)
        half.forms.append(doors.buy(CARDS, PRICE_MINOR)[1] * 1_000)
    for kind in KINDS:
        _control(players, supplier=kind, hangs_s=0)
    _ended(deps, orders, time.monotonic())


def _control(players: str, **order: Any) -> Any:
    asked = urllib.request.Request(f"{players}/_control", json.dumps(order).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)
