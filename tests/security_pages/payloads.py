"""The hostile texts of `payloads.txt`, and which of them a bounded field takes."""

import re
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from faka.contexts.catalog.texts import Line, Localized, Name


_NAMED = re.compile(r"\{U\+([0-9A-F]{4,6})\}")
_BOUNDS = {bound: TypeAdapter[Localized](kind) for bound, kind in (("name", Name), ("line", Line), ("body", Localized))}


@cache
def payloads() -> tuple[str, ...]:
    """All of them, each once, in the order of the file."""
    lines = (Path(__file__).parent / "payloads.txt").read_text("utf-8").splitlines()
    texts = (_NAMED.sub(lambda found: chr(int(found.group(1), 16)), line) for line in lines if line and not line.startswith("§ "))
    return tuple(dict.fromkeys(texts))


@cache
def taken(bound: str) -> tuple[str, ...]:
    """What a `name`, `line` or `body` of the catalogue takes; the rest is refused before it is stored."""
    return tuple(text for text in payloads() if _fits(bound, text))


def _fits(bound: str, text: str) -> bool:
    try:
        _BOUNDS[bound].validate_python({"en": text})
    except ValidationError:
        return False
    return True
