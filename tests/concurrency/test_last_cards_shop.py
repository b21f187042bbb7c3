"""Buyers at the same moment, through the real flows, on an engine whose conditional writes are atomic under threads.

Each buyer has a client and a shop of his own over the same tables, as each Lambda environment has. Each race has a twin in
which its guard is off, and which then goes wrong: without it nobody would know that the buyers met at all.
"""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from faka.contexts.orders.model import DeliveryState, Order, OrderState
from faka.contexts.quotas.errors import QuotaExceeded
from faka.contexts.quotas.store import QuotaStore
from faka.contexts.stock import OutOfStock, heads
from faka.flows import checkout as checkout_flow
from faka.flows.announce import announce
from faka.flows.checkout import CheckoutCommand, checkout
from faka.kernel.errors import FakaError, Unavailable
from faka.kernel.ids import order_id, ulid
from faka.platform.real import system_pause
from faka.platform.table import TableName, Write, put, update
from faka.steps.settle import booking
from faka.wiring import Deps
from infra.local import deploy
from infra.local.children import start_cloud
from infra.local.home import Home, any_port
from tests.kit.expressions import condition, updated
from tests.kit.local import MiniStackTables
from tests.kit.tables import PHYSICAL, create_tables
from tests.kit.world import World


pytestmark = pytest.mark.concurrency

BUYERS = 32
CARDS = 10
FORMS = 100
TRIES_MAX = 5
"""What a person does who is told that the shop is busy."""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """DynamoDB and its streams, and nothing kept."""
    home = Home(tmp_path_factory.mktemp("emulator"))
    home.take()
    port = any_port()
    child = start_cloud(home, port, os.environ, services="dynamodb,dynamodbstreams", is_kept=False)
    yield f"http://127.0.0.1:{port}"
    child.stop()
    home.release()


@pytest.fixture
def endpoint(emulator: str) -> Iterator[MiniStackTables]:
    """Five empty tables, the trade table with its stream, under the names of the in-process shop; they go with the test."""
    tables = MiniStackTables(emulator, dict(PHYSICAL))
    client = tables.client()
    create_tables(client)
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    client.update_table(TableName=PHYSICAL[TableName.TRADE], StreamSpecification=stream)
    yield tables
    for name in PHYSICAL.values():
        client.delete_table(TableName=name)


@pytest.fixture
def world(endpoint: MiniStackTables) -> Iterator[World]:
    with mock_aws():  # the key service only; the tables stand elsewhere
        yield World(endpoint.client())


def shops(world: World, endpoint: MiniStackTables, count: int, wrap: Callable[[Any], Any] = lambda client: client) -> list[Deps]:
    """Shops of their own that wait for real. Eight share a client, whose making costs more than all that it then does."""
    clients = [endpoint.client() for _ in range(-(-count // 8))]
    made = [world.over(wrap(clients[n // 8])) for n in range(count)]
    for deps in made:
        deps.pause = deps.tables._pause = system_pause
    return made


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """What each act answered or raised, all of them let go at one moment."""
    gate = threading.Barrier(len(acts))

    def outcome(act: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return act()
        except FakaError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(outcome, acts))


def buying(deps: Deps, command: CheckoutCommand) -> Callable[[], Order]:
    """Send the form, and again when the shop is busy: its number makes that harmless."""

    def act() -> Order:
        for _ in range(TRIES_MAX):
            try:
                return checkout(deps, command)
            except Unavailable:
                time.sleep(0.05)
        return checkout(deps, command)

    return act


def three_minutes_later(world: World, endpoint: MiniStackTables) -> None:
    """The relay reads the whole stream, and the sweep goes round: what a storm has left lying is picked up."""
    streams = deploy.client("dynamodbstreams", endpoint.endpoint)
    arn = world.client.describe_table(TableName=PHYSICAL[TableName.TRADE])["Table"]["LatestStreamArn"]
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        where = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while where:
            page = streams.get_records(ShardIterator=where, Limit=100)
            announce(world.deps, page["Records"])
            where = page.get("NextShardIterator") if page["Records"] else None
    world.minute(4)


def rows(world: World, kind: str) -> list[dict[str, Any]]:
    return [row for table in ("test-trade", "test-journal", "test-guard") for row in world.rows(table) if row["sk"] == kind]


class SlowReader:
    """What the head's condition is for: reads, thinks, and writes what it thought, as if nobody else were there."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._client, verb)

    def update_item(self, **given: Any) -> Any:
        if not given["Key"]["pk"]["S"].startswith("HEAD#"):
            return self._client.update_item(**given)
        row = self._client.get_item(TableName=given["TableName"], Key=given["Key"], ConsistentRead=True)["Item"]
        names, values = given["ExpressionAttributeNames"], given["ExpressionAttributeValues"]
        if not condition(given["ConditionExpression"])((row, names, values)):
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}, "Item": row}, "UpdateItem")  # type: ignore[typeddict-unknown-key]
        time.sleep(0.02)
        after = updated(row, given["UpdateExpression"], names, values)
        self._client.put_item(TableName=given["TableName"], Item=after)
        return {"Attributes": after}


# -- the last cards -----------------------------------------------------------------------------------------------


def rush(world: World, deps: list[Deps]) -> tuple[list[Order], list[Any]]:
    """32 buyers for 10 cards: the orders, and what the others were told."""
    world.stock_up(CARDS)
    commands = [world.command(contact=f"buyer{n}@example.com") for n in range(BUYERS)]
    answers = at_once([buying(one, command) for one, command in zip(deps, commands, strict=True)])
    orders = [answer for answer in answers if isinstance(answer, Order)]
    for command, answer in zip(commands, answers, strict=True):
        if isinstance(answer, Order):
            world.remember(command, answer)
    return orders, [answer for answer in answers if not isinstance(answer, Order)]


def test_of_32_buyers_of_the_last_10_cards_10_get_one_each_and_22_are_told_before_they_pay(world: World, endpoint: MiniStackTables) -> None:
    deps = shops(world, endpoint, BUYERS)
    orders, told = rush(world, deps)

    assert (len(orders), Counter(type(one) for one in told)) == (CARDS, Counter({OutOfStock: BUYERS - CARDS}))
    notices = [world.notices(order)[0] for order in orders]
    acknowledged = at_once([partial(world.deliver_notice, *each) for each in zip(orders, notices, deps, strict=False)])
    assert {answer.body for answer in acknowledged} == {b"success"}
    opened = at_once([partial(world.reveal, *each) for each in zip(orders, deps, strict=False)])
    secrets = [card.secret.reveal() for one in opened for card in one.cards]
    assert sorted(secrets) == [f"SECRET-{n}" for n in range(CARDS)]

    three_minutes_later(world, endpoint)
    assert {world.order(order).state for order in orders} == {OrderState.COMPLETED}
    assert_clean(world, orders)


def assert_clean(world: World, orders: list[Order]) -> None:
    """Who was turned away left nothing behind: no order, no attempt, no hold, no card out of its place."""
    counts = world.deps.stock.counts(world.sku.id)
    assert (counts.imported, counts.available, counts.waiting, counts.claimed - counts.returned) == (CARDS, 0, 0, CARDS)
    assert {row["id"] for row in rows(world, "ORDER") if row["state"] != OrderState.FENCED} == {order.id for order in orders}
    assert {row["order_id"] for row in rows(world, "PAYMENT")} == {order.id for order in orders}
    held = [name for row in rows(world, "HOLD") for name in row if name.startswith("o_")]
    assert Counter(held) == {f"o_{order.id}": 2 for order in orders}, "one row of the visitor, one of the contact"
    kinds = Counter(row["kind"] for row in rows(world, "TXN"))
    assert kinds == {"receipt_applied": CARDS, "delivered": CARDS}


def test_twin_without_the_atomic_condition_one_card_is_sold_to_several(world: World, endpoint: MiniStackTables) -> None:
    orders, _ = rush(world, shops(world, endpoint, BUYERS, SlowReader))

    numbers = Counter(number for order in orders for run in order.runs for number in run.numbers)
    assert max(numbers.values()) > 1


def test_twin_without_the_stock_clause_more_is_sold_than_there_is(
    world: World, endpoint: MiniStackTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = heads.claim_write

    def greedy(*given: Any) -> Write:
        write = honest(*given)
        return Write(**{**write.__dict__, "when": write.when.replace("#a >= :q AND ", "")})

    monkeypatch.setattr(heads, "claim_write", greedy)
    orders, _ = rush(world, shops(world, endpoint, BUYERS))

    assert len(orders) > CARDS


# -- C24: one form, many sendings ---------------------------------------------------------------------------------


def send_one_form(world: World, endpoint: MiniStackTables, times: int) -> list[Any]:
    world.stock_up(2 * FORMS)
    command = world.command(contact="buyer@example.com")
    answers = at_once([buying(one, command) for one in shops(world, endpoint, times)])
    for answer in answers:
        if isinstance(answer, Order):
            world.remember(command, answer)
    return answers


def test_the_same_form_100_times_at_once_is_one_order(world: World, endpoint: MiniStackTables) -> None:
    answers = send_one_form(world, endpoint, FORMS)

    assert {type(answer) for answer in answers} == {Order}
    assert len({answer.id for answer in answers}) == 1
    three_minutes_later(world, endpoint)
    [row] = rows(world, "ORDER")
    assert len(rows(world, "PAYMENT")) == 1
    assert world.left == 2 * FORMS - 1
    assert sum(run[3] for run in row["runs"]) == 1
    assert [row["n"] for row in rows(world, "HOLD")] == [1, 1]
    order = answers[0]
    world.pay(order)
    assert len(world.secrets(order)) == 1


def test_twin_where_the_forms_number_is_not_the_orders_there_are_many(
    world: World, endpoint: MiniStackTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout_flow, "order_id", lambda _form: order_id(ulid(world.clock.now(), world.chance)))

    answers = send_one_form(world, endpoint, 8)

    assert len({answer.id for answer in answers if isinstance(answer, Order)}) > 1


# -- C03: one visitor, many forms ---------------------------------------------------------------------------------


QUOTA = 5


class MeetsAtTheCommit:
    """Holds the first transaction until all the others stand there too: everybody has looked at the quota and seen room."""

    def __init__(self, client: Any, gate: threading.Barrier) -> None:
        self._client = client
        self._gate = gate
        self._is_first = True

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._client, verb)

    def transact_write_items(self, **given: Any) -> Any:
        if self._is_first:
            self._is_first = False
            self._gate.wait(60)
        return self._client.transact_write_items(**given)


def greedy_visitor(endpoint: MiniStackTables, **who: str) -> tuple[World, list[Any]]:
    world = World(endpoint.client(), holds_max=QUOTA)
    world.stock_up(2 * BUYERS)
    gate = threading.Barrier(BUYERS)
    deps = shops(world, endpoint, BUYERS, lambda client: MeetsAtTheCommit(client, gate))
    return world, at_once([buying(one, world.command(**who)) for one in deps])


@pytest.mark.parametrize("who", [{"address": "203.0.113.7"}, {"contact": "one@example.com"}], ids=["address", "contact"])
def test_one_visitor_in_32_forms_at_once_holds_exactly_the_quota(endpoint: MiniStackTables, who: dict[str, str]) -> None:
    with mock_aws():
        world, answers = greedy_visitor(endpoint, **who)

        assert Counter(type(answer) for answer in answers) == {Order: QUOTA, QuotaExceeded: BUYERS - QUOTA}
        three_minutes_later(world, endpoint)
        assert world.left == 2 * BUYERS - QUOTA, "what he may not hold is on sale again"
        assert max(row["n"] for row in rows(world, "HOLD")) == QUOTA
        world.buy()


def test_twin_without_the_condition_the_visitor_holds_more(endpoint: MiniStackTables, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = QuotaStore.held

    def lax(*given: Any) -> Write:
        write = honest(*given)
        kept = {name: value for name, value in write.values.items() if name not in ("orders", "room")}
        return update(write.key, write.expression, when="", otherwise=write.otherwise, **kept)

    monkeypatch.setattr(QuotaStore, "held", lax)
    with mock_aws():
        _, answers = greedy_visitor(endpoint, address="203.0.113.7")

    assert sum(isinstance(answer, Order) for answer in answers) > QUOTA


# -- G08: one notice, many deliveries -----------------------------------------------------------------------------


AT_ONCE, LATER = 12, 3


def repeated_notice(world: World, endpoint: MiniStackTables) -> tuple[Order, list[Any]]:
    """A buyer's one payment, told 12 times at once and 3 times later."""
    world.stock_up(CARDS)
    order = world.buy(contact="buyer@example.com")
    [raw] = world.notices(order)
    deps = shops(world, endpoint, AT_ONCE)
    answers = at_once([partial(world.deliver_notice, order, raw, one) for one in deps])
    for _ in range(LATER):
        world.minute()
        answers.append(world.deliver_notice(order, raw))
    return order, [getattr(answer, "body", answer) for answer in answers]


def test_twelve_repeats_at_once_and_three_later_are_one_delivery_and_all_acknowledged(world: World, endpoint: MiniStackTables) -> None:
    order, answers = repeated_notice(world, endpoint)

    assert answers == [b"success"] * (AT_ONCE + LATER)
    after = world.order(order)
    assert (after.state, after.delivery, after.refund_state) == (OrderState.COMPLETED, DeliveryState.READY, "NONE")
    assert Counter(row["kind"] for row in rows(world, "TXN")) == {"receipt_applied": 1, "delivered": 1}
    assert len(rows(world, "CHANNELTXN")) == len(rows(world, "NOTICE")) == 1
    assert not rows(world, "REFUND")
    assert not rows(world, "CASE")
    assert len(world.letters) == 1
    assert world.left == CARDS - 1
    assert [entry.actor for entry in after.log] == ["buyer", "settle", "deliver"]


def test_twin_where_nothing_remembers_the_movement_its_repeat_is_a_second_payment(
    world: World, endpoint: MiniStackTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN notice, receipt, ledger entry, refund and case are written over whatever is there, and no receipt is looked for."""
    honest = booking._read

    def over(table: TableName, item: dict[str, Any], *, otherwise: Any = None) -> Write:
        return put(table, item)

    for context in ("payments.store", "payments.refunds", "ledger.store", "cases"):
        monkeypatch.setattr(f"faka.contexts.{context}.insert", over)
    monkeypatch.setattr(booking, "_read", lambda deps, event: (*honest(deps, event)[:2], False))

    repeated_notice(world, endpoint)

    assert rows(world, "REFUND"), "money that came once is due back once"
