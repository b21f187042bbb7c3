"""What a document promises and what was really answered, in the same words: operation, status, code or kind."""

import re
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

import yaml

from faka.platform.door import PROBLEM
from infra.tools.template import ROOT
from tests.contract.api.asking import Gate, code_of


class Told(NamedTuple):
    """One kind of answer of one operation."""

    operation: str
    status: int
    what: str
    """The code of problem details, or the content type."""


@cache
def read(name: str) -> dict[str, Any]:
    made: dict[str, Any] = yaml.load((ROOT / "infra" / "api" / f"{name}.openapi.yaml").read_text(), yaml.CSafeLoader)
    return made


def promised(name: str) -> set[Told]:
    """Every answer of a document but 500 and 503, which nobody orders."""
    made = read(name)
    found = set()
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                if int(status) < 500:
                    label = f"{method.upper()} {path}"
                    found |= {Told(label, int(status), what) for what in _kinds(made, answer)}
    return found


def _kinds(made: dict[str, Any], answer: dict[str, Any]) -> set[str]:
    if "$ref" in answer:
        answer = made["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    kinds = set(answer.get("content", {"": None}))
    if PROBLEM not in kinds:
        return kinds
    _, exact = answer["content"][PROBLEM]["schema"]["allOf"]
    return kinds - {PROBLEM} | set(exact["properties"]["code"]["enum"])


class Book:
    """Sends single requests and keeps what they were answered."""

    def __init__(self, gate: Gate, name: str) -> None:
        self.gate = gate
        self.seen: set[Told] = set()
        self._routes = [
            (method.upper(), re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), f"{method.upper()} {path}")
            for path, methods in read(name)["paths"].items()
            for method in methods
        ]
        self._routes.sort(key=lambda one: one[2].count("{"))

    def send(self, method: str, url: str, form: dict[str, str] | bytes | None = None, **headers: str) -> Told:
        body = urlencode(form).encode() if isinstance(form, dict) else form or b""
        named = {"host": "shop.test", **({"content-type": "application/x-www-form-urlencoded"} if method == "POST" else {})}
        answer = self.gate.send(method, url, body, named | {name.replace("_", "-"): value for name, value in headers.items()})
        path = url.partition("?")[0]
        label = next(label for verb, pattern, label in self._routes if verb == method and pattern.fullmatch(path))
        what = "" if answer.status_code == 204 else code_of(answer)
        told = Told(label, answer.status_code, what)
        self.seen.add(told)
        self.answer = answer
        return told

    def both(self, method: str, url: str, form: dict[str, str] | bytes | None = None, **headers: str) -> set[Told]:
        """The same by a machine and by a browser."""
        return {self.send(method, url, form, accept=accept, **headers) for accept in ("application/json", "text/html")}
