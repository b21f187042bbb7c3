"""Every header that a client may send, with thousands of hostile values, through every route of the real doors.

Nothing breaks, nothing of a header comes back, nothing changes in a table, and who the visitor is stands in no header.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from faka.contexts.quotas.errors import QuotaExceeded
from faka.kernel.contact import network
from faka.kernel.ids import lookup_code, ulid
from faka.platform import door as doors_module
from faka.platform.index_key import IndexKey
from faka.platform.web import Answer
from pages import visitor
from tests.kit.world import World, engine_world
from tests.security.attack import TRUSTED, Doors, faults, image
from tests.security.hostile import values
from tests.security.tally import counted, scaled


pytestmark = pytest.mark.security

FORWARDED = (
    *("x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip", "client-ip", "x-client-ip", "x-remote-addr"),
    *("x-originating-ip", "x-remote-ip", "x-cluster-client-ip", "x-forwarded", "forwarded-for", "fastly-client-ip", "via", "remote-addr"),
)
"""Where a client may say who he is. We believe none of them."""

OTHERS = (
    *("host", "cookie", "accept-language", "accept", "accept-encoding", "origin", "referer", "user-agent", "content-type", "authorization"),
    *("x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-original-url", "x-rewrite-url", "x-http-method-override"),
    *("sec-fetch-site", "sec-fetch-mode", "x-fragment", "x-state", "x-requested-with", "if-none-match", "if-modified-since", "range"),
    *(
        "content-length",
        "transfer-encoding",
        "content-encoding",
        "expect",
        "x-amzn-trace-id",
        "x-api-key",
        "traceparent",
        "idempotency-key",
    ),
)
COOKIES = ("__Host-orders", "__Host-grant", "__Host-prefs")
EACH = scaled(215)
"""Values a header; with 51 places to put them in, more than 10,000."""

MARK = "zq7hx"


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(9)
        made.pay(made.buy())
        yield made


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Whom the shop took its visitors for."""
    seen: set[str] = set()
    real = IndexKey.digest

    def digest(self: IndexKey, what: str, value: str) -> str:
        if what == "address":
            seen.add(value)
        return real(self, what, value)

    monkeypatch.setattr(IndexKey, "digest", digest)
    return seen


def places() -> list[tuple[str, Callable[[str], dict[str, str]]]]:
    plain: list[Any] = [(name, lambda value, name=name: {name: value}) for name in (*FORWARDED, *OTHERS)]
    return plain + [(name, lambda value, name=name: {"cookie": f"a=1; {name}={value}"}) for name in COOKIES]


BODY = b"no=01KJPB7WG08HQWXGN3V08Q7SBR&code=0123456789ABCDEF&mail=a%40example.com&digits=123456"


def test_no_header_breaks_a_door_comes_back_changes_a_row_or_says_who_the_visitor_is(
    world: World, addresses: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    doors, routes = Doors(world), Doors(world).routes
    before, sent, wrong = image(world, "test-guard"), 0, []
    chance = random.Random(23)
    chance.shuffle(routes)
    for at, (name, headers) in enumerate(places()):
        for n, value in enumerate(values(at, EACH, MARK)):
            route = routes[(n + at) % len(routes)]
            page = doors.send(route, headers=headers(value), body=BODY if route[0] == "POST" else b"")
            sent += 1
            wrong += [f"{route} {name}: {value[:60]!r}: {fault}" for fault in faults(page, value, MARK)]
        if MARK in capsys.readouterr().out:
            wrong.append(f"{name} stands in the log")
    assert not wrong, "\n".join(wrong[:20])
    assert image(world, "test-guard") == before
    assert addresses == {network(TRUSTED)}
    assert sent >= 10_000
    with capsys.disabled():
        counted("headers", headers=len(places()), values=sent, routes=len(routes))


# -- twins -----------------------------------------------------------------------------------------------------------


def test_twin_a_header_in_an_error_page_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = doors_module.problem
    monkeypatch.setattr(
        doors_module,
        "problem",
        lambda request, error: Answer(f"no page for {request.agent}", 404) if request.agent else real(request, error),
    )
    page = Doors(world).send(("GET", "/o/{no}/status"), headers={"user-agent": f"<b>{MARK}", "accept": "*/*"})
    assert "shown as it was sent" in faults(page, f"<b>{MARK}", MARK)


def believing(header: str) -> Callable[..., Any]:
    """The peer's mistake: whoever says so is somebody else."""
    real = doors_module._request

    def request(given: Any, params: dict[str, str]) -> Any:
        made = real(given, params)
        return doors_module.Request(**{**vars(made), "address": made.headers.get(header, made.address)})

    return request


@pytest.mark.parametrize("header", ["x-forwarded-for", "client-ip"])
def test_a_forwarded_address_does_not_make_another_visitor_of_one(world: World, header: str) -> None:
    assert spread(world, header) == {"held": 2, "refused": 4}


def test_twin_who_believes_the_header_lets_one_visitor_be_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors_module, "_request", believing("x-forwarded-for"))
    assert spread(world, "x-forwarded-for") == {"held": 6, "refused": 0}


def spread(world: World, header: str) -> dict[str, int]:
    """Six purchases of one address under six names, in a shop that lets one visitor hold two."""
    world.deps.settings = world.deps.settings.model_copy(update={"faka_holds_max": 2})
    doors, came = Doors(world), {"held": 0, "refused": 0}
    for n in range(6):
        form = {"form_id": ulid(world.clock.now(), world.chance), "code": lookup_code(world.chance), "sku": world.sku.id}
        body = urlencode(form | {"quantity": "1", "channel": "alipay:page"}).encode()
        page = doors.send(("POST", "/p/{slug}"), headers={header: f"198.51.100.{n}"}, body=body)
        assert page.status in (303, QuotaExceeded.http_status)
        came["held" if page.status == 303 else "refused"] += 1
    return came


def test_a_card_is_shown_to_the_address_that_the_gateway_saw(world: World) -> None:
    """Who looked stands in the audit entry, and no header writes there."""
    order = world.pay(world.buy())
    cookie = f"__Host-orders={visitor.codes_value({}, order.id, world.proof(order).code)}"
    forged = dict.fromkeys(FORWARDED, "198.51.100.66")
    page = Doors(world).send(("POST", "/o/{no}/cards"), params={"no": order.id}, headers={"cookie": cookie, **forged})
    assert page.status == 200
    entries = [row for row in world.rows("test-journal") if row["pk"] == f"AUDIT#{order.id}" or order.id in row["pk"]]
    assert any(TRUSTED in repr(row) for row in entries)
    assert "198.51.100.66" not in repr(world.rows("test-journal"))
