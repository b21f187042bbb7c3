"""No field is forgotten, what a field does not take is refused, and a field that is not escaped is found."""

import re
from collections.abc import Iterator

import pytest
from jinja2 import FunctionLoader
from pydantic import ValidationError

from faka.contexts.catalog.categories import Category
from faka.contexts.catalog.model import ChannelRow, Product, Sku
from faka.contexts.catalog.texts import Localized
from pages import render
from pages.visitor import codes_value
from tests.kit.doors import FUNCTIONS
from tests.kit.providers import FakeProviders
from tests.kit.world import engine_world
from tests.security_pages import visits
from tests.security_pages.hostile import MERCHANTS, PLAIN, HostileShop
from tests.security_pages.payloads import payloads, taken
from tests.unit.catalog.given import product, sku


pytestmark = pytest.mark.contract

MODELS = {"product": Product, "sku": Sku, "category": Category, "channel": ChannelRow}
READS = re.compile(r"""(?:form|asked|cookies|headers)\.get\("([\w-]+)"|reader\.(?:text|whole|raw|mail)\("(\w+)"|form\["(\w+)"\]""")
NEVER_SHOWN = {
    *("accept", "accept-language", "user-agent", "x-state", "x-fragment"),
    *("open_id", "theme", "lang", "step", "back", "hl", "instead"),
    *("saved_account", "remember_account", "drop_account"),
}
TYPED = {*("sku", "quantity", "contact", "channel", "consent", "code"), *("form_id", "seen_total_minor", "page", "no", "mail", "digits")}
TYPED |= {"wallet", "wallet_code", "gift_code", "into", "into_code", "new_code"}

UNESCAPED = (
    ("shop/product.html", "view.title"),
    ("shop/product.html", "view.summary"),
    ("shop/product.html", "one.name"),
    ("shop/product.html", "one.face_value"),
    ("shop/product.html", "way.title"),
    ("shop/product.html", "form.contact"),
    ("shop/product.html", "form.quantity"),
    ("shop/product.html", "form.code"),
    ("shop/product.html", "view.notice_version"),
    ("base/ui.html", "step.name"),
    ("shop/stage.html", "view.title"),
    ("shop/stage.html", "view.sku"),
)

_QUOTE = visits.typed().index('" onfocus=alert(1) autofocus x="')
TRIED = (PLAIN, 0, _QUOTE, _QUOTE - visits.APART, _QUOTE - 2 * visits.APART, 60, 120)
"""Few texts are enough for a twin: tags in each field, and a quote in each field that is a value."""


@pytest.fixture
def shop() -> Iterator[HostileShop]:
    with engine_world(holds_max=500) as world:
        world.stock_up(10)
        made = HostileShop(world)
        made.dress(PLAIN)
        yield made


def test_every_text_of_the_catalogue_is_among_those_that_are_tried() -> None:
    tried = {name.split()[0] for name, _bound in MERCHANTS}
    for called, model in MODELS.items():
        for name, field in model.model_fields.items():
            if field.annotation is Localized or name == "notice_version":
                assert f"{called}.{name}" in tried


def test_every_value_that_the_doors_read_is_among_those_that_are_tried() -> None:
    sources = [*FUNCTIONS.glob("storefront/*.py"), *FUNCTIONS.glob("reveal/*.py")]
    found = {name for path in sources for one in READS.findall(path.read_text("utf-8")) for name in one if name}
    assert {"contact", "mail", "channel"} <= found
    assert found <= NEVER_SHOWN | TYPED


@pytest.mark.parametrize(("name", "bound"), sorted(set(MERCHANTS)))
def test_what_a_field_does_not_take_is_refused_before_it_is_stored(name: str, bound: str) -> None:
    called, field = name.split(maxsplit=1)[0].split(".")
    given = {
        "product": product(),
        "sku": sku(),
        "category": Category(id="a", name=Localized(en="a")),
        "channel": FakeProviders(None).rows()[0],  # type: ignore[arg-type]
    }[called]
    refused = [text for text in payloads() if text not in taken(bound)]
    assert refused
    for text in refused:
        with pytest.raises(ValidationError):
            type(given).model_validate(given.model_dump() | {field: text if field == "notice_version" else {"en": text}})


@pytest.mark.parametrize(("template", "expression"), UNESCAPED)
def test_twin_a_field_that_is_not_escaped_is_found(
    shop: HostileShop, monkeypatch: pytest.MonkeyPatch, template: str, expression: str
) -> None:
    monkeypatch.setattr(render, "environment", without_escape(template, expression).__getitem__)
    order = shop.world.pay(shop.world.buy(consent=shop.world.product.notice_version))
    shop.shop.cookies["__Host-orders"] = codes_value({}, order.id, shop.world.proof(order).code)
    for k in TRIED:
        shop.dress(k)
        visits.refused_purchase(shop, k, "en")
        visits.order_page(shop, order, "en")
    assert shop.findings


def test_without_a_fault_the_same_visits_find_nothing(shop: HostileShop) -> None:
    for k in TRIED:
        shop.dress(k)
        visits.refused_purchase(shop, k, "en")
    assert shop.findings == []


def without_escape(template: str, expression: str) -> dict[str, object]:
    """Templates as they are, but for one expression of one of them; by language."""

    def source(name: str) -> str:
        text = (render.SOURCE / name).read_text("utf-8")
        if name != template:
            return text
        changed = re.sub(r"\{\{ (" + re.escape(expression) + r")( or view\.title)? \}\}", r"{{ \1 | safe }}", text)
        assert changed != text
        return changed

    return {lang: render.new_environment(FunctionLoader(source), lang) for lang in ("zh", "en")}
