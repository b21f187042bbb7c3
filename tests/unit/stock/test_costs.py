"""The claim's price in requests. Run with -s to see the table."""

import pytest

from faka.contexts.stock.bounds import CLAIM_CARDS_MAX
from tests.unit.stock.costs import attempts_per_claim, claim_costs, table


pytestmark = pytest.mark.unit


def test_a_claim_is_one_request_and_one_write_unit_whatever_its_quantity() -> None:
    costs = claim_costs()
    print("\n" + table(costs))
    assert {(c.requests, c.write_units, c.read_units) for c in costs if c.what == "claim"} == {(1, 1, 0)}
    assert {(c.requests, c.write_units) for c in costs if c.what == "the same claim again"} == {(1, 1)}
    assert next(c for c in costs if c.what == "sold out, one shard").requests == 2


def test_claims_hardly_ever_try_twice_while_stock_is_there() -> None:
    assert attempts_per_claim() <= 1.05


def test_the_price_does_not_grow_with_the_stock_nor_with_what_was_sold() -> None:
    from tests.kit.engine import Engine
    from tests.unit.stock.given import Given

    prices = set()
    for cards, sold in ((1_000, 0), (10_000_000, 0), (10_000_000, 1_000_000)):
        engine = Engine(is_metered=True)
        given = Given(engine.tables())
        given.cards(cards)
        for i in range(sold // CLAIM_CARDS_MAX):
            given.claim(f"sold_{i}", CLAIM_CARDS_MAX)
        engine.requests.clear()
        engine.units.clear()
        for i in range(50):
            given.claim(f"ord_{i}", 1)
        prices.add((engine.requests.total(), engine.units["write"], engine.units["read"]))
    assert prices == {(50, 50, 0)}
