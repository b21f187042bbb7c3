"""A buyer orders a top-up in the browser: where it goes is asked, judged, shown again, and never shown to others in full."""

import re
from collections.abc import Iterator

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.suppliers.base import SupplyState
from faka.kernel.ids import OrderId
from tests.kit.doors import Page, Shop
from tests.unit.recharges.given import ScriptedSupplier, TopUps, top_ups


pytestmark = pytest.mark.integration

PAGE = "/p/video-vip"
NUMBER = "13800138000"


@pytest.fixture
def shop() -> Iterator[TopUps]:
    with top_ups(ScriptedSupplier("first", SupplyState.SUCCEEDED)) as made:
        yield made


def filled(page: Page, **changes: str) -> dict[str, str]:
    form = {name: page.hidden(name) for name in ("form_id", "code", "quantity", "seen_total_minor")}
    return form | {"sku": "video-vip-month", "contact": "a@example.com", "channel": "alipay:precreate", "account_mobile": NUMBER} | changes


def ordered(browser: Shop, **changes: str) -> str:
    page = browser.post(PAGE, filled(browser.get(PAGE), **changes))
    assert page.status == 303, page.text
    return page.location


def test_the_page_asks_where_it_goes_and_not_how_many(shop: TopUps) -> None:
    page = Shop(shop.world.deps).get(PAGE)
    assert 'name="account_mobile" type="tel" inputmode="numeric"' in page.text
    assert "Mobile number" in page.text
    assert 'id="quantity"' not in page.text
    assert page.hidden("quantity") == "1"


def test_a_bad_number_comes_back_beside_its_field_with_everything_kept(shop: TopUps) -> None:
    browser = Shop(shop.world.deps)
    page = browser.post(PAGE, filled(browser.get(PAGE), account_mobile="<b>12345"))
    assert page.status == 422
    assert "Please enter a mobile number of 11 digits" in page.text
    assert 'href="#account_mobile"' in page.text
    assert 'value="&lt;b&gt;12345"' in page.text
    assert "a@example.com" in page.text
    assert "<b>12345" not in page.text


def test_the_number_is_shown_in_full_until_it_is_paid_and_masked_from_then_on(shop: TopUps) -> None:
    browser = Shop(shop.world.deps)
    address = ordered(browser, account_mobile="+86 138 0013 8000")
    assert "138 0013 8000" in browser.get(address).text, "the last moment in which a slip can be given up"
    order = shop.world.deps.orders.get(OrderId(address.rpartition("/")[2]))
    shop.world.pay(order)
    page = browser.get(address).text
    assert "on its way to your account" in page
    assert "138•••00" in page
    assert NUMBER not in page


def test_when_it_has_arrived_the_page_says_so_and_there_is_no_card_to_open(shop: TopUps) -> None:
    browser = Shop(shop.world.deps)
    address = ordered(browser)
    no = OrderId(address.rpartition("/")[2])
    shop.world.pay(shop.world.deps.orders.get(no))
    shop.world.cure(shop.world.deps, no)
    shop.play(shop.recharge(shop.world.deps.orders.get(no)))
    shop.world.cure(shop.world.deps, no)
    assert shop.world.deps.orders.get(no).state is OrderState.COMPLETED
    page = browser.get(address)
    assert "It has arrived in your account" in page.text
    assert "/cards" not in page.text
    assert "no card to show" in browser.post(f"{address}/cards", {}).text
    [(_, subject, text)] = shop.world.letters
    assert subject.startswith("Arrived: ")
    assert "has arrived in your account" in text
    assert NUMBER not in subject + text


def test_a_second_order_for_a_number_that_is_under_way_is_told_to_wait(shop: TopUps) -> None:
    browser = Shop(shop.world.deps)
    ordered(browser)
    page = browser.post(PAGE, filled(browser.get(PAGE)))
    assert page.status == 409
    assert "already under way" in page.text


def test_in_chinese_every_word_of_it_is_chinese(shop: TopUps) -> None:
    browser = Shop(shop.world.deps)
    browser.post("/prefs", {"lang": "zh", "back": "/"})
    page = browser.get(PAGE).text
    for words in ("手机号码", "充值账号", "请再次核对账号"):
        assert words in page
    assert not re.search(r"Where it goes|Mobile number", page)
