"""Each answer that the shop's document promises can really be got: none of them is a word only."""

import re
from collections.abc import Iterator

import pytest

from faka.contexts.orders.model import DeliveryState, OrderState
from faka.contexts.recharges import recharge_id
from faka.flows.fulfil import fulfil
from faka.flows.order_page import cancel
from faka.kernel.money import Currency
from faka.steps.send_back import send_back
from tests.contract.api.asking import Gate
from tests.contract.api.book import Book, promised, read
from tests.contract.api.scene import Scene, scene
from tests.unit.wallets.given import Purse, issued, purse, redeemed


pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore:No application metrics")]

LARGE = b"a=" + b"x" * 16_384


@pytest.fixture
def made() -> Iterator[Scene]:
    with scene() as one:
        yield one


@pytest.fixture
def book(made: Scene) -> Book:
    return Book(Gate(made), "shop")


def cookie(made: Scene, order) -> dict[str, str]:
    return {"cookie": "; ".join(f"{name}={value}" for name, value in made.cookie(order).items())}


def filled(made: Scene, **changes: str) -> dict[str, str]:
    form = {
        "form_id": made.form_id(),
        "code": "0123456789ABCDEF",
        "sku": "video-vip-month",
        "quantity": "1",
        "channel": "alipay:page",
        "contact": "a@example.com",
    }
    return form | changes


def everywhere(made: Scene, book: Book) -> None:
    """What every door does with what is no request of ours."""
    order = made.orders()["pending"]
    for path, methods in read("shop")["paths"].items():
        real = path.format(no=order.id, slug="video-vip", category="video", hash="x", name="base.css")
        unknown = path.format(no=f"ord_{made.form_id()}", slug="nothing", category="nothing", hash="x", name="nothing")
        if "post" in methods:
            book.both("POST", real, b"", origin="https://evil.example")
            book.both("POST", real, LARGE)
            book.both("POST", real, b"a=1", content_type="text/plain")
            book.both("POST", real, b"a=%00", **cookie(made, order))
            book.both("POST", unknown, filled(made))
        if "get" in methods:
            book.both("GET", unknown)
            book.both("GET", f"{real}?asked=1&asked=2", **cookie(made, order))
            book.both("GET", real, **cookie(made, order))


def looking(_made: Scene, book: Book) -> None:
    for name in ("shop.js", "icon.svg"):
        book.send("GET", f"/static/x/{name}")
    quote = "/p/video-vip/quote?sku={sku}&quantity={quantity}&channel={channel}"
    for sku, quantity, channel in (("video-vip-month", "1", "alipay"), ("", "1", ""), ("video-vip-month", "400", ""), ("other", "1", "")):
        book.both("GET", quote.format(sku=sku, quantity=quantity, channel=channel))
    book.both("GET", quote.format(sku="video-vip-month", quantity="1", channel="nothing"))
    book.both("GET", "/p/nothing/quote?sku=a&quantity=1")
    book.both("GET", "/p/later/quote?sku=later-month&quantity=1")
    for headers in ({}, {"x_fragment": "1"}):
        book.send("POST", "/prefs", {"lang": "en"}, **headers)


def buying(made: Scene, book: Book) -> None:
    page = "/p/video-vip"
    for changes in (
        {"step": "quote"},
        {"quantity": "none"},
        {"contact": "a..b@example.com"},
        {"quantity": "400"},
        {"channel": "alipay:epay"},
        {"channel": "nothing:page"},
        {"seen_total_minor": "1"},
        {"sku": "other"},
    ):
        book.both("POST", page, filled(made, **changes))
    twice = filled(made)
    for quantity in ("1", "2"):
        book.both("POST", page, twice | {"quantity": quantity})
    for slug in ("gone", "later", "asks", "nothing"):
        book.both("POST", f"/p/{slug}", filled(made, sku=f"{slug}-month"))
    for accept in ("text/html", "application/json") * 3:
        book.send("POST", page, filled(made, quantity="10", contact="greedy@example.com"), accept=accept)


def topping_up(made: Scene, book: Book) -> None:
    made.sells_top_ups()
    form = {"sku": "top-up-month", "contact": ""}
    for number in ("12345", "13800138009"):
        book.both("POST", "/p/top-up", filled(made, **form, account_mobile=number))
    for changes in ({"drop_account": "all"}, {"saved_account": "00000000"}, {"account_mobile": "13800138008", "remember_account": "1"}):
        book.both("POST", "/p/top-up", filled(made, **form, **changes))
    order = made.world.pay(made.world.buy(product="top-up", sku="top-up-month", account={"mobile": "13800138001"}))
    book.both("POST", "/p/top-up", filled(made, **form, account_mobile="13800138001"))
    done = order.moved(OrderState.COMPLETED, made.world.clock.now(), "test", "arrived", delivery=DeliveryState.DONE, funds_minor=0)
    made.world.deps.tables.apply(made.world.deps.orders.replaced(order, done))
    for name in ("cards", "cards.txt"):
        book.both("POST", f"/o/{order.id}/{name}", {"open_id": ""}, **cookie(made, order))
    correcting(made, book)


def correcting(made: Scene, book: Book) -> None:
    deps = made.world.deps
    order, other = (
        made.world.pay(made.world.buy(product="top-up", sku="top-up-month", account={"mobile": number}))
        for number in ("13800138002", "13800138003")
    )
    fulfil(deps, order.id)
    recharge = deps.recharges.get(recharge_id(order.id))
    path, own = f"/o/{order.id}/input", cookie(made, order)
    book.both("POST", path, {"account_mobile": "13800138004"}, **own)
    send_back(deps, recharge, "mei", "no such number")
    for number in ("12345", order.account["mobile"], other.account["mobile"], "13800138009"):
        book.both("POST", path, {"account_mobile": number}, **own)
    for _ in range(6):
        book.both("POST", path, {"account_mobile": "13800138009"}, **own)
    made.world.clock.advance(minutes=11)
    book.send("POST", path, {"account_mobile": "13800138004"}, **own)


def order_page(made: Scene, book: Book) -> None:
    orders = made.orders()
    pending, paid, opened = orders["pending"], orders["paid"], orders["opened"]
    own = cookie(made, pending)
    book.send("GET", f"/o/{pending.id}?trade_no=1", **own)
    book.send("GET", f"/o/{pending.id}/status", **own)
    book.send("GET", f"/o/{pending.id}/status", x_state="pending_payment.none.none", **own)
    book.send("POST", f"/o/{pending.id}/check", **own)
    for channel in ("alipay:wap", "nothing:page", "alipay:epay", "???"):
        book.both("POST", f"/o/{pending.id}/pay", {"channel": channel}, **own)
    for turn in range(21):
        book.both("POST", f"/o/{pending.id}/pay", {"channel": ("alipay:page", "alipay:wap")[turn % 2]}, **own)
    for _ in range(2):
        book.both("POST", f"/o/{pending.id}/cancel", **own)
    book.both("POST", f"/o/{pending.id}/pay", {"channel": "alipay:page"}, **own)
    for name in ("cards", "cards.txt"):
        book.both("POST", f"/o/{pending.id}/{name}", {"open_id": made.form_id()}, **own)
        book.both("POST", f"/o/{opened.id}/{name}", {"open_id": made.form_id()}, **cookie(made, opened))
        book.send("POST", f"/o/{paid.id}/{name}", {"open_id": made.form_id()}, **cookie(made, paid))
    made.freeze()
    for name, order in (("cards", paid), ("cards.txt", orders["shown"])):
        book.both("POST", f"/o/{order.id}/{name}", {"open_id": ""}, **cookie(made, order))


def finding(made: Scene, book: Book) -> None:
    order = made.orders()["paid"]
    book.both("POST", "/orders", {"no": order.id, "code": made.code(order)})
    book.both("POST", "/orders", {"no": "", "code": ""})
    for url, form in (
        ("/orders", {"no": order.id, "code": "0000000000000000"}),
        ("/orders/mail", {"mail": "nobody@example.com"}),
        ("/orders/code", {"mail": "nobody@example.com", "digits": "000000"}),
    ):
        for book.gate.address in ["203.0.113.1"] * 12:
            book.both("POST", url, form)
    book.gate.address = ""
    for url in ("/orders/mail", "/orders/code"):
        book.both("POST", url, {"mail": "none", "digits": "1"})
        book.both("POST", url, {"mail": "a..b@example.com", "digits": "1"})
    made.world.clock.advance(hours=1)
    book.send("POST", "/orders/mail", {"mail": "paid@example.com"})
    code = re.search(r"\b\d{6}\b", made.world.letters[-1][2])
    assert code is not None
    book.send("POST", "/orders/code", {"mail": "paid@example.com", "digits": code.group()})


def giving_back(made: Scene, book: Book) -> None:
    made.world.stock_up(1)
    order = made.world.buy()
    own = cookie(made, order)
    made.world.pay(order)
    book.send("POST", f"/o/{order.id}/refund", **own)
    for name in ("cards", "cards.txt"):
        book.both("POST", f"/o/{order.id}/{name}", {"open_id": made.form_id()}, **own)


def wallets(made: Scene, book: Book) -> None:
    world = made.world
    world.stock_up(2)
    pending, gone = world.buy(), world.buy()
    held, poor, foreign = purse(world), purse(world, 1), redeemed(world, *issued(world, currency=Currency.USD))
    used, over = issued(world, count=2)
    redeemed(world, used)
    own, other = cookie(made, pending), cookie(made, gone)
    cancel(world.deps, gone.id, world.proof(gone))

    def form(code: str, **more: str) -> dict[str, str]:
        return {"form_id": made.form_id(), "new_code": "0" * 16, "gift_code": code, **more}

    taken = form(*issued(world))
    book.send("GET", "/wallet")
    book.both("POST", "/wallet", {"wallet": held.number, "wallet_code": held.code})
    book.both("POST", "/wallet", {})
    for sent in (taken, form(used), form(""), form("0" * 16), taken | {"new_code": "1" * 16, "gift_code": issued(world)[0]}):
        book.both("POST", "/wallet/redeem", sent)
    book.both("POST", "/wallet/redeem", form(issued(world)[0], into=foreign.number, into_code=foreign.code))
    book.both("POST", "/wallet/redeem", form(issued(world)[0], into=held.number, into_code="0" * 16))
    book.both("POST", f"/o/{pending.id}/balance", b"wallet=x", content_type="text/plain", **own)
    for path in (f"/o/{pending.id}/balance", f"/o/{gone.id}/balance"):
        book.send("GET", path, **(own if pending.id in path else other))
    for one in (poor, foreign, Purse(held.number, ""), Purse(held.number, "0" * 16)):
        book.both("POST", f"/o/{pending.id}/balance", {"wallet": one.number, "wallet_code": one.code}, **own)
    book.both("POST", f"/o/{gone.id}/balance", {"wallet": held.number, "wallet_code": held.code}, **other)
    for book.gate.address in ["203.0.113.2"] * 12:
        for path in (f"/o/{pending.id}/balance", "/wallet"):
            book.both("POST", path, {"wallet": held.number, "wallet_code": "0" * 16}, **own)
        book.both("POST", "/wallet/redeem", form("1" * 16))
    book.gate.address = ""
    book.both("POST", f"/o/{pending.id}/balance", {"wallet": held.number, "wallet_code": held.code}, **own)
    world.clock.advance(days=366)
    book.both("POST", "/wallet/redeem", form(over))


SCRIPTS = (everywhere, looking, buying, topping_up, finding, order_page, giving_back, wallets)


def test_each_promised_answer_is_given_and_no_other(made: Scene, book: Book) -> None:
    for script in SCRIPTS:
        script(made, book)
    assert promised("shop") - book.seen == set()
    assert book.seen - promised("shop") == set()


def test_a_promise_that_nobody_keeps_is_found(made: Scene, book: Book) -> None:
    """The twin: without the script that buys, the answers to a purchase are missed."""
    for script in (everywhere, looking):
        script(made, book)
    missed = promised("shop") - book.seen
    assert {told.what for told in missed} >= {"out_of_stock", "key_reused_with_other_body", "price_changed"}
