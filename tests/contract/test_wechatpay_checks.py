"""The tools of WeChat Pay's table of attacks: an honest message is believed, and where an attack is believed its row fails."""

import pytest

from tests.contract.checks_wechatpay import query, refused
from tests.contract.wechatpay_scene import NUMBER, Shop


pytestmark = pytest.mark.contract


def test_an_honest_notice_and_answer_are_believed() -> None:
    shop = Shop()
    assert shop.event().out_trade_no == NUMBER
    assert shop.adapter.query(NUMBER) is not None


def test_twin_a_row_whose_message_is_honest_fails() -> None:
    with pytest.raises(AssertionError, match="believed"):
        query(lambda shop: shop.says({}))()


def test_twin_an_error_of_another_kind_is_no_refusal() -> None:
    with pytest.raises(ZeroDivisionError), refused(ValueError):
        raise ZeroDivisionError
