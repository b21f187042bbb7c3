"""The shop's doors in process: real handlers over any `Deps`, spoken to by gateway events.

```python
shop = Shop(world.deps)
page = shop.get("/p/video-vip")                       # a browser's request: page.status, .text, .headers, .cookies
page = shop.post("/p/video-vip", {"sku": "vip-31", …})   # cookies are kept between requests, like a browser keeps them
shop.get("/p/video-vip", accept="application/json")   # a machine: answers are problem details
```
"""

import base64
import importlib.util
import os
import re
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from faka.wiring import Deps


FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
ENVIRONMENT = {
    **{f"FAKA_TABLE_{name}": f"test-{name.lower()}" for name in ("CATALOG", "TRADE", "VAULT", "JOURNAL", "GUARD")},
    **{f"FAKA_KMS_{name}_KEY": "key" for name in ("CARD", "FINGERPRINT", "INDEX")},
    "FAKA_SHOP_URL": "https://shop.test",
    "FAKA_NOTIFY_URL": "https://notify.test",
    "FAKA_EVENT_BUS": "bus",
    "FAKA_BUCKET_INTAKE": "bucket",
    "FAKA_BUCKET_BOOKS": "bucket",
    "FAKA_QUEUE_INTAKE": "queue",
    "FAKA_MACHINE_RECONCILIATION": "machine",
    "FAKA_MACHINE_RECHARGE": "machine",
    "FAKA_FUNCTION_RECHARGE": "function",
    "FAKA_MACHINE_RESTOCK": "machine",
    "FAKA_MAIL_FROM": "shop@example.com",
    "POWERTOOLS_SERVICE_NAME": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}
CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1024, invoked_function_arn="arn:aws:lambda:x:1:function:f", aws_request_id="r-1"
)


@cache
def load(function: str) -> ModuleType:
    """A function's `app` module under a private name. Its siblings leave `sys.modules` again: each function has its own `settings`."""
    folder = FUNCTIONS / function
    siblings = {path.stem for path in folder.glob("*.py")}
    kept = {name: sys.modules.pop(name) for name in siblings & set(sys.modules)}
    spec = importlib.util.spec_from_file_location(f"functions_{function}_app", folder / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(folder))
    try:
        with patch.dict(os.environ, ENVIRONMENT):
            spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
        for name in siblings:
            sys.modules.pop(name, None)
        sys.modules.update(kept)
    return module


@dataclass
class Page:
    status: int
    text: str
    headers: dict[str, str]
    set_cookies: list[str] = field(default_factory=list)

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    def hidden(self, name: str) -> str:
        """The value of a named input. Good enough for our own markup."""
        for tag in re.findall(r"<input[^>]*>", self.text):
            if f'name="{name}"' in tag and (found := re.search(r'value="([^"]*)"', tag)):
                return found.group(1)
        raise AssertionError(f"no input named {name}")


class Shop:
    def __init__(self, deps: Deps, *functions: str) -> None:
        self.cookies: dict[str, str] = {}
        self.address = "203.0.113.7"
        self._handlers: list[tuple[str, re.Pattern[str], str, Any]] = []
        for function in functions or ("storefront", "reveal"):
            door = load(function).open_door(deps)
            handler = door.handler()
            for method, path in door.routes:
                pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
                self._handlers.append((method, pattern, path, handler))
        self._handlers.sort(key=lambda one: one[2].count("{"))

    def get(self, path: str, **headers: str) -> Page:
        return self.call("GET", path, b"", headers)

    def post(self, path: str, form: dict[str, Any] | bytes | str = b"", **headers: str) -> Page:
        body = urlencode(form).encode() if isinstance(form, dict) else form.encode() if isinstance(form, str) else form
        return self.call("POST", path, body, {"content_type": "application/x-www-form-urlencoded", "origin": "https://shop.test"} | headers)

    def call(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Page:
        given = {"accept": "text/html", "accept_language": "en", "host": "shop.test"} | headers
        named = {name.replace("_", "-"): value for name, value in given.items() if value}
        if self.cookies:
            named["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.raw(method, url, body, named)
        page = read(answer)
        for line in page.set_cookies:
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return page

    def raw(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        """One gateway event to the function whose route fits; 403 as the gateway answers where none does."""
        parts = urlsplit(url)
        for verb, pattern, route, handler in self._handlers:
            match = pattern.fullmatch(parts.path)
            if verb == method and match:
                params = {name: unquote(value) for name, value in match.groupdict().items()} or None
                given = event(method, route, parts.path, params, parts.query, body, headers, self.address)
                answer: dict[str, Any] = handler(given, CONTEXT)
                return answer
        return {"statusCode": 403, "headers": {}, "multiValueHeaders": {}, "body": '{"message":"Missing Authentication Token"}'}


def event(
    method: str, route: str, path: str, params: dict[str, str] | None, query: str, body: bytes, headers: dict[str, str], address: str
) -> dict[str, Any]:
    """What the gateway (REST, payload 1.0) hands to a function."""
    lists: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        lists.setdefault(name, []).append(value)
    return {
        "resource": route,
        "path": quote(path),
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in lists.items()} or None,
        "multiValueQueryStringParameters": lists or None,
        "pathParameters": params,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": route,
            "httpMethod": method,
            "path": path,
            "requestId": "req-1",
            "identity": {"sourceIp": address},
        },
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": True,
    }


def read(answer: dict[str, Any]) -> Page:
    many = {name.lower(): values for name, values in (answer.get("multiValueHeaders") or {}).items()}
    single = {name.lower(): value for name, value in (answer.get("headers") or {}).items()}
    return Page(answer["statusCode"], answer["body"] or "", single, many.get("set-cookie", []))
