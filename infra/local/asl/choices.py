"""The comparisons of a Choice. A value of another type than the comparison's fits nothing; a variable that is not there ends the run."""

import operator
import re
from collections.abc import Callable
from typing import Any

from infra.local.asl.clock import moment
from infra.local.asl.paths import UnknownForm, needed, select


Test = Callable[[Any, Any], bool]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _comparison(read: Callable[[Any], Any], compare: Callable[[Any, Any], bool]) -> Test:
    def holds(value: Any, wanted: Any) -> bool:
        left, right = read(value), read(wanted)
        return left is not None and right is not None and compare(left, right)

    return holds


_ORDERS = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}


def _matches(value: Any, pattern: str) -> bool:
    """`*` is any run of signs, unless a backslash stands before it."""
    parts = [re.escape(part[1]) if part[0] == "\\" else ".*" if part == "*" else re.escape(part) for part in re.findall(r"\\.|.", pattern)]
    return isinstance(value, str) and re.fullmatch("".join(parts), value, re.DOTALL) is not None


TESTS: dict[str, Test] = {
    **{f"String{name}": _comparison(_text, order) for name, order in _ORDERS.items()},
    **{f"Numeric{name}": _comparison(_number, order) for name, order in _ORDERS.items()},
    **{f"Timestamp{name}": _comparison(moment, order) for name, order in _ORDERS.items()},
    "BooleanEquals": _comparison(_truth, operator.eq),
}
COMPARED_BY_PATH = {f"{name}Path": test for name, test in TESTS.items()}
TESTS["StringMatches"] = _matches

KINDS: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": lambda value: _number(value) is not None,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: moment(value) is not None,
}
FRAME = frozenset({"Variable", "Next", "Comment"})


def holds(rule: dict[str, Any], value: Any, context: Any) -> bool:
    """Raises: Fault States.Runtime where the rule's variable is not there."""
    if "And" in rule:
        return all(holds(each, value, context) for each in rule["And"])
    if "Or" in rule:
        return any(holds(each, value, context) for each in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], value, context)
    name, wanted = next((name, inner) for name, inner in rule.items() if name not in FRAME)
    if name == "IsPresent":
        return bool(wanted) == _is_there(rule["Variable"], value, context)
    found = needed(rule["Variable"], value, context)
    if name in KINDS:
        return bool(wanted) == KINDS[name](found)
    if name in COMPARED_BY_PATH:
        return COMPARED_BY_PATH[name](found, needed(wanted, value, context))
    return TESTS[name](found, wanted)


def _is_there(path: str, value: Any, context: Any) -> bool:
    try:
        select(path[1:], context) if path.startswith("$$") else select(path, value)
    except LookupError:
        return False
    return True


def check(rule: dict[str, Any], *, is_outer: bool = True) -> None:
    """Raises: UnknownForm for a rule that is not one comparison, or one of And, Or, Not."""
    if is_outer != ("Next" in rule):
        raise UnknownForm(f"Next belongs to the outer rule: {rule}")
    names = [name for name in rule if name not in FRAME]
    if len(names) != 1:
        raise UnknownForm(f"a rule holds one comparison: {rule}")
    name = names[0]
    if name in ("And", "Or"):
        for each in rule[name]:
            check(each, is_outer=False)
    elif name == "Not":
        check(rule["Not"], is_outer=False)
    elif name != "IsPresent" and not any(name in known for known in (TESTS, COMPARED_BY_PATH, KINDS)):
        raise UnknownForm(f"a comparison that is not known here: {name}")
    elif "Variable" not in rule:
        raise UnknownForm(f"a comparison without a variable: {rule}")
