"""Delivery by mail beside the page (rows C12, C13): a state and retries of its own, and never a card in it."""

from collections.abc import Iterator

import pytest

from faka.contexts.orders.model import MailState, Order, OrderState
from faka.flows.deliver import deliver
from faka.flows.find_order import send_code
from faka.platform.mail import MailRefused, MailUnavailable
from tests.kit.world import World, engine_world, english


pytestmark = pytest.mark.unit


class Post:
    """A mail service that fails as often as it is told to."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.letters: list[tuple[str, str, str]] = []
        self.failures, self.error = failures, error

    def send(self, to: str, subject: str, text: str) -> None:
        self.failures -= 1
        if self.failures >= 0:
            raise self.error
        self.letters.append((to, subject, text))


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(3, secret="KARTE-{n}")
        yield made


def sold(world: World, post: Post) -> Order:
    world.deps.__dict__["mail"] = post
    return world.pay(world.buy(contact="buyer@example.com"))


def test_a_mail_service_that_is_down_never_blocks_the_page_and_is_tried_again(world: World) -> None:
    post = Post(4, MailUnavailable("Throttling"))
    order = sold(world, post)
    with pytest.raises(MailUnavailable):
        deliver(world.deps, order.id, english)
    assert world.secrets(order) == ["KARTE-0"]
    assert world.order(order).mail is MailState.DUE
    world.minute(6)
    assert world.order(order).mail is MailState.SENT
    assert len(post.letters) == 1
    world.minute(3)
    assert len(post.letters) == 1


def test_an_address_that_takes_no_mail_is_not_tried_for_ever(world: World) -> None:
    post = Post(99, MailRefused("MessageRejected"))
    order = sold(world, post)
    world.minute(5)
    after = world.order(order)
    assert (after.state, after.mail) == (OrderState.COMPLETED, MailState.FAILED)
    assert post.failures == 98, "one try"
    assert world.secrets(order) == ["KARTE-0"]


def test_no_mail_holds_a_card_or_a_lookup_code(world: World) -> None:
    post = Post(0, MailUnavailable())
    order = sold(world, post)
    world.minute(2)
    send_code(world.deps, english, "buyer@example.com", "203.0.113.1", "en_GB")
    assert len(post.letters) == 2
    told = repr(post.letters)
    assert "KARTE" not in told
    assert "NUMBER" not in told
    assert world.proof(order).code not in told
    assert f"https://shop.test/o/{order.id}" in told


def test_who_gave_no_address_gets_no_mail_and_his_goods(world: World) -> None:
    world.deps.__dict__["mail"] = post = Post(99, MailRefused())
    order = world.pay(world.buy())
    world.minute(3)
    assert world.order(order).mail is MailState.NONE
    assert post.failures == 99
    assert world.secrets(order) == ["KARTE-0"]


def test_a_mail_is_found_by_its_contact_before_it_is_sent(world: World) -> None:
    """Whoever has the mail can look the order up: the index row stands first."""
    post = Post(1, MailUnavailable())
    order = sold(world, post)
    with pytest.raises(MailUnavailable):
        deliver(world.deps, order.id, english)
    assert world.deps.orders.of_contact(order.contact_hash) == [order.id]
