"""Finding an order again (row C16, case F04, threat T06): guessing finds nothing and locks nobody out, a mailed code is good once.

Each limit has a twin that runs without it.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from faka.contexts.orders.errors import OrderNotFound
from faka.contexts.orders.model import Order
from faka.contexts.quotas.errors import TooManyTries, WrongCode
from faka.contexts.quotas.store import CODE_TRIES_MAX, QuotaStore
from faka.flows.find_order import LOOKUPS_MAX, MAILS_MAX, by_code, orders_known, orders_of, redeem_code, send_code
from faka.flows.order_page import cancel, change_method, check_payment, open_order, state
from faka.flows.reveal import Viewer, reveal
from faka.kernel.errors import FakaError
from faka.kernel.ids import OrderId, lookup_code, order_id, ulid
from faka.kernel.secret import Secret
from faka.steps.proof import Proof
from faka.wiring import Deps
from tests.kit.world import World, engine_world, english
from tests.unit.stock.wire import Wire


pytestmark = [pytest.mark.unit, pytest.mark.timeout(300)]

GUESSES = 10_000
MAIL = "buyer@example.com"
ATTACKER = "198.51.100.9"


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(9)
        yield made


def sold(world: World, contact: str = MAIL) -> Order:
    order = world.pay(world.buy(contact=contact))
    world.cure(world.deps, order.id)
    world.letters.clear()
    return order


# -- guessing -----------------------------------------------------------------------------------------------------


def guesses(world: World, order: Order, addresses: int) -> dict[str, int]:
    """10,000 lookups: of this order's number, of numbers near it, of random ones; what came of them."""
    seen = {"found": 0, "not found": 0, "throttled": 0}
    for n in range(GUESSES):
        now = world.clock.now()
        number = (order.id, order_id(ulid(order.created_at, world.chance)), order_id(ulid(now, world.chance)))[n % 3]
        try:
            by_code(world.deps, number, lookup_code(world.chance), f"198.51.{n % addresses // 250}.{n % addresses % 250}")
            seen["found"] += 1
        except OrderNotFound:
            seen["not found"] += 1
        except TooManyTries:
            seen["throttled"] += 1
    return seen


@pytest.mark.parametrize("addresses", [1, 200])
def test_ten_thousand_guesses_find_nothing_are_throttled_and_lock_nobody_out(world: World, addresses: int) -> None:
    order = sold(world)
    assert guesses(world, order, addresses) == {
        "found": 0,
        "not found": LOOKUPS_MAX * addresses,
        "throttled": GUESSES - LOOKUPS_MAX * addresses,
    }
    code = world.proof(order).code
    assert by_code(world.deps, order.id, code, "198.51.0.0").id == order.id, "also from the address that guessed"
    assert by_code(world.deps, f" {order.id} ", code.lower(), "203.0.113.1").id == order.id
    assert world.secrets(order) == ["SECRET-0"]


def test_the_window_passes(world: World) -> None:
    order = sold(world)
    for _ in range(LOOKUPS_MAX + 5):
        with pytest.raises((OrderNotFound, TooManyTries)):
            by_code(world.deps, order.id, lookup_code(world.chance), ATTACKER)
    world.clock.advance(minutes=10)
    with pytest.raises(OrderNotFound):
        by_code(world.deps, order.id, lookup_code(world.chance), ATTACKER)


def test_twin_without_the_count_nobody_is_throttled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuotaStore, "count_try", lambda *_: None)
    for _ in range(LOOKUPS_MAX * 3):
        with pytest.raises(OrderNotFound):
            by_code(world.deps, sold_number(world), lookup_code(world.chance), ATTACKER)


def sold_number(world: World) -> OrderId:
    return order_id(ulid(world.clock.now(), world.chance))


DOORS: dict[str, Callable[[Deps, str, Proof], Any]] = {
    "open": open_order,
    "state": state,
    "check": check_payment,
    "cancel": cancel,
    "change": lambda deps, no, proof: change_method(deps, no, proof, "epay", "epay"),
    "reveal": lambda deps, no, proof: reveal(deps, no, proof, Viewer(ATTACKER, "x")),
    "lookup": lambda deps, no, proof: by_code(deps, no, proof.code, ATTACKER),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_foreign_order_is_answered_like_one_that_does_not_exist(world: World, door: str) -> None:
    mine, foreign = sold(world, "me@example.com"), sold(world)
    fenced = sold_number(world)
    world.deps.tables.apply(world.deps.orders.fenced(fenced, "2026-03-02T04:00:00.000Z", "test", ()))
    grant = granted(world, "me@example.com").reveal()
    code = world.proof(mine).code
    proofs = (Proof(), Proof(code=code), Proof(grant=grant), Proof(grant="0" * 32), Proof(code="0" * 16, grant=grant))
    answers = set()
    for number in (foreign.id, fenced, sold_number(world), "ord_nobody", "", "*", f"{foreign.id}#x"):
        for proof in proofs:
            with pytest.raises(FakaError) as refused:
                DOORS[door](world.deps, number, proof)
            answers.add((type(refused.value), refused.value.public_message, refused.value.http_status))
            world.clock.advance(minutes=1)
    assert answers == {(OrderNotFound, OrderNotFound.public_message, 404)}


# -- codes by mail ------------------------------------------------------------------------------------------------


def send(world: World, mail: str = MAIL, address: str = "203.0.113.1", deps: Deps | None = None) -> str:
    """The digits that were mailed, or nothing."""
    before = len(world.letters)
    send_code(deps or world.deps, english, mail, address, "en_GB")
    return world.letters[-1][2].split()[3].rstrip(".") if len(world.letters) > before else ""


def redeem(world: World, digits: str, mail: str = MAIL, deps: Deps | None = None, address: str = "203.0.113.1") -> Secret:
    return redeem_code(deps or world.deps, mail, digits, address)


def granted(world: World, mail: str = MAIL) -> Secret:
    return redeem(world, send(world, mail), mail)


def other_than(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06d}"


def test_a_mailed_code_shows_the_orders_of_its_address_and_no_others(world: World) -> None:
    mine, _ = sold(world), sold(world, "other@example.com")
    token = granted(world).reveal()
    assert [order.id for order in orders_of(world.deps, token)] == [mine.id]
    assert orders_of(world.deps, "") == orders_of(world.deps, token + "x") == []


def test_asking_for_a_code_says_nothing_about_the_address(world: World) -> None:
    """Known or unknown: the same answer, the same counts, the same refusal after the same number of tries."""
    sold(world)
    told = {}
    for mail in (MAIL, "nobody@example.com"):
        world.clock.advance(minutes=20)
        answers: list[Any] = []
        for _ in range(MAILS_MAX + 2):
            try:
                answers.append(send_code(world.deps, english, mail, f"203.0.113.{len(answers) + 1}", "en_GB"))
            except TooManyTries as refused:
                answers.append(refused.public_message)
        told[mail] = answers
    assert told[MAIL] == told["nobody@example.com"] == [None] * MAILS_MAX + [TooManyTries.public_message] * 2
    assert [to for to, _, _ in world.letters] == [MAIL] * MAILS_MAX


def test_one_visitor_sends_few_mails_whoever_they_go_to(world: World) -> None:
    for contact in ("a@example.com", "b@example.com", "c@example.com", "d@example.com"):
        sold(world, contact)
    for contact in ("a@example.com", "b@example.com", "c@example.com"):
        assert send(world, contact)
    with pytest.raises(TooManyTries):
        send(world, "d@example.com")


def test_an_unpaid_order_is_no_reason_to_mail(world: World) -> None:
    world.buy(contact=MAIL)
    assert send(world) == ""


def test_a_code_is_good_once(world: World) -> None:
    sold(world)
    digits = send(world)
    assert redeem(world, f" {digits} ")
    with pytest.raises(WrongCode):
        redeem(world, digits)


def test_a_newer_code_replaces_the_older_one(world: World) -> None:
    sold(world)
    old, new = send(world), send(world)
    if old != new:
        with pytest.raises(WrongCode):
            redeem(world, old)
    assert redeem(world, new)


def test_a_code_opens_no_other_address(world: World) -> None:
    sold(world)
    sold(world, "other@example.com")
    digits = send(world)
    with pytest.raises(WrongCode):
        redeem(world, digits, "other@example.com")
    assert redeem(world, digits)


def test_the_sixth_try_is_refused_even_if_it_is_right(world: World) -> None:
    sold(world)
    digits = send(world)
    for _ in range(CODE_TRIES_MAX):
        with pytest.raises(WrongCode):
            redeem(world, other_than(digits))
    with pytest.raises(WrongCode):
        redeem(world, digits)


def test_a_try_counts_also_when_the_guesser_hangs_up_before_the_answer(world: World) -> None:
    """Counted first, compared second: parallel or broken-off guesses cannot share one try."""
    sold(world)
    digits = send(world)
    wire = Wire(world.client).at(3, _hangs_up)
    with pytest.raises(ConnectionAbortedError):
        redeem(world, other_than(digits), deps=world.over(wire))
    [row] = [row for row in world.rows("test-guard") if row["sk"] == "CODE"]
    assert row["tries"] == 1


def _hangs_up(_act: Any) -> Any:
    raise ConnectionAbortedError


def test_a_code_is_good_for_ten_minutes_even_where_its_row_stays_longer(world: World) -> None:
    sold(world)
    digits = send(world)
    world.clock.advance(minutes=10)
    with pytest.raises(WrongCode):
        redeem(world, digits)
    digits = send(world)
    world.clock.advance(minutes=9, seconds=59)
    assert redeem(world, digits)


@pytest.mark.parametrize(("clause", "spoil"), [("#tries < :most", "tries"), ("#until > :now", "time"), ("#digest = :digest", "digits")])
def test_twin_without_its_clause_the_code_is_good_for_more(world: World, clause: str, spoil: str) -> None:
    sold(world)
    digits = send(world)
    for _ in range(CODE_TRIES_MAX if spoil == "tries" else 0):
        with pytest.raises(WrongCode):
            redeem(world, other_than(digits))
    world.clock.advance(minutes=11 if spoil == "time" else 0)
    deps = world.over(Weak(world.client).without(clause, "CODE#"))
    assert redeem(world, other_than(digits) if spoil == "digits" else digits, deps=deps)


class Weak(Wire):
    """A wire that weakens deletes too."""

    def _weakened(self, verb: str, given: dict[str, Any]) -> dict[str, Any]:
        return self._weaker(given) if verb == "delete_item" else super()._weakened(verb, given)


def test_guessing_codes_is_throttled_by_address_and_used_up_by_code(world: World) -> None:
    """10,000 guesses of six digits from 200 addresses while the owner asks for a new code now and then."""
    sold(world)
    found = throttled = 0
    send(world)
    for n in range(GUESSES):
        if n % 2_500 == 0 and n:
            world.clock.advance(minutes=10)
            send(world)
        try:
            redeem(world, f"{n:06d}", address=f"198.51.100.{n % 200}")
            found += 1
        except WrongCode:
            pass
        except TooManyTries:
            throttled += 1
    assert found <= 1, "twenty tries in a million"
    assert throttled >= GUESSES - 4 * 200 * LOOKUPS_MAX
    world.clock.advance(minutes=10)
    assert redeem(world, send(world))


# -- grants -------------------------------------------------------------------------------------------------------


def test_a_grant_lasts_a_day_and_shows_no_one_elses_orders(world: World) -> None:
    mine, foreign = sold(world), sold(world, "other@example.com")
    token = granted(world).reveal()
    assert open_order(world.deps, mine.id, Proof(grant=token)).order.id == mine.id
    with pytest.raises(OrderNotFound):
        open_order(world.deps, foreign.id, Proof(grant=token))
    world.clock.advance(hours=23, minutes=59)
    assert orders_of(world.deps, token)
    world.clock.advance(minutes=1)
    assert orders_of(world.deps, token) == []
    with pytest.raises(OrderNotFound):
        open_order(world.deps, mine.id, Proof(grant=token))


def test_an_order_without_a_contact_is_nobodys_by_grant(world: World) -> None:
    silent = sold(world, "")
    sold(world)
    token = granted(world).reveal()
    with pytest.raises(OrderNotFound):
        open_order(world.deps, silent.id, Proof(grant=token))


def test_neither_codes_nor_tokens_are_stored(world: World) -> None:
    order = sold(world)
    digits = send(world)
    token = redeem(world, digits).reveal()
    kept = repr(world.rows("test-guard")) + repr(world.rows("test-trade"))
    assert token not in kept
    assert world.proof(order).code not in kept
    assert f"'{digits}'" not in kept
    assert MAIL not in repr(world.rows("test-guard"))


def test_a_browser_sees_the_orders_whose_codes_it_has(world: World) -> None:
    first, second = sold(world), sold(world)
    codes = {first.id: world.proof(first).code, second.id: "0" * 16, sold_number(world): "0" * 16}
    assert [order.id for order in orders_known(world.deps, codes)] == [first.id]
