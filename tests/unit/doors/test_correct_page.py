"""The order page asks for another account: who may answer, what the form says of a wrong answer, and what nobody is shown."""

from collections.abc import Iterator

import pytest

from faka.contexts.recharges import RechargeState
from faka.kernel.ids import OrderId
from tests.kit.doors import Shop
from tests.unit.doors.test_top_up_page import NUMBER, ordered
from tests.unit.recharges.given import ScriptedSupplier, TopUps, top_ups


pytestmark = pytest.mark.integration

OTHER = "13900139001"


@pytest.fixture
def shop() -> Iterator[TopUps]:
    with top_ups(ScriptedSupplier("first", "refused, account")) as made:
        yield made


def refused(shop: TopUps, browser: Shop) -> str:
    """The address of an order whose account every supplier has refused."""
    address = ordered(browser)
    no = OrderId(address.rpartition("/")[2])
    shop.world.pay(shop.world.deps.orders.get(no))
    shop.world.cure(shop.world.deps, no)
    assert shop.play(shop.recharge(shop.world.deps.orders.get(no)))[-1] == "wait_for_buyer"
    return address


def state(shop: TopUps, address: str) -> RechargeState:
    return shop.recharge(shop.world.deps.orders.get(OrderId(address.rpartition("/")[2]))).state


def test_the_page_asks_for_another_account_and_shows_the_old_one_masked(shop: TopUps) -> None:
    browser = Shop(shop.world.deps)
    page = browser.get(refused(shop, browser)).text
    assert "Please correct the account" in page
    assert "138•••00" in page
    assert NUMBER not in page
    assert 'id="account_mobile" name="account_mobile" type="tel"' in page
    assert browser.get(refused_status(shop)).status == 200, "the waiting page learns of it"


def refused_status(shop: TopUps) -> str:
    [row] = [row for row in shop.world.rows("test-trade") if row["sk"] == "ORDER"]
    return f"/o/{row['id']}/status"


def test_the_right_account_sends_it_on_and_the_page_says_so(shop: TopUps) -> None:
    browser = Shop(shop.world.deps)
    address = refused(shop, browser)
    assert browser.post(f"{address}/input", {"account_mobile": "+86 139 0013 9001"}).location == address
    page = browser.get(address).text
    assert "on its way to your account" in page
    assert "139•••01" in page
    assert OTHER not in page
    assert state(shop, address) is RechargeState.CREATED
    again = browser.post(f"{address}/input", {"account_mobile": OTHER})
    assert (again.status, "waits for no other account" in again.text) == (409, True)


@pytest.mark.parametrize(("typed", "said"), [("<b>12", "11 digits"), (NUMBER, "could not arrive"), ("", "where it should go")])
def test_a_wrong_answer_comes_back_beside_its_field(shop: TopUps, typed: str, said: str) -> None:
    browser = Shop(shop.world.deps)
    address = refused(shop, browser)
    page = browser.post(f"{address}/input", {"account_mobile": typed})
    assert (page.status, said in page.text, "field-fault" in page.text) == (422, True, True)
    assert "<b>12" not in page.text
    assert state(shop, address) is RechargeState.WAITING_FOR_BUYER


def test_who_knows_no_other_account_has_his_money_back_at_once(shop: TopUps) -> None:
    browser = Shop(shop.world.deps)
    address = refused(shop, browser)
    order = shop.world.deps.orders.get(OrderId(address.rpartition("/")[2]))
    assert browser.get(address).hidden("instead") == "money"
    assert Shop(shop.world.deps).post(f"{address}/input", {"instead": "money"}).status == 404
    assert [browser.post(f"{address}/input", {"instead": "money"}).status for _ in range(2)] == [303, 303]
    assert (state(shop, address), shop.refunded_minor()) == (RechargeState.GIVEN_UP, order.total.minor)
    assert "A refund is on its way" in browser.get(address).text
    assert browser.post(f"{address}/input", {"account_mobile": OTHER}).status == 409
    assert shop.play(shop.recharge(order)) == ["submit", "end"]


def test_a_stranger_and_another_site_correct_nothing(shop: TopUps) -> None:
    browser = Shop(shop.world.deps)
    address = refused(shop, browser)
    own = ordered(stranger := Shop(shop.world.deps), account_mobile=OTHER)
    for accept in ("text/html", "application/json"):
        assert stranger.post(f"{address}/input", {"account_mobile": OTHER}, accept=accept).status == 404
    assert "account_mobile" not in stranger.get(address).text
    assert browser.post(f"{address}/input", {"account_mobile": OTHER}, origin="https://evil.example").status == 403
    assert stranger.post(f"{own}/input", {"account_mobile": "13900139002"}).status == 409, "an order that asks nothing"
    assert state(shop, address) is RechargeState.WAITING_FOR_BUYER


def test_in_chinese_every_word_of_it_is_chinese(shop: TopUps) -> None:
    browser = Shop(shop.world.deps)
    address = refused(shop, browser)
    browser.post("/prefs", {"lang": "zh", "back": "/"})
    page = browser.post(f"{address}/input", {"account_mobile": NUMBER}).text
    for words in ("请更正充值账号", "正确的账号", "充值到这个账号", "请填写另一个", "款项将全额退还给您"):
        assert words in page
