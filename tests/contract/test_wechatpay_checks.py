"""Each row of the table of checks is an attack that must not be believed; no cell is empty without a reason."""

import pytest

from tests.contract.checks_wechatpay import ABOVE, CHECKS, NOT_ON, Row, Surface, query, refused, table
from tests.contract.wechatpay_scene import NUMBER, Shop


pytestmark = pytest.mark.contract


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.number}-{row.surface}-{row.name}") for row in CHECKS])
def test_an_attack_is_not_believed(row: Row) -> None:
    row.attack()


def test_every_cell_of_the_table_is_attacked_or_says_why_not() -> None:
    filled = {row[:2] for row in CHECKS}
    for number in range(1, 13):
        for surface in Surface:
            assert (number, surface) in filled or number in ABOVE or (number, surface) in NOT_ON, (number, surface)
    assert not filled & set(NOT_ON)


def test_twin_a_row_whose_message_is_honest_fails() -> None:
    with pytest.raises(AssertionError, match="believed"):
        query(lambda shop: shop.says({}))()


def test_twin_an_error_of_another_kind_is_no_refusal() -> None:
    with pytest.raises(ZeroDivisionError), refused(ValueError):
        raise ZeroDivisionError


def test_the_table_names_all_twelve() -> None:
    assert [int(line.split()[0]) for line in table().splitlines()[1:]] == list(range(1, 13))


def test_an_honest_notice_and_answer_are_believed() -> None:
    shop = Shop()
    assert shop.event().out_trade_no == NUMBER
    assert shop.adapter.query(NUMBER) is not None
