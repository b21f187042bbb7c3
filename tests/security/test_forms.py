"""Hostile paths, queries and bodies over every route: nothing breaks, what is shown again is text, and nothing is bought by it."""

import json
import random
from collections.abc import Callable, Iterator
from urllib.parse import quote_plus

import pytest

from faka.kernel.ids import lookup_code, ulid
from faka.platform.web import FORM_BYTES_MAX
from pages import render
from tests.kit.doors import Page
from tests.kit.world import World, engine_world
from tests.security.attack import FOREIGN, FORM, Doors, faults, image, usual
from tests.security.hostile import values
from tests.security.tally import counted, scaled


pytestmark = pytest.mark.security

MARK = "zq8hx"
EACH = scaled(220)
QUERY = ("page", "hl", "sku", "quantity", "channel", "asked", "sign", "trade_status", MARK)
FIELDS = (
    *("sku", "quantity", "channel", "contact", "form_id", "code", "seen_total_minor", "consent", "lang", "step", "no", "mail", "digits"),
    *("theme", "back", "open_id", "price", "sign", "out_trade_no", "money", "trade_status"),
)


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world(notice={"zh": "一经查看不退。", "en": "No refund."}, notice_version="2026-01") as made:
        made.stock_up(9)
        made.pay(made.buy(consent="2026-01"))
        yield made


@pytest.fixture
def doors(world: World) -> Doors:
    return Doors(world)


class Judge:
    """Gathers what is wrong with answers."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.sent = 0

    def __call__(self, page: Page, said: str, value: str, mark: str = MARK) -> None:
        self.sent += 1
        self.wrong += [f"{said} {value[:60]!r}: {fault}" for fault in faults(page, value, mark, may_show=True)]


def typed(value: str) -> bytes:
    """Form encoding as a client does it, that encodes what it likes."""
    return quote_plus(value.encode("utf-8", "surrogatepass")).encode()


def test_no_path_breaks_a_door_or_changes_a_row(world: World, doors: Doors) -> None:
    judge, before = Judge(), image(world, "test-guard")
    open_routes = [route for route in doors.routes if "{" in route[1]]
    for at, route in enumerate(open_routes):
        names = list(usual(world, route[1]))
        for n, value in enumerate(values(at, EACH, MARK)):
            judge(doors.send(route, params={names[n % len(names)]: value}), f"{route}", value)
    assert not judge.wrong, "\n".join(judge.wrong[:20])
    assert image(world, "test-guard") == before
    counted("paths", routes=len(open_routes), values=judge.sent)


def test_no_query_breaks_a_door_or_changes_a_row(world: World, doors: Doors) -> None:
    judge, before, routes = Judge(), image(world, "test-guard"), doors.routes
    for at, name in enumerate(QUERY):
        for n, value in enumerate(values(at + 50, EACH, MARK)):
            pairs = [(name, value)] * (1 + n % 7 // 6) + ([("x", "1")] * 400 if n % 50 == 49 else [])
            judge(doors.send(routes[n % len(routes)], query=pairs), f"{routes[n % len(routes)]} ?{name}", value)
    assert not judge.wrong, "\n".join(judge.wrong[:20])
    assert image(world, "test-guard") == before
    counted("queries", parameters=len(QUERY), values=judge.sent)


def test_no_field_breaks_a_door_and_none_buys_anything(world: World, doors: Doors) -> None:
    """A right order form with one field spoiled, and the same body at every other door."""
    judge, before = Judge(), image(world, "test-guard")
    posts = [route for route in doors.routes if route[0] == "POST"]
    chance = random.Random(5)
    for at, name in enumerate(FIELDS):
        for n, value in enumerate(values(at + 90, EACH, MARK)):
            right = {"sku": world.sku.id, "quantity": "1", "channel": "alipay:page", "consent": "not the notice of now"}
            right |= {"form_id": ulid(world.clock.now(), world.chance), "code": lookup_code(world.chance)}
            body = b"&".join(typed(key) + b"=" + typed(given) for key, given in {**right, name: value}.items())
            route = posts[(n + at) % len(posts)] if n % 2 else ("POST", "/p/{slug}")
            accept = chance.choice(("text/html", "application/json"))
            judge(doors.send(route, body=body, headers={"accept": accept}), f"{route} {name}", value)
    assert not judge.wrong, "\n".join(judge.wrong[:20])
    assert image(world, "test-guard") == before
    counted("form fields", fields=len(FIELDS), values=judge.sent)


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "twice": b"quantity=1&quantity=2",
    "twice in another spelling": b"quantity=1&%71uantity=2",
    "many fields": b"&".join(b"f%d=1" % n for n in range(5_000)),
    "long name": b"a" * 12_000 + b"=1",
    "at the bound": b"a=" + b"x" * (FORM_BYTES_MAX - 2),
    "above the bound": b"a=" + b"x" * FORM_BYTES_MAX,
    "6 MB": b"x" * 6_000_000,
    "NUL": b"sku=\x00&a=%00",
    "overlong slash": b"sku=%c0%af..%c0%af",
    "overlong NUL": b"sku=%e0%80%80",
    "lone surrogate": b"sku=%ed%a0%80",
    "above Unicode": b"sku=%f4%90%80%80",
    "half a character": b"sku=%e5%8d",
    "latin": b"sku=\xe9\xff",
    "utf-16": "sku=卡".encode("utf-16"),
    "bad escape": b"sku=%zz&a=%4&b=%u5361",
    "no value": b"sku&&&=&=x&",
    "arrays": b"sku[]=1&sku[$gt]=&sku.x=1",
    "deep json": b"[" * 8_000,
    "deep object": b'{"a":' * 2_500,
    "json": json.dumps({"sku": True, "quantity": 1e400, "sign": None}).encode(),
    "json twice": b'{"quantity":1,"quantity":2}',
    "xml entity": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "laughs": b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>',
    "multipart": b'--x\r\nContent-Disposition: form-data; name="sku"; filename="../../x.php"\r\n\r\n<?php\r\n--x--\r\n',
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "zip": b"PK\x03\x04" + b"\x00" * 26,
    "pickle": b"cos\nsystem\n(S'id'\ntR.",
    "yaml": b"!!python/object/apply:os.system ['id']",
}
TYPES = (
    *(
        FORM,
        f"{FORM}; charset=utf-7",
        f"{FORM}; charset=utf-16",
        "application/json",
        "text/plain",
        "text/xml",
        "multipart/form-data; boundary=x",
    ),
    *("application/x-yaml", "application/zip", "", "x" * 3_000, f"{FORM}, {FORM}", "application/X-WWW-form-URLENCODED"),
)


def test_no_body_of_any_type_breaks_a_door_or_changes_a_row(world: World, doors: Doors) -> None:
    judge, before = Judge(), image(world, "test-guard")
    for route in [route for route in doors.routes if route[0] == "POST"]:
        for name, body in BODIES.items():
            for kind in TYPES if len(body) < 100_000 else TYPES[:2]:
                page = doors.send(route, body=body, headers={"content-type": kind})
                judge(page, f"{route} {name} as {kind[:40]!r}", body[:200].decode("latin-1"), "root:x:0")
                if len(body) > FORM_BYTES_MAX and route[1] not in FOREIGN:
                    assert page.status == 413
    assert not judge.wrong, "\n".join(judge.wrong[:20])
    assert image(world, "test-guard") == before
    counted("bodies", bodies=len(BODIES), types=len(TYPES), sent=judge.sent)


# -- twins -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def unescaped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The guard off: templates print what they are given."""
    real = render.new_environment

    def careless(*given: object) -> object:
        made = real(*given)  # type: ignore[arg-type]
        made.autoescape = False
        return made

    monkeypatch.setattr(render, "new_environment", careless)
    monkeypatch.setattr(render, "COMPILED", render.COMPILED / "nowhere")
    render.environment.cache_clear()
    yield
    render.environment.cache_clear()


@pytest.mark.usefixtures("unescaped")
def test_twin_templates_that_do_not_escape_are_found(doors: Doors) -> None:
    value = f'"><img src=x onerror={MARK}>'
    page = doors.send(("POST", "/p/{slug}"), body=b"contact=" + typed(value))
    assert "shown as it was sent" in faults(page, value, MARK, may_show=True)


def test_the_same_page_with_escapes_is_not(doors: Doors) -> None:
    value = f'"><img src=x onerror={MARK}>'
    page = doors.send(("POST", "/p/{slug}"), body=b"contact=" + typed(value))
    assert MARK in page.text
    assert faults(page, value, MARK, may_show=True) == []


def answered(status: int = 200, text: str = "", **headers: str) -> Page:
    fine = dict.fromkeys(("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"), "x")
    fine |= {"strict-transport-security": "x", "cache-control": "x", "content-type": "text/html"}
    return Page(status, text, fine | {name.replace("_", "-"): value for name, value in headers.items()})


BAD: dict[str, Callable[[], Page]] = {
    "status 500": lambda: answered(500),
    "line break in x-a": lambda: answered(x_a="1\r\nSet-Cookie: b"),
    "mark in location": lambda: answered(303, location=f"/o/{MARK}"),
    "leads to https://evil.example": lambda: answered(303, location="https://evil.example"),
    "leads to //evil.example": lambda: answered(303, location="//evil.example"),
    "loose cookie a=1": lambda: Page(200, "", answered().headers, ["a=1"]),
    "no cache-control": lambda: Page(200, "", {name: "x" for name in answered().headers if name != "cache-control"}),
    "shown as it was sent": lambda: answered(text=f"<p><b>{MARK}</b>"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_fault_of_an_answer_is_found(fault: str) -> None:
    assert faults(BAD[fault](), f"<b>{MARK}</b>", MARK, may_show=True) == [fault]


def test_an_answer_without_fault_is_not() -> None:
    assert faults(answered(text=f"&lt;b&gt;{MARK}"), f"<b>{MARK}</b>", MARK, may_show=True) == []
