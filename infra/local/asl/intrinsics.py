"""The language's functions, nested as deep as they come: `States.Format('ask-{}', $.line)`.

`States.UUID` and `States.MathRandom` are not known on purpose: ids and chance come from the functions, where a seed reproduces them.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from infra.local.asl.faults import Fault
from infra.local.asl.paths import UnknownForm, needed


FAILURE = "States.IntrinsicFailure"
PATH_FAILURE = "States.ParameterPathFailure"
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_NAME = re.compile(r"\s*(States\.\w+)\(")
_TEXT = re.compile(r"\s*'((?:[^'\\]|\\.)*)'\s*")
_PATH = re.compile(r"\s*(\$(?:[^,()\s\['\"]|\['[^']*'\]|\[\"[^\"]*\"\]|\[[^\]'\"]*\])*)\s*")
_LITERAL = re.compile(r"\s*(true|false|null|-?\d+(?:\.\d+)?)\s*")

Argument = Callable[[Any, Any], Any]
"""Input and context to a value."""


def evaluated(text: str, value: Any, context: Any) -> Any:
    """Raises: UnknownForm for what cannot be read, Fault for arguments that do not fit."""
    return parsed(text)(value, context)


def parsed(text: str) -> Argument:
    call, end = _call(text, 0)
    if text[end:].strip():
        raise UnknownForm(f"more than one function: {text}")
    return call


def _call(text: str, at: int) -> tuple[Argument, int]:
    opening = _NAME.match(text, at)
    if opening is None or opening[1] not in FUNCTIONS:
        raise UnknownForm(f"a function that is not known here: {text[at:]}")
    name, at, arguments = opening[1], opening.end(), []
    while not text[at:].lstrip().startswith(")"):
        argument, at = _argument(text, at)
        arguments.append(argument)
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != ")":
            raise UnknownForm(f"unfinished: {text}")
    end = text.index(")", at) + 1
    while text[end : end + 1] == " ":
        end += 1
    return _bound(name, arguments), end


def _argument(text: str, at: int) -> tuple[Argument, int]:
    if (match := _TEXT.match(text, at)) is not None:
        raw = match[1]
        return lambda _value, _context: _Template(raw), match.end()
    if (match := _PATH.match(text, at)) is not None:
        path = match[1]
        return lambda value, context: needed(path, value, context, PATH_FAILURE), match.end()
    if (match := _LITERAL.match(text, at)) is not None:
        literal = json.loads(match[1])
        return lambda _value, _context: literal, match.end()
    return _call(text, at)


class _Template(str):
    """A text written in the definition; only these have escapes."""

    __slots__ = ()

    def plain(self) -> str:
        return re.sub(r"\\(.)", r"\1", self)


def _bound(name: str, arguments: list[Argument]) -> Argument:
    function = FUNCTIONS[name]

    def call(value: Any, context: Any) -> Any:
        given = [argument(value, context) for argument in arguments]
        if name != "States.Format":
            given = [each.plain() if isinstance(each, _Template) else each for each in given]
        try:
            return function(*given)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise Fault(FAILURE, f"{name}: {error}") from error

    return call


def _format(template: str, *values: Any) -> str:
    if not isinstance(template, _Template):
        raise TypeError("the template is written out")
    parts, left = [], list(values)
    for piece in re.findall(r"\\.|\{\}|[^\\{]+|.", template):
        if piece == "{}":
            parts.append(_shown(left.pop(0)))
        else:
            parts.append(piece[1] if piece.startswith("\\") else piece)
    if left:
        raise ValueError("more values than places")
    return "".join(parts)


def _shown(value: Any) -> str:
    if isinstance(value, _Template):
        return value.plain()
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _merged(first: dict[str, Any], second: dict[str, Any], deep: bool) -> dict[str, Any]:
    if deep:
        raise ValueError("only shallow merges exist")
    return {**first, **second}


def _range(first: int, last: int, step: int) -> list[int]:
    return list(range(first, last + (1 if step > 0 else -1), step))


def _unique(values: list[Any]) -> list[Any]:
    return [value for index, value in enumerate(values) if value not in values[:index]]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "States.Array": lambda *values: list(values),
    "States.ArrayContains": lambda values, value: value in values,
    "States.ArrayGetItem": lambda values, index: values[index],
    "States.ArrayLength": len,
    "States.ArrayPartition": lambda values, size: [values[at : at + size] for at in range(0, len(values), size)],
    "States.ArrayRange": _range,
    "States.ArrayUnique": _unique,
    "States.Base64Decode": lambda text: base64.b64decode(text).decode(),
    "States.Base64Encode": lambda text: base64.b64encode(text.encode()).decode(),
    "States.Format": _format,
    "States.Hash": lambda text, algorithm: hashlib.new(_HASHES[algorithm], text.encode()).hexdigest(),
    "States.JsonMerge": _merged,
    "States.JsonToString": lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    "States.MathAdd": lambda first, second: first + second,
    "States.StringSplit": lambda text, signs: [part for part in re.split(f"[{re.escape(signs)}]", text) if part],
    "States.StringToJson": json.loads,
}
