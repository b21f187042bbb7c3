"""Key conditions: one clause for the partition, perhaps one for the sort key."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.kit.engine.conditions import SIGNS, Names, bounds
from tests.kit.engine.faults import IllFormed
from tests.kit.engine.grammar import Demand, Parser


@dataclass(frozen=True, slots=True)
class Clause:
    name: str
    sign: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyCondition:
    clauses: tuple[Clause, ...]
    names: frozenset[str]
    values: frozenset[str]
    demands: tuple[Demand, ...]


@lru_cache(maxsize=1024)
def key_condition(text: str, names: Names) -> KeyCondition:
    """One or two clauses joined by AND. Raises: IllFormed."""
    parser = _KeyConditions(text, dict(names))
    clauses = [parser.clause()]
    while parser.met("AND"):
        clauses.append(parser.clause())
    parser.end()
    return KeyCondition(tuple(clauses), frozenset(parser.names), frozenset(parser.values), tuple(parser.demands))


class _KeyConditions(Parser):
    def clause(self) -> Clause:
        if self.met("("):
            inner = self.clause()
            self.take(")")
            return inner
        if self.is_call("begins_with"):
            self.take()
            name, value = [self.key() if n == 0 else self.value() for n in self.arguments()][:2]
            return Clause(name, "begins_with", (value,))
        name = self.key()
        if self.met("BETWEEN"):
            low = self.value()
            self.take("AND")
            high = self.value()
            self.demands.append(bounds(low, high))
            return Clause(name, "BETWEEN", (low, high))
        sign = self.take()
        if sign not in ("=", *SIGNS):
            raise IllFormed(f"invalid operator used in a key condition: {sign}")
        return Clause(name, sign, (self.value(),))

    def key(self) -> str:
        path: Any = self.path()
        if len(path) != 1:
            raise IllFormed("key conditions cannot have conditions on nested attributes")
        return str(path[0])
