"""A thousand top-ups at once on the local cloud, and what a supplier that hangs costs the buyers of other goods.

Orders are placed and paid through the shop's doors; fulfilment, machines, suppliers' players and the ledger are those of `make run`.
What is measured is our contention and the emulator's speed, not the throughput of the service that it stands for.
"""

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from faka.contexts.catalog.model import Product
from faka.contexts.orders.model import OrderState
from faka.flows.edit_catalog import publish
from faka.kernel.ids import OrderId, ProductId, SkuId
from faka.wiring import Deps
from infra.bench import hangs
from infra.bench.cloud import Cloud
from infra.bench.shop import CATEGORY, PRICE_MINOR, put_on_sale, put_up, seal
from infra.bench.top_ups import CARDS, COST_MINOR, KINDS, TOP_UP, TOP_UP_MINOR, Doors, ended
from infra.local.actors.server import create_server
from infra.local.seed import seed_suppliers


WHOLE, QUICK = 1_000, 12
SENDERS = 24


def measure(cloud: Cloud, deps: Deps, count: int) -> dict[str, Any]:
    with _players(cloud) as players:
        _open(deps, cloud, players)
        doors = Doors(cloud)
        doors.buy(CARDS, PRICE_MINOR)
        whole = _at_once(cloud, deps, doors, players, count)
        hang = hangs.beside_those_that_hang(deps, doors, players, hangs.ROUNDS if count == WHOLE else hangs.ROUNDS_QUICK)
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
    states = ended(deps, orders, began)
    all_s = time.monotonic() - began
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
        "ended_s": round(all_s, 1),
        "per_s": round(len(states) / all_s, 1),
        "cpu_s": {part: round(used[part] - cpu[part], 1) for part in used},
        "right": len(states) == len(orders) == done == charged == count and cost == owed,
    }


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
