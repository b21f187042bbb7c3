"""Money under generated input, held to a second implementation in `decimal`."""

from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import pytest
from hypothesis import example, find, given, settings
from hypothesis import strategies as st

from faka.contexts.orders.price import BASIS_POINTS, priced
from faka.kernel.errors import InvalidAmount
from faka.kernel.limits import AMOUNT_MINOR_MAX, ORDER_CARDS_MAX
from faka.kernel.money import EXPONENT, Currency, Money, allocate, parse_decimal


pytestmark = pytest.mark.property

currencies = st.sampled_from(Currency)
minors = st.integers(0, AMOUNT_MINOR_MAX)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any)


def money(minor: int, currency: Currency = Currency.CNY) -> Money:
    return Money(minor=minor, currency=currency)


# -- reading and writing ------------------------------------------------------------------------------------------


@given(minors, currencies)
def test_an_amount_survives_being_written_and_read(minor: int, currency: Currency) -> None:
    amount = money(minor, currency)
    assert parse_decimal(amount.decimal(), currency) == amount


@given(minors, currencies, st.integers(0, 4))
def test_zeros_behind_the_last_place_change_nothing(minor: int, currency: Currency, zeros: int) -> None:
    text = money(minor, currency).decimal()
    places = len(text.partition(".")[2])
    longer = (text if places else f"{text}.") + "0" * min(zeros, 8 - places)
    assert longer.endswith(".") or parse_decimal(longer, currency).minor == minor


@given(st.one_of(st.text(max_size=20), st.from_regex(r"-?[0-9]{0,14}\.?[0-9]{0,9}(e[0-9])?", fullmatch=True)), currencies)
@example("15.80", Currency.CNY)
@example("1e3", Currency.CNY)
@example("１５", Currency.CNY)
@example("١", Currency.CNY)
@example("0.1\n", Currency.CNY)
@settings(max_examples=500)
def test_a_text_is_read_exactly_or_refused(text: str, currency: Currency) -> None:
    try:
        amount = parse_decimal(text, currency)
    except InvalidAmount:
        return
    assert Decimal(text) == Decimal(amount.minor).scaleb(-EXPONENT[currency])
    assert 0 <= amount.minor <= AMOUNT_MINOR_MAX
    assert text.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "+1",
        "-1",
        "01",
        "1.",
        ".5",
        "1.234",
        "1,5",
        "1_0",
        "1e2",
        "NaN",
        "Infinity",
        "0x10",
        "１",
        "٣",
        "1\n",
        "10000000000.01",
    ],
)
def test_what_is_not_plain_digits_within_bounds_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount):
        parse_decimal(text, Currency.CNY)


@pytest.mark.parametrize("what", [True, 15, 15.8, None, b"15.80", ["15.80"]])
def test_what_is_not_a_text_is_refused(what: object) -> None:
    with pytest.raises(InvalidAmount):
        parse_decimal(what, Currency.CNY)  # type: ignore[arg-type]


def test_twin_a_float_would_not_read_exactly() -> None:
    """Why the rule exists: some amount is another one after a float has carried it."""
    broken = find(st.integers(0, 10**6), lambda minor: int(float(money(minor).decimal()) * 100) != minor)
    assert parse_decimal(money(broken).decimal(), Currency.CNY).minor == broken


@given(minors, minors, currencies, currencies)
def test_amounts_add_up_within_one_currency_only(a: int, b: int, one: Currency, other: Currency) -> None:
    if one is not other:
        with pytest.raises(InvalidAmount):
            money(a, one) + money(b, other)
        with pytest.raises(InvalidAmount):
            money(a, one) - money(b, other)
        return
    assert (money(a, one) + money(b, one)).minor == a + b
    assert money(a, one) + money(b, one) - money(b, one) == money(a, one)


# -- splitting ----------------------------------------------------------------------------------------------------


@given(minors, weights)
def test_parts_add_up_and_each_is_its_share_within_one_minor_unit(total: int, by: list[int]) -> None:
    parts = allocate(total, by)
    assert sum(parts) == total
    for part, weight in zip(parts, by, strict=True):
        assert abs(Decimal(part) - Decimal(total) * weight / sum(by)) < 1
        assert weight or part == 0


@given(minors, weights)
def test_a_heavier_part_is_never_the_smaller_one(total: int, by: list[int]) -> None:
    parts = allocate(total, by)
    ordered = sorted(zip(by, parts, strict=True))
    assert all(a[1] <= b[1] or a[0] == b[0] for a, b in pairwise(ordered))


@pytest.mark.parametrize("by", [[], [0], [0, 0], [1, -1], [-1, 3]])
def test_weights_that_are_none_are_refused(by: list[int]) -> None:
    with pytest.raises(InvalidAmount):
        allocate(100, by)


def test_twin_rounded_shares_would_not_add_up() -> None:
    naive = find(st.tuples(st.integers(1, 1000), weights), lambda g: sum(round(g[0] * w / sum(g[1])) for w in g[1]) != g[0])
    assert sum(allocate(*naive)) == naive[0]


# -- pricing ------------------------------------------------------------------------------------------------------

units = st.integers(0, 10_000_00)
quantities = st.integers(1, ORDER_CARDS_MAX)
fees_bp = st.integers(0, 2_000)


@given(units, quantities, fees_bp, currencies)
def test_a_price_is_goods_plus_a_fee_rounded_half_up(unit: int, quantity: int, fee_bp: int, currency: Currency) -> None:
    price = priced(money(unit, currency), quantity, fee_bp)
    exact = Decimal(unit) * quantity * fee_bp / BASIS_POINTS
    assert price.fee.minor == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    assert price.goods.minor == unit * quantity
    assert price.total == price.goods + price.fee
    assert {price.unit.currency, price.goods.currency, price.fee.currency, price.total.currency} == {currency}


@given(units, st.integers(1, ORDER_CARDS_MAX - 1), fees_bp)
def test_more_pieces_or_a_higher_fee_never_cost_less(unit: int, quantity: int, fee_bp: int) -> None:
    here = priced(money(unit), quantity, fee_bp).total.minor
    assert priced(money(unit), quantity + 1, fee_bp).total.minor >= here
    assert priced(money(unit), quantity, fee_bp + 1).total.minor >= here


@given(quantities, fees_bp)
def test_what_is_free_has_no_fee(quantity: int, fee_bp: int) -> None:
    assert priced(money(0), quantity, fee_bp).total.minor == 0


def test_twin_a_rounding_by_float_charges_another_fee() -> None:
    unit = next(unit for unit in range(1, 1000) if round(unit * 0.01) != priced(money(unit), 1, 100).fee.minor)
    assert priced(money(unit), 1, 100).fee.minor * 100 >= unit - 50
