"""Buyers over plain HTTP at the running shop, providers included: crowds, lost notices, every act of the players, one card's history."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median

import pytest

from faka.contexts.orders.model import OrderState
from faka.flows.edit_catalog import publish
from faka.kernel.ids import SkuId
from faka.wiring import Deps, ShopSettings
from infra.local.headless import Page
from infra.ops.history import history
from tests.e2e.importing import taken_in
from tests.e2e.shopper import Shopper, asked, number
from tests.kit.local import ROOT, LocalCloud, running
from tests.unit.catalog.given import product, sku


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

BUYERS, LAST = 32, 10
HEALED_S = 130


@dataclass
class Shop:
    cloud: LocalCloud
    deps: Deps

    def goods(self, name: str, cards: int) -> str:
        """A product with so many cards; card n reads `{name}-N{n}` and `{name}-S{n}`."""
        publish(self.deps, product(name, category="video", state="LISTED", skus=(sku(f"{name}-one", per_order_max=5),)))
        assert taken_in(self.deps, name, [f"{name}-N{n},{name}-S{n}" for n in range(cards)]).counts.new == cards
        return name

    def counts(self, name: str) -> tuple[int, int, int]:
        """Imported, on sale, in orders."""
        counts = self.deps.stock.counts(SkuId(f"{name}-one"))
        return counts.imported, counts.available + counts.waiting, counts.claimed - counts.returned


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running(tmp_path_factory.mktemp("buyers")) as cloud, cloud.here() as environment:
        yield Shop(cloud, Deps(ShopSettings.from_env(environment)))


def test_one_command_plays_every_act_of_the_players_and_prints_a_table(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """The first test: the matrix buys what stands first on the shelf, which is the demo's as long as nothing is added."""
    command = [sys.executable, "-m", "infra.local.actors.matrix", "--port", str(shop.cloud.port)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    with capsys.disabled():
        print(f"\n{ended.stdout}")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "20 of 20 as wanted" in ended.stdout


def test_of_32_buyers_of_the_last_10_cards_10_read_one_each_and_22_are_told_before_they_pay(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    goods = shop.goods("rush", LAST)
    shoppers = [Shopper(shop.cloud.shop, 500 + n, f"rush{n}@faka.example") for n in range(BUYERS)]
    forms = [shopper.form_of(goods) for shopper in shoppers]

    def tries(n: int) -> Page:
        return shoppers[n].send(*forms[n])

    def pays_and_reads(pair: tuple[Shopper, Page]) -> tuple[str, float]:
        shopper, order = pair
        shopper.act(order, "pay")
        began = time.monotonic()
        ready = shopper.ready(order)
        return shopper.reveal(ready).secrets[-1], time.monotonic() - began

    with ThreadPoolExecutor(BUYERS) as crowd:
        pages = list(crowd.map(tries, range(BUYERS)))
        orders = [(shopper, page) for shopper, page in zip(shoppers, pages, strict=True) if page.stage]
        told = Counter(page.status for page in pages if not page.stage)
        read = list(crowd.map(pays_and_reads, orders))

    assert (len(orders), told) == (LAST, Counter({409: BUYERS - LAST}))
    assert sorted(card for card, _ in read) == sorted(f"{goods}-S{n}" for n in range(LAST))
    assert shop.counts(goods) == (LAST, 0, LAST)
    with capsys.disabled():
        times = sorted(took for _, took in read)
        print(f"\n  paid to read at {LAST} buyers at once: median {median(times):.2f} s, longest {times[-1]:.2f} s")


def test_with_no_notice_at_all_every_paid_order_is_found_and_delivered_within_two_minutes(shop: Shop) -> None:
    """Nobody looks at the status either: only the sweep asks."""
    goods = shop.goods("silent", 6)
    shoppers = [Shopper(shop.cloud.shop, 600 + n) for n in range(4)]
    orders = [shopper.order(goods, by) for shopper, by in zip(shoppers, ("alipay", "epay", "alipay", "epay"), strict=True)]
    for shopper, order in zip(shoppers, orders, strict=True):
        shopper.act(order, "lose")
    end = time.monotonic() + HEALED_S
    while any(shop.deps.orders.get(number(order)).state is not OrderState.COMPLETED for order in orders):  # type: ignore[arg-type]
        assert time.monotonic() < end
        time.sleep(0.5)
    cards = [shopper.reveal(shopper.ready(order, 5)).secrets[-1] for shopper, order in zip(shoppers, orders, strict=True)]
    assert len(set(cards)) == 4


def test_a_notice_that_comes_twenty_times_delivers_once_and_is_acknowledged_each_time(shop: Shop) -> None:
    goods = shop.goods("often", 3)
    who = Shopper(shop.cloud.shop, 700, "often@faka.example")
    order = who.order(goods)
    at_provider = who.act(order, "repeat", times=20)
    who.ready(order)
    end = time.monotonic() + 30
    while len(told := asked(f"{shop.cloud.players}/_notices?out_trade_no={at_provider}")) < 20:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert {(one["status"], one["answer"]) for one in told} == {(200, "success")}
    row = shop.deps.orders.get(number(order))  # type: ignore[arg-type]
    assert [entry.actor for entry in row.log].count("settle") == 1
    assert shop.counts(goods) == (3, 2, 1)


def test_one_of_a_thousand_cards_is_sold_and_its_history_tells_inbound_locked_sold_with_time_and_actor(shop: Shop) -> None:
    goods = shop.goods("thousand", 1_000)
    [*_, card] = Shopper(shop.cloud.shop, 800).bought(goods)
    assert shop.counts(goods) == (1_000, 999, 1)
    n = int(card.removeprefix(f"{goods}-S"))
    assert n == 0, "the first one in is the first one out"

    end, events = time.monotonic() + 30, []
    while "locked" not in {event.what for event in events}:  # the claim's row comes by the stream
        assert time.monotonic() < end
        events = history(shop.deps, SkuId(f"{goods}-one"), n)
    what = [(event.what, event.by) for event in events]
    assert [name for name, _ in what if name in ("inbound", "locked", "sold", "shown")] == ["inbound", "locked", "sold", "shown"]
    assert all(by for _, by in what)
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert all(event.at.endswith("Z") for event in events)
    [*_, other] = [event.what for event in history(shop.deps, SkuId(f"{goods}-one"), n + 1)]
    assert other not in ("locked", "sold", "shown"), "the next card has not moved"
