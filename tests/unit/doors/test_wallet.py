"""The wallet's page and the button *pay with a wallet*, through the doors: what is shown once, what is never shown, who is turned away."""

import json
import re
from collections.abc import Iterator

import pytest

from faka.contexts.orders.model import Order, OrderState
from faka.kernel.ids import lookup_code
from faka.steps.wallet import WRONG_CODES_MAX
from pages.visitor import codes_value
from tests.kit.doors import Page, Shop
from tests.kit.world import World
from tests.unit.wallets.given import Purse, balance, faults, issued, purse, quick_world


pytestmark = pytest.mark.unit

PRICE = 1_580


@pytest.fixture
def world() -> Iterator[World]:
    with quick_world() as made:
        made.stock_up(5)
        yield made


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world.deps, "storefront")


def redeem(shop: Shop, code: str, **more: str) -> Page:
    form = shop.get("/wallet")
    hidden = {name: form.hidden(name) for name in ("form_id", "new_code")}
    return shop.post("/wallet/redeem", {**hidden, "gift_code": code, **more})


def slip(page: Page) -> Purse:
    """What the visitor copies from the page."""
    number = re.search(r'id="wallet-no">([^<]+)<', page.text)
    code = re.search(r'id="wallet-secret">([^<]+)<', page.text)
    assert number is not None
    assert code is not None
    return Purse(number.group(1), code.group(1))


def order_in(shop: Shop, world: World) -> Order:
    order = world.buy(channel="epay", method="epay")
    shop.cookies["__Host-orders"] = codes_value({}, order.id, world.proof(order).code)
    return order


def pays(shop: Shop, order: Order, held: Purse) -> Page:
    return shop.post(f"/o/{order.id}/balance", {"wallet": held.number, "wallet_code": held.code})


def test_a_gift_code_opens_a_wallet_whose_code_is_shown_in_that_answer_only(shop: Shop, world: World) -> None:
    [code] = issued(world)
    page = redeem(shop, code)
    held = slip(page)
    assert (page.status, page.set_cookies) == (200, [])

    again = shop.post("/wallet", {"wallet": held.number.lower(), "wallet_code": held.code.lower()})

    assert again.status == 200
    assert "CN¥50.00" in again.text or "¥50.00" in again.text
    assert "wallet-secret" not in again.text
    assert held.code not in again.text
    assert held.code.replace("-", "") not in again.text


def test_what_the_page_says_of_money_is_not_kept_by_anybody_on_the_way(shop: Shop, world: World) -> None:
    page = redeem(shop, *issued(world))
    assert page.headers["cache-control"] == "private, no-store"
    assert "form-action 'self'" in page.headers["content-security-policy"]


def test_another_code_goes_into_a_wallet_that_is_named_and_proved(shop: Shop, world: World) -> None:
    held = purse(world, 700)
    page = redeem(shop, *issued(world, 300), into=held.number, into_code=held.code)
    assert page.status == 200
    assert "wallet-secret" not in page.text
    assert balance(world, held) == 1_000


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"gift_code": ""}, "gift_code"),
        ({"gift_code": "ABCD"}, "gift_code"),
        ({"into": "", "into_code": "x"}, "into"),
        ({"into": "wal_x", "into_code": ""}, "into_code"),
        ({"into": "wal_x", "into_code": "x"}, "into"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_redeemed(shop: Shop, world: World, fields: dict[str, str], field: str) -> None:
    [code] = issued(world)
    page = redeem(shop, fields.pop("gift_code", code), **fields)
    assert page.status in (404, 422)
    assert f'id="{field}-fault"' in page.text
    assert not [row for row in world.rows("test-trade") if row["sk"] == "WALLET"]


def test_a_code_is_never_sent_back_but_the_gift_code_that_was_typed(shop: Shop, world: World) -> None:
    held = purse(world)
    wrong = lookup_code(world.chance)
    page = shop.post("/wallet", {"wallet": held.number, "wallet_code": wrong})
    assert (page.status, held.number in page.text, wrong in page.text) == (404, True, False)


def test_after_ten_wrong_codes_the_page_says_to_wait(shop: Shop, world: World) -> None:
    held = purse(world)
    for _ in range(WRONG_CODES_MAX):
        assert shop.post("/wallet", {"wallet": held.number, "wallet_code": lookup_code(world.chance)}).status == 404
    assert shop.post("/wallet", {"wallet": held.number, "wallet_code": held.code}).status == 429


def test_machines_get_problems_that_quote_nothing(shop: Shop, world: World) -> None:
    page = shop.post("/wallet", {"wallet": "wal_x", "wallet_code": "SECRETCODE"}, accept="application/json")
    assert (page.status, json.loads(page.text)["code"]) == (404, "wallet_not_found")
    assert "SECRETCODE" not in page.text


# -- paying -------------------------------------------------------------------------------------------------------


def test_an_order_is_paid_with_the_wallet_and_its_page_shows_the_goods(shop: Shop, world: World) -> None:
    held, order = purse(world), order_in(shop, world)
    assert f'href="/o/{order.id}/balance"' in shop.get(f"/o/{order.id}").text
    assert f'action="/o/{order.id}/balance"' in shop.get(f"/o/{order.id}/balance").text

    answer = pays(shop, order, held)

    assert (answer.status, answer.location) == (303, f"/o/{order.id}")
    assert world.order(order).state is OrderState.COMPLETED
    assert 'class="card stage-card stage-ready"' in shop.get(f"/o/{order.id}").text
    assert balance(world, held) == 5_000 - PRICE


@pytest.mark.parametrize(("minor", "code", "status"), [(PRICE - 1, "", 409), (5_000, "0" * 16, 422), (5_000, "x", 422)])
def test_a_refusal_is_said_beside_the_field_and_the_page_keeps_the_number(
    shop: Shop, world: World, minor: int, code: str, status: int
) -> None:
    held, order = purse(world, minor), order_in(shop, world)
    page = pays(shop, order, Purse(held.number, code or held.code))
    assert page.status == status
    assert 'id="wallet-fault"' in page.text
    assert f'value="{held.number}"' in page.text
    assert held.code not in page.text
    assert world.order(order).state is OrderState.PENDING_PAYMENT
    assert faults(world) == []


def test_an_order_that_waits_for_no_money_leads_to_its_own_page(shop: Shop, world: World) -> None:
    held, order = purse(world), order_in(shop, world)
    pays(shop, order, held)
    assert shop.get(f"/o/{order.id}/balance").location == f"/o/{order.id}"
    assert pays(shop, order, held).location == f"/o/{order.id}"


def test_the_form_does_not_reload_itself_while_somebody_types(shop: Shop, world: World) -> None:
    order = order_in(shop, world)
    assert "http-equiv" in shop.get(f"/o/{order.id}").text
    assert "http-equiv" not in shop.get(f"/o/{order.id}/balance").text


def test_who_cannot_prove_the_order_cannot_pay_it_nor_learn_of_it(shop: Shop, world: World) -> None:
    held, order = purse(world), world.buy()
    assert shop.get(f"/o/{order.id}/balance").status == pays(shop, order, held).status == 404
    assert balance(world, held) == 5_000
