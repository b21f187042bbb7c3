"""Threat T13 where goods go to an account: what a merchant calls its fields, what a buyer types into them, on each page that shows it."""

import logging
from collections.abc import Iterator

import pytest

from faka.contexts.catalog.accounts import BadAccount, read_account
from faka.flows import correct_account
from faka.flows.saved_accounts import remembered
from faka.kernel.mask import mask_account
from pages import render
from pages.visitor import codes_value, read_codes
from tests.browser.shop import republish
from tests.security_pages import visits
from tests.security_pages.hostile import PAGE, PLAIN, HostileShop, Text, languages_of
from tests.security_pages.payloads import payloads, taken
from tests.security_pages.test_forgotten_and_unescaped import without_escape
from tests.unit.recharges.given import ScriptedSupplier, TopUps, top_ups


pytestmark = pytest.mark.contract

WRITTEN = (("role label", "name"), ("role hint", "line"), ("zone label", "name"), ("north", "name"), ("south", "name"), ("value", "name"))
VALUE_MAX = 64
"""What suppliers take; a longer text is no account."""

TURNS = 3
"""Every third text begins a page: each page holds seven texts that are far apart, so that every text of a name stands on some page."""

UNESCAPED = (
    ("base/ui.html", "one.label"),
    ("base/ui.html", "one.hint"),
    ("base/ui.html", "one.value"),
    ("base/ui.html", "choice.label"),
    ("base/ui.html", "choice.value"),
    ("base/ui.html", "one.text"),
    ("shop/stage.html", "part.label"),
    ("shop/stage/account.html", "part.label"),
)

_QUOTE = '" onfocus=alert(1) autofocus x="'
TRIED = (0, 60, 120, visits.typed().index(_QUOTE), (taken("name").index(_QUOTE) - 19 * 5) % len(taken("name")))
"""Few texts are enough for a twin: tags in each field, and a quote in each field that is a value."""


class HostileTopUps(HostileShop):
    """A shop of top-ups. One order waits for its payment, one for another account; both are moved to the version on sale."""

    def __init__(self, shop: TopUps) -> None:
        super().__init__(shop.world)
        self.pending = shop.ordered()
        recharge = shop.begun()
        assert shop.play(recharge)[-1] == "wait_for_buyer"
        self.asked = shop.order(recharge)
        self._noon = shop.world.clock.now()
        known = read_codes(codes_value({}, self.pending.id, shop.world.proof(self.pending).code))
        self.shop.cookies["__Host-orders"] = codes_value(known, self.asked.id, shop.world.proof(self.asked).code)

    def name_fields(self, k: int) -> tuple[list[Text], str]:
        """Publish a form whose every word is hostile; answers its words and the value of its second choice."""
        self.world.clock.advance(3)
        said = {name: _text(bound, place, k) for place, (name, bound) in enumerate(WRITTEN)}
        value = said.pop("value")[:VALUE_MAX].strip() or "south"
        zone = {
            "name": "zone",
            "label": _both(said["zone label"]),
            "kind": "CHOICE",
            "choices": [{"value": "n", "label": _both(said["north"])}, {"value": value, "label": _both(said["south"])}],
        }
        role = {"name": "role", "label": _both(said["role label"]), "hint": _both(said["role hint"]), "kind": "TEXT"}
        form = {"fields": [role, zone]}
        product = republish(self.world, self.world.deps.catalog.product("video-vip", fresh=True), account_form=form)
        for order in (self.pending, self.asked):
            before = self.world.deps.orders.get(order.id)
            after = before.changed(self._noon, "t", "t", product_version=product.version, account={"role": value, "zone": value})
            self.world.deps.tables.apply(self.world.deps.orders.replaced(before, after))
        return [Text(f"account {name}", text) for name, text in said.items()], value

    def visit(self, k: int, lang: str, written: list[Text], value: str) -> None:
        """The product's form as it comes back, the waiting order, the order that asks, and that form as it comes back."""
        typed = (
            "plain words typed" if k == PLAIN else visits.typed()[k % len(visits.typed())][:VALUE_MAX]
        )  # a longer one is one fault more, another shape
        named = [text for text in written if text.place.endswith("label")]
        form = {"account_role": typed, "account_zone": "nowhere", "form_id": visits.FORM_ID, "quantity": "1"}
        said = [Text("account typed", typed)] if typed.strip() else []
        self.hold("top-up form", self.post(PAGE, form, lang), [*written, Text("account value", value), *said], lang)
        self._saved(typed, written, lang)
        self.world.clock.set(self._noon)
        [_, _, _, _, south] = written
        self.hold("top-up pending", self.get(f"/o/{self.pending.id}", lang), [*named, south, Text("account sent to", value)], lang)
        self.hold("top-up asked", self.get(f"/o/{self.asked.id}", lang), [*written, Text("account value", value)], lang)
        again = {"account_role": typed, "account_zone": "nowhere"}
        self.hold("top-up again", self.post(f"/o/{self.asked.id}/input", again, lang), [*written, *said], lang)

    def _saved(self, typed: str, written: list[Text], lang: str) -> None:
        """The product's form for a browser that keeps this account, as far as one can be ordered for it: its masks, its choice's words."""
        [_, _, _, north, _] = written
        deps = self.world.deps
        form = deps.catalog.product("video-vip", fresh=True).account_form
        assert form is not None
        try:
            account = read_account(form, {}, {"role": typed, "zone": "n"})
        except BadAccount:
            return
        self.shop.cookies["__Host-accounts"] = remembered(deps, "", "video-vip", account)
        said = f"{mask_account(account['role'])} · {north.said}"
        self.hold("top-up saved", self.get(PAGE, lang), [Text("account saved", said)], lang)
        del self.shop.cookies["__Host-accounts"]


def _both(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def _text(bound: str, place: int, k: int) -> str:
    texts = taken(bound)
    return f"Plain field {place:02d} end" if k == PLAIN else texts[(k + 19 * place) % len(texts)]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileTopUps]:
    monkeypatch.setattr(correct_account, "TRIES_MAX", 10_000)  # what is judged here is the page, not how often it may be asked for
    logging.disable(logging.CRITICAL)
    try:
        with top_ups(ScriptedSupplier("first", "refused, account")) as made:
            yield HostileTopUps(made)
    finally:
        logging.disable(logging.NOTSET)


def carried(shop: HostileTopUps, *turns: int) -> None:
    for k in turns:
        written, value = shop.name_fields(k)
        for lang in languages_of(k):
            shop.visit(k, lang, written, value)


def test_what_a_form_asks_and_what_is_typed_into_it_is_text_on_every_page(shop: HostileTopUps) -> None:
    carried(shop, PLAIN, *range(0, len(payloads()), TURNS))
    assert shop.findings == []


@pytest.mark.parametrize(("template", "expression"), UNESCAPED)
def test_twin_a_word_of_the_form_that_is_not_escaped_is_found(
    shop: HostileTopUps, monkeypatch: pytest.MonkeyPatch, template: str, expression: str
) -> None:
    monkeypatch.setattr(render, "environment", without_escape(template, expression).__getitem__)
    carried(shop, PLAIN, *TRIED)
    assert shop.findings
