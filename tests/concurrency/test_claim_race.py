"""Real threads and real processes race for the last cards on the local cloud's engine.

The twin takes one clause out of the claim and must sell a card twice: a race that no missing guard can lose proves nothing.
"""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faka.contexts.stock import LogMoved, OutOfStock, Run, StockStore, Why, extent
from faka.kernel.errors import Unavailable
from faka.kernel.ids import SkuId
from faka.platform.real import SystemClock
from faka.platform.table import TableName, Tables
from tests.kit.engine import Engine
from tests.kit.local import MiniStackTables
from tests.kit.tables import PHYSICAL
from tests.unit.stock import test_engine


pytestmark = pytest.mark.concurrency

SKU = SkuId("last-ten")
BUYERS = 32
CARDS = 10


class Weakened:
    """A client that leaves one clause out of every condition."""

    def __init__(self, client: Any, clause: str) -> None:
        self._client = client
        self._clause = clause

    def __getattr__(self, verb: str) -> Any:
        call = getattr(self._client, verb)

        def weak(**given: Any) -> Any:
            if self._clause in given.get("ConditionExpression", ""):
                always = f"({self._clause} OR attribute_exists(pk))"
                given["ConditionExpression"] = given["ConditionExpression"].replace(self._clause, always)
            return call(**given)

        return weak


def _stock(tables: Tables, cards: int, shards: int = 1) -> StockStore:
    stock = StockStore(tables, SystemClock())
    allotted = stock.allot(SKU, cards)
    stock.link(SKU, allotted.batch, [extent(allotted.base, cards, allotted.batch)], shards)
    return stock


def _race(count: int, act: Callable[[int], object]) -> list[object]:
    """All at once; what each got, or the refusal."""
    start, got = threading.Barrier(count), [object()] * count

    def run(i: int) -> None:
        start.wait()
        try:
            got[i] = act(i)
        except (OutOfStock, Unavailable) as refusal:
            got[i] = refusal

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return got


def _numbers(got: list[object]) -> list[int]:
    runs = [run for each in got if isinstance(each, tuple) for run in each if isinstance(run, Run)]
    return [number for run in runs for number in range(run.start, run.start + run.count)]


def _buyers_of_one(cloud: MiniStackTables, shards: int, clause: str = "") -> list[object]:
    _stock(cloud.tables(), CARDS, shards)
    clients = [cloud.client() for _ in range(BUYERS)]
    stocks = [StockStore(cloud.tables(Weakened(c, clause) if clause else c), SystemClock()) for c in clients]
    return _race(BUYERS, lambda i: stocks[i].claim(SKU, f"ord_{i}", 1, shards))


@pytest.mark.parametrize("shards", [1, 2])
def test_thirty_two_buyers_of_the_last_ten_cards_ten_get_one_and_nobody_a_second(ministack_tables: MiniStackTables, shards: int) -> None:
    got = _buyers_of_one(ministack_tables, shards)
    assert sorted(_numbers(got)) == list(range(CARDS))
    assert sum(isinstance(each, OutOfStock) for each in got) == BUYERS - CARDS


def test_without_the_condition_a_card_is_sold_twice(ministack_tables: MiniStackTables) -> None:
    """Beyond its own cards the first shard hands out those of the second."""
    sold = _numbers(_buyers_of_one(ministack_tables, 2, "#a >= :q"))
    assert len(set(sold)) < len(sold)


def test_buyers_of_several_cards_over_shards_and_extents_never_overlap(ministack_tables: MiniStackTables) -> None:
    stock = _stock(ministack_tables.tables(), 48, shards=3)
    for _ in range(3):
        _more(stock, 24, shards=3)
    stocks = [StockStore(ministack_tables.tables(), SystemClock()) for _ in range(BUYERS)]
    got = _race(BUYERS, lambda i: stocks[i].claim(SKU, f"ord_{i}", 1 + i % 7, 3))
    taken = [run for each in got if isinstance(each, OutOfStock) for run in each.taken]
    sold = _numbers([*got, tuple(taken)])
    left = stock.available({SKU: 3}, strong=True)[SKU]
    assert len(set(sold)) == len(sold)
    assert len(sold) + left == 120


def test_one_order_sent_by_eight_at_once_gets_one_run(ministack_tables: MiniStackTables) -> None:
    _stock(ministack_tables.tables(), 40)
    stocks = [StockStore(ministack_tables.tables(), SystemClock()) for _ in range(8)]
    assert len(set(_race(8, lambda i: stocks[i].claim(SKU, "ord_same", 3, 1)))) == 1


def test_claims_returns_and_freezes_at_once_keep_every_card(ministack_tables: MiniStackTables) -> None:
    """Buyers take and bring back while a keeper freezes and restores; in the end all cards are accounted for."""
    stock = _stock(ministack_tables.tables(), 64, shards=2)

    def buyer(i: int) -> None:
        mine = StockStore(tables := ministack_tables.tables(), SystemClock())
        for round_ in range(6):
            try:
                runs = mine.claim(SKU, f"ord_{i}_{round_}", 1 + i % 3, 2)
            except OutOfStock as short:
                runs = short.taken
            _return(mine, tables, runs)

    def keeper(_: int) -> None:
        mine = StockStore(ministack_tables.tables(), SystemClock())
        for _round in range(3):
            mine.withhold(SKU, 1, Why.FROZEN)
            mine.restore(SKU, 1)

    got = _race(8, lambda i: keeper(i) if i == 0 else buyer(i))
    assert [each for each in got if each is not None] == []
    stock.settle_log(SKU, range(2))
    assert sorted(_numbers([stock.claim(SKU, "ord_all", 64, 2)])) == list(range(64))


def test_four_processes_race_for_the_last_ten(ministack_tables: MiniStackTables) -> None:
    _stock(ministack_tables.tables(), CARDS)
    names = ",".join(f"{name}={physical}" for name, physical in ministack_tables.names.items())
    command = [sys.executable, "-m", "tests.concurrency.claimer", ministack_tables.endpoint, names, SKU]
    root = Path(__file__).resolve().parents[2]
    environment = {"PYTHONPATH": f"{root / 'layers/faka'}:{root}", "PATH": "/usr/bin:/bin"}
    children = [
        subprocess.Popen([*command, f"p{i}"], cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for i in range(4)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    answers = [child.communicate(timeout=60)[0].split() for child in children]
    sold = [int(word) for answer in answers for word in answer if word != "refused"]
    assert sorted(sold) == list(range(CARDS))
    assert sum(answer.count("refused") for answer in answers) == BUYERS - CARDS


def test_a_life_of_the_shop_leaves_the_same_rows_as_in_process(ministack_tables: MiniStackTables) -> None:
    engine, client = Engine(), ministack_tables.client()
    test_engine._life(engine.tables())
    test_engine._life(ministack_tables.tables(client))
    trade = client.scan(TableName=ministack_tables.names[TableName.TRADE])["Items"]
    assert test_engine.in_order(trade) == test_engine.in_order(engine.rows(TableName.TRADE))
    assert ministack_tables.names != PHYSICAL


def _more(stock: StockStore, cards: int, shards: int = 1) -> None:
    allotted = stock.allot(SKU, cards)
    stock.link(SKU, allotted.batch, [extent(allotted.base, cards, allotted.batch, "2099-01-01")], shards)


def _return(stock: StockStore, tables: Tables, runs: tuple[Run, ...]) -> None:
    while runs:
        try:
            tables.commit(stock.returned(SKU, runs))
            stock.settle_log(SKU, range(2))
            return
        except LogMoved:
            continue
