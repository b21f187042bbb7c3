"""Bulk edits as pure functions of a product."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from faka.contexts.catalog.edits import CategoryEdit, Edit, ListingEdit, PriceEdit
from faka.contexts.catalog.errors import PriceVanished
from faka.contexts.catalog.model import ListingState
from tests.unit.catalog.given import product, sku


pytestmark = pytest.mark.unit


def test_a_price_change_reaches_every_sku_and_cuts_fractions_off() -> None:
    after = PriceEdit(by_bp=-1_000).apply(product(skus=(sku("a", 1_999), sku("b", 5))))
    assert [one.price.minor for one in after.skus] == [1_799, 4]


def test_a_price_change_never_makes_a_priced_product_free_and_leaves_a_free_one_free() -> None:
    with pytest.raises(PriceVanished):
        PriceEdit(by_bp=-9_000).apply(product(skus=(sku("a", 5),)))
    assert PriceEdit(by_bp=-9_000).apply(product(skus=(sku("a", 0),))).skus[0].price.minor == 0


@given(minor=st.integers(1, 10_000_000), by_bp=st.integers(-9_999, 100_000))
def test_a_changed_price_is_the_exact_share_rounded_down(minor: int, by_bp: int) -> None:
    try:
        after = PriceEdit(by_bp=by_bp).apply(product(skus=(sku("a", minor, per_order_max=1),))).skus[0].price.minor
    except PriceVanished:
        assert minor * (10_000 + by_bp) < 10_000
        return
    assert 0 <= minor * (10_000 + by_bp) - after * 10_000 < 10_000


def test_listing_and_moving_change_only_what_they_name() -> None:
    before = product(position=3)
    at = datetime(2026, 11, 22, tzinfo=UTC)
    listed = ListingEdit(state=ListingState.LISTED, on_at=at).apply(before)
    assert listed == before.changed(state=ListingState.LISTED, on_at=at)
    assert CategoryEdit(category="games").apply(before) == before.changed(category="games")


@pytest.mark.parametrize(
    "bad", [{"what": "price", "by_bp": -10_000}, {"what": "price", "by_bp": 0.5}, {"what": "price", "by_bp": "5"}, {"what": "delete"}]
)
def test_an_edit_outside_its_bounds_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Edit).validate_python(bad)
