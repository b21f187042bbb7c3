"""What people read comes out of what was measured, and a lost or doubled card is no success."""

import pytest

from infra.bench import tables


pytestmark = pytest.mark.unit

ROW = {
    "stock": "1k",
    "buyers": 32,
    "per_s": 41.5,
    "per_s_ratio": 1.0,
    "order_ms": {"p50": 600.0, "p99": 900.0},
    "paid_to_card_ms": {"p50": 100.0, "p99": 300.0},
    "cpu_ms": 40.0,
    "cpu_ms_ratio": 1.0,
    "client_cpu_share": 0.01,
    "delivered": 5,
}
CHECK = {"orders": 5, "delivered": 5, "claimed": 5, "sold_twice": 0, "wrong_cards": 0}
MEASURED = {"rows": [ROW], "check": CHECK, "processors": 2, "load_average": 1.0, "stocks": [{"name": "1k", "made": "sealed"}]}


def test_a_table_is_the_same_in_both_forms() -> None:
    for text in (tables.plain({"throughput": MEASURED}), tables.markdown({"throughput": MEASURED})):
        assert "41.5" in text
        assert "600 / 900" in text
        assert "dujiao-next" in text


@pytest.mark.parametrize("change", [{"sold_twice": 1}, {"wrong_cards": 1}, {"delivered": 4}, {"claimed": 6}])
def test_a_run_that_lost_or_doubled_a_card_is_not_sound(change: dict[str, int]) -> None:
    assert tables.is_sound(MEASURED)
    assert not tables.is_sound({**MEASURED, "check": {**CHECK, **change}})


def test_an_import_whose_second_end_differs_is_not_sound() -> None:
    whole = {"killed_at_line": 50, "new": 98, "on_sale": 98, "after_the_kill_new": 98, "after_the_kill_on_sale": 98}
    assert tables.is_sound(whole)
    assert not tables.is_sound({**whole, "after_the_kill_on_sale": 97})
