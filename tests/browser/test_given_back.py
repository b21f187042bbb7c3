"""A buyer gives back what nobody saw: two presses, with and without a script, and the goods are gone for good."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from faka.contexts.orders.model import Order, OrderState
from faka.kernel.ids import out_trade_no
from faka.kernel.refund import RefundStatus
from infra.local.actors.bank import RefundWay
from pages import i18n
from tests.browser import states
from tests.browser.audit import axe
from tests.browser.test_buyer import SOON


pytestmark = pytest.mark.browser

LOOK_MS = 11_000
"""A little more than the first pause of a page that waits for a refund."""
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


@pytest.fixture
def slow_bank(demo: Any) -> Iterator[Any]:
    """The provider takes refunds, and sends the money later."""
    world, _ = demo
    before, world.providers.alipay.refund_way = world.providers.alipay.refund_way, RefundWay.LATER
    yield world.providers.alipay
    world.providers.alipay.refund_way = before


def given_back(context: Any, demo: Any, lang: str) -> tuple[Any, Order]:
    """A page, whose time stands in the test's hand, of goods that were just given back by its button."""
    world, url = demo
    order = states.ready(world)
    visitor = context(lang=lang)
    visitor.add_cookies([states.cookie(world, order)])
    page = visitor.new_page()
    page.clock.install()
    page.goto(f"{url}/o/{order.id}")
    page.click(ASK)
    page.click(NOW)
    page.wait_for_selector(".stage-returned", timeout=SOON)
    return page, world.order(order)


def bank_finishes(world: Any, bank: Any, order: Order) -> str:
    """The money arrives and the provider says so when it is asked next; answers when, as a page writes it."""
    bank.finish_refund(out_trade_no(order.payment_id))
    world.clock.advance(minutes=5)  # the second step of the refund's ladder
    world.minute()
    [note] = world.order(order).refunds
    done = world.deps.refunds.get(note.id).finished_at
    assert (note.status, done is None) == (RefundStatus.SUCCEEDED, False)
    return i18n.moment(done)


@pytest.mark.parametrize(("lang", "way", "end"), [("en", "on its way", "done"), ("zh", "退款中", "已完成")])
def test_the_open_page_says_by_itself_when_the_bank_has_sent_the_money(
    context: Any, demo: Any, slow_bank: Any, lang: str, way: str, end: str
) -> None:
    world, _ = demo
    page, order = given_back(context, demo, lang)
    world.minute(2)
    page.clock.run_for(LOOK_MS)
    page.wait_for_selector(f".facts dd:has-text('{way}')", timeout=SOON)
    assert page.locator(".note-ok").count() == 0
    at = bank_finishes(world, slow_bank, order)
    page.clock.run_for(LOOK_MS)
    page.wait_for_selector(".note-ok", timeout=SOON)
    assert f"{end} {at}" in page.inner_text(".facts")
    assert axe(page) == []


def test_twin_a_page_that_does_not_wait_for_refunds_stays_old(
    context: Any, demo: Any, slow_bank: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = demo
    monkeypatch.setattr("pages.order._REFUND_STAGES", ())
    page, order = given_back(context, demo, "en")
    world.minute(2)
    bank_finishes(world, slow_bank, order)
    page.clock.run_for(LOOK_MS)
    assert page.locator(".note-ok").count() == 0
    page.reload()
    assert page.locator(".note-ok").count() == 1


GUARD = "if (!stage.isConnected) return;"


def opens_before_the_answer(context: Any, demo: Any, script: Callable[[str], str]) -> Any:
    """A page that asked about a refund, whose buyer opened his goods, and which then got the answer: that the refund is done."""
    world, url = demo
    order = states.part_back(world)
    visitor = context()
    visitor.add_cookies([states.cookie(world, order)])
    page, held = visitor.new_page(), []

    def hold(route: Any) -> None:
        held.append(route)

    def serve(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=script(answer.text()))

    page.clock.install()
    page.route("**/status", hold)
    page.route("**/shop.js", serve)
    page.goto(f"{url}/o/{order.id}")
    with page.expect_request("**/status"):
        page.clock.run_for(LOOK_MS)
    page.click(".reveal button")
    page.wait_for_selector(".stage-open .secret", timeout=SOON)
    world.minute(2)
    with page.expect_response("**/status"):
        held[0].continue_()
    page.clock.run_for(LOOK_MS)
    assert len(held) == 1, "the page asked once, and does not ask again"
    return page


def test_an_answer_that_comes_after_the_goods_were_opened_does_not_hide_them(context: Any, demo: Any) -> None:
    page = opens_before_the_answer(context, demo, lambda script: script)
    assert page.locator(".stage-open .secret").count() == 1


def test_twin_a_script_that_believes_every_answer_hides_them(context: Any, demo: Any) -> None:
    page = opens_before_the_answer(context, demo, lambda script: script.replace(GUARD, ""))
    page.wait_for_selector(".stage-ready", timeout=SOON)
    assert page.locator(".stage-open .secret").count() == 0
