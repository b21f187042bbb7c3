"""Conversion and fees in minor units, held to a second implementation in `decimal`."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faka.contexts.catalog.rates import RateRow, in_each, live_rates
from faka.contexts.orders.price import priced
from faka.kernel.errors import InvalidAmount
from faka.kernel.limits import AMOUNT_MINOR_MAX
from faka.kernel.money import EXPONENT, Currency, Money
from faka.kernel.rate import RATE_E8_MAX, Rate, converted
from tests.kit.clock import START


pytestmark = pytest.mark.property

pairs = st.permutations(list(Currency)).map(lambda both: (both[0], both[1]))
minors = st.integers(0, AMOUNT_MINOR_MAX)
rates = st.integers(1, RATE_E8_MAX)


def rate(base: Currency, to: Currency, rate_e8: int) -> Rate:
    return Rate(base=base, to=to, rate_e8=rate_e8, at=START)


@settings(max_examples=500)
@given(minors, pairs, rates)
def test_a_conversion_is_the_decimal_one_rounded_half_up(minor: int, pair: tuple[Currency, Currency], rate_e8: int) -> None:
    base, to = pair
    exact = Decimal(minor).scaleb(-EXPONENT[base]) * Decimal(rate_e8).scaleb(-8)
    wanted = int(exact.scaleb(EXPONENT[to]).quantize(Decimal(1), ROUND_HALF_UP))
    assert converted(Money(minor=minor, currency=base), rate(base, to, rate_e8)).minor == max(wanted, min(minor, 1))


@given(minors, minors, pairs, rates)
def test_what_costs_more_never_costs_less_in_another_currency(one: int, other: int, pair: tuple[Currency, Currency], rate_e8: int) -> None:
    less, more = sorted((one, other))
    by = rate(*pair, rate_e8)
    assert converted(Money(minor=less, currency=pair[0]), by).minor <= converted(Money(minor=more, currency=pair[0]), by).minor


@given(st.integers(1, AMOUNT_MINOR_MAX), pairs)
def test_nothing_that_costs_something_becomes_free(minor: int, pair: tuple[Currency, Currency]) -> None:
    assert converted(Money(minor=minor, currency=pair[0]), rate(*pair, 1)).minor >= 1


@pytest.mark.parametrize(
    ("minor", "base", "to", "rate_e8", "wanted"),
    [
        (1580, Currency.CNY, Currency.USD, 13_820_000, 218),  # 15.80 × 0.1382 = 2.18356
        (1500, Currency.CNY, Currency.USD, 13_700_000, 206),  # 2.055 goes up
        (100, Currency.USD, Currency.JPY, 15_149_000_000, 151),  # 1.00 × 151.49
        (100, Currency.CNY, Currency.USDT, 13_888_889, 138_889),  # six places
        (1, Currency.CNY, Currency.USD, 13_820_000, 1),  # 0.14 of a cent is a cent
        (0, Currency.CNY, Currency.USD, 13_820_000, 0),
    ],
)
def test_examples_that_a_person_can_check(minor: int, base: Currency, to: Currency, rate_e8: int, wanted: int) -> None:
    assert converted(Money(minor=minor, currency=base), rate(base, to, rate_e8)) == Money(minor=wanted, currency=to)


def test_a_rate_of_another_pair_or_a_negative_amount_is_refused() -> None:
    with pytest.raises(InvalidAmount):
        converted(Money(minor=1, currency=Currency.JPY), rate(Currency.CNY, Currency.USD, 1))
    with pytest.raises(InvalidAmount):
        converted(Money(minor=-1, currency=Currency.CNY), rate(Currency.CNY, Currency.USD, 1))


@given(st.integers(-10, 100), st.integers(1, 48))
def test_a_rate_counts_from_its_moment_to_its_age_and_no_longer(hours: int, age_h: int) -> None:
    row = RateRow(base=Currency.CNY, to=Currency.USD, rate_e8=13_820_000, at=START, age_h=age_h)
    found = live_rates([row], Currency.CNY, START + timedelta(hours=hours))
    assert bool(found) == (0 <= hours <= age_h)
    assert live_rates([row], Currency.USD, START) == {}


@given(st.integers(1, 10**6), st.integers(1, 500), st.integers(0, 2_000), st.integers(0, 10_000), rates)
def test_goods_are_units_times_quantity_in_the_orders_own_currency(minor: int, quantity: int, bp: int, fixed: int, rate_e8: int) -> None:
    units = in_each(Money(minor=minor, currency=Currency.CNY), {Currency.USD: rate(Currency.CNY, Currency.USD, rate_e8)})
    for unit in units.values():
        price = priced(unit, quantity, bp, fixed)
        assert price.goods.minor == unit.minor * quantity
        assert price.total == price.goods + price.fee
        fee = (Decimal(price.goods.minor) * bp / 10_000).quantize(Decimal(1), ROUND_HALF_UP) + fixed
        assert price.fee.minor == fee


def test_a_free_order_has_no_fixed_fee_either() -> None:
    assert priced(Money(minor=0, currency=Currency.CNY), 3, 100, 200).total.minor == 0
