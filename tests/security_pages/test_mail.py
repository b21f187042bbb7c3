"""A letter's subject, address and text: no text of a merchant or a buyer becomes a header, another address or another letter."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from faka.contexts.catalog.texts import Localized
from faka.flows.deliver import deliver
from faka.flows.find_order import send_code
from faka.kernel.contact import InvalidContact, mail_address
from faka.platform.mail import Mail
from pages import i18n
from tests.browser.shop import republish
from tests.kit.world import World, engine_world
from tests.security_pages.payloads import payloads, taken


pytestmark = pytest.mark.contract


class Post:
    """Takes what the mail service would be asked to send."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def send_email(self, **asked: Any) -> None:
        self.asked.append(asked)


@pytest.fixture
def mailing() -> Iterator[SimpleNamespace]:
    with engine_world(holds_max=500) as world:
        world.stock_up(2)
        post = Post()
        world.deps.__dict__["mail"] = Mail(post, "shop@shop.test")
        yield SimpleNamespace(world=world, post=post)


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_names_of_goods_stand_in_subject_and_text_as_one_line(mailing: SimpleNamespace, locale: str) -> None:
    world: World = mailing.world
    order = world.pay(world.buy(contact="buyer@mail.test", locale=locale))
    names = taken("name")
    for k, title in enumerate(names):
        sku = world.product.skus[0].model_copy(update={"name": Localized(en=names[-k])})
        world.product = republish(world, world.product, title={"en": title}, skus=(sku,))
        before = world.order(order)
        again = before.changed(world.clock.now(), "test", "test", product_version=world.product.version, mail="DUE")
        world.deps.tables.apply(world.deps.orders.replaced(before, again))
        deliver(world.deps, order.id, i18n.translate)
        asked = mailing.post.asked[-1]
        subject, text = (asked["Content"]["Simple"][part] for part in ("Subject", "Body"))
        assert asked["Destination"] == {"ToAddresses": ["buyer@mail.test"]}
        assert "\n" not in subject["Data"]
        assert "\r" not in subject["Data"]
        assert title in subject["Data"]
        assert f"{title} · {names[-k]} × 1" in text["Text"]["Data"]
        assert "Html" not in text
    assert len(mailing.post.asked) == len(names) >= 200


def test_no_hostile_text_is_an_address_that_is_written_to(mailing: SimpleNamespace) -> None:
    for text in payloads():
        for typed in (text, f"{text}@mail.test", f"buyer@mail.test{text}", f"buyer@mail.test\r\nBcc: {text}", f"buyer@mail.test,{text}"):
            try:
                address = mail_address(typed)
            except InvalidContact:
                continue
            assert typed.strip() in ("", address)
            assert not set(address) & set('\r\n\t <>,;:"()[]\\')
    with pytest.raises(InvalidContact):
        send_code(mailing.world.deps, i18n.translate, "buyer@mail.test\nBcc: x@evil.test", "10.0.0.1", "en")
    assert mailing.post.asked == []
