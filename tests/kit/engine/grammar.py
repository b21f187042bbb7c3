"""The grammar that conditions and updates share: tokens, document paths, operands, and what each expression needs of its values."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.kit.engine.faults import IllFormed, NotModelled
from tests.kit.engine.values import Row, Value


Values = dict[str, Value]
Path = tuple[str | int, ...]
Operand = Callable[[Row, Values], Value | None]
Demand = Callable[[Values], None]
"""Looks at the values of a request and raises IllFormed."""

EXPRESSION_BYTES_MAX = 4_096
OPERATORS_MAX = 300
"""Functions and operators of one expression; developer guide, "Constraints"."""
WORDS = frozenset(("AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"))

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),\[\].+-]|[#:]?\w+)")
_BARE = re.compile(r"[A-Za-z_]\w*").fullmatch


def tokens(text: str) -> list[str]:
    if len(text.encode()) > EXPRESSION_BYTES_MAX:
        raise IllFormed("expression size has exceeded the maximum allowed size")
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise IllFormed(f"cannot read {text[at:]!r}")
        found.append(match.group(1))
        at = match.end()
    if not found:
        raise IllFormed("the expression can not be empty")
    return found


class Parser:
    """Reads one expression. Names are put in while reading, values when it is used."""

    def __init__(self, text: str, names: dict[str, str]) -> None:
        self._tokens = tokens(text)
        self._at = 0
        self._names = names
        self._operators = 0
        self.names: set[str] = set()
        self.values: set[str] = set()
        self.demands: list[Demand] = []

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.next
        if not token or (wanted and token.upper() != wanted):
            raise IllFormed(f"expected {wanted or 'more'}, found {token!r}")
        self._at += 1
        return token

    def met(self, word: str) -> bool:
        if self.next.upper() == word:
            self._at += 1
            return True
        return False

    def end(self) -> None:
        if self.next:
            raise IllFormed(f"left over: {self.next!r}")

    def counted(self) -> None:
        self._operators += 1
        if self._operators > OPERATORS_MAX:
            raise IllFormed("too many operators or functions")

    def is_call(self, name: str) -> bool:
        return self.next == name and self._tokens[self._at + 1 : self._at + 2] == ["("]

    def arguments(self) -> Iterator[int]:
        """Counts the arguments of a call; the caller reads each of them."""
        self.counted()
        self.take("(")
        count = 0
        while True:
            yield count
            count += 1
            if not self.met(","):
                break
        self.take(")")

    # -- operands -------------------------------------------------------------------------------------------------

    def path(self) -> Path:
        steps: list[str | int] = [self._name()]
        while self.next in (".", "["):
            if self.met("."):
                steps.append(self._name())
            else:
                self.take("[")
                index = self.take()
                if not index.isdigit():
                    raise IllFormed(f"not an index: {index!r}")
                steps.append(int(index))
                self.take("]")
        return tuple(steps)

    def _name(self) -> str:
        token = self.take()
        if token.startswith("#"):
            if token not in self._names:
                raise IllFormed(f"an expression attribute name is not defined: {token}")
            self.names.add(token)
            return self._names[token]
        if not _BARE(token) or token.upper() in WORDS or _is_reserved(token):
            raise IllFormed(f"not the name of an attribute: {token!r}")
        return token

    def value(self) -> str:
        token = self.take()
        if not token.startswith(":"):
            raise IllFormed(f"expected a value, found {token!r}")
        self.values.add(token)
        return token

    def is_value(self) -> bool:
        return self.next.startswith(":")

    def demand_kind(self, token: str, kinds: tuple[str, ...], what: str) -> None:
        """The value must have one of these types."""

        def look(values: Values) -> None:
            if next(iter(values[token])) not in kinds:
                raise IllFormed(f"incorrect operand type for operator or function: {what}")

        self.demands.append(look)


def read(path: Path) -> Operand:
    """The value at a path, or None."""
    first = path[0]
    if len(path) == 1:
        return lambda row, _: row.get(first)  # type: ignore[arg-type]
    return lambda row, _: at(row, path)


def at(row: Row, path: Path) -> Value | None:
    value: Any = row.get(path[0])  # type: ignore[arg-type]
    for step in path[1:]:
        if value is None:
            return None
        if isinstance(step, int):
            inner = value.get("L")
            value = inner[step] if inner is not None and step < len(inner) else None
        else:
            value = value.get("M", {}).get(step)
    return value


def length(value: Value | None) -> Value | None:
    """`size(path)`."""
    if value is None:
        return None
    kind, inner = next(iter(value.items()))
    if kind in ("N", "BOOL", "NULL") or (kind == "S" and not inner.isascii()):
        raise NotModelled(f"the size of {value}: the guide does not say it")
    return {"N": str(len(inner))}


def _is_reserved(name: str) -> bool:
    """Whether a name must be written as `#name`. The list is the service's, as the emulator carries it."""
    if name in ("pk", "sk"):
        return False
    from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

    return name.upper() in ReservedKeywords.get_reserved_keywords()
