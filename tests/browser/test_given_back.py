"""A buyer gives back what nobody saw: two presses, with and without a script, and the goods are gone for good."""

from typing import Any

import pytest

from faka.contexts.orders.model import OrderState
from faka.kernel.refund import RefundStatus
from tests.browser import states
from tests.browser.audit import axe
from tests.browser.test_buyer import SOON


pytestmark = pytest.mark.browser

ASK, NOW = "details.change:has(form[action$='/refund']) summary", "form[action$='/refund'] button"


@pytest.mark.parametrize("script", [True, False])
def test_two_presses_give_the_goods_back_and_the_page_says_where_the_money_goes(context: Any, demo: Any, script: bool) -> None:
    world, url = demo
    order = states.ready(world)
    visitor = context(width=390, script=script)
    visitor.add_cookies([states.cookie(world, order)])
    page = visitor.new_page()
    page.goto(f"{url}/o/{order.id}")
    assert page.locator(NOW).is_hidden(), "one press alone gives nothing back"
    page.click(ASK)
    assert not script or axe(page) == []
    page.click(NOW)
    page.wait_for_selector(".stage-returned", timeout=SOON)
    assert page.locator("form[data-reveal]").count() == page.locator(NOW).count() == 0
    after = world.order(order)
    assert after.state is OrderState.RETURNED
    assert [note.status for note in after.refunds] == [RefundStatus.REQUESTED]


def test_a_page_left_open_in_another_tab_shows_nothing_after_the_goods_are_given_back(context: Any, demo: Any) -> None:
    world, url = demo
    order = states.ready(world)
    visitor = context()
    visitor.add_cookies([states.cookie(world, order)])
    page, older = visitor.new_page(), visitor.new_page()
    for tab in (page, older):
        tab.goto(f"{url}/o/{order.id}")
    page.click(ASK)
    page.click(NOW)
    page.wait_for_selector(".stage-returned", timeout=SOON)
    older.click(".reveal button")
    older.wait_for_selector(".stage-returned", timeout=SOON)
    assert world.order(order).revealed_at is None
