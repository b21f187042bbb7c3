"""Update expressions: all right-hand sides see the row as it was; only the maps and lists on a changed path are copied."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.kit.engine.conditions import Names
from tests.kit.engine.faults import DoesNotFit, IllFormed, NotModelled
from tests.kit.engine.grammar import Demand, Operand, Parser, Path, Values, at, read
from tests.kit.engine.values import SETS, Row, Value, added


@dataclass(frozen=True, slots=True)
class Change:
    """One action: SET has an operand, REMOVE nothing, ADD and DELETE a value."""

    verb: str
    path: Path
    operand: Operand | None = None


@dataclass(frozen=True, slots=True)
class Update:
    changes: tuple[Change, ...]
    """In the order in which they may be done."""

    touched: tuple[str, ...]
    """Names of the attributes that may differ afterwards."""

    is_flat: bool
    """No path goes into a map or list."""

    names: frozenset[str]
    values: frozenset[str]
    demands: tuple[Demand, ...]


@lru_cache(maxsize=2048)
def update(text: str, names: Names) -> Update:
    """Raises: IllFormed."""
    parser = _Updates(text, dict(names))
    changes = parser.sections()
    paths = [change.path for change in changes]
    for i, one in enumerate(paths):
        for other in paths[i + 1 :]:
            _apart(one, other)
    touched = tuple(dict.fromkeys(str(path[0]) for path in paths))
    is_flat = all(len(path) == 1 for path in paths)
    ordered = _in_order(changes)
    return Update(tuple(ordered), touched, is_flat, frozenset(parser.names), frozenset(parser.values), tuple(parser.demands))


def _apart(one: Path, other: Path) -> None:
    for a, b in zip(one, other, strict=False):
        if isinstance(a, int) is not isinstance(b, int):
            raise IllFormed("two document paths conflict with each other")
        if a != b:
            return
    raise IllFormed("two document paths overlap with each other")


def _in_order(changes: list[Change]) -> list[Change]:
    """Indexes mean the list as it was: what is appended comes by rising index, what is taken out by falling index and last."""

    def place(change: Change) -> list[tuple[bool, int, str]]:
        return [(True, step, "") if isinstance(step, int) else (False, 0, step) for step in change.path]

    removed = sorted((change for change in changes if change.verb == "REMOVE"), key=place, reverse=True)
    return [*sorted((change for change in changes if change.verb != "REMOVE"), key=place), *removed]


class _Updates(Parser):
    def sections(self) -> list[Change]:
        found: list[Change] = []
        met: set[str] = set()
        while self.next:
            verb = self.take().upper()
            if verb not in ("SET", "REMOVE", "ADD", "DELETE") or verb in met:
                raise IllFormed(f"unknown or repeated section: {verb}")
            met.add(verb)
            found.append(self.change(verb))
            while self.met(","):
                found.append(self.change(verb))
        return found

    def change(self, verb: str) -> Change:
        path = self.path()
        self.counted()
        if verb == "REMOVE":
            return Change(verb, path)
        if verb == "SET":
            self.take("=")
            return Change(verb, path, self.assigned())
        token = self.value()
        if len(path) > 1:
            raise NotModelled(f"{verb} inside a map or list: the guide allows it for top-level attributes only")
        self.demand_kind(token, SETS if verb == "DELETE" else ("N", *SETS), verb)
        return Change(verb, path, lambda _, values: values[token])

    def assigned(self) -> Operand:
        left, left_value = self.operand()
        if self.next not in ("+", "-"):
            return _there(left)
        sign = 1 if self.take() == "+" else -1
        self.counted()
        right, right_value = self.operand()
        for token in (left_value, right_value):
            if token:
                self.demand_kind(token, ("N",), "+")
        a, b = _there(left), _there(right)
        return lambda row, values: added(a(row, values), b(row, values), sign)

    def operand(self) -> tuple[Operand, str]:
        """An operand, and the name of the value where it is one."""
        if self.is_value():
            token = self.value()
            return (lambda _, values: values[token]), token
        if self.is_call("if_not_exists"):
            self.take()
            return self._if_not_exists(), ""
        if self.is_call("list_append"):
            self.take()
            return self._list_append(), ""
        return read(self.path()), ""

    def _if_not_exists(self) -> Operand:
        self.counted()
        self.take("(")
        first = read(self.path())
        self.take(",")
        second, _ = self.operand()
        self.take(")")

        def get(row: Row, values: Values) -> Value | None:
            found = first(row, values)
            return found if found is not None else second(row, values)

        return get

    def _list_append(self) -> Operand:
        both = []
        for _ in self.arguments():
            operand, token = self.operand()
            if token:
                self.demand_kind(token, ("L",), "list_append")
            both.append(_there(operand))
        if len(both) != 2:
            raise IllFormed("list_append takes two lists")

        def get(row: Row, values: Values) -> Value:
            first, second = (operand(row, values) for operand in both)
            if first is None or second is None or "L" not in first or "L" not in second:
                raise DoesNotFit("an operand in the update expression has an incorrect data type")
            return {"L": [*first["L"], *second["L"]]}

        return get


def _there(operand: Operand) -> Operand:
    def get(row: Row, values: Values) -> Value | None:
        value = operand(row, values)
        if value is None:
            raise DoesNotFit("the provided expression refers to an attribute that does not exist in the item")
        return value

    return get


# -- doing --------------------------------------------------------------------------------------------------------------


def changed(row: Row, compiled: Update, values: Values) -> Row:
    """The row after the update; the given one and what is in it stay as they are. Raises: DoesNotFit."""
    after = dict(row)
    planned = [(change, change.operand(row, values) if change.operand else None) for change in compiled.changes]
    for change, value in planned:
        if len(change.path) == 1:
            _DO[change.verb](after, row, str(change.path[0]), value)
        else:
            _do_inside(after, row, change, value)
    return after


def _set(after: Row, row: Row, name: str, value: Any) -> None:
    after[name] = value


def _remove(after: Row, row: Row, name: str, value: Any) -> None:
    after.pop(name, None)


def _add(after: Row, row: Row, name: str, value: Any) -> None:
    old = row.get(name)
    if "N" in value:
        after[name] = added(old, value) if old is not None else value
        return
    kind = next(iter(value))
    if old is not None and kind not in old:
        raise DoesNotFit("an operand in the update expression has an incorrect data type")
    after[name] = {kind: [*(old or {kind: []})[kind], *(each for each in value[kind] if old is None or each not in old[kind])]}


def _delete(after: Row, row: Row, name: str, value: Any) -> None:
    old, kind = row.get(name), next(iter(value))
    if old is None:
        return
    if kind not in old:
        raise DoesNotFit("an operand in the update expression has an incorrect data type")
    left = [each for each in old[kind] if each not in value[kind]]
    if left:
        after[name] = {kind: left}
    else:
        del after[name]


_DO: dict[str, Callable[[Row, Row, str, Any], None]] = {"SET": _set, "REMOVE": _remove, "ADD": _add, "DELETE": _delete}


def _do_inside(after: Row, row: Row, change: Change, value: Any) -> None:
    last = change.path[-1]
    kind = "L" if isinstance(last, int) else "M"
    before = at(row, change.path[:-1])
    if before is None or kind not in before:
        raise DoesNotFit("the document path provided in the update expression is invalid for update")
    holder: Any = _copied(after, change.path[:-1])[kind]
    if change.verb == "SET":
        holder[last if kind == "M" else slice(last, last + 1)] = value if kind == "M" else [value]  # type: ignore[operator]
    elif kind == "M":
        holder.pop(last, None)
    elif last < len(before["L"]):  # type: ignore[operator]
        del holder[last]


def _copied(after: Row, path: Path) -> Value:
    """The map or list at a path, copied on the whole way there."""
    holder: Any = after
    for step in path:
        kind, inner = next(iter(holder[step].items()))
        holder[step] = {kind: list(inner) if kind == "L" else dict(inner)}
        found, holder = holder[step], holder[step][kind]
    return found
