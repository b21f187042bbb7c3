"""The nightly auditor: what is broken in the books of a running shop becomes a figure, a line and a case; what only moves does not."""

import json
import threading
from collections.abc import Callable, Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from faka.contexts.cases import open_case
from faka.flows.examine import again, run
from faka.flows.examine.again import Verdict
from faka.flows.order_page import cancel
from faka.platform.table import Key, TableName, from_wire, update
from faka.wiring import Deps
from tests.kit import doors
from tests.kit.tables import PHYSICAL
from tests.kit.world import World, engine_world
from tests.unit.invariants.given import SKUS, Story


pytestmark = pytest.mark.integration

MINUTES_15 = 900_000


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        yield made


@cache
def told() -> Story:
    with engine_world(skus=SKUS) as made:
        story = Story(made)
    made.clock.advance(minutes=5)
    return story


class Told:
    """The shop to which everything happened, five minutes later: rows of its own for each test, made once for all."""

    def __init__(self) -> None:
        self.client = told().world.client.fork()
        self.deps = told().world.over(self.client)
        self.sku = told().world.sku
        self.named = told().named

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [from_wire(row) for row in self.client.scan(TableName=table)["Items"]]


@pytest.fixture
def shop() -> Told:
    return Told()


class Heard(NamedTuple):
    out: pytest.CaptureFixture[str]
    log: pytest.LogCaptureFixture


@pytest.fixture
def heard(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Heard:
    return Heard(capsys, caplog)


class Night:
    """One run of the handler over a world: what it answered, counted and wrote."""

    def __init__(self, world: World | Told, heard: Heard, *, deps: Deps | None = None, left_ms: int = MINUTES_15) -> None:
        app = doors.load("auditor")
        app.deps = deps or world.deps
        heard.out.readouterr()
        heard.log.clear()
        context = SimpleNamespace(**vars(doors.CONTEXT), get_remaining_time_in_millis=lambda: left_ms)
        self.answer: dict[str, Any] = app.handler({}, context)
        printed = [json.loads(line) for line in heard.out.readouterr().out.splitlines() if line.startswith('{"_aws"')]
        self.figures = {name: value for line in printed for name, value in line.items()}
        self.lines = [vars(record) for record in heard.log.records if record.getMessage() == "promise_broken"]
        self.cases = [row for row in world.rows("test-trade") if row["sk"] == "CASE" and row["kind"] == "BOOKS"]

    def figure(self, name: str) -> float:
        return sum(self.figures[name])


def change(world: World | Told, pk: str, **values: Any) -> None:
    """What nobody may do: a row of the trade table changed past the shop."""
    row = next(each for each in world.rows(PHYSICAL[TableName.TRADE]) if each["pk"] == pk)
    sets = "SET " + ", ".join(f"#{name} = :{name}" for name in values)
    world.deps.tables.apply(update(Key(TableName.TRADE, pk, row["sk"]), sets, **values))


def test_a_shop_to_which_everything_happened_is_found_in_order(shop: Told, heard: Heard) -> None:
    night = Night(shop, heard)
    assert (night.answer["broken"], night.answer["is_complete"]) == (0, True), night.lines
    assert night.answer["rows"] == sum(len(shop.rows(physical)) for physical in PHYSICAL.values())
    assert (night.figure("InvariantViolations"), night.figure("AuditsDone"), night.figure("AuditIncomplete")) == (0, 1, 0)
    assert night.cases == night.lines == []


def test_a_card_with_two_owners_is_a_figure_a_line_and_a_case(world: World, heard: Heard) -> None:
    world.stock_up(4)
    first, second = world.buy(), world.buy()
    for order in (first, second):
        world.pay(order)
    world.clock.advance(minutes=5)
    runs = [[run.shard, run.serial, run.start, run.count, run.batch, run.expires] for run in first.runs]
    change(world, f"ORDER#{second.id}", runs=runs)
    night = Night(world, heard)
    assert night.figure("InvariantViolations") == night.answer["broken"] > 0
    assert {line["step"] for line in night.lines} == {"I1"}
    assert any(first.id in line["outcome"] or second.id in line["case_id"] for line in night.lines)
    assert {case["id"] for case in night.cases} == {line["case_id"] for line in night.lines}
    assert all(case["state"] == "OPEN" and case["deadline_at"] and "due_sk" in case for case in night.cases)
    assert night.figure("AuditsDone") == 1, "finding something is finishing"


@pytest.mark.parametrize("what", ["order", "money", "case", "notice", "visitor", "sku"])
def test_each_kind_of_concern_is_read_again_and_still_found(shop: Told, heard: Heard, what: str) -> None:
    trade = shop.rows("test-trade")
    receipts = [row for row in trade if row["sk"] == "CHANNELTXN"]
    held = next(row for row in trade if row["pk"] == f"ORDER#{shop.named['held']}")
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "order": (f"ORDER#{shop.named['shown']}", {"reveals": 2}),
        "money": (next(row["pk"] for row in receipts if row["state"] == "ORPHAN"), {"state": "HELD"}),
        "case": (next(row["pk"] for row in trade if row["pk"].startswith("CASE#case_short")), {"ref": "ord_nobody"}),
        "notice": (next(row["pk"] for row in trade if row.get("state") == "PARKED"), {"state": "RECEIVED"}),
        "visitor": (f"ORDER#{shop.named['open']}", {"visitor_hash": held["visitor_hash"]}),
        "sku": (f"HEAD#{shop.sku.id}#0", {"wh": 0}),
    }
    pk, values = wrong[what]
    change(shop, pk, **values)
    if what == "visitor":
        shop.deps.settings = shop.deps.settings.model_copy(update={"faka_holds_max": 1})
    night = Night(shop, heard)
    assert night.answer["broken"] > 0
    assert night.answer["is_complete"]


# -- what only moves ---------------------------------------------------------------------------------------------------------


class Rush:
    """A client whose shop sells on while the auditor reads: after each page of a table, one more order is paid or given up."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sold = 0

    def __getattr__(self, verb: str) -> Any:
        call = getattr(self._world.client, verb)
        if verb != "scan":
            return call

        def scanned(**given: Any) -> Any:
            page = call(**given)
            if given["TableName"] in (PHYSICAL[TableName.JOURNAL], PHYSICAL[TableName.TRADE]) and self.sold < 16:
                self.sold += 1
                apart(self._sell)
            return page

        return scanned

    def _sell(self) -> None:
        world = self._world
        world.clock.advance(seconds=1)
        order = world.buy()
        if self.sold % 3:
            world.reveal(world.pay(order))
        else:
            cancel(world.deps, order.id, world.proof(order))


def apart(work: Callable[[], object]) -> None:
    """What others do meanwhile, by their own rights and not the auditor's."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def rushed(world: World, monkeypatch: pytest.MonkeyPatch) -> Rush:
    """The auditor's tables go through a rush, in pages so small that much happens between two of them."""
    monkeypatch.setattr(run, "SCAN_PAGE", 3)
    rush = Rush(world)
    world.stock_up(24)
    for _ in range(3):
        world.reveal(world.pay(world.buy()))
    world.clock.advance(minutes=5)
    return rush


def test_what_is_sold_between_two_pages_is_no_broken_promise(world: World, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    rush = rushed(world, monkeypatch)
    night = Night(world, heard, deps=world.over(rush))
    assert rush.sold > 5
    assert (night.answer["broken"], night.answer["is_complete"]) == (0, True), night.lines
    assert night.answer["deferred"] > 0


def test_twin_without_the_second_look_a_rush_looks_like_broken_promises(
    world: World, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    rush = rushed(world, monkeypatch)
    monkeypatch.setattr(run, "looked_at_again", lambda _deps, _tally, suspects, *_: Verdict(broken=list(suspects)))
    assert Night(world, heard, deps=world.over(rush)).answer["broken"] > 0


def test_a_head_that_never_stands_still_is_told_as_incomplete(world: World, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a SKU looks wrong and its head is claimed from between any two readings."""
    world.stock_up(40)
    world.clock.advance(minutes=5)
    change(world, f"HEAD#{world.sku.id}#0", wh=1)
    calm = again._read

    def restless(*given: Any) -> Any:
        apart(lambda: world.deps.stock.claim(world.sku.id, f"ord_{world.command().form_id}", 1, 1))
        return calm(*given)

    monkeypatch.setattr(again, "_read", restless)
    night = Night(world, heard)
    assert (night.answer["is_complete"], night.figure("AuditIncomplete"), "AuditsDone" in night.figures) == (False, 1, False)


# -- bounds --------------------------------------------------------------------------------------------------------------------


def test_more_rows_than_the_bound_conclude_nothing_and_ring(shop: Told, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "ROWS_MAX", 5)
    change(shop, f"HEAD#{shop.sku.id}#0", wh=0)
    night = Night(shop, heard)
    assert (night.answer["is_complete"], night.answer["broken"], night.cases) == (False, 0, [])
    assert (night.figure("AuditIncomplete"), "AuditsDone" in night.figures) == (1, False)


def test_a_night_without_time_concludes_nothing_and_rings(world: World, heard: Heard) -> None:
    night = Night(world, heard, left_ms=100_000)
    assert (night.answer["is_complete"], night.figure("AuditIncomplete")) == (False, 1)


def test_more_concerns_than_the_bound_ring_beside_what_was_found(shop: Told, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "CONCERNS_MAX", 1)
    change(shop, f"ORDER#{shop.named['shown']}", reveals=9, version=99)
    change(shop, f"ORDER#{shop.named['paid']}", version=1)
    night = Night(shop, heard)
    assert (night.answer["broken"], night.answer["is_complete"], night.figure("AuditIncomplete")) == (1, False, 1)


def test_a_promise_that_stays_broken_has_one_case_and_a_line_each_night(shop: Told, heard: Heard) -> None:
    change(shop, f"ORDER#{shop.named['shown']}", reveals=9, version=99)
    first, second = Night(shop, heard), Night(shop, heard)
    assert len(first.cases) == len(second.cases) == 1
    assert len(first.lines) == len(second.lines) == 1


def test_twin_a_case_without_the_name_of_its_promise_would_be_one_for_all(
    shop: Told, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "open_case", lambda kind, _cause, *rest: open_case(kind, "all", *rest))
    for name in ("shown", "late"):
        change(shop, f"ORDER#{shop.named[name]}", reveals=9, version=99)
    night = Night(shop, heard)
    assert len(night.cases) < len(night.lines)


def test_more_broken_promises_than_cases_of_a_night_all_have_their_line(shop: Told, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "CASES_MAX", 1)
    for name in ("shown", "late"):
        change(shop, f"ORDER#{shop.named[name]}", reveals=9, version=99)
    night = Night(shop, heard)
    assert len(night.cases) == 1 < len(night.lines)


def test_cards_imported_between_two_pages_are_no_broken_promise(world: World, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN the scan has passed the vault when new cards come in, and a head that is looked at again."""
    rush = rushed(world, monkeypatch)
    monkeypatch.setattr(Rush, "_sell", lambda _rush: world.stock_up(3))
    night = Night(world, heard, deps=world.over(rush))
    assert rush.sold > 5
    assert (night.answer["broken"], night.answer["is_complete"]) == (0, True), night.lines
