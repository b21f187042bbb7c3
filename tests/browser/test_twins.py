"""Each guard of the ring bites: a page with the fault in it must fail it."""

from typing import Any

import pytest

from tests.browser import audit


pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><head><title>t</title><meta name="viewport" content="width=device-width"></head>
<body><main><h1>Shop</h1>{}</main></body></html>"""
CSP = "default-src 'none'; script-src 'self'; style-src 'self'"


@pytest.fixture
def show(context: Any) -> Any:
    """Shows a body under our content policy and answers the page and its console."""
    opened = context(width=390)

    def make(body: str, *, policy: str = "") -> tuple[Any, list[str]]:
        page, console = opened.new_page(), []
        page.on("console", lambda message: console.append(message.text))
        headers = {"content-type": "text/html; charset=utf-8", **({"content-security-policy": policy} if policy else {})}
        page.route("**/*", lambda route: route.fulfill(status=200, headers=headers, body=PAGE.format(body)))
        page.goto("http://127.0.0.1:9/")
        return page, console

    return make


def test_twin_a_field_without_label_fails_axe(show: Any) -> None:
    page, _ = show("<input name=x><p style='color:#bbb;background:#fff'>grey</p>")
    assert {line.split(":")[0] for line in audit.axe(page)} >= {"label", "color-contrast"}


def test_twin_an_inline_script_violates_the_policy(show: Any) -> None:
    _, console = show("<script>document.title = 'x'</script><p style='color:red'>x</p>", policy=CSP)
    assert any("Content Security Policy" in line for line in console)


def test_twin_a_sticky_bar_without_scroll_padding_covers_the_focus(show: Any) -> None:
    bar = "<div style='position:fixed;bottom:0;left:0;right:0;height:200px;background:#ccc'>bar</div>"
    page, _ = show("".join(f"<p><a href='#{n}'>link {n}</a></p>" for n in range(40)) + bar)
    assert audit.covered(page)


def test_twin_a_wide_table_scrolls_sideways(show: Any) -> None:
    page, _ = show("<div style='width:1000px'>wide</div>")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0


def test_twin_a_stray_closing_tag_is_invalid() -> None:
    assert audit.invalid_html(PAGE.format("<p>x</p></div>"))
    assert audit.invalid_html(PAGE.format("<p>x</p>")) == ""


@pytest.mark.parametrize("text", ["PENDING_PAYMENT", "Total %(total)s", "{{ view.total }}", "None", "undefined"])
def test_twin_a_raw_key_is_found(text: str) -> None:
    assert audit.raw_keys(f"Pay\n{text}\nnow")


def test_twin_a_text_of_the_other_language_is_found(built: None) -> None:
    assert audit.untranslated("订单\nFind my order\n", "zh") == ["Find my order"]
    assert audit.untranslated("Orders\n查询订单\n", "en") == ["查询订单"]


def test_twin_a_request_elsewhere_is_seen(context: Any, demo: Any) -> None:
    _world, url = demo
    opened = context()
    opened.route(
        "**/help",
        lambda route: route.fulfill(body=PAGE.format("<img src='http://127.0.0.1:9/pixel.gif' alt='x'>"), content_type="text/html"),
    )
    found = audit.visit(opened, lambda page: page.goto(f"{url}/help"), url)
    assert found.foreign == ["http://127.0.0.1:9/pixel.gif"]


def test_twin_a_heavy_page_is_weighed(context: Any, demo: Any) -> None:
    _world, url = demo
    opened = context()
    opened.route("**/help", lambda route: route.fulfill(body=PAGE.format("<p>" + "0123456789" * 6000), content_type="text/html"))
    assert audit.visit(opened, lambda page: page.goto(f"{url}/help"), url).bytes > 50 * 1024
