"""Condition expressions and key conditions, read once and judged many times."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from tests.kit.engine.faults import IllFormed, NotModelled
from tests.kit.engine.grammar import Demand, Operand, Parser, Path, Values, length, read
from tests.kit.engine.values import KINDS, SETS, Row, Value, equal, ordered


Test = Callable[[Row, Values], bool]
Names = tuple[tuple[str, str], ...]
"""Items of ExpressionAttributeNames, in order."""

IN_MAX = 100
SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
ORDERED = ("S", "N", "B")


@dataclass(frozen=True, slots=True)
class Condition:
    test: Test
    names: frozenset[str]
    values: frozenset[str]
    demands: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """What stands at one side of a comparison."""

    get: Operand
    path: Path = ()
    value: str = ""


@lru_cache(maxsize=2048)
def condition(text: str, names: Names) -> Condition:
    """Raises: IllFormed."""
    parser = _Conditions(text, dict(names))
    test = parser.any_of()
    parser.end()
    return Condition(test, frozenset(parser.names), frozenset(parser.values), tuple(parser.demands))


class _Conditions(Parser):
    _group = (-1, -1)
    """Where the last parentheses opened and closed."""

    def any_of(self) -> Test:
        parts = [self.all_of()]
        while self.met("OR"):
            self.counted()
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else lambda row, values: any(part(row, values) for part in parts)

    def all_of(self) -> Test:
        parts = [self.negation()]
        while self.met("AND"):
            self.counted()
            parts.append(self.negation())
        if len(parts) == 1:
            return parts[0]
        if len(parts) == 2:
            first, second = parts
            return lambda row, values: first(row, values) and second(row, values)
        return lambda row, values: all(part(row, values) for part in parts)

    def negation(self) -> Test:
        if self.met("NOT"):
            self.counted()
            inner = self.negation()
            return lambda row, values: not inner(row, values)
        if self.next == "(":
            return self._parentheses()
        for name, call in FUNCTIONS.items():
            if self.is_call(name):
                self.take()
                return call(self)
        return self.comparison()

    def _parentheses(self) -> Test:
        opened = self._at
        self.take("(")
        inner = self.any_of()
        if self._group == (opened + 1, self._at - 1):
            raise IllFormed("the expression has redundant parentheses")
        self._group = (opened, self._at)
        self.take(")")
        return inner

    # -- comparisons ----------------------------------------------------------------------------------------------

    def term(self) -> Term:
        if self.is_value():
            token = self.value()
            return Term(lambda _, values: values[token], value=token)
        if self.is_call("size"):
            self.take()
            self.counted()
            self.take("(")
            get = read(self.path())
            self.take(")")
            return Term(lambda row, values: length(get(row, values)))
        path = self.path()
        return Term(read(path), path)

    def comparison(self) -> Test:
        left = self.term()
        self.counted()
        if self.met("BETWEEN"):
            return self._between(left)
        if self.met("IN"):
            return self._among(left)
        sign, right = self.take(), self.term()
        _distinct(left, right)
        if sign in ("=", "<>"):
            return _same(left, right, wanted=sign == "=")
        if sign not in SIGNS:
            raise IllFormed(f"no comparison: {sign!r}")
        self._comparable(sign, left, right)
        a, b, stands = left.get, right.get, SIGNS[sign]
        return lambda row, values: ordered(a(row, values), b(row, values), stands)

    def _between(self, middle: Term) -> Test:
        low = self.term()
        self.take("AND")
        high = self.term()
        _distinct(middle, low, high)
        self._comparable("BETWEEN", middle, low, high)
        if low.value and high.value:
            self.demands.append(bounds(low.value, high.value))
        a, x, b = low.get, middle.get, high.get

        def test(row: Row, values: Values) -> bool:
            value = x(row, values)
            return ordered(value, a(row, values), operator.ge) and ordered(value, b(row, values), operator.le)

        return test

    def _among(self, left: Term) -> Test:
        self.take("(")
        options = [self.term()]
        while self.met(","):
            options.append(self.term())
        self.take(")")
        if len(options) > IN_MAX:
            raise IllFormed("IN takes up to 100 values")
        _distinct(left, *options)
        return lambda row, values: any(equal(left.get(row, values), option.get(row, values)) for option in options)

    def _comparable(self, what: str, *terms: Term) -> None:
        for term in terms:
            if term.value:
                self.demand_kind(term.value, ORDERED, what)

    # -- functions ------------------------------------------------------------------------------------------------

    def exists(self) -> Test:
        [path] = [self._path_argument() for _ in self.arguments()]
        get = read(path)
        return lambda row, values: get(row, values) is not None

    def exists_not(self) -> Test:
        is_there = self.exists()
        return lambda row, values: not is_there(row, values)

    def has_type(self) -> Test:
        path, token = self._two()
        if not token.value:
            raise IllFormed("attribute_type takes a value")

        def look(values: Values) -> None:
            if values[token.value].get("S") not in KINDS:
                raise IllFormed("invalid attribute type name found")

        self.demands.append(look)
        return lambda row, values: (path.get(row, values) or {}).keys() == {values[token.value]["S"]}

    def begins(self) -> Test:
        path, prefix = self._two()
        if prefix.value:
            self.demand_kind(prefix.value, ("S", "B"), "begins_with")
        return lambda row, values: _begins(path.get(row, values), prefix.get(row, values))

    def contains(self) -> Test:
        path, part = self._two()
        _distinct(path, part)
        if part.value:
            self.demands.append(_one_element(part.value))
        return lambda row, values: _contains(path.get(row, values), part.get(row, values))

    def _two(self) -> tuple[Term, Term]:
        terms = [self._path_term() if n == 0 else self.term() for n in self.arguments()]
        if len(terms) != 2:
            raise IllFormed("incorrect number of operands")
        return terms[0], terms[1]

    def _path_term(self) -> Term:
        path = self._path_argument()
        return Term(read(path), path)

    def _path_argument(self) -> Path:
        if self.is_value():
            raise IllFormed("operator or function requires a document path")
        return self.path()


FUNCTIONS: dict[str, Callable[[_Conditions], Test]] = {
    "attribute_exists": _Conditions.exists,
    "attribute_not_exists": _Conditions.exists_not,
    "attribute_type": _Conditions.has_type,
    "begins_with": _Conditions.begins,
    "contains": _Conditions.contains,
}


def _same(left: Term, right: Term, *, wanted: bool) -> Test:
    a, b = left.get, right.get
    if left.value or right.value:
        return lambda row, values: equal(a(row, values), b(row, values)) is wanted

    def test(row: Row, values: Values) -> bool:
        one, other = a(row, values), b(row, values)
        if one is None and other is None:
            raise NotModelled("whether two absent attributes are equal: the guide does not say it")
        return equal(one, other) is wanted

    return test


def _distinct(first: Term, *others: Term) -> None:
    if first.path and any(first.path == other.path for other in others):
        raise IllFormed("the first operand must be distinct from the remaining operands")


def bounds(low: str, high: str) -> Demand:
    def look(values: Values) -> None:
        a, b = values[low], values[high]
        if a.keys() != b.keys():
            raise IllFormed("BETWEEN requires the same type for lower and upper bounds")
        if ordered(a, b, operator.gt):
            raise IllFormed("BETWEEN requires upper bound to be greater than or equal to lower bound")

    return look


def _one_element(token: str) -> Demand:
    def look(values: Values) -> None:
        if next(iter(values[token])) in SETS:
            raise NotModelled("whether something contains a set: the guide does not say it")

    return look


def _begins(value: Value | None, prefix: Value | None) -> bool:
    if value is None or prefix is None:
        return False
    kind = next(iter(value))
    return kind in ("S", "B") and kind in prefix and value[kind].startswith(prefix[kind])


def _contains(whole: Value | None, part: Value | None) -> bool:
    if whole is None or part is None:
        return False
    kind, inner = next(iter(whole.items()))
    if kind == "S":
        return "S" in part and part["S"] in inner
    if kind in SETS:
        return kind[0] in part and part[kind[0]] in inner
    return kind == "L" and any(equal(each, part) for each in inner)
