"""What all screens of this door share: who looks, how a page becomes an answer, how an error becomes a page."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from faka.kernel.errors import FakaError
from faka.platform.door import Answer, Request
from faka.wiring import Deps
from pages import render
from pages.faults import fault_view
from pages.visitor import Visitor, safe_path, visitor


class House:
    def __init__(self, deps: Deps) -> None:
        self.deps = deps

    def now(self) -> datetime:
        return self.deps.clock.now()

    def visitor(self, request: Request) -> Visitor:
        """Who looks, in which language, and what he has already proved."""
        who = visitor(request.cookies, request.headers, request.path, dict(request.query))
        return replace(who, frame=replace(who.frame, origin=self.deps.settings.faka_shop_url))

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
        if error.http_status not in (429, 503):
            return answer
        return replace(answer, headers={**answer.headers, "Retry-After": "5"})
