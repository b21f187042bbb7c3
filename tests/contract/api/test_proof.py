"""Who may see an order: with its proof as documented, without it the answer for an order that does not exist."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import pytest

from tests.contract.api.asking import Gate
from tests.contract.api.book import Book, read
from tests.contract.api.scene import CARDS, Scene, scene


pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore:No application metrics")]

GUARDED = sorted(
    f"{method.upper()} {path}"
    for path, methods in read("shop")["paths"].items()
    for method, operation in methods.items()
    if operation.get("security", [{}])[0]
)
FORMS = sorted(
    path for path, methods in read("shop")["paths"].items() if "requestBody" in methods.get("post", {}) and path != "/orders/mail"
)
STAGES = ("expired", "paid", "shown", "opened", "pending", "epay", "qr")


@pytest.fixture(scope="module")
def made() -> Iterator[Scene]:
    with scene(CARDS) as one:
        yield one


@pytest.fixture
def book(made: Scene) -> Book:
    return Book(Gate(made), "shop")


def asked(book: Book, operation: str, no: str, cookie: str) -> tuple[int, bytes]:
    method, _, path = operation.partition(" ")
    form = {"open_id": "", "channel": "alipay:wap"} if method == "POST" else None
    headers = {"cookie": cookie} if cookie else {}
    told = book.send(method, path.replace("{no}", no), form, accept="application/json", **headers)
    return told.status, book.answer.content


def test_every_operation_on_an_order_asks_for_a_proof() -> None:
    on_orders = {f"{method.upper()} {path}" for path, methods in read("shop")["paths"].items() for method in methods if "{no}" in path}
    assert set(GUARDED) == on_orders


@pytest.mark.parametrize("operation", GUARDED)
def test_without_its_proof_an_order_is_an_order_that_does_not_exist(made: Scene, book: Book, operation: str) -> None:
    orders = made.orders()
    unknown = asked(book, operation, f"ord_{made.form_id()}", "")
    assert unknown[0] == 404
    other = "; ".join(f"{name}={value}" for name, value in made.cookie(orders["paid"]).items())
    for stage in STAGES:
        for cookie in ("", "__Host-orders=", "__Host-grant=0", other if stage != "paid" else ""):
            assert asked(book, operation, orders[stage].id, cookie) == unknown, (stage, cookie)


@pytest.mark.parametrize("operation", GUARDED)
def test_with_its_proof_an_order_is_never_not_found(made: Scene, book: Book, operation: str) -> None:
    for order in made.orders().values():
        cookie = "; ".join(f"{name}={value}" for name, value in made.cookie(order).items())
        assert asked(book, operation, order.id, cookie)[0] != 404


@pytest.mark.parametrize("operation", GUARDED)
def test_twin_a_door_that_forgets_the_proof_is_found(made: Scene, book: Book, operation: str) -> None:
    def believed(deps: Any, order_id: str, _proof: Any) -> Any:
        return deps.orders.get(order_id)

    flows = ("order_page", "reveal", "pay_with_balance", "ask_refund", "correct_account")
    with ExitStack() as forgetful:
        for flow in flows:
            forgetful.enter_context(patch(f"faka.flows.{flow}.prove", believed))
        status, _ = asked(book, operation, made.orders()["pending"].id, "")
    assert status != 404


@pytest.mark.parametrize("path", FORMS)
def test_an_unknown_field_changes_no_answer(made: Scene, book: Book, path: str) -> None:
    """As documented: what is not asked for is not read."""
    order, code = made.orders()["pending"], "0123456789ABCDEF"
    url = path.format(no=order.id, slug="video-vip")
    cookie = "; ".join(f"{name}={value}" for name, value in made.cookie(order).items())
    form = {"sku": "video-vip-month", "quantity": "1", "channel": "alipay:page", "mail": "a@example.com", "digits": "1", "no": order.id}
    answers = []
    for strange in ({}, {"price": "1", "amount": "0.01", "is_admin": "1", "state": "PAID"}):
        sent = {**form, "form_id": made.form_id(), "code": made.code(order) if path == "/orders" else code, **strange}
        answers.append(book.send("POST", url, sent, accept="application/json", cookie=cookie)._replace(operation=""))
    assert answers[0] == answers[1]
    assert made.world.order(order).total == order.total
