"""JSON answers of providers: exact source text for signatures, no floats, no duplicate names."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Never


_BLANK = re.compile(r"[ \t\r\n]*")


class Unreadable(ValueError):
    """Not the JSON of an honest provider. Its text names no content."""


def _refuse(_: str) -> Never:
    raise Unreadable("not a number")


def _distinct(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("a name came twice")
    return found


# Numbers stay the text that they were: `1.00` keeps its places and nothing becomes a float. A boolean stays a boolean,
# so that `true` can never pass for `1`.
_decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse, object_pairs_hook=_distinct)


def members(body: bytes) -> dict[str, tuple[object, str]]:
    """The members of the outermost object, each as value and as the exact text it was written in.

    A signature covers that text. Counting braces would cut it wrongly (values may hold braces), and writing the value
    again would change blanks and escapes; so the decoder says where a value ends.
    Raises: Unreadable.
    """
    try:
        text = body.decode("utf-8")
        return _members(text)
    except (ValueError, RecursionError, IndexError):
        # Every foreign error carries the document in itself; ours does not, and holds no chain to it.
        pass
    raise Unreadable("not the object that was expected")


def _members(text: str) -> dict[str, tuple[object, str]]:
    found: dict[str, tuple[object, str]] = {}
    at = _skip(text, 0, "{")
    while True:
        if text[at] != '"':
            raise Unreadable("a name is a text")
        name, at = _decoder.raw_decode(text, at)
        at = start = _skip(text, _blank(text, at), ":")
        value, at = _decoder.raw_decode(text, at)
        if name in found:
            raise Unreadable("a name came twice")
        found[name] = (value, text[start:at])
        at = _blank(text, at)
        if text[at] == "}":
            break
        at = _skip(text, at, ",")
    if _blank(text, at + 1) != len(text):
        raise Unreadable("text after the object")
    return found


def _blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _skip(text: str, at: int, mark: str) -> int:
    at = _blank(text, at)
    if text[at] != mark:
        raise Unreadable("not an object")
    return _blank(text, at + 1)


def text_of(values: Mapping[str, object], name: str) -> str:
    """A string or a number as text; empty for everything else (null, booleans, lists)."""
    value = values.get(name)
    return value if isinstance(value, str) else ""
