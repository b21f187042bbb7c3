"""The head row: small, whole, and refused when it is not one."""

import pytest

from faka.contexts.stock.bounds import QUEUE_EXTENTS_MAX, RING_SLOTS
from faka.contexts.stock.head import head_key, new_head, read_head
from faka.kernel.errors import UnknownState
from faka.platform.table import to_wire
from tests.kit.engine import Engine, size
from tests.unit.stock.given import SKU, Given


pytestmark = pytest.mark.unit

UNIT = 1_024


def test_a_full_head_of_a_large_sku_costs_one_write_unit() -> None:
    """Ten million cards, 24 extents of different batches, all slots used, the longest SKU name and a long tag."""
    row = new_head("a" * 48, 15, 999, True)
    row |= {"c": 9_876_543, "a": 98_765, "b": 999, "x": 20_500, "n": 1_234_567, "k": 456_789, "lp": 98_765}
    row |= {"q": [[9_000_001 + 1_001 * i, 1_001, 901 + i, 20_501 + i] for i in range(QUEUE_EXTENTS_MAX)]}
    row |= {"l": "ord_01JABCDEFGHJKMNPQRSTVWXYZ0+q500", "im": 9_876_543, "re": 1_234_567, "cl": 8_765_432, "wh": 123_457}
    for i in range(RING_SLOTS):
        row |= {f"t{i}": b"x" * 16, f"s{i}": 9_876_543, f"m{i}": 499, f"i{i}": 1_234_561, f"b{i}": 999, f"x{i}": 20_501}
    assert size(to_wire(row)) <= UNIT


def test_a_head_stays_within_one_unit_while_hundreds_of_single_cards_come_back(quick: Given, engine: Engine) -> None:
    quick.cards(400)
    singles = [quick.claim(f"ord_{i}", 1)[0] for i in range(400)]
    for start in range(0, 200, 8):
        quick.bring_back(*singles[1::2][start : start + 8])
        row = next(row for row in engine.rows("trade") if row["pk"]["S"] == head_key(SKU, 0).pk)
        assert size(row) <= UNIT


@pytest.mark.parametrize("change", [{"q": [[1]]}, {"c": None}, {"st": None}, {"w": [[1, 2]]}])
def test_a_row_that_is_no_head_is_refused(change: dict[str, object]) -> None:
    row = {name: value for name, value in (new_head(SKU, 0, 0, True) | change).items() if value is not None}
    with pytest.raises(UnknownState):
        read_head(row)
