"""What all screens of this door share: who looks, how a page becomes an answer, how an error becomes a page."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from faka.kernel.errors import FakaError
from faka.platform.door import Answer, Request
from faka.wiring import Deps
from pages import render
from pages.faults import fault_view
from pages.visitor import Visitor, safe_path, visitor


Cookies = tuple[str, ...]


class House:
    def __init__(self, deps: Deps) -> None:
        self.deps = deps

    def now(self) -> datetime:
        return self.deps.clock.now()

    def visitor(self, request: Request) -> Visitor:
        """Who looks. A POST has no address to come back to, so its page leads to the address that shows its effect."""
        return visitor(request.cookies, request.headers, request.path, dict(request.query))

    def page(
        self,
        who: Visitor,
        template: str,
        view: object,
        *,
        status: int = 200,
        form_hosts: Collection[str] = (),
        cookies: tuple[str, ...] = (),
    ) -> Answer:
        text = render.page(template, who.frame, view=view)
        return Answer(text, status, headers=render.headers(form_hosts), cookies=cookies)

    def fragment(self, who: Visitor, template: str, **view: Any) -> Answer:
        return Answer(render.fragment(template, who.frame, **view), headers=render.headers())

    def fault(self, request: Request, error: FakaError) -> Answer:
        who = self.visitor(request)
        back = safe_path(request.path) if request.method == "GET" else "/"
        view = fault_view(error, who.frame.lang, request.id, back)
        answer = self.page(who, "shop/error.html", view, status=error.http_status)
        return (
            answer
            if error.http_status not in (429, 503)
            else Answer(answer.body, answer.status, headers={**answer.headers, "Retry-After": "5"})
        )
