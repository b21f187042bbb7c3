"""What an engine said, in a form in which two of them can be compared: without texts of errors, orders of sets, forms of numbers."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any


@dataclass(frozen=True)
class Answer:
    error: str = ""
    """The code of a refusal; empty where there was none."""

    reasons: tuple[str, ...] = ()
    """Of a cancelled transaction, or of the statements of a batch."""

    shown: Any = None
    """Rows and attributes that came back, also in refusals."""

    cursor: Any = None


def done(verb: str, answer: dict[str, Any]) -> Answer:
    if verb == "batch_execute_statement":
        return Answer(reasons=tuple(each.get("Error", {}).get("Code", "") for each in answer["Responses"]))
    if verb == "query":
        return Answer(shown=[plain(row) for row in answer["Items"]], cursor=plain(answer.get("LastEvaluatedKey")))
    if verb == "batch_get_item":
        rows = [plain(row) for found in answer["Responses"].values() for row in found]
        return Answer(shown=sorted(rows, key=lambda row: (row["pk"][1], row["sk"][1])))
    if verb == "batch_write_item":
        return Answer(shown=plain(answer["UnprocessedItems"] or {}))
    return Answer(shown=plain(answer.get("Item") or answer.get("Attributes") or None))  # no attributes, or none of them: the same


def refused(response: dict[str, Any]) -> Answer:
    reasons = response.get("CancellationReasons", [])
    shown = [plain(reason.get("Item")) for reason in reasons] if reasons else plain(response.get("Item"))
    return Answer(response["Error"]["Code"], tuple(reason.get("Code", "None") for reason in reasons), shown)


def broke(error: Exception) -> Answer:
    """An engine that fell over instead of answering."""
    return Answer(f"broke: {type(error).__name__}")


def plain(value: Any) -> Any:
    """A row, an attribute or a key as tuples of type and value."""
    if isinstance(value, dict):
        if len(value) == 1:
            ((kind, inner),) = value.items()
            made = _KINDS.get(kind)
            if made is not None:
                return kind, made(inner)
        return {name: plain(each) for name, each in value.items()}
    return value


def _number(text: Any) -> Any:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


_KINDS = {
    "S": str,
    "N": _number,
    "B": bytes,
    "BOOL": bool,
    "NULL": bool,
    "SS": sorted,
    "NS": lambda inner: sorted(map(_number, inner)),
    "L": lambda inner: [plain(each) for each in inner],
    "M": lambda inner: {name: plain(each) for name, each in inner.items()},
}


def whole(rows: list[dict[str, Any]]) -> dict[Any, Any]:
    """A table by key."""
    return {(plain(row["pk"]), plain(row["sk"])): plain(row) for row in rows}
