"""Random rows, conditions and updates over few keys and few attributes, so that they meet. One seed, one story.

Attributes have their types by their names: a condition then finds what it compares as often as not.
"""

import random
import re
from typing import Any


Value = dict[str, Any]

TEXTS = ("", "a", "ab", "abc", "b", "ba", "c")
NUMBERS = ("-3", "-1", "0", "1", "2", "3", "10", "99999999999999999999", "0.5", "1.25")
BINARIES = (b"\x00", b"\x01", b"\x01\x02", b"\xff")
PARTITIONS = ("p", "q")
SORTS = ("a", "ab", "b", "c", "ca", "d")
DUE_PARTITIONS = ("0", "1")
DUE_SORTS = ("2026-01", "2026-02", "2026-03")

KINDS = {
    "t": "S",
    "state": "S",
    "n": "N",
    "count": "N",
    "b": "B",
    "y": "BOOL",
    "z": "NULL",
    "ss": "SS",
    "ns": "NS",
    "l": "L",
    "m": "M",
}
"""Attribute → the type it has. `state`, `count` and the like are reserved words, which only `#name` can name."""

EXPRESSIONS = ("ConditionExpression", "UpdateExpression", "KeyConditionExpression")
SCALARS = ("S", "N", "B")


class Draw:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def likely(self, share: float) -> bool:
        return self.chance.random() < share

    def one(self, options: Any) -> Any:
        return self.chance.choice(options)

    # -- values ---------------------------------------------------------------------------------------------------

    def value(self, kind: str, depth: int = 0) -> Value:
        chance = self.chance
        if kind in ("S", "N", "B"):
            return {kind: chance.choice({"S": TEXTS, "N": NUMBERS, "B": BINARIES}[kind])}
        if kind == "BOOL":
            return {kind: chance.random() < 0.5}
        if kind == "NULL":
            return {kind: True}
        if kind in ("SS", "NS"):
            return {kind: chance.sample(TEXTS[1:] if kind == "SS" else NUMBERS[:7], chance.randint(1, 3))}
        kinds = ("S", "N", "L", "M") if depth < 2 else ("S", "N")
        inner = [self.value(chance.choice(kinds), depth + 1) for _ in range(chance.randint(0, 4))]
        return {"L": inner} if kind == "L" else {"M": dict(zip(("x", "y", "z"), inner, strict=False))}

    def key(self) -> dict[str, Value]:
        return {"pk": {"S": self.one(PARTITIONS)}, "sk": {"S": self.one(SORTS)}}

    def due(self) -> dict[str, Value]:
        return {"due_pk": {"S": self.one(DUE_PARTITIONS)}, "due_sk": {"S": self.one(DUE_SORTS)}}

    def item(self) -> dict[str, Value]:
        names = self.chance.sample(tuple(KINDS), self.chance.randint(2, 7))
        names += [name for name in ("l", "m") if self.likely(0.3) and name not in names]
        row = {**self.key(), **{name: self.value(KINDS[name]) for name in names}}
        if self.likely(0.4):
            due = self.due()
            row |= due if self.likely(0.8) else {"due_pk": due["due_pk"]}
        return row


class Expression:
    """Writes one request's expressions, and collects their names and values on the way."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self.values: dict[str, Value] = {}

    def name(self, name: str) -> str:
        return f"#{name}"

    def put(self, value: Value) -> str:
        token = f":v{len(self.values)}"
        self.values[token] = value
        return token

    def typed(self, kind: str) -> str:
        return self.put(self._draw.value(kind))

    # -- conditions -----------------------------------------------------------------------------------------------

    def condition(self, depth: int = 0) -> str:
        draw = self._draw
        fate = draw.chance.random()
        if depth < 2 and fate < 0.3:
            parts = [self._part(depth) for _ in range(draw.chance.randint(2, 3))]
            return f" {draw.one(('AND', 'OR'))} ".join(parts)
        if depth < 2 and fate < 0.4:
            return f"NOT {self._part(depth)}"
        return self.test()

    def _part(self, depth: int) -> str:
        """In parentheses where it is more than a test."""
        text = self.condition(depth + 1)
        return f"({text})" if any(f" {word} " in f" {text}" for word in ("AND", "OR", "NOT")) else text

    def test(self) -> str:
        draw = self._draw
        attribute = draw.one(tuple(KINDS))
        kind, path = KINDS[attribute], self.name(attribute)
        if kind in ("L", "M") and draw.likely(0.6):
            path, kind = f"{path}{self._inside(kind)}", draw.one(SCALARS)
        tests = [self._existence, self._equality, self._type, self._membership]
        if kind in SCALARS:
            tests += [self._order, self._order, self._between]
        if kind in ("S", "B"):
            tests.append(self._prefix)
        if kind in ("S", "SS", "NS", "L"):
            tests.append(self._containing)
        if path == f"#{attribute}" and kind in ("SS", "NS", "L", "M", "B"):
            tests.append(self._size)
        return str(draw.one(tests)(path, kind))

    def _inside(self, kind: str) -> str:
        draw = self._draw
        step = f"[{draw.chance.randint(0, 2)}]" if kind == "L" else f".{self.name(draw.one(('x', 'y', 'z')))}"
        return step + (self._inside(draw.one(("L", "M"))) if draw.likely(0.2) else "")

    def _existence(self, path: str, kind: str) -> str:
        return f"attribute_{self._draw.one(('exists', 'not_exists'))}({self._draw.one((path, path, 'pk'))})"

    def _equality(self, path: str, kind: str) -> str:
        return f"{path} {self._draw.one(('=', '<>'))} {self.typed(kind if self._draw.likely(0.9) else self._draw.one(SCALARS))}"

    def _type(self, path: str, kind: str) -> str:
        return f"attribute_type({path}, {self.put({'S': self._draw.one((kind, kind, 'S', 'N'))})})"

    def _membership(self, path: str, kind: str) -> str:
        return f"{path} IN ({', '.join(self.typed(kind) for _ in range(self._draw.chance.randint(1, 3)))})"

    def _order(self, path: str, kind: str) -> str:
        return f"{path} {self._draw.one(('<', '<=', '>', '>='))} {self.typed(kind)}"

    def _between(self, path: str, kind: str) -> str:
        low, high = sorted((self._draw.value(kind), self._draw.value(kind)), key=lambda v: float(v["N"]) if kind == "N" else v[kind])
        return f"{path} BETWEEN {self.put(low)} AND {self.put(high)}"

    def _prefix(self, path: str, kind: str) -> str:
        return f"begins_with({path}, {self.typed(kind)})"

    def _containing(self, path: str, kind: str) -> str:
        return f"contains({path}, {self.typed({'S': 'S', 'SS': 'S', 'NS': 'N', 'L': self._draw.one(('S', 'N'))}[kind])})"

    def _size(self, path: str, kind: str) -> str:
        return f"size({path}) {self._draw.one(('=', '<>', '<', '<=', '>', '>='))} {self.put({'N': self._draw.one('0123')})}"

    # -- updates --------------------------------------------------------------------------------------------------

    def update(self) -> str:
        """One to three actions on paths that do not meet, in their sections."""
        draw = self._draw
        sections: dict[str, list[str]] = {}
        for attribute in draw.chance.sample((*KINDS, "due"), draw.chance.randint(1, 3)):
            for verb, action in self._actions(attribute):
                sections.setdefault(verb, []).append(action)
        verbs = list(sections)
        draw.chance.shuffle(verbs)
        return " ".join(f"{verb} {', '.join(sections[verb])}" for verb in verbs)

    def _actions(self, attribute: str) -> list[tuple[str, str]]:
        draw = self._draw
        if attribute == "due":
            due = draw.due()
            if draw.likely(0.3):
                return [("REMOVE", self.name(draw.one(tuple(due))))]
            return [("SET", f"{self.name(name)} = {self.put(value)}") for name, value in due.items()]
        kind, path = KINDS[attribute], self.name(attribute)
        if draw.likely(0.15):
            return [("REMOVE", path)]
        if kind == "N" and draw.likely(0.7):
            return [self._counted(path)]
        if kind in ("SS", "NS") and draw.likely(0.7):
            return [(draw.one(("ADD", "DELETE")), f"{path} {self.typed(kind)}")]
        if kind in ("L", "M") and draw.likely(0.7):
            return self._in_document(path, kind)
        return [("SET", f"{path} = {self._assigned(path, kind)}")]

    def _counted(self, path: str) -> tuple[str, str]:
        draw = self._draw
        if draw.likely(0.3):
            return "ADD", f"{path} {self.typed('N')}"
        left = draw.one((path, path, self.name(draw.one(("n", "count"))), f"if_not_exists({path}, {self.typed('N')})"))
        return "SET", f"{path} = {left} {draw.one('+-')} {self.typed('N')}"

    def _in_document(self, path: str, kind: str) -> list[tuple[str, str]]:
        draw = self._draw
        if kind == "L" and draw.likely(0.4):
            both = [path, self.typed("L")]
            draw.chance.shuffle(both)
            return [("SET", f"{path} = list_append({', '.join(both)})")]
        steps = ("[0]", "[1]", "[2]", "[5]") if kind == "L" else tuple(f".{self.name(name)}" for name in "xyz")
        chosen = draw.chance.sample(steps, draw.chance.randint(1, 2))
        if kind == "L" and draw.likely(0.3):
            return [("REMOVE", path + step) for step in draw.chance.sample(steps[:3], 2)]
        return [self._at(path + step) for step in chosen]

    def _at(self, path: str) -> tuple[str, str]:
        draw = self._draw
        return ("REMOVE", path) if draw.likely(0.4) else ("SET", f"{path} = {self.typed(draw.one(SCALARS))}")

    def _assigned(self, path: str, kind: str) -> str:
        draw = self._draw
        if draw.likely(0.2):
            return f"if_not_exists({path}, {self.typed(kind)})"
        if draw.likely(0.15):
            return self.name(draw.one(tuple(KINDS)))
        return self.typed(kind)

    def into(self, given: dict[str, Any]) -> dict[str, Any]:
        """The request with the names and values that its expressions use."""
        used = re.findall(r"[#:]\w+", " ".join(str(given.get(part, "")) for part in EXPRESSIONS))
        names = {token: token[1:] for token in used if token.startswith("#")}
        values = {token: self.values[token] for token in used if token.startswith(":")}
        return given | ({"ExpressionAttributeNames": names} if names else {}) | ({"ExpressionAttributeValues": values} if values else {})
