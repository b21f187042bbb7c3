"""What API Gateway does for a REST API with Lambda proxy integration: find the route, build the event, read the answer."""

import base64
import gzip
import json
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, unquote

from infra.local.server import Answer, Request
from infra.local.template import Api, Route


ACCOUNT = "000000000000"
GZIP_LEVEL = 6
OWN_HEADERS = frozenset({"connection", "content-length", "date", "transfer-encoding"})
"""Headers of an answer that the server sets itself."""


class Malformed(Exception):
    """The function answered something that is not a proxy answer."""


@dataclass(frozen=True)
class Match:
    route: Route
    parameters: dict[str, str]


class Routes:
    """Method and path → route. A literal segment wins over a parameter, as at the gateway."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._literal: dict[tuple[str, str], Route] = {}
        self._patterns: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
        for route in routes:
            segments = route.path.split("/")[1:]
            if "{" in route.path:
                self._patterns.setdefault((route.method, len(segments)), []).append((segments, route))
            else:
                self._literal[route.method, route.path] = route
        for patterns in self._patterns.values():
            patterns.sort(key=lambda pattern: [segment.startswith("{") for segment in pattern[0]])

    def find(self, method: str, path: str) -> Match | None:
        route = self._literal.get((method, path))
        if route is not None:
            return Match(route, {})
        given = path.split("/")[1:]
        for segments, candidate in self._patterns.get((method, len(given)), ()):
            parameters = _parameters(segments, given)
            if parameters is not None:
                return Match(candidate, parameters)
        return None


def _parameters(segments: list[str], given: list[str]) -> dict[str, str] | None:
    found = {}
    for segment, text in zip(segments, given, strict=True):
        if segment.startswith("{"):
            if not text:
                return None
            found[segment[1:-1]] = unquote(text)
        elif segment != text:
            return None
    return found


def event(request: Request, match: Match, api: Api, request_id: str) -> dict[str, Any]:
    """The proxy event of a REST API, payload version 1.0."""
    path, _, query = request.target.partition("?")
    headers = _lists((name, value) for name, value in _forwarded(request))
    arguments = _lists(parse_qsl(query, keep_blank_values=True))
    is_binary = bool(request.body) and _is_of(request.header("content-type"), api.binary_types)
    body = base64.b64encode(request.body).decode() if is_binary else request.body.decode("utf-8", "replace") or None
    now = time.time()
    return {
        "resource": match.route.path,
        "path": path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in arguments.items()} or None,
        "multiValueQueryStringParameters": arguments or None,
        "pathParameters": match.parameters or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": match.route.api,
            "domainName": request.header("host").partition(":")[0],
            "extendedRequestId": request_id,
            "httpMethod": request.method,
            "identity": {"sourceIp": request.peer, "userAgent": request.header("user-agent") or None},
            "path": path,
            "protocol": "HTTP/1.1",
            "requestId": request_id,
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "requestTimeEpoch": int(now * 1000),
            "resourceId": "local",
            "resourcePath": match.route.path,
            "stage": "local",
        },
        "body": body,
        "isBase64Encoded": is_binary,
    }


def answer(result: Any, request: Request, api: Api, request_id: str) -> Answer:
    """What the client gets for a function's answer.

    Raises: Malformed.
    """
    if not isinstance(result, dict) or not isinstance(result.get("body", ""), str | None):
        raise Malformed("not a proxy answer")
    try:
        status = int(result["statusCode"])
    except (KeyError, TypeError, ValueError):
        raise Malformed("no statusCode, or one that is not a number") from None
    text = result.get("body") or ""
    if result.get("isBase64Encoded") and _is_of(request.header("accept").split(",")[0], api.binary_types):
        body = base64.b64decode(text)
    else:
        body = text.encode()
    headers = _merged(result.get("headers") or {}, result.get("multiValueHeaders") or {})
    headers.append(("x-amzn-RequestId", request_id))
    headers.append(("Date", formatdate(usegmt=True)))
    if _is_worth_packing(body, headers, request, api):
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)
        headers.append(("Content-Encoding", "gzip"))
    return Answer(status, headers, body)


def error(kind: str, status: int, message: str, api: Api | None = None) -> Answer:
    """An answer of the gateway itself, in the words that the template gives it, if any."""
    body, content_type = json.dumps({"message": message}), "application/json"
    own = next((response for response in api.responses if response.kind == kind), None) if api else None
    if own is not None:
        status, content_type = own.status or status, own.content_type
        body = own.body.replace("$context.error.messageString", json.dumps(message)) or body
    return Answer(status, [("Content-Type", content_type), ("Date", formatdate(usegmt=True))], body.encode())


def new_id() -> uuid.UUID:
    return uuid.uuid4()


def _forwarded(request: Request) -> list[tuple[str, str]]:
    """The headers as the function sees them: the gateway says itself where the request came from."""
    own = {"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}
    kept = [(name, value) for name, value in request.headers if name.lower() not in own]
    port = request.header("host").rpartition(":")[2]
    return [*kept, ("X-Forwarded-For", request.peer), ("X-Forwarded-Port", port), ("X-Forwarded-Proto", "http")]


def _lists(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _merged(single: Mapping[str, Any], multiple: Mapping[str, Any]) -> list[tuple[str, str]]:
    """`multiValueHeaders` win over `headers` of the same name; without a content type, an answer is JSON."""
    repeated = {name.lower() for name, values in multiple.items() if values}
    found = [(name, str(value)) for name, value in single.items() if name.lower() not in repeated and value is not None]
    found += [(name, str(value)) for name, values in multiple.items() for value in values or ()]
    found = [(name, value) for name, value in found if name.lower() not in OWN_HEADERS]
    if not any(name.lower() == "content-type" for name, _ in found):
        found.append(("Content-Type", "application/json"))
    return found


def _is_of(media_type: str, patterns: tuple[str, ...]) -> bool:
    given = media_type.partition(";")[0].strip().lower()
    if not given:
        return False
    return any(p in (given, "*/*") or (p.endswith("/*") and given.startswith(p[:-1])) for p in (pattern.lower() for pattern in patterns))


def _is_worth_packing(body: bytes, headers: list[tuple[str, str]], request: Request, api: Api) -> bool:
    if api.compression_min is None or len(body) < api.compression_min or "gzip" not in request.header("accept-encoding"):
        return False
    return not any(name.lower() == "content-encoding" for name, _ in headers)
