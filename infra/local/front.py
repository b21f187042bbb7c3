"""The one address of the shop: API Gateway and the HTTP functions, without MiniStack in the way of a request.

    browser ──HTTP──► front (this process) ──socket──► worker process of the function ──► MiniStack (tables, keys, …)
                      routes of template.yaml          persistent, one event at a time

Both APIs of the template (shop and notices) are served on one port, since their paths differ. A test holds the answers equal
to those of MiniStack's own API Gateway and Lambda.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from infra.local import gateway
from infra.local.pool import Pool, QueueFull, WorkerFailed, WorkerTimedOut
from infra.local.server import Answer, Request
from infra.local.template import Template


logger = logging.getLogger("infra.local.front")


@dataclass
class Front:
    """Answers requests out of the pools."""

    template: Template
    pools: Mapping[str, Pool]
    """By logical id of the function."""
    port: int

    def __post_init__(self) -> None:
        routes = self.template.routes()
        self._routes = gateway.Routes(routes)
        self._apis = {route.api: self.template.api(route.api) for route in routes}
        self._any = self._apis.get(routes[0].api) if routes else None
        self._host, self._other_host = f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    async def answer(self, request: Request) -> Answer:
        host = request.header("host")
        if host == self._other_host and request.method == "GET":
            # The shop knows one address of itself; cookies and the origin of forms go by it.
            return Answer(307, [("Location", f"http://{self._host}{request.target}")])
        if host != self._host:
            # A page on another name that resolves to loopback must not read this shop (DNS rebinding).
            return gateway.error("ACCESS_DENIED", 403, "Forbidden")
        path = request.target.partition("?")[0]
        if path == "/_local/health":
            return Answer(200, [("Content-Type", "text/plain")], b"ok")
        match = self._routes.find(request.method, path)
        if match is None or match.route.function not in self.pools:
            return gateway.error("MISSING_AUTHENTICATION_TOKEN", 403, "Missing Authentication Token", self._any)
        return await self._call(request, match)

    async def _call(self, request: Request, match: gateway.Match) -> Answer:
        api, request_id = self._apis[match.route.api], str(gateway.new_id())
        event = json.dumps(gateway.event(request, match, api, request_id), ensure_ascii=False).encode()
        pool = self.pools[match.route.function]
        try:
            is_done, content = await pool.invoke(event)
            if is_done:
                return gateway.answer(json.loads(content), request, api, request_id)
            logger.info("%s %s: the function failed: %s", request.method, match.route.path, json.loads(content).get("errorType"))
        except (WorkerFailed, gateway.Malformed) as error:
            logger.info("%s %s: %s", request.method, match.route.path, error)
        except WorkerTimedOut:
            return gateway.error("INTEGRATION_TIMEOUT", 504, "Endpoint request timed out", api)
        except QueueFull:
            return gateway.error("THROTTLED", 503, "Service Unavailable", api)
        return gateway.error("INTEGRATION_FAILURE", 502, "Internal server error", api)


async def start_pools(pools: Mapping[str, Pool]) -> list[str]:
    """Start all the workers; the names of the functions that could not be loaded."""
    results = await asyncio.gather(*(pool.start() for pool in pools.values()), return_exceptions=True)
    failed = []
    for name, result in zip(pools, results, strict=True):
        if isinstance(result, WorkerFailed):
            failed.append(name)
        elif isinstance(result, BaseException):
            raise result
    return failed
