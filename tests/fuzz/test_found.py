"""What the suites beside this file and `tests/contract/api` have found, each with the input that found it."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from faka.contexts.payments.providers.canonical import beijing_time
from faka.flows.announce import announce
from faka.flows.intake.message import imports_named
from faka.kernel.errors import Broken
from faka.platform.queue import each_order
from faka.platform.web import ForeignOrigin, Request, check_origin
from pages.visitor import safe_path
from tests.kit.doors import Page, Shop
from tests.kit.world import engine_world


pytestmark = [pytest.mark.property, pytest.mark.filterwarnings("ignore:No application metrics")]

DEEP = "[" * 5_000
"""Deeper than the JSON reader follows: it gives up with an error that is none of a text's faults."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    with engine_world() as world:
        yield Shop(world.deps)


@pytest.mark.parametrize("origin", ["http://[", "http://]", "http://[::1", "https://[shop.test]"])
def test_an_origin_that_is_no_address_is_a_foreign_one(shop: Shop, origin: str) -> None:
    assert shop.post("/prefs", {"lang": "en"}, origin=origin, accept="application/json").status == 403


@pytest.mark.parametrize("host", [None, ""])
def test_an_origin_without_a_host_is_foreign_even_to_a_request_without_one(host: str | None) -> None:
    headers = {"origin": "null"} if host is None else {"origin": "null", "host": host}
    with pytest.raises(ForeignOrigin):
        check_origin(Request("POST", "/prefs", "/prefs", headers=headers), "https://shop.test")


@pytest.mark.parametrize("back", ["http://[", "x://]", "https://[::1/"])
def test_a_way_back_that_is_no_address_leads_home(shop: Shop, back: str) -> None:
    page = shop.post("/prefs", {"lang": "en", "back": back})
    assert (page.status, page.location) == (303, "/")


@pytest.mark.parametrize("back", [" ////evil.example", "/\t///evil.example", "  //////evil.example/x"])
def test_a_way_back_whose_outer_signs_fall_away_leads_nowhere_else(shop: Shop, back: str) -> None:
    """The reader of addresses drops blanks and tabs; what was left began with two slashes and was another site's address."""
    assert safe_path(back) == "/"
    assert shop.post("/prefs", {"lang": "en", "back": back}).location in ("/", "")


def test_a_cookie_nested_without_end_is_a_cookie_without_orders(shop: Shop) -> None:
    shop.cookies["__Host-orders"] = urlsafe_b64encode(DEEP.encode()).decode()
    assert shop.get("/orders").status == 200


def test_a_message_nested_without_end_names_no_import() -> None:
    assert imports_named(DEEP) == []


def test_a_message_nested_without_end_is_dropped_and_never_comes_again() -> None:
    record = {"messageId": "m-1", "body": DEEP, "eventSource": "aws:sqs"}
    answer = each_order({"Records": [record]}, SimpleNamespace(), lambda order_id: None)
    assert answer == {"batchItemFailures": []}


def test_a_date_before_the_calendar_begins_loses_no_payment() -> None:
    assert beijing_time("0001-01-01 07:59:59") is None


@pytest.mark.parametrize("count", [0, -7, 5_001, 999_999_999_999])
def test_a_head_that_says_that_a_claim_took_more_than_any_may_is_broken(count: int) -> None:
    """Such a row cost the relay 16 GB, a journal row for each thousand cards."""
    with engine_world() as world:
        world.stock_up(3)
        before = world.image()
        world.buy()
        key, after = next((key, row) for key, row in world.image().items() if row["sk"]["S"] == "HEAD" and row != before.get(key))
        slot = next(n for n in range(6) if after[f"i{n}"] == before[key]["n"])
        record = {"dynamodb": {"OldImage": before[key], "NewImage": {**after, f"m{slot}": {"N": str(count)}}}}
        with pytest.raises(Broken):
            announce(world.deps, [record])


def test_a_form_that_was_refused_for_too_many_held_goods_works_once_some_are_let_go() -> None:
    """The refused order's number is fenced; the page that says so must carry another one, or it would call the shelf empty."""
    with engine_world() as world:
        world.stock_up(50)
        shop = Shop(world.deps)
        wish = {"sku": "video-vip-month", "quantity": "10", "channel": "alipay:page", "contact": "a@example.com"}
        first, second, refused = (shop.post("/p/video-vip", {**wish, **fresh(shop.get("/p/video-vip"))}) for _ in range(3))
        assert (first.status, second.status, refused.status) == (303, 303, 429)
        assert shop.post(f"{first.location}/cancel").status == 303
        assert shop.post("/p/video-vip", {**wish, **fresh(refused)}).status == 303


def fresh(page: Page) -> dict[str, str]:
    return {name: page.hidden(name) for name in ("form_id", "code")}
