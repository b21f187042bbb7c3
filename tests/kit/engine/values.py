"""Attribute values in wire form: what may be kept, in which form, how large, how they compare.

Sizes: a number takes a byte for two digits and one more, a list or map three bytes and one for each element; the developer
guide's "item sizes and formats". Numbers: 38 digits, 1E-130 to 9.99E+125, kept without leading and trailing zeros.
"""

import re
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any

from tests.kit.engine.faults import DoesNotFit, ExpressionFault, IllFormed


Value = dict[str, Any]
Row = dict[str, Any]

DIGITS_MAX = 38
EXPONENT_MAX = 125
EXPONENT_MIN = -130
NESTING_MAX = 32

SETS = ("SS", "NS", "BS")
KINDS = frozenset(("S", "N", "B", "BOOL", "NULL", "L", "M", *SETS))
_PLAIN = re.compile(r"0|-?[1-9]\d{0,37}").fullmatch
_EXACT = Context(prec=400)
"""Holds any sum of two numbers; whether 38 digits bear it is judged afterwards."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,9})?").fullmatch


def kept(value: Value, depth: int = 1) -> tuple[Value, int]:
    """The value as the service keeps it, sharing no list or map with the caller, and its bytes.

    Raises: IllFormed.
    """
    if len(value) != 1:
        raise IllFormed("a value has exactly one type")
    ((kind, inner),) = value.items()
    if kind == "S":
        return value, len(inner) if inner.isascii() else len(inner.encode())
    if kind == "N":
        return (value, _digits_size(inner)) if _PLAIN(inner) else _kept_number(inner)
    if kind == "BOOL":
        return value, 1
    return _kept_other(kind, inner, value, depth)


def _kept_other(kind: str, inner: Any, value: Value, depth: int) -> tuple[Value, int]:
    if kind == "NULL":
        if inner is not True:
            raise IllFormed("NULL is true")
        return value, 1
    if kind == "B":
        return {"B": bytes(inner)}, len(inner)
    if kind in SETS:
        return _kept_set(kind, inner)
    if depth > NESTING_MAX:
        raise IllFormed("nesting levels have exceeded supported limits")
    if kind == "L":
        inside = [kept(each, depth + 1) for each in inner]
        return {"L": [each for each, _ in inside]}, 3 + sum(1 + length for _, length in inside)
    if kind == "M":
        within = {name: kept(each, depth + 1) for name, each in inner.items()}
        length = 3 + sum(1 + len(name.encode()) + each[1] for name, each in within.items())
        return {"M": {name: each for name, (each, _) in within.items()}}, length
    raise IllFormed(f"no type {kind}")


def _kept_set(kind: str, inner: Any) -> tuple[Value, int]:
    members = [canonical(each) for each in inner] if kind == "NS" else [bytes(each) for each in inner] if kind == "BS" else list(inner)
    if not members or len(set(members)) != len(members):
        raise IllFormed("a set is not empty and holds nothing twice")
    return {kind: members}, _size({kind: members})


def _kept_number(text: str) -> tuple[Value, int]:
    text = canonical(text)
    return {"N": text}, _digits_size(text)


def canonical(text: str, fault: type[ExpressionFault] = IllFormed) -> str:
    """A number as the service returns it."""
    if _PLAIN(text):
        return text
    if not _NUMBER(text):
        raise IllFormed(f"not a number: {text!r}")
    number = Decimal(text)
    if not number:
        return "0"
    significant = "".join(map(str, number.as_tuple().digits)).strip("0")
    if not EXPONENT_MIN <= number.adjusted() <= EXPONENT_MAX or len(significant) > DIGITS_MAX:
        raise fault(f"number out of range: {text}")
    shown = format(number, "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def number(value: Value | None) -> int | Decimal:
    if value is None or "N" not in value:
        raise DoesNotFit("an operand in the update expression has an incorrect data type")
    return exact(value["N"])


def exact(text: str) -> int | Decimal:
    return Decimal(text) if "." in text else int(text)


def added(left: Value | None, right: Value | None, sign: int = 1) -> Value:
    a, b = number(left), number(right)
    if isinstance(a, int) and isinstance(b, int):
        return {"N": canonical(str(a + sign * b), DoesNotFit)}
    return {"N": canonical(str(_EXACT.add(Decimal(a), sign * Decimal(b))), DoesNotFit)}


def equal(a: Value | None, b: Value | None) -> bool:
    """Whether both are there and the same. Numbers are kept canonical, so their texts decide."""
    if a is None or b is None:
        return False
    return a == b or (a.keys() == b.keys() and next(iter(a)) in ("L", "M", *SETS) and normal(a) == normal(b))


def normal(value: Value) -> Any:
    kind, inner = next(iter(value.items()))
    if kind == "L":
        return kind, [normal(each) for each in inner]
    if kind == "M":
        return kind, {name: normal(each) for name, each in inner.items()}
    if kind == "NS":
        return kind, sorted(map(exact, inner))
    return kind, sorted(inner) if kind in SETS else inner


def ordered(a: Value | None, b: Value | None, test: Callable[[Any, Any], bool]) -> bool:
    """Whether two strings, two numbers or two binaries stand so; anything else does not."""
    if a is None or b is None:
        return False
    kind = next(iter(a))
    if kind not in b or kind not in ("S", "N", "B"):
        return False
    return test(exact(a["N"]), exact(b["N"])) if kind == "N" else test(a[kind], b[kind])


def size(row: Row) -> int:
    """Bytes that the service bills for a row."""
    return sum(attribute_size(name, value) for name, value in row.items())


def attribute_size(name: str, value: Value) -> int:
    return (len(name) if name.isascii() else len(name.encode())) + _size(value)


def _size(value: Value) -> int:
    kind, inner = next(iter(value.items()))
    if kind == "N":
        return _digits_size(inner)
    if kind == "L":
        return 3 + sum(1 + _size(each) for each in inner)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _size(each) for name, each in inner.items())
    if kind in ("BOOL", "NULL"):
        return 1
    if kind in SETS:
        return sum(len(each) for each in inner)
    return len(inner.encode() if isinstance(inner, str) else inner)


def _digits_size(text: str) -> int:
    digits = text.lstrip("-").strip("0") or "0"
    return (len(digits) + 1) // 2 + 1 + (1 if text.startswith("-") else 0)
