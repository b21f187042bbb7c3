"""The only module that imports chalice: requests in, answers out, errors mapped.

```
gateway event ─► Door.handler ─► chalice route ─► [origin · size] ─► view(Request) ─► Answer ─► headers ─► gateway
                                                        └── FakaError ─► the door's error page, or problem+json
```
A view is `(Request) -> Answer`. Error mapping stands in the route wrapper, because chalice turns an exception into its own
500 before any middleware sees it. A browser (Accept: text/html) gets the page that the door passed as `fault`; everybody
else gets RFC 9457 problem details. Answers never quote what was sent.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from chalice.app import Chalice, Response

from faka.kernel.errors import Broken, FakaError, TooLarge
from faka.platform import telemetry
from faka.platform.web import (
    FORM_BYTES_MAX,
    HTML,
    PLAIN,
    SECURITY_HEADERS,
    Answer,
    ForeignOrigin,
    Request,
    check_origin,
    cookie,
    has_controls,
    no_change,
    see_other,
)


__all__ = [
    "FORM_BYTES_MAX",
    "HTML",
    "PLAIN",
    "Answer",
    "Door",
    "Fault",
    "ForeignOrigin",
    "Request",
    "Unexpected",
    "View",
    "cookie",
    "has_controls",
    "no_change",
    "problem",
    "see_other",
]

View = Callable[[Request], Answer]
Fault = Callable[[Request, FakaError], Answer]

PROBLEM = "application/problem+json"


class Unexpected(Broken):
    """Something failed that has no name in our error tree; the log line of this request says where."""


class Door:
    """One HTTP function: its route table, its error page, its handler."""

    def __init__(self, name: str, *, shop_url: str = "", fault: Fault | None = None, body_bytes_max: int = FORM_BYTES_MAX) -> None:
        self.app = Chalice(app_name=name, configure_logs=False)
        self._shop_url = shop_url
        self._fault = fault
        self._body_bytes_max = body_bytes_max

    def route(self, method: str, path: str, *, foreign: bool = False) -> Callable[[View], View]:
        """Register a view. `foreign` admits POSTs of other origins, as a payment provider's notice is one."""

        def decorate(view: View) -> View:
            def call(**params: str) -> Response:
                return self._serve(view, params, foreign)

            # Chalice reads the view's name for its own log lines; two methods of one path must differ in it.
            self.app.route(path, methods=[method], content_types=["*/*"], name=f"{method} {path}")(call)
            return view

        return decorate

    @property
    def routes(self) -> set[tuple[str, str]]:
        """Method and path of each route, for the test that compares them with the template."""
        return {(method, path) for path, methods in self.app.routes.items() for method in methods}

    def handler(self) -> telemetry.Handler:
        """The Lambda handler."""

        def handle(event: Any, context: Any) -> Any:
            # The gateway always sends these keys, with null where there is nothing; a hand-written event may not.
            for name in ("multiValueQueryStringParameters", "pathParameters", "stageVariables", "body"):
                event.setdefault(name, None)
            return self.app(event, context)

        return telemetry.observed(handle)

    def _serve(self, view: View, params: dict[str, str], foreign: bool) -> Response:
        started = time.monotonic()
        request = _request(self.app.current_request, params)
        error: Exception | None = None
        try:
            if request.method == "POST" and not foreign:
                check_origin(request, self._shop_url)
            if len(request.body) > self._body_bytes_max:
                raise TooLarge()
            answer = view(request)
        except Exception as raised:  # the outermost border: whatever it was, the caller gets an answer and the log a line
            error = raised
            answer = self._failure(request, raised if isinstance(raised, FakaError) else Unexpected())
        _log(request, answer, error, int((time.monotonic() - started) * 1000))
        return _response(answer)

    def _failure(self, request: Request, error: FakaError) -> Answer:
        if self._fault is not None and request.wants_page:
            try:
                return self._fault(request, error)
            except Exception as second:  # an error page that fails must not hide the first error
                telemetry.failed("error_page_failed", second)
        return problem(request, error)


def problem(request: Request, error: FakaError) -> Answer:
    """RFC 9457 problem details: what happened, what to change, the reference for support; never the input."""
    faults = getattr(error, "faults", ())
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.public_message,
        "status": error.http_status,
        "code": error.code(),
        "retry": error.retry.value,
        "reference": request.id,
    }
    if faults:
        body["errors"] = [{"field": fault.field, "detail": fault.message} for fault in faults]
    headers = {"Retry-After": "5"} if error.http_status in (429, 503) else {}
    return Answer(json.dumps(body, ensure_ascii=False), error.http_status, PROBLEM, headers)


def _request(given: Any, params: dict[str, str]) -> Request:
    lists = given.query_params
    query = tuple((name, value) for name in lists for value in lists.getlist(name)) if lists else ()
    context = given.context
    return Request(
        method=given.method,
        route=given.path,
        path=context.get("path", given.path),
        params=params,
        query=query,
        headers={name.lower(): value for name, value in given.headers.items()},
        body=bytes(given.raw_body or b""),
        address=(context.get("identity") or {}).get("sourceIp") or "",
        id=context.get("requestId") or "",
    )


def _response(answer: Answer) -> Response:
    headers: dict[str, Any] = {**SECURITY_HEADERS, "Content-Type": answer.content_type, **answer.headers}
    if answer.cookies:
        headers["Set-Cookie"] = list(answer.cookies)
    return Response(answer.body, headers, answer.status)


def _log(request: Request, answer: Answer, error: Exception | None, latency_ms: int) -> None:
    step = f"{request.method} {request.route}"
    if error is None:
        telemetry.note("request_answered", step=step, outcome=str(answer.status), request_id=request.id, latency_ms=latency_ms)
    else:
        telemetry.failed("request_refused", error, step=step, outcome=str(answer.status), request_id=request.id, latency_ms=latency_ms)
