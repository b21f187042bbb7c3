"""Texts of merchants: Markdown with HTML switched off, links that tell nobody where the reader came from."""

import re
from collections.abc import MutableMapping, Sequence
from functools import cache, lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup


SCHEMES = frozenset({"http", "https", "mailto", "tel"})
"""Where a link may lead. The parser's own list names four schemes that it refuses, and lets every app's scheme through."""

_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE | re.ASCII)


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the name is the library's
        """Whether an address, with its entities resolved, becomes a link; otherwise it stays the text that it was."""
        scheme = _SCHEME.match(url)
        return super().validateLink(url) and (scheme is None or scheme.group(1).lower() in SCHEMES)


@cache
def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False, "linkify": False, "breaks": True}).enable("table").disable("image")
    parser.add_render_rule("link_open", _outward)
    parser.add_render_rule("th_open", _aligned)
    parser.add_render_rule("td_open", _aligned)
    parser.add_render_rule("heading_open", _lower)
    parser.add_render_rule("heading_close", _lower)
    return parser


def _outward(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
    tokens[index].attrSet("rel", "nofollow noopener noreferrer")
    return self.renderToken(tokens, index, options, env)


def _aligned(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
    """A column's side as a class: the content policy takes no `style` attributes."""
    token = tokens[index]
    style = str(token.attrs.pop("style", ""))
    if style:
        token.attrSet("class", f"at-{style.removeprefix('text-align:')}")
    return self.renderToken(tokens, index, options, env)


def _lower(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
    """A merchant's headings start at level 3: levels 1 and 2 are the page's own."""
    token = tokens[index]
    token.tag = f"h{min(6, max(3, int(token.tag[1]) + 1))}"
    return self.renderToken(tokens, index, options, env)


@lru_cache(maxsize=256)
def prose(text: str) -> Markup:
    """HTML of a Markdown text. The parser escapes everything that is not Markdown and refuses script addresses in links."""
    return Markup(_parser().render(text))  # noqa: S704 - the one place where text becomes HTML; html=False above is what makes it safe


_PAIR = re.compile(r"\s*([^:：*_`\[\]#|<>]{1,24}?)\s*[:：](?!//)\s*(\S[^*_`\[\]|<>]*)")


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Names and values of a text whose every line is `name: value`; empty for any other text."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = [_PAIR.fullmatch(line) for line in lines]
    return tuple((one.group(1), one.group(2)) for one in found if one) if found and all(found) else ()
