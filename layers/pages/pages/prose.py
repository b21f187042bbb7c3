"""Texts of merchants: Markdown with HTML switched off, links that tell nobody where the reader came from."""

from collections.abc import MutableMapping, Sequence
from functools import cache, lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")
    parser.add_render_rule("link_open", _outward)
    parser.add_render_rule("heading_open", _lower)
    parser.add_render_rule("heading_close", _lower)
    return parser


def _outward(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
    tokens[index].attrSet("rel", "nofollow noopener noreferrer")
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
