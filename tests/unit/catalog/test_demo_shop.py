"""The demo's written products: complete in both languages, lawful, and with cards that look like cards."""

import copy
from typing import Any

import pytest
import yaml

from faka.contexts.catalog.categories import CategoryTree
from faka.contexts.catalog.model import Product
from faka.contexts.catalog.policy import lawful, read_product, require_publishable
from faka.contexts.catalog.texts import Localized
from faka.contexts.intake import Shape, Wish, parse, survey
from faka.contexts.intake.survey import Survey
from infra.local.seed import CATALOG, Delivery, offers_taken_out, taken_out
from infra.local.seed_cards import LIKENESSES, card_file, expiry
from tests.kit.clock import START


pytestmark = pytest.mark.unit
WRITTEN: dict[str, Any] = yaml.safe_load(CATALOG.read_text(encoding="utf-8"))


def demo() -> list[tuple[Product, list[Delivery], bool]]:
    found = []
    for one in copy.deepcopy(WRITTEN["products"]):
        deliveries = taken_out(one)
        offers_taken_out(one)
        is_later = one.pop("opens_in", None) is not None
        found.append((read_product(one), deliveries, is_later))
    return found


@pytest.mark.parametrize("written", demo(), ids=lambda one: one[0].id)
def test_every_text_of_a_demo_product_exists_in_both_languages(written: tuple[Product, list[Delivery], bool]) -> None:
    product = written[0]
    require_publishable(product, None)
    texts = {name: value for name, value in product if isinstance(value, Localized) and value}
    texts |= {sku.id: sku.name for sku in product.skus}
    assert {name: text.missing for name, text in texts.items() if text.missing} == {}
    if product.state == "LISTED":
        assert {"title", "summary", "description", "rights", "guide_after", "notice"} <= texts.keys()


def test_the_demo_has_a_dozen_products_of_several_kinds_one_that_opens_later_and_one_sold_out() -> None:
    listed = [(product, deliveries, is_later) for product, deliveries, is_later in demo() if product.state == "LISTED"]
    assert len(listed) == 13
    assert {product.kind.value for product, _, _ in demo()} == {"CARD", "LINK", "DIRECT_RECHARGE"}
    assert [product.id for product, _, is_later in listed if is_later] == ["chixiao-pass"]
    assert [product.id for product, deliveries, _ in listed if not deliveries and product.kind.is_sealed] == ["tihai-exam"]


def test_the_demo_has_2000_cards() -> None:
    assert sum(delivery.count for _, deliveries, _ in demo() for delivery in deliveries) == 2_000


def test_its_categories_are_a_tree_of_three_levels_and_hold_every_product() -> None:
    tree = lawful(CategoryTree.model_validate({"categories": WRITTEN["categories"]}))
    assert max(depth for depth, _ in tree.walk()) == 2
    assert {product.category for product, _, _ in demo()} <= {node.id for node in tree.categories}
    assert all(not node.name.missing for node in tree.categories)


@pytest.mark.parametrize("like", LIKENESSES)
def test_each_kind_of_generated_card_is_read_whole_and_without_duplicates(like: str) -> None:
    file = card_file(like, 300, expiry(START.date(), 1))
    is_link = like.endswith("_link")
    found = survey(lambda: iter([file]), Wish(shape=Shape.CSV, is_link=is_link), START.date())
    assert isinstance(found, Survey)
    assert found.lines == 300
    lines = file.decode().splitlines()[1:]
    cards = [parse(line, found.form, START.date(), is_link=is_link) for line in lines]
    assert len({(card.number, card.secret) for card in cards}) == 300  # type: ignore[union-attr]
