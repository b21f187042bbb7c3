"""Real threads spend one wallet and redeem one code at the same moment (rows G05, B16): a thousand on the in-process engine, whose
writes are atomic, and fewer over the wire on the local cloud's engine.

Everybody has looked and seen enough money before the first may take any: the twin without the condition goes below zero.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from faka.contexts.orders.model import Order, OrderState
from faka.contexts.wallets.errors import BalanceTooLow, ValueUsed
from faka.flows.redeem_value import redeem_value
from faka.flows.wallet import WalletPage
from faka.kernel.errors import FakaError, Unavailable
from faka.platform.real import system_pause
from faka.wiring import Deps
from tests.kit.engine import Engine
from tests.kit.local import MiniStackTables
from tests.kit.tables import PHYSICAL, create_tables
from tests.kit.world import World
from tests.simulation.services import Keys
from tests.unit.wallets.given import Purse, accounts, balance, faults, issued, pays, purse, redemption


pytestmark = pytest.mark.concurrency

SPENDS = 1_000
RICH_FOR = 600
TWIN = 60
"""Enough for the twin, which only has to fail."""

OVER_THE_WIRE, RICH_FOR_OVER_THE_WIRE = 32, 20
PRICE = 1_580
BUSY_MAX = 20
"""What a buyer does who is told that the shop is busy: he presses again."""


class MeetsAtTheCommit:
    """Holds the first transaction until all the others stand there too, and leaves clauses out of conditions."""

    def __init__(self, client: Any, gate: threading.Barrier, without: dict[str, str]) -> None:
        self._client = client
        self._gate = gate
        self._without = without
        self._is_first = True

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._client, verb)

    def transact_write_items(self, **given: Any) -> Any:
        if self._is_first:
            self._is_first = False
            self._gate.wait(120)
        for item in given["TransactItems"]:
            for action in item.values():
                self._weaken(action)
        return self._client.transact_write_items(**given)

    def _weaken(self, action: dict[str, Any]) -> None:
        pk = (action.get("Key") or action["Item"])["pk"]["S"]
        for prefix, clause in self._without.items():
            if pk.startswith(prefix) and clause in action.get("ConditionExpression", ""):
                always = f"({clause} OR attribute_exists(pk) OR attribute_not_exists(pk))"
                action["ConditionExpression"] = action["ConditionExpression"].replace(clause, always)


def at_once(world: World, acts: list[Callable[[Deps], Any]], client: Callable[[], Any], **without: str) -> list[Any]:
    """What each act answered or was told, all of them let go at one moment, each in a shop of its own."""
    gate, told = threading.Barrier(len(acts)), [None] * len(acts)
    rules = {f"{kind.upper()}#": clause for kind, clause in without.items()}

    def run(place: int) -> None:
        deps = world.over(MeetsAtTheCommit(client(), gate, rules))
        if not isinstance(world.client, Engine):
            deps.pause = deps.tables._pause = system_pause
        for _ in range(BUSY_MAX):
            try:
                told[place] = acts[place](deps)
            except Unavailable as busy:
                told[place] = busy
                continue
            except FakaError as refusal:
                told[place] = refusal
            return

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    assert not any(thread.is_alive() for thread in threads)
    return told


def spending(world: World, count: int, rich_for: int, client: Callable[[], Any], **without: str) -> tuple[Purse, list[Any]]:
    """So many orders, each paid with the same wallet, which has money for some of them."""
    world.stock_up(count)
    held = purse(world, rich_for * PRICE)
    orders = [world.buy(channel="epay", method="epay") for _ in range(count)]

    def act(order: Order) -> Callable[[Deps], Order]:
        return lambda deps: pays(world, order, held, deps)

    return held, at_once(world, [act(order) for order in orders], client, **without)


def in_process() -> World:
    return World(Engine(), kms=Keys(random.Random("keys").randbytes), holds_max=2 * SPENDS)


def assert_spent_exactly(world: World, held: Purse, told: list[Any], rich_for: int) -> None:
    """As many orders are paid as there was money for, nothing is left, and wallet, lines and ledger tell the same."""
    assert Counter(type(one) for one in told) == Counter({Order: rich_for, BalanceTooLow: len(told) - rich_for})
    assert {one.state for one in told if isinstance(one, Order)} == {OrderState.COMPLETED}
    assert balance(world, held) == 0
    assert accounts(world)["revenue:sales/CNY"] == rich_for * PRICE
    assert faults(world) == []
    rows = [row for row in world.rows("test-trade") if row["sk"] == "CHANNELTXN"]
    assert len(rows) == len({row["order_id"] for row in rows}) == rich_for


def test_a_thousand_spends_at_once_never_go_below_zero_and_ledger_equals_balance() -> None:
    world = in_process()
    held, told = spending(world, SPENDS, RICH_FOR, lambda: world.client)
    assert_spent_exactly(world, held, told, RICH_FOR)


def test_twin_without_the_condition_the_wallet_goes_below_zero() -> None:
    world = in_process()
    held, told = spending(world, TWIN, TWIN // 2, lambda: world.client, wallet="#balance_minor >= :amount")
    assert balance(world, held) < 0
    assert any("holds -" in fault for fault in faults(world))
    assert sum(isinstance(one, Order) for one in told) == TWIN


# -- over the wire ------------------------------------------------------------------------------------------------


@pytest.fixture
def wire(ministack: str) -> Iterator[MiniStackTables]:
    """Five empty tables under the names of the in-process shop; they go with the test."""
    tables = MiniStackTables(ministack, dict(PHYSICAL))
    client = tables.client()
    create_tables(client)
    yield tables
    for name in PHYSICAL.values():
        client.delete_table(TableName=name)


def over_the_wire(tables: MiniStackTables) -> tuple[World, Callable[[], Any]]:
    """A shop, and its clients: eight spenders share one, whose making costs more than all that it then does."""
    world = World(tables.client(), kms=Keys(random.Random("keys").randbytes))
    clients = [tables.client() for _ in range(-(-OVER_THE_WIRE // 8))]
    turn = iter(range(OVER_THE_WIRE))
    lock = threading.Lock()

    def client() -> Any:
        with lock:
            return clients[next(turn) // 8]

    return world, client


def test_spends_over_the_wire_never_go_below_zero(wire: MiniStackTables) -> None:
    world, client = over_the_wire(wire)
    held, told = spending(world, OVER_THE_WIRE, RICH_FOR_OVER_THE_WIRE, client)
    assert_spent_exactly(world, held, told, RICH_FOR_OVER_THE_WIRE)


def redeeming(world: World, client: Callable[[], Any], **without: str) -> list[Any]:
    """One code, sent by many, each of whom wants it in a wallet of his own."""
    [code] = issued(world)
    asked = [redemption(world, code) for _ in range(OVER_THE_WIRE)]
    return at_once(world, [lambda deps, one=one: redeem_value(deps, one) for one in asked], client, **without)


def test_one_code_sent_by_many_at_once_credits_one_wallet_once(wire: MiniStackTables) -> None:
    world, client = over_the_wire(wire)
    told = redeeming(world, client)
    assert Counter(type(one) for one in told) == Counter({WalletPage: 1, ValueUsed: OVER_THE_WIRE - 1})
    assert [row["balance_minor"] for row in world.rows("test-trade") if row["sk"] == "WALLET"] == [5_000]
    assert faults(world) == []


def test_twin_without_the_values_state_the_code_is_credited_twice(wire: MiniStackTables) -> None:
    world, client = over_the_wire(wire)
    told = redeeming(world, client, value="#state = :issued", txn="attribute_not_exists(pk)")
    assert sum(isinstance(one, WalletPage) for one in told) > 1
    assert faults(world) != []
