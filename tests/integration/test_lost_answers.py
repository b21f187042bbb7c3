"""The service does what it was asked and the answer is lost on the way: at each single call of checkout, notice, mail, reveal and
expiry, over real botocore and its serialisation, with a read time-out where the answer would have come.

Whoever asked asks again, as he would: the browser sends its form, the provider its notice, the buyer opens once more, the next
round goes round. The end is the same as if nothing had been lost, row for row by kind. moto knows no tokens, so a transaction whose
answer was lost meets its own rows here, which is harder than the service.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws

from faka.contexts.orders.model import Order, OrderState
from faka.flows.checkout import checkout
from faka.flows.deliver import deliver
from faka.kernel.errors import FakaError
from faka.platform.table import TableName
from tests.kit import partiql  # teaches moto to insert by statement
from tests.kit.tables import PHYSICAL, create_tables, dynamodb_client
from tests.kit.world import World, english


assert partiql

pytestmark = pytest.mark.integration

TRIES = 3
"""How often somebody asks again who got no answer."""

CALLS_MAX = 80
"""More than any of these flows makes; a flow that makes more fails."""


class Line:
    """Between botocore and the service. Loses the answer of one call (1 is the first) while it is armed."""

    def __init__(self, client: Any) -> None:
        self.sent: list[str] = []
        self._loses = 0
        self._is_armed = False
        # Last of all that is done before sending, which in this mock is the service itself.
        client.meta.events.register_last("before-send", self._before_send)

    def _before_send(self, request: Any, **_: Any) -> None:
        if self._is_armed:
            operation = request.headers["X-Amz-Target"].decode().split(".")[1]
            self.sent.append(f"{operation} {json.loads(request.body).get('TableName', '')}".strip())
            if len(self.sent) == self._loses:
                raise ReadTimeoutError(endpoint_url=request.url)

    @contextmanager
    def losing(self, at: int) -> Iterator[None]:
        self._is_armed, self._loses, self.sent = True, at, []
        try:
            yield
        finally:
            self._is_armed = False


@dataclass
class Story:
    """What stands before the call that is watched, the call, and what happens afterwards anyway."""

    before: Callable[[World], Any]
    act: Callable[[World, Any], Any]
    after: Callable[[World, Any], Order]


def _order(world: World) -> Order:
    world.stock_up(5)
    return world.buy(contact="buyer@example.com")


def _paid(world: World) -> tuple[Order, Any]:
    order = _order(world)
    return order, world.notices(order)[0]


def _notice_taken(world: World) -> Order:
    order, raw = _paid(world)
    world.deliver_notice(order, raw)
    return order


def _mailed(world: World) -> Order:
    order = _notice_taken(world)
    world.minute(2)
    return order


def _overdue(world: World) -> Order:
    order = _order(world)
    world.clock.advance(minutes=17)
    return order


def _form(world: World) -> Any:
    world.stock_up(5)
    world.sweep()
    return world.command(contact="buyer@example.com", quantity=2)


def _bought(world: World, command: Any) -> Order:
    order = checkout(world.deps, command)
    world.remember(command, order)
    world.pay(order)
    world.minute(2)
    return order


def _minutes(world: World, order: Order) -> Order:
    world.minute(2)
    return order


STORIES = {
    "checkout": Story(_form, lambda world, command: checkout(world.deps, command), _bought),
    "notice": Story(_paid, lambda world, paid: world.deliver_notice(*paid), lambda world, paid: _minutes(world, paid[0])),
    "mail": Story(_notice_taken, lambda world, order: deliver(world.deps, order.id, english), _minutes),
    "reveal": Story(_mailed, lambda world, order: world.reveal(order, open_id="o" * 26), _minutes),
    "expiry": Story(_overdue, lambda world, order: world.sweep(), _minutes),
}


def told(story: Story, at: int) -> tuple[Any, list[str]]:
    """The end of a story in which the answer of call `at` is lost (0: none), and the calls of its first telling."""
    with mock_aws():
        client = dynamodb_client()
        create_tables(client)
        world, line = World(client), Line(client)
        given = story.before(world)
        image = world.image()
        with line.losing(at):
            done = asked(story, world, given)
        for _ in range(TRIES - 1):
            done = done or asked(story, world, given)
        assert done, "asked again and again without an answer"
        world.announce(image)
        return end(world, story.after(world, given)), line.sent


def asked(story: Story, world: World, given: Any) -> bool:
    """Whether there was an answer."""
    try:
        story.act(world, given)
    except FakaError:
        return False
    return True


def end(world: World, order: Order) -> Any:
    """What a story comes to: the order, what was booked, what was mailed, what is left, and how many rows of each kind there are.

    A look whose answer was lost is a look: it may be noted once more than it was seen, but never less than the order counts.
    """
    order = world.order(order)
    kinds = Counter(
        (table.value, row["pk"].split("#")[0], row["sk"].split("#")[0], row.get("kind"), row.get("state"))
        for table in TableName
        for row in world.rows(PHYSICAL[table])
    )
    looks = sum(kinds.pop(kind) for kind in list(kinds) if kind[1] == "AUDIT")
    assert looks == order.reveals <= TRIES
    shown = world.secrets(order) if order.state is OrderState.COMPLETED else []
    return order.state, order.delivery, order.mail, order.reveals > 0, len(world.letters), world.left, shown, kinds


def chosen(calls: list[str]) -> list[int]:
    """Every write; of the same question to the same table the first and the last."""
    reads = ("GetItem", "BatchGetItem", "Query")
    ends = {call: (calls.index(call) + 1, len(calls) - calls[::-1].index(call)) for call in calls}
    return [at for at, call in enumerate(calls, 1) if not call.startswith(reads) or at in ends[call]]


@pytest.mark.parametrize("name", STORIES)
def test_an_answer_lost_at_any_call_changes_nothing_in_the_end(name: str) -> None:
    story = STORIES[name]
    expected, calls = told(story, 0)
    assert 0 < len(calls) <= CALLS_MAX
    for at in chosen(calls):
        ended, sent = told(story, at)
        assert sent[at - 1] == calls[at - 1]
        assert ended == expected, f"{name}, answer of call {at} ({calls[at - 1]}) lost"
        print(f"{name} {at:>2} of {len(calls)} {calls[at - 1]}: ends as without")


def test_twin_where_something_is_done_twice_the_end_is_another_one() -> None:
    def act(world: World, order: Order) -> None:
        deliver(world.deps, order.id, english)
        world.deps.mail.send("buyer@example.com", "again", "again")

    honest = STORIES["mail"]
    assert told(Story(honest.before, act, honest.after), 0)[0] != told(honest, 0)[0]


def test_twin_where_the_sdk_repeats_by_itself_one_addition_counts_twice() -> None:
    """GIVEN three attempts in the SDK instead of one: a counter goes up by two, and who wrote a row is told that he did not."""
    more = {"UpdateExpression": "ADD #n :one", "ExpressionAttributeNames": {"#n": "n"}, "ExpressionAttributeValues": {":one": {"N": "1"}}}
    key = {"pk": {"S": "p"}, "sk": {"S": "s"}}
    table = PHYSICAL[TableName.GUARD]
    with mock_aws():
        config = Config(retries={"mode": "standard", "total_max_attempts": 3})
        client = boto3.client("dynamodb", region_name="us-east-1", config=config)
        create_tables(client)
        line = Line(client)
        with line.losing(1):
            client.update_item(TableName=table, Key=key, **more)
        assert client.get_item(TableName=table, Key=key)["Item"]["n"] == {"N": "2"}
        item = {**key, "sk": {"S": "other"}}
        with line.losing(1), pytest.raises(client.exceptions.ConditionalCheckFailedException):
            client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")
        assert client.get_item(TableName=table, Key=item)["Item"] == item
