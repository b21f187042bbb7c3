"""Journeys of a buyer in a real browser, over the demo shop in process."""

import re
from typing import Any

import pytest

from faka.contexts.orders.model import DeliveryState, OrderState
from faka.kernel.ids import OrderId
from tests.browser import states
from tests.browser.audit import invalid_html
from tests.browser.shop import republish, use


pytestmark = pytest.mark.browser

PRODUCT = "/p/lanjing-video"
PAY = ".buy .button-primary"
CARD = re.compile(r"CANARY-7QXK-M2TD-\d{4}")
SOON = 8_000
"""Milliseconds for something that takes well under one on an idle machine."""


def order_no(page: Any) -> OrderId:
    page.wait_for_url("**/o/ord_*")
    return OrderId(re.search(r"ord_\w+", page.url).group())  # type: ignore[union-attr]


def buys(page: Any, url: str, product: str = PRODUCT) -> OrderId:
    page.goto(url + product)
    if page.locator("#consent").count():
        page.check("#consent")
    page.click(PAY)
    return order_no(page)


def pays(world: Any, no: OrderId) -> None:
    """At the provider, with its signed notice; the browser learns of it by itself."""
    world.pay(world.deps.orders.get(no))


def test_guest_buys_and_sees_the_card_without_leaving_two_pages(context: Any, demo: Any) -> None:
    world, url = demo
    page, visited = context(width=390).new_page(), []
    page.on("framenavigated", lambda frame: visited.append(frame.url.split("?")[0]))
    no = buys(page, url)
    pays(world, no)
    page.wait_for_selector(".stage-open", timeout=SOON)
    assert CARD.search(page.inner_text(".stage-open"))
    assert visited == [url + PRODUCT, f"{url}/o/{no}"]
    assert page.evaluate("document.activeElement.tagName") == "H1"
    assert page.title().startswith("Here is your card")


def test_guest_buys_with_javascript_off(context: Any, demo: Any) -> None:
    world, url = demo
    page = context(width=390, script=False).new_page()
    no = buys(page, url)
    assert 'http-equiv="refresh"' in page.content()
    pays(world, no)
    page.wait_for_selector(".stage-ready", timeout=SOON)
    page.click(".reveal button")
    assert CARD.search(page.inner_text(".stage-open"))
    assert page.locator("[data-copy]").first.is_hidden()


def test_guest_buys_with_keyboard_only(context: Any, demo: Any) -> None:
    world, url = demo
    page = context().new_page()
    page.goto(url + PRODUCT)
    keys = page.keyboard

    def until(selector: str) -> None:
        for _ in range(40):
            if page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
            keys.press("Tab")
        raise AssertionError(f"the keyboard does not reach {selector}")

    until("input[name=sku]")
    keys.press("ArrowRight")
    page.wait_for_selector("#sum .sum-total dd:not(:has-text('15.80'))", timeout=SOON)
    until("#contact")
    keys.type("keys@example.com")
    until("#consent")
    keys.press("Space")
    until(PAY)
    keys.press("Enter")
    no = order_no(page)
    assert world.deps.orders.get(no).contact == "keys@example.com"
    assert world.deps.orders.get(no).sku_id != "lanjing-month"
    pays(world, no)
    page.wait_for_selector(".stage-open", timeout=SOON)


def test_enter_in_a_field_pays_and_does_not_change_the_language(context: Any, demo: Any) -> None:
    _world, url = demo
    page = context().new_page()
    page.goto(url + PRODUCT)
    page.check("#consent")
    page.fill("#contact", "enter@example.com")
    page.press("#contact", "Enter")
    order_no(page)
    assert page.get_attribute("html", "lang") == "en"


def test_price_follows_sku_and_quantity_and_is_announced(context: Any, demo: Any) -> None:
    _world, url = demo
    page = context(width=390).new_page()
    page.goto(url + PRODUCT)
    assert page.get_attribute("#sum", "aria-live") == "polite"
    page.click("[data-step='1']")
    page.wait_for_selector("#sum :text('CN¥31.60')", timeout=SOON)
    assert page.inner_text("[data-bar-total]") == "CN¥31.60"
    page.locator("input[name=sku]").nth(1).check()
    page.wait_for_selector("[data-bar-total]:not(:has-text('31.60'))", timeout=SOON)
    assert page.inner_text("#sum .sum-total dd") == page.inner_text("[data-bar-total]")
    assert page.input_value("#quantity") == "2"
    page.fill("#quantity", "0")
    page.wait_for_selector("[data-bar-total]:text-is('—')", timeout=SOON)


def test_bad_mail_keeps_every_choice_and_moves_focus_to_the_summary(context: Any, demo: Any) -> None:
    _world, url = demo
    page = context(width=390).new_page()
    page.goto(url + PRODUCT)
    page.locator("input[name=sku]").nth(1).check()
    page.fill("#quantity", "2")
    page.fill("#contact", "not a mail")
    page.check("#consent")
    with page.expect_navigation():
        page.click(PAY)
    assert page.evaluate("document.activeElement.id") == "faults"
    assert page.locator("input[name=sku]").nth(1).is_checked()
    assert (page.input_value("#quantity"), page.input_value("#contact")) == ("2", "not a mail")
    assert page.is_checked("#consent")
    page.click("#faults a")
    page.fill("#contact", "mended@example.com")
    page.click(PAY)
    order_no(page)


def test_double_click_creates_one_order(context: Any, demo: Any) -> None:
    world, url = demo
    page, posts = context().new_page(), []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.goto(url + PRODUCT)
    page.check("#consent")
    left = world.deps.stock.available({"lanjing-month": 1}, strong=True)["lanjing-month"]
    page.dblclick(PAY)
    order_no(page)
    assert len(posts) == 1
    assert world.deps.stock.available({"lanjing-month": 1}, strong=True)["lanjing-month"] == left - 1


def test_back_button_after_paying_does_not_offer_to_pay_again(context: Any, demo: Any) -> None:
    world, url = demo
    page = context().new_page()
    no = buys(page, url)
    pays(world, no)
    page.wait_for_selector(".stage-open", timeout=SOON)
    page.goto(f"{url}/help")
    page.go_back()
    page.wait_for_selector("#stage")
    assert page.locator(".stage-pending").count() == 0
    assert "CANARY" not in page.content(), "a page that is opened again is masked"
    page.go_back()
    page.check("#consent")
    page.click(PAY)
    assert order_no(page) == no or world.deps.orders.get(order_no(page)).state is OrderState.PENDING_PAYMENT


def test_sold_out_between_view_and_pay_offers_alternatives(context: Any, demo: Any) -> None:
    world, url = demo
    own = world.product
    product = world.deps.catalog.product("mojian-writer", fresh=True)
    page = context(width=390).new_page()
    page.goto(f"{url}/p/mojian-writer")
    use(world, product, page.input_value("input[name=sku]:checked"))
    while world.left:
        world.buy(quantity=1, consent=product.notice_version, address=f"10.8.0.{world.left}")
    use(world, own)
    page.check("#consent")
    with page.expect_navigation() as arrival:
        page.click(PAY)
    assert arrival.value.status == 409
    text = page.inner_text("main")
    assert "Nothing was charged" in text
    assert "just been sold out" in text
    assert page.locator(".alternatives .tile").count() > 0
    assert page.locator("input[name=sku]:checked").count() == 0, "nobody chooses for the buyer"
    page.locator("input[name=sku]:enabled").first.check()
    page.wait_for_selector("#sum .sum-total", timeout=SOON)
    page.click(PAY)
    order_no(page)


def test_late_payment_after_expiry_is_explained(context: Any, demo: Any) -> None:
    world, url = demo
    for made, words in ((states.late_delivered, "The goods were still there"), (states.late_refused, "goes back to you")):
        opened = context(width=390)
        order = made(world)
        opened.add_cookies([states.cookie(world, order)])
        page = opened.new_page()
        page.goto(f"{url}/o/{order.id}")
        assert words in page.inner_text("main")


def test_held_order_shows_check_and_continues_when_released(context: Any, demo: Any) -> None:
    world, url = demo
    opened, order = context(), states.held(world)
    opened.add_cookies([states.cookie(world, order)])
    page = opened.new_page()
    page.goto(f"{url}/o/{order.id}")
    assert "Being checked" in page.inner_text("h1")
    assert page.get_attribute("#stage", "data-poll") == "10"
    page.evaluate("document.querySelector('#stage').dataset.poll = '0.2'")
    states.released(world, order)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector(".stage-ready", timeout=SOON)


def test_free_order_goes_straight_to_the_card(context: Any, demo: Any) -> None:
    world, url = demo
    own = world.product
    product = republish(world, world.deps.catalog.product("yundou-drive", fresh=True), **states.free(world, "yundou-drive"))
    use(world, product)
    page = context(width=390).new_page()
    page.goto(f"{url}/p/yundou-drive")
    assert page.locator("input[name=channel]").count() == 0
    if page.locator("#consent").count():
        page.check("#consent")
    page.click(PAY)
    order_no(page)
    use(world, own)
    assert page.locator(".stage-ready").count() == 1
    page.click(".reveal button")
    page.wait_for_selector(".stage-open", timeout=SOON)
    assert CARD.search(page.inner_text(".stage-open"))


def test_card_is_the_first_heading_and_in_the_first_screen_at_390_px(context: Any, demo: Any) -> None:
    world, url = demo
    page = context(width=390).new_page()
    pays(world, buys(page, url))
    page.wait_for_selector(".stage-open", timeout=SOON)
    page.evaluate("scrollTo(0, 0)")
    assert page.inner_text("h1, h2 >> nth=0") == "Here is your card"
    box = page.locator(".secret-text").last.bounding_box()
    assert box["y"] + box["height"] < 844
    assert page.locator("main h1, main h2").first.inner_text() == "Here is your card"


def test_copy_puts_number_and_password_on_the_clipboard(context: Any, demo: Any) -> None:
    world, url = demo
    page = context().new_page()
    pays(world, buys(page, url))
    page.wait_for_selector(".stage-open", timeout=SOON)
    for n in (1, 2):
        button = page.locator("[data-copy]").nth(n - 1)
        button.click()
        page.wait_for_selector("text=Copied")
        assert page.evaluate("navigator.clipboard.readText()") == page.inner_text(f"#card-1-{n}")


def test_qr_decodes_to_the_same_text(context: Any, demo: Any, tmp_path: Any) -> None:
    import zxingcpp
    from PIL import Image

    world, url = demo
    page = context(scheme="dark").new_page()
    no = buys(page, url)
    page.locator(".scan .qr").screenshot(path=tmp_path / "pay.png")
    [code] = zxingcpp.read_barcodes(Image.open(tmp_path / "pay.png"))
    assert code.text == world.deps.payments.find(world.deps.orders.get(no).payment_id).qr_text
    pays(world, no)
    page.wait_for_selector(".stage-open", timeout=SOON)
    page.click(".fold-qr summary")
    page.locator(".secret .qr").screenshot(path=tmp_path / "card.png")
    [code] = zxingcpp.read_barcodes(Image.open(tmp_path / "card.png"))
    assert code.text == page.inner_text("#card-1-2")


def test_fifty_cards_show_twenty_and_download_fifty(context: Any, demo: Any) -> None:
    world, url = demo
    opened = context()
    order = world.pay(states.large(world, 50))
    opened.add_cookies([states.cookie(world, order)])
    page = opened.new_page()
    page.goto(f"{url}/o/{order.id}")
    page.click(".reveal button")
    page.wait_for_selector(".stage-open", timeout=SOON)
    assert page.locator(".secret").count() == 20
    assert "20 of 50" in page.inner_text("main")
    with page.expect_download() as download:
        page.click("text=Download all as text")
    lines = download.value.path().read_text().splitlines()
    assert len(set(lines)) == 50
    assert download.value.suggested_filename.endswith(f"{order.id}.txt")
    assert invalid_html(page.content()) == ""


def test_another_browser_needs_proof_and_cards_are_masked(context: Any, demo: Any) -> None:
    world, url = demo
    order = states.ready(world)
    page = context().new_page()
    answer = page.goto(f"{url}/o/{order.id}")
    assert answer.status == 404
    assert order.id in page.input_value("#no")
    page.fill("#code", world.proof(order).code)
    page.press("#code", "Enter")
    page.wait_for_selector(".stage-ready")
    assert "CANARY" not in page.content()
    assert world.order(order).delivery is DeliveryState.READY


def test_lookup_answers_alike_for_unknown_and_foreign_orders(context: Any, demo: Any) -> None:
    world, url = demo
    page, seen = context().new_page(), []
    for no in (states.ready(world).id, "ord_01KJPB7WG08HQWXGN3V08Q7SBR"):
        page.goto(f"{url}/orders")
        page.fill("#no", no)
        page.fill("#code", "0000-0000-0000-0000")
        page.press("#code", "Enter")
        page.wait_for_selector("#faults")
        seen.append(page.inner_text("main").replace(no, "NO"))
    assert seen[0] == seen[1]


def test_opening_the_mailed_link_reveals_nothing_by_itself(context: Any, demo: Any) -> None:
    world, url = demo
    opened, order = context(), states.ready(world)
    opened.add_cookies([states.cookie(world, order)])
    page = opened.new_page()
    page.goto(f"{url}/o/{order.id}")
    page.wait_for_timeout(1500)
    assert page.locator(".stage-ready").count() == 1
    assert world.order(order).reveals == 0


def test_a_link_opens_once_and_is_never_opened_by_the_page(context: Any, demo: Any) -> None:
    world, url = demo
    opened, order = context(width=390), states.link_ready(world)
    opened.add_cookies([states.cookie(world, order)])
    first, second = opened.new_page(), opened.new_page()
    first.goto(f"{url}/o/{order.id}")
    second.goto(f"{url}/o/{order.id}")
    first.click("text=Open my link")
    first.wait_for_selector(".stage-opened", timeout=SOON)
    link = first.locator("a:has-text('Go to my link')")
    assert link.get_attribute("href").startswith("https://redeem.example/r/")
    assert "noreferrer" in link.get_attribute("rel")
    second.click("text=Open my link")
    second.wait_for_selector(".stage-used", timeout=SOON)
    assert "It can be opened only once" in second.inner_text("main")


def test_language_switch_keeps_the_page_and_the_form(context: Any, demo: Any) -> None:
    _world, url = demo
    page = context(width=390, lang="en").new_page()
    page.goto(url + PRODUCT)
    page.fill("#contact", "kept@example.com")
    page.fill("#quantity", "3")
    page.locator("input[name=sku]").nth(1).check()
    with page.expect_navigation():
        page.click(".language button")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.url == url + PRODUCT
    assert (page.input_value("#contact"), page.input_value("#quantity")) == ("kept@example.com", "3")
    assert page.locator("input[name=sku]").nth(1).is_checked()


def test_theme_is_kept_and_changes_without_loading(context: Any, demo: Any) -> None:
    _world, url = demo
    page = context().new_page()
    page.goto(url)
    with page.expect_response("**/prefs"):
        page.click(".themes button[value=dark]")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.goto(f"{url}/help")
    assert page.get_attribute("html", "data-theme") == "dark"


def test_waiting_page_asks_gently_and_stops_when_it_is_final(context: Any, demo: Any) -> None:
    world, url = demo
    page, asked = context().new_page(), []
    page.on("response", lambda answer: asked.append(answer.status) if answer.url.endswith("/status") else None)
    no = buys(page, url)
    page.wait_for_timeout(3500)
    assert 1 <= len(asked) <= 4
    assert set(asked) == {204}
    pays(world, no)
    page.wait_for_selector(".stage-open", timeout=SOON)
    settled = len(asked)
    page.wait_for_timeout(2500)
    assert len(asked) == settled


MARKUP = (
    "<script>document.title='HIT'</script>",
    "<img src=x onerror=\"document.title='HIT'\">",
    "<svg onload=document.title='HIT'>",
    "[x](javascript:document.title='HIT')",
    "</title><script>document.title='HIT'</script>",
    "'\"><iframe srcdoc='<script>parent.document.title=1</script>'>",
    "<style>main{display:none}</style>",
    "<form action=https://evil.example><input name=card></form>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "{{7*7}}",
    "<a href=javascript:document.title='HIT'>x</a>",
)


def test_no_text_of_a_merchant_runs_or_changes_the_page(context: Any, demo: Any) -> None:
    world, url = demo
    attack = "\n\n".join(MARKUP)
    both = {"zh": attack, "en": attack}
    texts = dict.fromkeys(("description", "rights", "guide_public", "guide_after", "notice"), both)
    lines = {"title": {"zh": MARKUP[0], "en": MARKUP[1][:80]}, "summary": {"zh": MARKUP[2], "en": MARKUP[2]}}
    own = world.product
    product = republish(world, world.deps.catalog.product("songjian-music", fresh=True), **texts, **lines, notice_version="attack")
    use(world, product)
    order = world.pay(world.buy(consent="attack", address="10.9.9.1"))
    opened = context()
    opened.add_cookies([states.cookie(world, order)])
    use(world, own)
    page, elsewhere = opened.new_page(), []
    page.on("request", lambda request: None if request.url.startswith(url) else elsewhere.append(request.url))
    for path in ("/", "/c/media", "/p/songjian-music", f"/o/{order.id}", "/orders"):
        page.goto(url + path)
        for link in page.locator("main .prose a").all():
            assert (link.get_attribute("href") or "").startswith(("http", "/"))
        assert page.locator("main script, main iframe, main style, main base, main meta, form[action^='https://evil']").count() == 0
        assert page.locator("main").is_visible()
        assert "HIT" not in page.title() or "document.title" in page.title()
        assert "49" not in page.inner_text("main .prose >> nth=0") if page.locator("main .prose").count() else True
    assert elsewhere == []
