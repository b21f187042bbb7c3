"""Refusals as the API documents tell them: statuses and codes of error classes, and the one shape of problem details."""

from typing import Any

from faka.kernel.errors import Broken, FakaError, Retry, TooLarge, Unavailable
from faka.platform.door import PROBLEM
from faka.platform.web import ForeignOrigin, UnreadableForm, WrongBodyType
from infra.tools.answers import Answers
from infra.tools.readme import outcomes
from infra.tools.reads import Schema
from infra.tools.routes import Operation


TEXT: Schema = {"schema": {"type": "string"}}


def errors_of(one: Operation, told: Answers) -> list[type[FakaError]]:
    """The operation's own errors and those of the door itself."""
    door: list[type[FakaError]] = []
    if one.method == "POST":
        door += [TooLarge] if one.is_foreign else [TooLarge, ForeignOrigin]
    if "form" in one.reads.touched and not one.is_foreign:
        door += [WrongBodyType, UnreadableForm]
    if "asked" in one.reads.touched:
        door.append(UnreadableForm)
    return sorted({*told.errors, *door}, key=lambda error: (error.http_status, error.code()))


def by_status(one: Operation, told: Answers) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for error in errors_of(one, told):
        found.setdefault(error.http_status, []).append(error.code())
    return dict(sorted(found.items()))


def response(status: int, codes: list[str], *, is_page: bool) -> dict[str, Any]:
    exact = {"properties": {"status": {"const": status}, "code": {"enum": codes}}}
    content = {PROBLEM: {"schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, exact]}}}
    return {"description": " · ".join(codes), "content": {**content, "text/html": TEXT} if is_page else content}


def name_of(status: str, answer: dict[str, Any]) -> str:
    """A name for a refusal with codes; empty for any other answer."""
    codes = str(answer.get("description", "")).split(" · ")
    return ".".join([status, *codes]) if PROBLEM in answer.get("content", {}) else ""


def families() -> set[str]:
    """Codes of what can come from below any operation: a part that is down, an invariant that failed."""
    return {one.code() for one in outcomes() if issubclass(one, Unavailable | Broken)}


def problem(codes: set[str]) -> Schema:
    """RFC 9457, as `faka.platform.door.problem` writes it."""
    text = {"type": "string"}
    fault = {"type": "object", "required": ["field", "detail"], "properties": {"field": text, "detail": text}}
    fields = {
        "type": {"const": "about:blank"},
        "title": {**text, "description": "what happened, for a person"},
        "status": {"type": "integer"},
        "code": {"enum": sorted(codes)},
        "retry": {"enum": [one.value for one in Retry]},
        "reference": {**text, "description": "for support; the log has the same"},
        "errors": {"type": "array", "items": fault},
    }
    required = [name for name in fields if name != "errors"]
    return {"type": "object", "required": required, "additionalProperties": False, "properties": fields}
