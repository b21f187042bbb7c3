"""What Markdown of a merchant becomes: nothing but words, lists, tables and links that lead to web, mail or telephone."""

import pytest
from markdown_it import MarkdownIt

from pages import prose as module
from pages.prose import SCHEMES, prose
from tests.security_pages import markup
from tests.security_pages.payloads import payloads


pytestmark = pytest.mark.unit


def judged(html: str) -> markup.Seen:
    return markup.read(f'<!doctype html><html><head><title>x</title></head><body><div class="prose">{html}</div></body></html>')


AROUND = ("{}", "word {} word", "- {}", "> {}", "# {}", "| a |\n|:-:|\n| {} |", "[word]({})", '[word](/ "{}")', "**{}**", "1. a\n   {}")
APPS = ("javascript", "vbscript", "file", "data:image/png", "intent", "view-source", "blob", "weixin", "ms-msdt", "x")
WELL = ("https://a.test/b?c=d#e", "HTTP://a.test", "mailto:a@b.test", "tel:+8610", "/help", "#x", "//a.test")


@pytest.mark.parametrize("around", AROUND)
def test_no_text_becomes_an_element_an_attribute_or_an_address_of_its_own(around: str) -> None:
    foreign = [(text, seen.foreign) for text in payloads() if (seen := judged(prose(around.replace("{}", text)))).foreign]
    assert foreign == []


def test_in_a_code_block_every_text_stays_as_it_was_written() -> None:
    lost = [text for text in payloads() if judged(prose(f"~~~~~\n{text}\n~~~~~")).words.count(_as_read(text)) != 1]
    assert lost == []


def _as_read(text: str) -> str:
    """Line ends become one, and NUL the sign for what cannot be shown, as the standard of HTML and that of Markdown say."""
    return text.replace("\r\n", "\n").replace("\0", "\ufffd").strip("\n")


@pytest.mark.parametrize(
    "scheme", ["javascript", "vbscript", "file", "data:image/png", "intent", "view-source", "blob", "weixin", "ms-msdt", "x"]
)
def test_a_link_to_anything_but_web_mail_or_telephone_stays_text(scheme: str) -> None:
    for spelled in (scheme, scheme.upper(), f"&#{ord(scheme[0])};{scheme[1:]}"):
        assert "<a" not in prose(f"[word]({spelled}:target)"), spelled
        assert "<a" not in prose(f"<{spelled}:target>"), spelled


@pytest.mark.parametrize("address", WELL)
def test_a_link_to_web_mail_telephone_or_this_shop_is_one(address: str) -> None:
    assert "<a" in prose(f"[word]({address})")


def test_a_column_keeps_its_side_without_a_style_of_its_own() -> None:
    html = prose("| a | b | c |\n|:-:|--:|---|\n| 1 | 2 | 3 |")
    assert "style" not in html
    assert html.count('class="at-center"') == html.count('class="at-right"') == 2


def test_schemes_are_those_that_the_reader_of_pages_allows() -> None:
    assert SCHEMES == markup.SCHEMES


def test_twin_with_the_parsers_own_list_an_apps_scheme_is_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module._Parser, "validateLink", MarkdownIt.validateLink)
    found = {text: judged(str(module._parser().render(text))).foreign for text in payloads()}
    assert any("intent:" in text for text, foreign in found.items() if foreign)


def test_twin_with_html_on_a_script_is_found() -> None:
    parser = MarkdownIt("commonmark", {"html": True})
    assert len([text for text in payloads() if judged(parser.render(text)).foreign]) > 100
