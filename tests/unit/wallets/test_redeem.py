"""Gift values (row B16): each code puts its amount into one wallet once, whoever sends it how often."""

from collections.abc import Iterator

import pytest

from faka.contexts.quotas.errors import TooManyTries
from faka.contexts.wallets.errors import CurrencyDiffers, ValueNotFound, ValueOver, ValueUsed, WalletExists, WalletNotFound
from faka.flows.issue_values import issue_values, void_values
from faka.flows.redeem_value import redeem_value
from faka.kernel.errors import FakaError, InvalidRequest
from faka.kernel.ids import lookup_code
from faka.kernel.money import Currency
from faka.steps.wallet import WINDOW, WRONG_CODES_MAX
from faka.wiring import Deps
from tests.kit.world import World
from tests.unit.flows.meeting import elsewhere
from tests.unit.stock.wire import Wire
from tests.unit.wallets.given import Purse, accounts, balance, codes, faults, issue, issued, page, purse, quick_world, redeemed, redemption


pytestmark = pytest.mark.unit

CALLS_MAX = 20


@pytest.fixture
def world() -> Iterator[World]:
    with quick_world() as made:
        yield made


def test_a_value_opens_a_wallet_with_its_amount_and_the_ledger_owes_it_to_the_wallet(world: World) -> None:
    [code] = issued(world, 5_000)
    held = redeemed(world, code)

    shown = page(world, held)
    assert (shown.wallet.balance_minor, [line.amount_minor for line in shown.movements]) == (5_000, [5_000])
    assert accounts(world) == {f"wallet:{held.number}/CNY": 5_000, "expense:promotion/CNY": -5_000}
    assert faults(world) == []


def test_the_same_form_twice_is_one_wallet_with_the_amount_once(world: World) -> None:
    [code] = issued(world)
    asked = redemption(world, code)
    first, second = redeem_value(world.deps, asked), redeem_value(world.deps, asked)

    assert first.wallet == second.wallet
    assert faults(world) == []


def test_another_value_in_the_same_form_goes_into_the_same_wallet(world: World) -> None:
    one, two = issued(world, 5_000, 2)
    asked = redemption(world, one)
    redeem_value(world.deps, asked)

    after = redeem_value(world.deps, asked.model_copy(update={"code": two}))

    assert after.wallet.balance_minor == 10_000
    assert redeem_value(world.deps, asked.model_copy(update={"code": two})).wallet.balance_minor == 10_000
    assert faults(world) == []


def test_a_value_goes_into_a_wallet_that_one_can_open(world: World) -> None:
    held = purse(world, 700)
    [code] = issued(world, 300)
    into = {"wallet": held.number, "wallet_code": held.code}

    assert redeem_value(world.deps, redemption(world, code, **into)).wallet.balance_minor == 1_000
    assert redeem_value(world.deps, redemption(world, code, **into)).wallet.balance_minor == 1_000
    assert faults(world) == []


def test_nothing_goes_into_a_wallet_whose_code_one_does_not_have(world: World) -> None:
    held = purse(world, 700)
    [code] = issued(world, 300)
    with pytest.raises(WalletNotFound):
        redeem_value(world.deps, redemption(world, code, wallet=held.number, wallet_code=lookup_code(world.chance)))
    assert balance(world, held) == 700


def test_a_form_whose_number_is_taken_with_another_code_gets_nothing(world: World) -> None:
    one, two = issued(world, 500, 2)
    asked = redemption(world, one)
    redeem_value(world.deps, asked)
    for code in (one, two):
        with pytest.raises(WalletExists):
            redeem_value(world.deps, asked.model_copy(update={"code": code, "new_code": lookup_code(world.chance)}))
    assert faults(world) == []


def test_a_value_that_is_in_a_wallet_is_used_for_everybody_else(world: World) -> None:
    [code] = issued(world)
    redeemed(world, code)
    with pytest.raises(ValueUsed):
        redeemed(world, code)
    assert faults(world) == []


def test_expired_and_void_values_are_worth_nothing(world: World) -> None:
    ordered = issue(world)
    [code] = codes(world, 1)
    issue_values(world.deps, ordered, [code])
    [old] = issued(world)
    void_values(world.deps, ordered.batch, "ann", "printed twice")
    world.clock.advance(days=366)

    for each in (code, old):
        with pytest.raises(ValueOver):
            redeemed(world, each)
    assert faults(world) == []


def test_a_wallet_keeps_its_currency(world: World) -> None:
    held = purse(world)
    [code] = issued(world, currency=Currency.USD)
    with pytest.raises(CurrencyDiffers):
        redeem_value(world.deps, redemption(world, code, wallet=held.number, wallet_code=held.code))
    assert faults(world) == []


@pytest.mark.parametrize("bad", [{"form_id": "x"}, {"new_code": "short"}])
def test_a_form_that_is_not_ours_opens_nothing(world: World, bad: dict[str, str]) -> None:
    [code] = issued(world)
    with pytest.raises(InvalidRequest):
        redeem_value(world.deps, redemption(world, code, **bad))
    assert faults(world) == []


def test_after_ten_wrong_codes_a_visitor_waits_even_with_a_right_one_and_nobody_else_does(world: World) -> None:
    [code] = issued(world)
    for _ in range(WRONG_CODES_MAX):
        with pytest.raises(ValueNotFound):
            redeemed(world, lookup_code(world.chance))
    asked = redemption(world, code)
    with pytest.raises(TooManyTries):
        redeem_value(world.deps, asked)

    other = redemption(world, code, address="198.51.100.5")
    assert redeem_value(world.deps, other).wallet.balance_minor == 5_000
    world.clock.advance(seconds=WINDOW.total_seconds())
    with pytest.raises(ValueUsed):
        redeem_value(world.deps, asked)


def test_wrong_wallet_codes_are_counted_with_wrong_gift_codes(world: World) -> None:
    held = purse(world)
    for _ in range(WRONG_CODES_MAX):
        with pytest.raises(WalletNotFound):
            page(world, Purse(held.number, lookup_code(world.chance)))
    with pytest.raises(TooManyTries):
        page(world, held)


def test_no_row_holds_a_code(world: World) -> None:
    [code] = issued(world)
    held = redeemed(world, code)
    text = "".join(str(world.rows(f"test-{table}")) for table in ("trade", "journal", "guard"))
    assert held.number in text
    assert code not in text
    assert held.code not in text


# -- two at the same moment ---------------------------------------------------------------------------------------


def told(world: World, code: str, deps: Deps | None = None) -> Purse | FakaError:
    try:
        return redeemed(world, code, deps)
    except FakaError as error:
        return error


def meetings(guard_off: str = "") -> Iterator[tuple[World, list[Purse | FakaError]]]:
    """Somebody redeems the same code, from beginning to end, before each call of a redemption."""
    for call in range(1, CALLS_MAX):
        with quick_world() as world:
            [code] = issued(world)
            answers: list[Purse | FakaError] = []
            other = elsewhere(lambda world=world, code=code, answers=answers: answers.append(told(world, code)))
            wire = Wire(world.client).first(call, other)
            if guard_off:
                wire.without(guard_off, "VALUE#").without("attribute_not_exists(pk)", "TXN#")
            answers.append(told(world, code, world.over(wire)))
            if wire.calls < call:
                return
            yield world, answers
    raise AssertionError("more calls than expected")


def test_of_two_at_the_same_moment_one_has_the_amount() -> None:
    winners = []
    for world, answers in meetings():
        assert sorted(type(one).__name__ for one in answers) == ["Purse", "ValueUsed"]
        assert faults(world) == []
        assert [row["balance_minor"] for row in world.rows("test-trade") if row["sk"] == "WALLET"] == [5_000]
        winners.append(isinstance(answers[0], Purse))
    assert set(winners) == {True, False}, "either may come first"


def test_twin_without_the_values_state_both_have_it() -> None:
    assert any(faults(world) for world, _ in meetings("#state = :issued"))
