"""From a generated case to a door and back: requests become gateway events, answers become what the checks read.

```python
gate = Gate(scene)                      # the real handlers over a world on the in-process engine
answer = gate.ask(case, accept="application/json")
gate.check(case, answer)                # document, security headers, nothing accepted that the document refuses
```
"""

import itertools
import json
import re
import unicodedata
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import requests
from schemathesis import Case, Response
from schemathesis.checks import CheckContext
from schemathesis.specs.openapi import checks as openapi

from faka.platform.door import PROBLEM
from faka.platform.web import SECURITY_HEADERS
from tests.contract.api.scene import Scene


BASE = "https://shop.test"
GATEWAY = "x-gateway"
"""Marks answers that the gateway gives before any door: an address that leads to no route."""

ADDRESSES = 250
"""Visitors who take turns: each meets its own limits now and then, and none of them blocks a whole run."""

CACHED = ("/static/", "/favicon.ico", "/robots.txt")
DOCUMENTED = (
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
)


class NotAsDocumented(AssertionError):
    """The door answers what the document does not say."""


class Gate:
    """All doors of a scene; counts what they answered."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.seen: Counter[tuple[str, int, str]] = Counter()
        self.count = 0
        self.address = ""
        """Who asks; empty for visitors who take turns."""
        self._turn = itertools.count()

    def ask(self, case: Case, **headers: str) -> Response:
        wished = case.as_transport_kwargs(base_url=BASE)
        sent = requests.Request(**{name: value for name, value in wished.items() if name in SENT}).prepare()
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
        named = {str(name).lower(): str(value) for name, value in sent.headers.items()}
        named |= {"host": "shop.test"} | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(str(sent.method), str(sent.url), body, named, sent)

    def send(self, method: str, url: str, body: bytes, headers: dict[str, str], sent: Any = None) -> Response:
        turn = next(self._turn) % ADDRESSES
        self.scene.shop.address = self.address or f"198.51.100.{turn}"
        answer = self.scene.raw(method, url, body, headers)
        many = {name.lower(): values for name, values in (answer.get("multiValueHeaders") or {}).items()}
        single = {name.lower(): [value] for name, value in (answer.get("headers") or {}).items()}
        if not single:
            single = {GATEWAY: ["1"], "content-type": ["application/json"]}
        self.count += 1
        return Response(
            answer["statusCode"],
            single | many,
            (answer["body"] or "").encode(),
            sent or requests.Request(method, f"{BASE}{url}").prepare(),
            0.0,
            True,
        )

    def told(self) -> dict[str, Any]:
        """How many requests, and how many of them got which answer."""
        return {"requests": self.count, "answers": {" ".join(map(str, key)): count for key, count in sorted(self.seen.items())}}

    def check(self, case: Case, answer: Response) -> None:
        """Raises: NotAsDocumented, or the failures of the document's own checks."""
        if GATEWAY in answer.headers:
            return
        self.seen[case.operation.label, answer.status_code, code_of(answer)] += 1
        if answer.status_code >= 500:
            raise NotAsDocumented(f"{case.operation.label}: {answer.status_code} {code_of(answer)}")
        case.validate_response(answer, checks=list(DOCUMENTED), additional_checks=[_is_guarded, _is_refused])


SENT = ("method", "url", "headers", "params", "data", "cookies", "json", "files")


def code_of(answer: Response) -> str:
    """The code of problem details; `page` and the like for everything else."""
    kind = answer.headers.get("content-type", [""])[0].partition(";")[0]
    return str(json.loads(answer.content)["code"]) if kind == PROBLEM else kind


def _is_guarded(_ctx: CheckContext, response: Response, case: Case) -> None:
    """Every answer carries every security header; a page may state its own content policy, a file its own age."""
    for name, value in SECURITY_HEADERS.items():
        found = response.headers.get(name.lower(), [""])[0]
        is_own = (name == "Content-Security-Policy" and found.startswith("default-src 'none';")) or (
            name == "Cache-Control" and case.operation.path.startswith(CACHED) and found != ""
        )
        if found != value and not is_own:
            raise NotAsDocumented(f"{case.operation.label}: {name} is {found!r}")


def _is_refused(_ctx: CheckContext, response: Response, case: Case) -> None:
    """What the document does not allow is not accepted. What was sent is read as a reader reads it: outer blanks do not count."""
    if response.status_code >= 400 or not isinstance(response.request, requests.PreparedRequest):
        return
    for schema, given in (_form(case, response.request), _query(case, response.request)):
        if schema and not _again(case, given):
            wrong = next(jsonschema.Draft202012Validator(schema).iter_errors(given), None)
            if wrong is not None:
                raise NotAsDocumented(f"{case.operation.label}: accepted although {wrong.message[:200]}")


def _again(case: Case, given: dict[str, Any]) -> bool:
    """A form that only wants to be shown again is not judged yet."""
    is_shown = given.get("step") == "quote" or given.get("lang", "")[:2].lower() in ("zh", "en") or bool(given.get("drop_account"))
    return case.operation.path == "/p/{slug}" and is_shown


def _form(case: Case, sent: requests.PreparedRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    raw = case.operation.definition.raw
    if "requestBody" not in raw or not isinstance(sent.body, str) or "anyOf" in str(raw["requestBody"]):
        return {}, {}
    schema = raw["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    return schema, _typed(schema.get("properties", {}), sent.body)


def _query(case: Case, sent: requests.PreparedRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    fields = {one.name: one for one in case.operation.query}
    schemas = {name: one.definition.get("schema", {}) for name, one in fields.items()}
    schema = {"type": "object", "properties": schemas, "required": [name for name, one in fields.items() if one.is_required]}
    return schema, _typed(schemas, urlsplit(str(sent.url)).query)


def _typed(schemas: dict[str, Any], text: str) -> dict[str, Any]:
    """Fields as a reader sees them: without outer blanks and invisible signs; an empty one is one left out."""
    read = {name: _bare(value) for name, value in parse_qsl(text, keep_blank_values=True)}
    whole = {name for name, schema in schemas.items() if schema.get("type") == "integer"}
    return {name: int(value) if name in whole and re.fullmatch("[0-9]+", value) else value for name, value in read.items() if value}


def _bare(text: str) -> str:
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()
