"""Condition and update expressions of DynamoDB over rows in wire form: as much of the grammar as the shop writes.

A test instrument. It is held to moto and to the local cloud by `tests/unit/stock/test_engine.py`.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from typing import Any


Row = dict[str, Any]
Scope = tuple[Row, dict[str, str], dict[str, Any]]
"""The row, the names and the values of one request."""

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),\[\].+-]|[#:]?\w+)")


class ExpressionFault(Exception):
    """The service would answer ValidationException."""


def tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionFault(f"cannot read {text[at:]!r}")
        found.append(match.group(1))
        at = match.end()
    return found


# -- values ---------------------------------------------------------------------------------------------------------


def number(value: Any) -> int:
    if value is None or "N" not in value:
        raise ExpressionFault("an operand is not a number")
    return int(value["N"])


def equal(a: Any, b: Any) -> bool:
    return a is not None and b is not None and normal(a) == normal(b)


def normal(value: Any) -> Any:
    kind, inner = next(iter(value.items()))
    if kind == "N":
        return kind, int(inner)
    if kind == "L":
        return kind, [normal(each) for each in inner]
    if kind == "M":
        return kind, {name: normal(each) for name, each in inner.items()}
    return kind, sorted(inner) if kind in ("SS", "NS", "BS") else inner


def ordered(a: Any, b: Any, test: Callable[[Any, Any], bool]) -> bool:
    if a is None or b is None:
        return False
    (kind, left), (other, right) = normal(a), normal(b)
    return kind == other and test(left, right)


# -- reading --------------------------------------------------------------------------------------------------------

Path = tuple[str | int, ...]


class Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._at = 0

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.next
        if not token or (wanted and token.upper() != wanted):
            raise ExpressionFault(f"expected {wanted or 'more'}, found {token!r}")
        self._at += 1
        return token

    def met(self, word: str) -> bool:
        if self.next.upper() == word:
            self._at += 1
            return True
        return False

    # conditions

    def condition(self) -> Callable[[Scope], bool]:
        parts = [self.conjunction()]
        while self.met("OR"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else lambda scope: any(part(scope) for part in parts)

    def conjunction(self) -> Callable[[Scope], bool]:
        parts = [self.negation()]
        while self.met("AND"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) for part in parts)

    def negation(self) -> Callable[[Scope], bool]:
        if self.met("NOT"):
            inner = self.negation()
            return lambda scope: not inner(scope)
        if self.met("("):
            inner = self.condition()
            self.take(")")
            return inner
        if self.next in FUNCTIONS:
            return self.function(self.take())
        return self.comparison()

    def function(self, name: str) -> Callable[[Scope], bool]:
        self.take("(")
        operands = [self.operand()]
        while self.met(","):
            operands.append(self.operand())
        self.take(")")
        test = FUNCTIONS[name]
        return lambda scope: test(*(operand(scope) for operand in operands))

    def comparison(self) -> Callable[[Scope], bool]:
        left = self.operand()
        if self.met("BETWEEN"):
            low = self.operand()
            self.take("AND")
            high = self.operand()
            return lambda s: ordered(left(s), low(s), lambda a, b: a >= b) and ordered(left(s), high(s), lambda a, b: a <= b)
        if self.met("IN"):
            return self.membership(left)
        sign, right = self.take(), self.operand()
        if sign == "=":
            return lambda scope: equal(left(scope), right(scope))
        if sign == "<>":
            return lambda scope: not equal(left(scope), right(scope))
        test = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}[sign]
        return lambda scope: ordered(left(scope), right(scope), test)

    def membership(self, left: Callable[[Scope], Any]) -> Callable[[Scope], bool]:
        self.take("(")
        options = [self.operand()]
        while self.met(","):
            options.append(self.operand())
        self.take(")")
        return lambda scope: any(equal(left(scope), option(scope)) for option in options)

    # operands

    def operand(self) -> Callable[[Scope], Any]:
        token = self.next
        if token.startswith(":"):
            self.take()
            return lambda scope: scope[2][token]
        if token == "size":
            self.take()
            self.take("(")
            measured = self.path()
            self.take(")")
            return lambda scope: _size(at(scope, measured))
        path = self.path()
        return lambda scope: at(scope, path)

    def path(self) -> Path:
        steps: list[str | int] = [self.take()]
        while self.next in (".", "["):
            if self.met("."):
                steps.append(self.take())
            else:
                self.take("[")
                steps.append(int(self.take()))
                self.take("]")
        return tuple(steps)

    # updates

    def update(self) -> list[tuple[str, Path, Callable[[Scope], Any] | None]]:
        actions: list[tuple[str, Path, Callable[[Scope], Any] | None]] = []
        while self.next:
            verb = self.take().upper()
            while True:
                path = self.path()
                if verb == "SET":
                    self.take("=")
                    actions.append((verb, path, self.value()))
                elif verb == "ADD":
                    actions.append((verb, path, self.operand()))
                elif verb == "REMOVE":
                    actions.append((verb, path, None))
                else:
                    raise ExpressionFault(f"unknown action {verb}")
                if not self.met(","):
                    break
        return actions

    def value(self) -> Callable[[Scope], Any]:
        left = self.term()
        if self.next not in ("+", "-"):
            return left
        sign, right = (1 if self.take() == "+" else -1), self.term()
        return lambda scope: {"N": str(number(left(scope)) + sign * number(right(scope)))}

    def term(self) -> Callable[[Scope], Any]:
        name = self.next
        if name not in ("if_not_exists", "list_append"):
            return self.operand()
        self.take()
        self.take("(")
        first = self.operand()
        self.take(",")
        second = self.operand()
        self.take(")")
        if name == "if_not_exists":
            return lambda scope: first(scope) if first(scope) is not None else second(scope)
        return lambda scope: {"L": [*first(scope)["L"], *second(scope)["L"]]}


def _size(value: Any) -> Any:
    return {"N": str(len(next(iter(value.values()))))} if value is not None else None


def _contains(whole: Any, part: Any) -> bool:
    kind, inner = next(iter(whole.items())) if whole else ("", [])
    if kind == "S":
        return "S" in part and part["S"] in inner
    return any(equal(each if kind == "L" else {kind[0]: each}, part) for each in inner)


FUNCTIONS: dict[str, Callable[..., bool]] = {
    "attribute_exists": lambda value: value is not None,
    "attribute_not_exists": lambda value: value is None,
    "begins_with": lambda value, prefix: value is not None and "S" in value and value["S"].startswith(prefix["S"]),
    "contains": _contains,
}


# -- doing ----------------------------------------------------------------------------------------------------------


def at(scope: Scope, path: Path) -> Any:
    row, names, _ = scope
    value: Any = {"M": row}
    for step in path:
        if value is None:
            return None
        if isinstance(step, int):
            inner = value.get("L")
            value = inner[step] if inner is not None and step < len(inner) else None
        else:
            value = value.get("M", {}).get(names.get(step, step))
    return value


@lru_cache(maxsize=4096)
def condition(text: str) -> Callable[[Scope], bool]:
    parser = Parser(text)
    test = parser.condition()
    if parser.next:
        raise ExpressionFault(f"left over: {parser.next!r}")
    return test


@lru_cache(maxsize=4096)
def _actions(text: str) -> list[tuple[str, Path, Callable[[Scope], Any] | None]]:
    return Parser(text).update()


def updated(row: Row, text: str, names: dict[str, str], values: dict[str, Any]) -> Row:
    """The row after the update. All right-hand sides see the row as it was."""
    scope = (row, names, values)
    after = deepcopy(row)
    planned = [(verb, path, value(scope) if value else None) for verb, path, value in _actions(text)]
    if any(verb == "SET" and value is None for verb, _, value in planned):
        raise ExpressionFault("an operand of SET does not exist")
    for verb, path, value in sorted(planned, key=lambda each: each[0] == "REMOVE"):
        holder = at((after, names, values), path[:-1]) if len(path) > 1 else {"M": after}
        last = path[-1]
        if holder is None:
            raise ExpressionFault("the path of an update does not exist")
        if verb == "REMOVE":
            _remove(holder, last, names)
        elif isinstance(last, int):
            holder["L"][last : last + 1] = [value]
        else:
            old = holder["M"].get(names.get(last, last))
            holder["M"][names.get(last, last)] = value if verb == "SET" else _added(old, value)
    return after


def _remove(holder: Any, last: str | int, names: dict[str, str]) -> None:
    if isinstance(last, int):
        del holder["L"][last : last + 1]
    else:
        holder["M"].pop(names.get(last, last), None)


def _added(old: Any, more: Any) -> Any:
    if "N" in more:
        return {"N": str((number(old) if old else 0) + number(more))}
    kind = next(iter(more))
    return {kind: sorted({*(old[kind] if old else []), *more[kind]})}
