"""A hundred thousand guesses of order numbers and lookup codes in an hour of simulated time: nothing found, nobody locked out."""

from collections import Counter
from collections.abc import Iterator

import pytest

from faka.contexts.orders.errors import OrderNotFound
from faka.contexts.orders.model import Order
from faka.contexts.quotas.errors import TooManyTries
from faka.contexts.quotas.store import QuotaStore
from faka.flows import find_order
from faka.flows.find_order import LOOKUPS_MAX, WINDOW, by_code
from faka.kernel.errors import FakaError
from faka.kernel.ids import lookup_code, order_id, ulid
from faka.steps.proof import Proof
from faka.wiring import Deps
from tests.kit.world import World, engine_world
from tests.security.tally import counted, scaled


pytestmark = [pytest.mark.security, pytest.mark.timeout(600)]

GUESSES = scaled(100_000)
HOUR_S = 3_600
ADDRESSES = 200
OWN = "203.0.113.44"


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(3)
        yield made


def address(n: int) -> str:
    return f"198.51.{n % ADDRESSES // 250}.{n % ADDRESSES % 250}"


def guess(world: World, order: Order, code: str, n: int) -> tuple[str, str]:
    """A number and a code, in four ways: the right number; one of its neighbours; a fresh number; the right code's own neighbours."""
    chance = world.chance
    number = (order.id, order_id(ulid(order.created_at, chance)), order_id(ulid(world.clock.now(), chance)), order.id)[n % 4]
    at = n % len(code)
    near = code[:at] + ("0" if code[at] != "0" else "1") + code[at + 1 :]
    return number, near if n % 4 == 3 else lookup_code(chance)


def outcome(world: World, number: str, code: str, who: str) -> str:
    try:
        by_code(world.deps, number, code, who)
    except FakaError as refused:
        return refused.code()
    return "found"


def test_a_hundred_thousand_guesses_find_nothing_are_throttled_and_lock_nobody_out(world: World) -> None:
    order = world.pay(world.buy())
    code = world.proof(order).code
    came: Counter[str] = Counter()
    owners: Counter[str] = Counter()
    for n in range(GUESSES):
        if n % 1_000 == 0:
            owners.update(outcome(world, order.id, code, who) for who in (OWN, address(n)))
        came[outcome(world, *guess(world, order, code, n), address(n // 4))] += 1
        world.clock.advance(HOUR_S / GUESSES)
    let_through = LOOKUPS_MAX * ADDRESSES * round(HOUR_S / WINDOW.total_seconds())
    assert came == {OrderNotFound.code(): let_through, TooManyTries.code(): GUESSES - let_through}
    assert owners == {"found": 2 * GUESSES // 1_000}, "the buyer opens his order all the while, also from an address that guesses"
    assert world.secrets(order) == ["SECRET-0"]
    counted("guesses of orders", guesses=GUESSES, found=came["found"], throttled=came[TooManyTries.code()], owner_found=owners["found"])


def test_twin_a_code_that_a_person_could_think_of_is_found(world: World) -> None:
    """The peer's mistake: a query password of any length."""
    order = world.buy(code="0000000000000042")
    found = [n for n in range(1_000) if outcome(world, order.id, f"{n:016}", f"198.51.100.{n % 250}") == "found"]
    assert found == [42]


def test_twin_without_the_count_nobody_is_throttled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuotaStore, "count_try", lambda *_: None)
    order = world.buy()
    came = Counter(outcome(world, order.id, lookup_code(world.chance), OWN) for _ in range(500))
    assert came == {OrderNotFound.code(): 500}


def test_twin_who_refuses_before_he_compares_locks_the_owner_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting by order, as peers do: a stranger's guesses use up the buyer's own tries."""
    real = find_order.prove

    def counting(deps: Deps, number: str, proof: Proof) -> Order:
        deps.quotas.count_try("order", number, LOOKUPS_MAX, WINDOW, deps.clock.now())
        return real(deps, number, proof)

    monkeypatch.setattr(find_order, "prove", counting)
    order = world.buy()
    for n in range(LOOKUPS_MAX):
        outcome(world, order.id, lookup_code(world.chance), address(n))
    assert outcome(world, order.id, world.proof(order).code, OWN) == TooManyTries.code()
