"""The border: what a request may be, what an answer always carries, how an error leaves."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from faka.kernel.errors import Broken, InvalidRequest, NotFound, Unavailable
from faka.platform.door import Answer, Door, Request, cookie, see_other
from faka.platform.web import FORM_BYTES_MAX
from pages.forms import BadForm, Fault
from tests.kit.doors import CONTEXT, event, read


pytestmark = pytest.mark.unit

URL = "https://shop.test"
FORM = {"content-type": "application/x-www-form-urlencoded", "origin": URL}
CANARY = "CANARY-SECRET"


def door(view: Any, *, method: str = "POST", fault: Any = None, **options: Any) -> Any:
    made = Door("test", shop_url=URL, fault=fault)
    made.route(method, "/x/{id}", **options)(view)
    handler = made.handler()

    def call(body: bytes = b"", query: str = "", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return read(handler(event(method, "/x/{id}", "/x/1", {"id": "1"}, query, body, named, "1.2.3.4"), CONTEXT))

    return call


def echo(request: Request) -> Answer:
    return Answer(json.dumps(dict(request.form)))


def refusal(page: Any) -> str:
    return str(json.loads(page.text)["code"])


# -- forms ----------------------------------------------------------------------------------------------------------


def test_a_form_is_read_by_name() -> None:
    page = door(echo)(b"a=1&b=%E5%8D%A1+%E5%AF%86&c=", **FORM)
    assert json.loads(page.text) == {"a": "1", "b": "卡 密", "c": ""}


@pytest.mark.parametrize(
    "body",
    [
        b"a=1&a=2",
        b"a=1&%61=2",
        b"a=%00",
        b"a=x%0d%0aSet-Cookie:%20y",
        b"a=%ff%fe",
        b"a=%ED%A0%80",
        b"a=%E2%80%A8x",
        "a=卡".encode(),
        b"&".join(b"f%d=1" % i for i in range(41)),
    ],
)
def test_a_form_with_two_readings_is_refused(body: bytes) -> None:
    page = door(echo)(body, **FORM)
    assert (page.status, refusal(page)) == (422, "unreadable_form")


def test_emoji_and_rare_characters_are_text_like_any_other() -> None:
    page = door(echo)(b"a=%F0%9F%98%80%F0%A0%80%80", **FORM)
    assert json.loads(page.text) == {"a": "😀𠀀"}


def test_a_large_body_is_refused_before_it_is_read() -> None:
    page = door(echo)(b"a=" + b"x" * FORM_BYTES_MAX, **FORM)
    assert (page.status, refusal(page)) == (413, "too_large")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_another_content_type_is_named_as_such(kind: str) -> None:
    page = door(echo)(b'{"a":1}', **{**FORM, "content-type": kind})
    assert page.status == 415


def test_a_query_with_a_name_twice_is_refused() -> None:
    page = door(lambda request: Answer(str(request.asked)), method="GET")(query="a=1&a=2")
    assert (page.status, refusal(page)) == (422, "unreadable_form")


# -- who sent it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://shop.test.evil.example"},
        {"origin": "http://shop.test:81"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": URL},
    ],
)
def test_a_form_of_another_site_is_refused(headers: dict[str, str]) -> None:
    page = door(echo)(b"a=1", **{"content-type": FORM["content-type"], "host": "shop.test", **headers})
    assert (page.status, refusal(page)) == (403, "foreign_origin")


@pytest.mark.parametrize("headers", [{"origin": URL}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {}])
def test_our_own_form_and_a_client_without_cookies_pass(headers: dict[str, str]) -> None:
    assert door(echo)(b"a=1", **{"content-type": FORM["content-type"], **headers}).status == 200


def test_a_notice_of_a_provider_may_come_from_anywhere() -> None:
    call = door(lambda request: Answer(request.body.hex()), foreign=True)
    assert call(b"\xff\x00", origin="https://provider.example").status == 200


# -- how an error leaves --------------------------------------------------------------------------------------------


def fails(error: Exception) -> Any:
    def view(_: Request) -> Answer:
        raise error

    return view


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidRequest(CANARY), 422, "invalid_request"),
        (NotFound(CANARY), 404, "not_found"),
        (Unavailable(CANARY), 503, "unavailable"),
        (Broken(CANARY), 500, "broken"),
        (ValueError(CANARY), 500, "unexpected"),
        (KeyError(CANARY), 500, "unexpected"),
    ],
)
def test_an_error_is_problem_details_and_quotes_nothing(error: Exception, status: int, code: str, capsys: Any) -> None:
    page = door(fails(error), method="GET")(accept="application/json")
    problem = json.loads(page.text)
    assert (page.status, problem["status"], problem["code"]) == (status, status, code)
    assert page.headers["content-type"] == "application/problem+json"
    assert CANARY not in page.text
    if not isinstance(error, InvalidRequest | NotFound | Unavailable | Broken):
        assert CANARY not in capsys.readouterr().out


def test_field_faults_are_listed_for_machines() -> None:
    error = BadForm([Fault("quantity", "Please enter a whole number from %(least)s to %(most)s.", {"least": 1, "most": 9})])
    page = door(fails(error), method="GET")(accept="application/json")
    assert json.loads(page.text)["errors"] == [{"field": "quantity", "detail": "Please enter a whole number from 1 to 9."}]


def test_a_browser_gets_the_doors_own_page_and_a_machine_does_not() -> None:
    def page_of(_: Request, error: Any) -> Answer:
        return Answer(f"<h1>{error.code()}", error.http_status)

    call = door(fails(NotFound()), method="GET", fault=page_of)
    assert call(accept="text/html,*/*").text == "<h1>not_found"
    assert json.loads(call(accept="*/*").text)["code"] == "not_found"


def test_an_error_page_that_fails_does_not_hide_the_first_error() -> None:
    def broken(_: Request, error: Any) -> Answer:
        raise RuntimeError

    page = door(fails(NotFound()), method="GET", fault=broken)(accept="text/html")
    assert (page.status, refusal(page)) == (404, "not_found")


# -- what an answer carries -----------------------------------------------------------------------------------------


def test_every_answer_carries_the_security_headers() -> None:
    for view in (lambda _: Answer("x"), fails(NotFound()), fails(ValueError())):
        headers = door(view, method="GET")().headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "private, no-store"
        assert headers["referrer-policy"] == "same-origin"


def test_cookies_are_bound_to_host_and_hidden_from_scripts() -> None:
    page = door(lambda _: see_other("/y", cookie("a", "1", 60), cookie("b", "2", 10**9)), method="GET")()
    assert (page.status, page.location) == (303, "/y")
    for line in page.set_cookies:
        assert line.startswith("__Host-")
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(line.split("; "))
    assert "Max-Age=34560000" in page.set_cookies[1]


def test_an_address_with_line_breaks_never_reaches_a_header() -> None:
    page = door(lambda _: see_other("/y\r\nSet-Cookie: x=1"), method="GET")()
    assert (page.status, refusal(page)) == (422, "invalid_request")


def test_a_hand_written_event_without_optional_keys_is_served() -> None:
    made = Door("test", shop_url=URL)
    made.route("GET", "/x")(lambda _: Answer("ok"))
    bare = {"headers": {}, "requestContext": {"httpMethod": "GET", "resourcePath": "/x"}}
    assert made.handler()(bare, SimpleNamespace(**vars(CONTEXT)))["statusCode"] == 200
