"""Messages and stream records of any shape: nothing loops, what can be done is done, what cannot is let go or comes again alone."""

import copy
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st

from faka.flows import announce as flow
from faka.flows.intake import message
from faka.flows.intake.message import imports_named
from faka.kernel.ids import is_order_id, is_ulid
from faka.platform import queue
from faka.platform.queue import each_order
from tests.fuzz.fuzzing import finds, fuzz, refused
from tests.kit.world import World, engine_world


pytestmark = [pytest.mark.property, pytest.mark.filterwarnings("ignore:No application metrics")]

NO = "ord_01JQ8F3ZJ4Q6T0W1V9X2Y3Z4A5"
BATCH = "bat_01JQ8F3ZJ4Q6T0W1V9X2Y3Z4A5"
ODD: list[Any] = [
    *(None, True, 0, 1.5, -1, 10**30, "", "x", NO, BATCH, NO.lower(), f"{NO}\n", "bat_x", "ord_x", "\ud800", "\u0661"),
    *([], {}, [NO], {"order_id": NO}),
]
KEYS = ["detail", "order_id", "import", "Records", "s3", "object", "key", "detail-type", "id", ""]
SHAPES = st.recursive(
    st.sampled_from([*ODD, f"incoming/{BATCH}", f"incoming%2F{BATCH}", f"incoming/{BATCH}/../x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)
NAMED = st.sampled_from(ODD).map(lambda name: {"detail": {"order_id": name}, "import": name})
STORED = st.sampled_from(ODD).map(lambda name: {"Records": [{"s3": {"object": {"key": key}}} for key in (f"incoming/{name}", name)]})
BODIES = (
    (SHAPES | NAMED | STORED).map(json.dumps)
    | st.text(max_size=40)
    | st.sampled_from(["[" * 3_000, '{"detail":' * 2_000, "", "NaN", "1" * 5_000, "\x00"])
)
GOOD = st.just(json.dumps({"detail": {"order_id": NO}}))


# -- queues ---------------------------------------------------------------------------------------------------------------


def every_message_is_done_once(bodies: list[str]) -> int:
    """Work is done for every message that names an order, and only for those; none that names none comes again."""
    done: list[str] = []
    records = [{"messageId": str(n), "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]
    answer = each_order({"Records": records}, SimpleNamespace(), done.append)
    assert answer == {"batchItemFailures": []}
    assert all(is_order_id(one) for one in done)
    assert len(done) == sum(_names_order(body) for body in bodies)
    refused("order message", len(bodies) - len(done))
    return len(bodies)


def _names_order(body: str) -> bool:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return False
    detail = told.get("detail") if isinstance(told, dict) else None
    name = detail.get("order_id") if isinstance(detail, dict) else None
    return isinstance(name, str) and is_order_id(name)


BATCHES = st.lists(BODIES | GOOD, min_size=1, max_size=10)


def test_a_batch_with_any_messages_in_it_is_worked_through() -> None:
    fuzz("order message", every_message_is_done_once, BATCHES, examples=400)


def names_only_imports(body: str) -> None:
    found = imports_named(body)
    assert all(isinstance(one, str) and one.startswith("bat_") and is_ulid(one[4:]) and one in body for one in found)
    if not found:
        refused("import message")


def test_any_message_names_imports_or_nothing() -> None:
    fuzz("import message", names_only_imports, BODIES, examples=1_500)


# -- the stream -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(20)
        yield made


def life(world: World) -> list[dict[str, Any]]:
    """The records of an order's life, each of them one that the relay must announce."""
    records: list[dict[str, Any]] = []
    for act in (world.buy, lambda: world.pay(world.buy()), lambda: world.minute(40)):
        before = world.image()
        act()
        for pk, new in world.image().items():
            if before.get(pk) != new and new["sk"]["S"] in ("ORDER", "HEAD", "LOG"):
                records.append({"dynamodb": {"NewImage": new, **({"OldImage": before[pk]} if pk in before else {})}})
    return records


WIRE = [
    {"S": "x"},
    {"S": ""},
    {"N": "1"},
    {"N": "-7"},
    {"N": "999999999999"},
    {"N": "500"},
    {"NULL": True},
    {"L": []},
    {"M": {}},
    {"BOOL": False},
    {"B": b"\x00"},
    {},
    None,
    5,
]
PLACES = ["pk", "sk", "state", "id", "n", "l", "i0", "s0", "m0", "b0", "x0", "i1", "s1", "m1"]
SPOILS = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(["OldImage", "NewImage"]), st.sampled_from(PLACES), st.sampled_from([*WIRE, "out"])),
    min_size=1,
    max_size=6,
)


def spoiled(records: list[dict[str, Any]], spoils: list[tuple[int, str, str, Any]]) -> list[dict[str, Any]]:
    found = copy.deepcopy(records)
    for number, image, place, value in spoils:
        row = found[number % len(found)]["dynamodb"].get(image)
        if isinstance(row, dict):
            row.pop(place, None) if value == "out" else row.__setitem__(place, value)
    return found


class Relay:
    """The stream as the service drives it: a batch that fails comes again halved, a single record that fails is let go."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls = 0
        self.lost: list[dict[str, Any]] = []

    def take(self, records: list[dict[str, Any]]) -> None:
        self.calls += 1
        try:
            flow.announce(self.world.deps, records)
        except Exception:
            if len(records) == 1:
                self.lost += records
                return
            half = len(records) // 2
            self.take(records[:half])
            self.take(records[half:])


def announces_the_rest(world: World, records: list[dict[str, Any]]):
    kinds = [flow.announce(world.deps, [record]) for record in records]
    assert sum(kinds) > 0

    def check(spoils: list[tuple[int, str, str, Any]]) -> int:
        batch = spoiled(records, spoils)
        whole = [record for record, was in zip(batch, records, strict=True) if record == was]
        world.deps.bus.events.clear()  # type: ignore[attr-defined]
        relay = Relay(world)
        relay.take(batch)
        assert relay.calls <= 2 * len(batch)
        assert not any(record in whole for record in relay.lost), "a good record is never lost beside a bad one"
        told = list(world.deps.bus.events)  # type: ignore[attr-defined]
        world.deps.bus.events.clear()  # type: ignore[attr-defined]
        flow.announce(world.deps, whole)
        assert all(event in told for event in world.deps.bus.events)  # type: ignore[attr-defined]
        refused("stream record", len(relay.lost))
        return len(batch)

    return check


def test_a_spoiled_record_holds_up_no_other(world: World) -> None:
    fuzz("stream record", announces_the_rest(world, life(world)), SPOILS, examples=400)


# -- twins ---------------------------------------------------------------------------------------------------------------


def test_twin_a_queue_reader_that_takes_any_name_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "is_order_id", lambda name: True)
    assert finds(every_message_is_done_once, BATCHES, examples=300)


def test_twin_a_queue_reader_that_gives_up_on_odd_shapes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_order_of", lambda body: json.loads(body)["detail"]["order_id"])
    assert finds(every_message_is_done_once, BATCHES, examples=300)


def test_twin_a_reader_of_imports_that_takes_any_name_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "is_ulid", lambda name: True)
    assert finds(names_only_imports, BODIES, examples=1_000)


def test_twin_a_relay_that_ends_its_batch_quietly_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    check, real = announces_the_rest(world, life(world)), flow.announce

    def quiet(deps: Any, records: list[dict[str, Any]]) -> int:
        try:
            return real(deps, records)
        except Exception:
            return 0

    monkeypatch.setattr(flow, "announce", quiet)
    assert finds(check, SPOILS, examples=100)
