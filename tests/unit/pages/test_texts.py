"""Both languages are equal: every text is translated, keeps its placeholders and reads like its language."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from infra.tools import pages as tool


pytestmark = pytest.mark.unit

CHINESE = re.compile(r"[\u3400-\u9fff]")
PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+)\}")
HALF_WIDTH = re.compile(r"[\u3400-\u9fff][,;?!()][\u3400-\u9fff]")
TEMPLATES = sorted((tool.PAGES / "templates").rglob("*.html"))


def catalogue() -> list[Message]:
    with tool.PO.open("rb") as file:
        return [message for message in read_po(file, locale="zh_CN") if message.id]


def test_the_catalogue_has_every_text_of_the_sources_and_no_other() -> None:
    known = {message.id if isinstance(message.id, str) else tuple(message.id) for message in catalogue()}
    found = {text for text, _place in tool.texts()}
    assert found - known == set(), "run: python -m infra.tools.pages update"
    assert known - found == set()


def test_no_text_is_empty_or_fuzzy() -> None:
    assert [message.id for message in catalogue() if not message.string or message.fuzzy] == []


def wrong_placeholders(msgid: str, text: str) -> bool:
    return set(PLACEHOLDER.findall(msgid)) != set(PLACEHOLDER.findall(text))


def test_both_sides_have_the_same_placeholders() -> None:
    assert [message.id for message in catalogue() if wrong_placeholders(str(message.id), str(message.string))] == []


def test_twin_a_lost_placeholder_is_found() -> None:
    assert wrong_placeholders("Only %(left)s left.", "仅剩几件。")


def test_chinese_uses_full_width_punctuation() -> None:
    assert [message.string for message in catalogue() if HALF_WIDTH.search(str(message.string))] == []


def test_every_translation_is_chinese() -> None:
    assert [message.id for message in catalogue() if not CHINESE.search(str(message.string))] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_chinese_of_their_own(path: Path) -> None:
    assert CHINESE.search(path.read_text("utf-8")) is None


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_write_no_inline_script_style_or_handler(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:|\|\s*safe", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def words_of(path: Path) -> list[str]:
    """Words between tags of a template that are not a text of the catalogue."""
    text = re.sub(r"\{% block page_class %\}.*?\{% endblock %\}", "", path.read_text("utf-8"))
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.S)
    text = re.sub(r"<[^>]*>|\s[a-z-]+=\"[^\"]*\"", " ", text)
    return re.findall(r"[A-Za-z]{3,}", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_untranslated_words(path: Path) -> None:
    assert words_of(path) == []


def test_twin_a_bare_word_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>Pay now</p>")
    assert words_of(tmp_path / "page.html") == ["Pay", "now"]
