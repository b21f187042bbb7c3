"""Each guard, with and without. Without it the audit must find a fault: a guard whose absence nobody notices is not tested."""

from dataclasses import dataclass

import pytest

from faka.contexts.stock import OutOfStock, Why
from faka.contexts.stock.model import home_shard
from faka.contexts.stock.standing import Standing
from tests.kit.clock import FrozenClock
from tests.kit.engine import Engine
from tests.unit.stock.audit import faults
from tests.unit.stock.scenes import OPERATIONS, Operation, calls_of, dies_before_settling, half_way, meeting
from tests.unit.stock.wire import Crash, Wire, dies_after, loses_answer
from tests.unit.stock.world import SKU, Shop


pytestmark = pytest.mark.unit


def named_for(shard: int, stem: str, shards: int = 2) -> str:
    """An order of one card whose claim asks this shard first."""
    return next(name for i in range(1000) if home_shard(f"{(name := f'{stem}-{i}')}+q1", shards) == shard)


def _sell_out(shop: Shop) -> None:
    """Settle and sell everything, so that the queue looks as it did before."""
    shop.stock.settle_log(SKU, range(2))
    for i in range(40):
        shop.buy(f"out{i}", 1)


def _expired_arrives(shop: Shop) -> None:
    """In each shard: the next extent opens, expired cards come behind it, and the extent is sold."""
    for shard in range(2):
        shop.buy(named_for(shard, "opens"), 1)
        shop.link(6 + shard, 60 + 4 * shard, 4, "2026-01-31")
        head = shop.stock._heads.get(SKU, shard)
        for i in range(head.running.count if head is not None else 0):
            shop.buy(named_for(shard, f"empties{i}"), 1)


def _later(shop: Shop) -> None:
    clock = FrozenClock()
    clock.advance(days=30)
    Shop(shop.tables, clock).buy(named_for(0, "later"), 1)


def _new_shard(shop: Shop) -> None:
    Shop(shop.tables, shards=3).link(7, 70, 9)


def _new_shard_sells(shop: Shop) -> None:
    shop.stock.settle_log(SKU, [2])
    Shop(shop.tables, shards=3).buy(named_for(2, "new shard's", 3), 1)


def _freeze_dies_half_way(shop: Shop) -> None:
    """Somebody empties the drawer's way, then somebody else's freeze stops in it."""
    shop.stock.settle_log(SKU, range(2))
    engine = shop.tables._client.engine
    wire = Wire(engine)
    for call in range(1, 30):
        probe = Wire(engine.fork()).at(call, dies_after)
        try:
            Shop(probe.tables()).stock.withhold(SKU, 2, Why.FROZEN)
        except Crash:
            if any(row["w"]["L"] for row in probe.engine.rows("trade") if row["pk"]["S"] == f"HEAD#{SKU}#1"):
                wire.at(call, dies_after)
                break
    with pytest.raises(Crash):
        Shop(wire.tables()).stock.withhold(SKU, 2, Why.FROZEN)


@dataclass(frozen=True)
class Guard:
    """A clause, and two operations that need it."""

    clause: str
    pk: str
    first: Operation
    second: Operation
    rules_out: str

    def __str__(self) -> str:
        return f"{self.pk} {self.clause}"


def _op(name: str) -> Operation:
    return OPERATIONS[name]


NEW = "attribute_not_exists(pk)"
GUARDS = (
    Guard("#a >= :q", "HEAD#", _op("buy one"), _op("buy several"), "more cards handed out than the extent has"),
    Guard("#a = :zero", "HEAD#", _op("buy several"), _op("buy nearly all"), "the rest of an extent dropped when the next opens"),
    Guard("#q[0][1] >= :q", "HEAD#", _op("buy nearly all"), _op("void batch 2"), "more cards than the opened extent has"),
    Guard("#x > :dead", "HEAD#", _later, _op("pay the held"), "an expired card sold"),
    Guard("#q[0][3] > :dead", "HEAD#", _op("buy nearly all"), _expired_arrives, "an expired extent opened"),
    Guard("#k = :k", "HEAD#", _op("buy nearly all"), _op("buy several"), "a log row taken in over a queue that claims have changed"),
    Guard("#k = :k", "HEAD#", _op("settle"), _sell_out, "one log row taken in twice"),
    Guard("#c <= :cut", "HEAD#", _op("void the next number"), lambda shop: shop.buy(named_for(1, "passes"), 1), "a sold number cut out"),
    Guard("#w[0][0] = :mark", "HEAD#", _op("freeze batch 1"), _freeze_dies_half_way, "another's withheld extent forgotten"),
    Guard(NEW, "HEAD#", _new_shard, _new_shard_sells, "a head made anew over cards"),
    Guard(NEW, "LOG#", _op("cancel the held"), _op("link batch 5"), "a log row overwritten"),
    Guard(NEW, "ASIDE#", _op("freeze batch 1"), _op("restore batch 1"), "an extent in the drawer again after it went back"),
    Guard("attribute_not_exists(#back)", "ASIDE#", _op("restore batch 3"), _op("restore batch 3"), "an extent restored twice"),
    Guard("#upto = :seen", "LINK#", _op("link batch 5"), _op("link batch 5"), "cards put up for sale twice"),
    Guard("#v = :seen", "ORDER#", _op("cancel the wide"), _op("cancel the wide"), "a run given back twice"),
)


@pytest.fixture(scope="module")
def start() -> Engine:
    return half_way()


def _found(start: Engine, guard: Guard, *, off: bool) -> list[str]:
    wrong: list[str] = []
    for call in range(1, calls_of(start, guard.first) + 1):
        try:
            wrong += meeting(start, guard.first, guard.second, call, ((guard.clause, guard.pk),) if off else ())
        except Exception as error:  # without the guard anything may break, also loudly
            wrong.append(repr(error))
    return wrong


@pytest.mark.parametrize("guard", GUARDS, ids=str)
def test_with_the_guard_nothing_is_wrong(start: Engine, guard: Guard) -> None:
    assert _found(start, guard, off=False) == []


@pytest.mark.parametrize("guard", GUARDS, ids=str)
def test_without_the_guard_the_audit_finds_it(start: Engine, guard: Guard) -> None:
    assert _found(start, guard, off=True)


# -- guards that no pair can show -------------------------------------------------------------------------------------


@pytest.mark.parametrize("off", [False, True])
def test_the_ring_answers_a_claim_whose_answer_was_lost(start: Engine, off: bool) -> None:
    engine = start.fork()
    wire = Wire(engine).at(1, loses_answer)
    if off:
        for i in range(6):
            wire.without(f"#t{i} <> :t", "HEAD#")
    before = _claimed(engine)
    Shop(wire.tables()).stock.claim(SKU, "lost", 2, 2)
    assert _claimed(engine) - before == (4 if off else 2)


@pytest.mark.parametrize("off", [False, True])
def test_a_closed_head_sells_nothing_also_to_who_saw_it_open(start: Engine, off: bool) -> None:
    engine = start.fork()
    wire = Wire(engine).first(1, lambda: Shop(engine.tables()).stock.close(SKU))
    if off:
        wire.without("#st = :open", "HEAD#")
    sold: object = ()
    try:
        sold = Shop(wire.tables()).stock.claim(SKU, "late", 1, 2)
    except OutOfStock:
        pass
    assert bool(sold) is off


@pytest.mark.parametrize("off", [False, True])
def test_a_head_obeys_before_it_takes_in(start: Engine, off: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that comes back after its batch was frozen must not be for sale."""
    engine = start.fork()
    shop = Shop(engine.tables())
    dies_before_settling(engine, lambda other: other.cancel("wide"))
    if off:
        monkeypatch.setattr(Standing, "why_batch", lambda self, batch: None)
    shop.stock.withhold(SKU, 1, Why.FROZEN)
    shop.stock.settle_log(SKU, range(2))
    monkeypatch.undo()
    assert bool(faults(engine, SKU)) is off


def _claimed(engine: Engine) -> int:
    return Shop(engine.tables()).stock.counts(SKU).claimed
