"""One row or message that nobody can work on stops neither the others nor the word that it is there."""

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from faka.contexts.orders.model import OrderState
from faka.flows.sweep import sweep
from faka.kernel.errors import Unavailable
from faka.kernel.ids import OrderId
from faka.platform import telemetry
from faka.platform.queue import each_order
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.unit

CANARY = "KANARI-4711"
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 10_000)


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(5)
        yield made


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: Any, request: pytest.FixtureRequest) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """Lines of the log by their message. A logger keeps the stream that it was made with, hence a service of its own."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", request.node.name)
    telemetry.logger.cache_clear()
    capsys.readouterr()
    yield lambda message: [json.loads(line) for line in capsys.readouterr().out.splitlines() if message in line]
    telemetry.logger.cache_clear()


def stumbles(_order_id: Any) -> None:
    raise KeyError(CANARY)


def test_the_sweep_goes_on_after_a_row_that_breaks_the_cure(world: World, told: Any) -> None:
    """GIVEN the oldest due order stumbles in a way that nobody foresaw THEN the unpaid ones behind it still expire."""
    bad = world.buy(contact="buyer@example.com")
    world.pay(bad)
    others = [world.buy() for _ in range(3)]
    world.clock.advance(minutes=17)
    done = sweep(world.deps, stumbles, lambda: True)
    assert {world.order(order).state for order in others} == {OrderState.EXPIRED}
    assert done["ORDER"] == 1
    [line] = told("sweep_failed")
    assert (line["level"], line["error_code"]) == ("ERROR", "work_failed")
    assert "KeyError" in line["exception"]
    assert CANARY not in json.dumps(line)


def test_twin_uncontained_the_round_ends_with_the_first_bad_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "contained", nullcontext)
    world.pay(world.buy(contact="buyer@example.com"))
    world.clock.advance(minutes=17)
    with pytest.raises(KeyError):
        sweep(world.deps, stumbles, lambda: True)


ORDERS = [OrderId(f"ord_01ARZ3NDEKTSV4RRFFQ69G5FA{letter}") for letter in "ABC"]


def batch() -> dict[str, Any]:
    bodies = [json.dumps({"detail": {"order_id": order}}) for order in ORDERS]
    return {"Records": [{"messageId": str(n), "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]}


@pytest.mark.parametrize(("error", "level"), [(KeyError(CANARY), "ERROR"), (Unavailable("busy"), "WARNING")])
def test_a_message_that_fails_comes_again_alone_and_leaves_a_line(error: Exception, level: str, told: Any) -> None:
    worked = []

    def work(order_id: OrderId) -> None:
        if order_id == ORDERS[1]:
            raise error
        worked.append(order_id)

    answer = each_order(batch(), CONTEXT, work)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert worked == [ORDERS[0], ORDERS[2]]
    [line] = told("message_failed")
    assert line["level"] == level
    assert CANARY not in json.dumps(line)


def test_twin_uncontained_a_foreign_error_leaves_no_line(monkeypatch: pytest.MonkeyPatch, told: Any) -> None:
    monkeypatch.setattr(telemetry, "contained", nullcontext)
    assert len(each_order(batch(), CONTEXT, stumbles)["batchItemFailures"]) == 3
    assert told("message_failed") == []
