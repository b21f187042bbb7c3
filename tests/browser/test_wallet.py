"""The wallet in a real browser: a gift code becomes a balance, the balance becomes a card; with script and without, in both languages."""

from collections.abc import Callable
from typing import Any

import pytest

from faka.contexts.orders.model import OrderState
from tests.browser import audit, states
from tests.browser.conftest import new_context
from tests.unit.wallets.given import Purse, faults, issued, purse


pytestmark = pytest.mark.browser

CARD = ".stage-open .secret-text"
SOON = 8_000
DOM_MAX = 600
"""As for every other small page."""


def redeems(page: Any, url: str, code: str) -> Purse:
    page.goto(f"{url}/wallet")
    page.fill("#gift_code", code)
    with page.expect_navigation():
        page.click("form[action='/wallet/redeem'] button")
    return Purse(page.inner_text("#wallet-no"), page.inner_text("#wallet-secret"))


def opens(page: Any, url: str, held: Purse) -> None:
    page.goto(f"{url}/wallet")
    page.fill("#wallet", held.number)
    page.fill("#wallet_code", held.code)
    with page.expect_navigation():
        page.click("form[action='/wallet'] button")


def pays(page: Any, held: Purse) -> None:
    """From the order's page, by its button."""
    page.click("a[href$='/balance']")
    page.wait_for_selector("#wallet_code")
    page.fill("#wallet", held.number)
    page.fill("#wallet_code", held.code)
    with page.expect_navigation():
        page.click("form[action$='/balance'] button")


@pytest.mark.parametrize(("lang", "script", "width"), [("zh", True, 390), ("en", False, 1280)])
def test_a_gift_code_becomes_a_balance_and_the_balance_a_card(
    context: Any, demo: tuple[Any, str], lang: str, script: bool, width: int
) -> None:
    world, url = demo
    browser, errors = context(lang=lang, script=script, width=width), []
    page = browser.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    held = redeems(page, url, *issued(world, 5_000))
    order = states.pending(world)
    browser.add_cookies([states.cookie(world, order)])

    page.goto(f"{url}/o/{order.id}")
    pays(page, held)

    page.wait_for_url(f"**/o/{order.id}")
    if script:
        page.wait_for_selector(CARD, timeout=SOON)
    else:
        page.wait_for_selector(".stage-ready", timeout=SOON)
    assert world.order(order).state is OrderState.COMPLETED
    opens(page, url, held)
    assert "34.20" in page.inner_text(".due")
    assert page.locator(".movements li").count() == 2
    assert page.locator("#wallet-secret").count() == 0
    assert held.code not in page.content()
    assert held.code.replace("-", "") not in page.url
    assert errors == []
    assert faults(world) == []


def test_too_little_money_is_said_beside_the_number_and_the_order_still_waits(context: Any, demo: tuple[Any, str]) -> None:
    world, url = demo
    browser, order = context(), states.pending(world)
    browser.add_cookies([states.cookie(world, order)])
    page = browser.new_page()
    page.goto(f"{url}/o/{order.id}")
    pays(page, purse(world, 100))
    assert "not enough" in page.inner_text("#wallet-fault")
    assert page.evaluate("document.activeElement.id") == "faults"
    assert world.order(order).state is OrderState.PENDING_PAYMENT


@pytest.mark.parametrize(("path", "fields"), [("/orders", ("no", "code")), ("/wallet", ("wallet", "wallet_code"))])
def test_a_button_of_words_alone_says_that_it_is_busy(context: Any, demo: tuple[Any, str], path: str, fields: tuple[str, str]) -> None:
    _, url = demo
    page, errors = context(lang="en").new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url + path)
    page.evaluate("addEventListener('submit', (event) => event.preventDefault())")  # heard after the shop's own: nothing is sent
    for field in fields:
        page.fill(f"#{field}", "x")
    button = page.locator(f"form[action='{path}'] button")
    button.click()
    assert button.inner_text() == "Checking…"
    assert errors == []


VARIANTS = (("zh", "light", 320), ("en", "dark", 320), ("en", "light", 1280), ("zh", "dark", 1280))


Open = Callable[[Any], Any]


def pages(world: Any, url: str) -> dict[str, Open]:
    """The pages of a wallet, and the order that one of them pays."""

    def opened(page: Any) -> Any:
        held = purse(world)
        page.goto(f"{url}/wallet")
        page.fill("#wallet", held.number)
        page.fill("#wallet_code", held.code)
        with page.expect_navigation() as arrival:
            page.click("form[action='/wallet'] button")
        return arrival.value

    def fresh(page: Any) -> Any:
        [code] = issued(world)
        page.goto(f"{url}/wallet")
        page.fill("#gift_code", code)
        with page.expect_navigation() as arrival:
            page.click("form[action='/wallet/redeem'] button")
        return arrival.value

    return {"wallet": lambda page: page.goto(f"{url}/wallet"), "wallet-open": opened, "wallet-new": fresh}


@pytest.mark.parametrize(("lang", "theme", "width"), VARIANTS)
def test_the_pages_of_a_wallet_are_what_every_page_must_be(chromium: Any, demo: tuple[Any, str], lang: str, theme: str, width: int) -> None:
    world, url = demo
    order = states.pending(world)
    shown = pages(world, url) | {"order-balance": lambda page: page.goto(f"{url}/o/{order.id}/balance")}
    for name, open_page in shown.items():
        browser = new_context(chromium, lang=lang, scheme=theme, width=width)
        browser.add_cookies([states.cookie(world, order)])
        seen = audit.visit(browser, open_page, url)
        browser.close()
        assert (seen.status, seen.axe, seen.console, seen.foreign, seen.covered) == (200, [], [], [], []), name
        assert (seen.sideways <= 0, audit.invalid_html(seen.html)) == (True, ""), name
        assert (audit.raw_keys(seen.text), audit.untranslated(seen.text, lang)) == ([], []), name
        assert seen.dom < DOM_MAX, name
