"""A buyer's browser keeps accounts for him: offered masked, chosen with one click, removed with another, readable to nobody."""

import json
import re
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from faka.contexts.orders.model import Order
from faka.kernel.ids import OrderId
from faka.platform import aws
from faka.wiring import SAVED_ACCOUNTS, Deps, ShopSettings
from tests.kit.doors import Page, Shop, load
from tests.kit.macs import Macs, seal_of
from tests.kit.world import World, engine_world
from tests.unit.catalog.given import product, sku, text
from tests.unit.wallets.given import quick_world


pytestmark = pytest.mark.integration

NUMBER, MASK = "13800138000", "138•••00"
COOKIE = "__Host-accounts"
ROLE = "Meadow-of-May"


def asks(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": text(en=f"Your {name}"), "kind": kind, **more}


PLATFORMS = [{"value": "ios", "label": text("苹果", "Apple")}, {"value": "android", "label": text("安卓", "Android")}]
GAME = {"fields": [asks("platform", "CHOICE", choices=PLATFORMS), asks("role", "TEXT")]}
FORMS = {
    "plan": {"fields": [asks("mobile", "PHONE")]},
    "data-plan": {"fields": [asks("cell", "PHONE")]},
    "mailbox": {"fields": [asks("mail", "MAIL")]},
    "game": GAME,
    "game-gift": GAME,
}
PLAN = {"kind": "MANUAL_RECHARGE", "account_form": FORMS["plan"], "skus": (sku("video-vip-month", per_order_max=1),)}


@pytest.fixture
def world() -> Iterator[World]:
    with quick_world(**PLAN) as made:
        for name, form in FORMS.items():
            skus = (sku(f"{name}-month", per_order_max=1), sku(f"{name}-ios", per_order_max=1, only={"platform": ["ios"]}))
            one = product(name, kind="MANUAL_RECHARGE", account_form=form, skus=skus[: 2 if form is GAME else 1])
            made.deps.tables.commit(made.deps.catalog.publish(one.model_copy(update={"state": "LISTED"}), 0))
        yield made


@pytest.fixture
def browser(world: World) -> Shop:
    return Shop(world.deps)


@pytest.fixture
def macs(world: World) -> Macs:
    """The key service under a test's hand, for saved accounts only."""
    made = Macs()
    world.deps.__dict__["accounts_seal"] = seal_of(made, chance=world.chance)
    return made


def filled(page: Page, slug: str, **changes: str) -> dict[str, str]:
    form = {name: page.hidden(name) for name in ("form_id", "code", "seen_total_minor")}
    return form | {"sku": f"{slug}-month", "quantity": "1", "contact": "a@example.com", "channel": "alipay:precreate"} | changes


def sent(browser: Shop, slug: str, **changes: str) -> Page:
    return browser.post(f"/p/{slug}", filled(browser.get(f"/p/{slug}"), slug, **changes))


def ordered(world: World, browser: Shop, slug: str, **changes: str) -> Order:
    """An hour later, so that no unpaid order is in the way of the next one for its account."""
    world.clock.advance(hours=1)
    page = sent(browser, slug, **changes)
    assert page.status == 303, page.text
    return world.deps.orders.get(OrderId(page.location.rpartition("/")[2]))


def remembered(world: World, browser: Shop, number: str = NUMBER) -> str:
    """An account that was typed and ticked; answers its id on the page."""
    ordered(world, browser, "plan", account_mobile=number, remember_account="1")
    return offers(browser.get("/p/plan"))[0][0]


def offers(page: Page) -> list[tuple[str, str, bool]]:
    """Id, words, and whether it is the chosen one; of *another account* the id is empty."""
    found = re.findall(r'name="saved_account" value="(\w*)" id="[\w-]+"( checked)?><label [^>]+><span[^>]*>([^<]+)<', page.text)
    return [(id_, words, bool(checked)) for id_, checked, words in found]


def kept(page: Page) -> str:
    """The new value of the cookie; the test fails where there is none."""
    [line] = [one for one in page.set_cookies if one.startswith(COOKIE)]
    return line.partition("=")[2].partition(";")[0]


def is_kept(page: Page) -> bool:
    return any(one.startswith(COOKIE) for one in page.set_cookies)


# -- kept and offered ------------------------------------------------------------------------------------------------------


def test_it_is_kept_only_when_asked_and_then_offered_masked(world: World, browser: Shop) -> None:
    assert not is_kept(sent(browser, "plan", account_mobile=NUMBER))
    fresh = browser.get("/p/plan")
    assert offers(fresh) == []
    assert 'name="remember_account" value="1" aria' in fresh.text, "not ticked by itself"
    world.clock.advance(hours=1)
    page = sent(browser, "plan", account_mobile="+86 138 0013 8000", remember_account="1")
    assert re.fullmatch(
        rf"{COOKIE}=[\w-]{{60,300}}; Path=/; Max-Age=15552000; Secure; HttpOnly; SameSite=Lax",
        next(one for one in page.set_cookies if one.startswith(COOKIE)),
    )
    shown = browser.get("/p/plan")
    [(id_, words, is_chosen), another] = offers(shown)
    assert (words, is_chosen, another) == (MASK, True, ("", "Another account", False))
    assert re.fullmatch("[0-9a-f]{8}", id_)
    assert re.search(r'id="account_mobile"[^>]* required', fresh.text)
    assert not re.search(r'id="account_mobile"[^>]* required', shown.text), "nothing needs to be typed any more"


def test_it_is_used_at_another_product_and_wins_over_what_is_typed(world: World, browser: Shop) -> None:
    id_ = remembered(world, browser)
    order = ordered(world, browser, "data-plan", saved_account=id_, account_cell="13900139000")
    assert order.account == {"cell": NUMBER}


def test_another_account_is_the_typed_one_and_does_not_touch_what_is_kept(world: World, browser: Shop) -> None:
    remembered(world, browser)
    before = browser.cookies[COOKIE]
    order = ordered(world, browser, "plan", saved_account="", account_mobile="13900139000")
    assert order.account == {"mobile": "13900139000"}
    assert browser.cookies[COOKIE] == before


def test_use_renews_it_and_puts_it_in_front(world: World, browser: Shop) -> None:
    id_ = remembered(world, browser)
    second = remembered(world, browser, "13900139000")
    assert [one[0] for one in offers(browser.get("/p/plan"))] == [second, id_, ""]
    world.clock.advance(hours=1)
    page = sent(browser, "plan", saved_account=id_)
    assert "Max-Age=15552000" in "".join(page.set_cookies[1:])
    assert [one[0] for one in offers(browser.get("/p/plan"))] == [id_, second, ""]


def test_a_fifth_one_drops_the_oldest(world: World, browser: Shop) -> None:
    for n in range(5):
        remembered(world, browser, f"1{n + 3}000000000")
    assert [words[:3] for _id, words, _is_chosen in offers(browser.get("/p/plan"))] == ["170", "160", "150", "140", "Ano"]
    assert len(browser.cookies[COOKIE]) < 500


def test_it_is_offered_where_it_means_something_and_nowhere_else(world: World, browser: Shop) -> None:
    remembered(world, browser)
    ordered(world, browser, "game", account_platform="android", account_role=ROLE, remember_account="1")
    ordered(world, browser, "mailbox", account_mail="some.one@example.com", remember_account="1")
    said = {slug: [words for _id, words, _is_chosen in offers(browser.get(f"/p/{slug}"))][:-1] for slug in FORMS}
    assert said == {
        "plan": [MASK],
        "data-plan": [MASK],
        "mailbox": ["som•••om"],
        "game": ["Android · Mea•••ay"],
        "game-gift": [],
    }


def test_an_id_of_another_product_is_no_account_of_this_one(world: World, browser: Shop) -> None:
    id_ = remembered(world, browser)
    page = sent(browser, "mailbox", saved_account=id_)
    assert page.status == 422
    assert "no longer saved" in page.text


# -- refused ---------------------------------------------------------------------------------------------------------------


def test_one_that_was_removed_in_another_tab_is_said_beside_it_and_nothing_typed_is_lost(world: World, browser: Shop) -> None:
    id_ = remembered(world, browser)
    remembered(world, browser, "13900139000")
    form = filled(browser.get("/p/plan"), "plan", saved_account=id_, account_mobile="15000150000", remember_account="1")
    browser.post("/p/plan", filled(browser.get("/p/plan"), "plan", drop_account=id_))
    page = browser.post("/p/plan", form)
    assert page.status == 422
    assert not is_kept(page)
    assert 'href="#saved_account">This account is no longer saved on this device' in page.text
    assert 'id="saved_account" aria-invalid="true"' in page.text
    assert offers(page)[-1] == ("", "Another account", True), "what is typed shows, and nobody chooses for him"
    for words in ('value="15000150000"', 'value="a@example.com"', 'name="remember_account" value="1" checked'):
        assert words in page.text
    told = browser.post("/p/plan", form, accept="application/json")
    assert (told.status, json.loads(told.text)["code"]) == (422, "bad_form")
    assert [one["field"] for one in json.loads(told.text)["errors"]] == ["saved_account"]


def test_all_faults_of_the_form_come_at_once(browser: Shop) -> None:
    page = sent(browser, "plan", saved_account="00000000", channel="nothing", contact="nobody")
    for field in ("saved_account", "contact", "channel"):
        assert f'id="{field}-fault"' in page.text


def test_one_that_does_not_go_with_the_chosen_version_is_said_beside_it(world: World, browser: Shop) -> None:
    ordered(world, browser, "game", account_platform="android", account_role=ROLE, remember_account="1")
    [(id_, _words, _is_chosen), _another] = offers(browser.get("/p/game"))
    page = sent(browser, "game", sku="game-ios", saved_account=id_)
    assert page.status == 422
    assert 'href="#saved_account">This saved account does not go together' in page.text
    assert offers(page)[0][2], "it stays chosen: the other choice may be the wrong one"
    assert ordered(world, browser, "game", saved_account=id_).account == {"platform": "android", "role": ROLE}


@pytest.mark.parametrize("changes", [{"quantity": "7"}, {"seen_total_minor": "1"}, {"contact": "x"}, {"channel": "nothing:page"}])
def test_an_order_that_was_refused_keeps_nothing(world: World, browser: Shop, changes: dict[str, str]) -> None:
    id_ = remembered(world, browser)
    world.clock.advance(hours=1)
    for given in ({"account_mobile": "13900139000", "remember_account": "1"}, {"saved_account": id_}):
        refused = sent(browser, "plan", **given, **changes)
        assert refused.status in (404, 409, 422)
        assert not is_kept(refused)
        world.clock.advance(hours=1)
        assert is_kept(sent(browser, "plan", **given)), "the twin: the same form without the fault"


# -- removed ---------------------------------------------------------------------------------------------------------------


def test_one_is_removed_with_everything_typed_kept_and_the_others_stay(world: World, browser: Shop) -> None:
    first, second = remembered(world, browser), remembered(world, browser, "13900139000")
    form = filled(browser.get("/p/plan"), "plan", saved_account="", drop_account=second, account_mobile="15000150000")
    page = browser.post("/p/plan", form)
    assert page.status == 200
    assert [one[0] for one in offers(page)] == [first, ""]
    assert 'value="15000150000"' in page.text
    assert page.hidden("form_id") == form["form_id"]
    assert [one[0] for one in offers(browser.get("/p/data-plan"))] == [first, ""]


def test_the_last_one_and_all_of_them_leave_no_cookie(world: World, browser: Shop) -> None:
    for chosen in ("", "all"):
        id_ = remembered(world, browser)
        page = browser.post("/p/plan", filled(browser.get("/p/plan"), "plan", drop_account=chosen or id_))
        assert f"{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax" in page.set_cookies
        assert offers(page) == []


def test_another_sites_form_removes_nothing(world: World, browser: Shop) -> None:
    remembered(world, browser)
    page = browser.post("/p/plan", {"drop_account": "all"}, origin="https://evil.example")
    assert (page.status, page.set_cookies) == (403, [])
    assert is_kept(browser.post("/p/plan", {"drop_account": "all"})), "the twin: our own page's form does"


# -- what is not ours ------------------------------------------------------------------------------------------------------


def test_a_cookie_that_is_not_ours_is_as_if_it_were_not_there(world: World, browser: Shop, macs: Macs) -> None:
    id_ = remembered(world, browser)
    ours = browser.cookies[COOKIE]
    inside = seal_of(macs).open(ours)
    assert inside
    plain = Shop(world.deps).get("/p/plan")
    for value in (
        *("x", "A" * 90, ours[:-1], ours[1:], ours[:40], ours[:-4] + "AAAA", ours + "AAAA", ours * 20, "<script>", "%00"),
        seal_of(Macs(b"another")).seal(inside),
        seal_of(macs, purpose="faka/other/v1").seal(inside),
        seal_of(macs, label="faka/other/v1").seal(inside),
        seal_of(macs, value_max=4_000).seal(inside + b" " * 1_500),
        seal_of(macs).seal(b"not what we write"),
    ):
        browser.cookies[COOKIE] = value
        page = browser.get("/p/plan")
        assert (page.status, offers(page)) == (200, [])
        assert len(page.text) == len(plain.text)
        assert sent(browser, "plan", saved_account=id_).status == 422
        assert browser.post("/p/plan", filled(page, "plan", drop_account=id_)).status == 200
    browser.cookies[COOKIE] = "x"
    assert remembered(world, browser) != id_, "it begins anew"
    browser.cookies[COOKIE] = ours
    assert offers(browser.get("/p/plan"))[0][0] == id_, "the twin: ours is offered"


def test_what_one_shop_sealed_another_does_not_offer_and_the_role_may_ask_for_the_key() -> None:
    with engine_world(**PLAN) as ours, engine_world(**PLAN) as other:
        here, there = Shop(ours.deps), Shop(other.deps)
        assert sent(here, "video-vip", account_mobile=NUMBER, remember_account="1").status == 303
        there.cookies = dict(here.cookies)
        assert offers(there.get("/p/video-vip")) == []
        assert offers(here.get("/p/video-vip"))


# -- never in clear --------------------------------------------------------------------------------------------------------


def journey(world: World, browser: Shop) -> str:
    """Everything that was answered and said on the way of an account that is kept: pages, headers, cookies, problem details."""
    heard = []

    def hear(page: Page) -> Page:
        heard.append("\n".join([page.text, *page.headers.values(), *page.set_cookies]))
        return page

    id_ = remembered(world, browser)
    for slug in FORMS:
        hear(browser.get(f"/p/{slug}"))
    for lang in ("zh", "en"):
        hear(sent(browser, "plan", saved_account=id_, lang=lang))
    for changes in ({"quantity": "7"}, {"contact": "x"}, {"step": "quote"}, {"seen_total_minor": "1"}, {"saved_account": "00000000"}):
        for accept in ("text/html", "application/json"):
            form = filled(browser.get("/p/plan"), "plan", saved_account=id_) | changes
            hear(browser.post("/p/plan", form, accept=accept))
    world.clock.advance(hours=1)
    placed = hear(sent(browser, "plan", saved_account=id_))
    for path in ("", "/status", "/balance"):
        hear(browser.get(placed.location + path))
    hear(sent(browser, "plan", saved_account=id_))  # under way already
    hear(browser.post(placed.location + "/pay", {"channel": "alipay:page"}))
    hear(browser.get("/orders"))
    world.pay(world.deps.orders.get(OrderId(placed.location.rpartition("/")[2])))
    hear(browser.get(placed.location))
    hear(browser.post("/p/plan", filled(browser.get("/p/plan"), "plan", drop_account=id_)))
    return "\n".join(heard)


def shows(said: str) -> bool:
    return NUMBER in re.sub(r"[\s\u00a0-]", "", said)


def test_no_answer_and_no_log_holds_it_in_clear(world: World, browser: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    said = journey(world, browser)
    assert MASK in said
    assert not shows(said + capsys.readouterr().out)


def test_twin_a_page_that_does_not_mask_it_is_noticed(world: World, browser: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    view = load("storefront").open_door.__globals__["Browse"].product.__globals__["product_view"]
    choices = view.__globals__["saved_choices"].__globals__
    monkeypatch.setitem(choices, "mask_account", lambda value: value)
    assert shows(journey(world, browser))


def test_the_order_shows_what_was_chosen_masked_as_masked_from_its_first_moment(world: World, browser: Shop) -> None:
    id_ = remembered(world, browser)
    order = ordered(world, browser, "plan", saved_account=id_)
    page = browser.get(f"/o/{order.id}")
    assert MASK in page.text
    assert not shows(page.text)
    typed = order.changed(world.clock.now(), "test", "test", is_account_saved=False)
    world.deps.tables.apply(world.deps.orders.replaced(order, typed))
    assert shows(browser.get(f"/o/{order.id}").text), "the twin: whoever holds the device could order to read it"


# -- the key service, and what is loaded -----------------------------------------------------------------------------------


def test_without_a_cookie_and_a_tick_nobody_asks_the_key_service_or_loads_the_cipher(
    world: World, browser: Shop, macs: Macs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as absent:
        absent.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
        browser.get("/p/plan")
        sent(browser, "plan", quantity="7")
        browser.post("/p/plan", {"drop_account": "all"})
        ordered(world, browser, "plan", account_mobile=NUMBER)
        assert macs.labels == []
        assert browser.cookies[COOKIE] == ""
        with pytest.raises(ImportError):
            world.deps.accounts_seal.seal(b"the twin: this loads it")
    remembered(world, browser)
    for _ in range(3):
        browser.get("/p/plan")
    assert macs.labels == [SAVED_ACCOUNTS], "one call in the life of a process"


def test_a_silent_key_service_costs_the_comfort_and_no_order(world: World, browser: Shop, macs: Macs) -> None:
    id_ = remembered(world, browser)
    before = browser.cookies[COOKIE]
    macs.is_silent = True
    world.deps.__dict__["accounts_seal"] = seal_of(macs)  # a process that has no key yet
    page = browser.get("/p/plan")
    assert (page.status, offers(page)) == (200, [])
    order = ordered(world, browser, "plan", account_mobile="13900139000", remember_account="1")
    assert order.account == {"mobile": "13900139000"}
    assert browser.cookies[COOKIE] == before, "neither added to nor lost"
    chosen = sent(browser, "plan", saved_account=id_, account_mobile="15000150000")
    assert chosen.status == 503
    assert 'value="15000150000"' in chosen.text
    assert browser.post("/p/plan", {"drop_account": id_}).status == 503
    assert browser.cookies[COOKIE] == before
    macs.is_silent = False
    assert offers(browser.get("/p/plan"))[0][0] == id_
    macs.is_silent = True
    browser.post("/p/plan", {"drop_account": "all"})
    assert browser.cookies[COOKIE] == "", "to forget needs no key"


def test_the_shop_asks_the_people_index_key_by_a_label_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, bytes]] = []

    def generate_mac(*, KeyId: str, Message: bytes, **_named: Any) -> dict[str, bytes]:
        asked.append((KeyId, Message))
        return {"Mac": Message.ljust(32, b".")[:32]}

    monkeypatch.setattr(aws, "client", lambda _service: SimpleNamespace(generate_mac=generate_mac))
    deps = Deps(ShopSettings(faka_kms_index_key="index"))
    assert deps.accounts_seal.open(deps.accounts_seal.seal(b"text")) == b"text"
    deps.index_key.digest("contact", "a@example.com")
    assert asked == [("index", b"faka/saved-accounts/v1"), ("index", b"faka/people-index/v1")]


def test_a_product_that_vanishes_after_the_order_costs_the_comfort_and_not_the_answer(
    world: World, browser: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from faka.contexts.catalog.errors import ProductNotFound
    from faka.flows import saved_accounts

    def gone(_deps: Any, _value: str) -> None:
        raise ProductNotFound("plan")

    monkeypatch.setattr(saved_accounts, "_opened", gone)
    page = sent(browser, "plan", account_mobile=NUMBER, remember_account="1")
    assert page.status == 303
    assert not is_kept(page)


# -- words -----------------------------------------------------------------------------------------------------------------


def test_in_chinese_every_word_of_it_is_chinese(world: World, browser: Shop) -> None:
    id_ = remembered(world, browser)
    browser.post("/prefs", {"lang": "zh", "back": "/"})
    page = browser.get("/p/plan").text + sent(browser, "plan", saved_account="00000000").text
    for words in ("使用其他账号", f"移除 {MASK}", "在本设备上记住此账号", "移除本设备上的所有账号", "本设备上已没有这个账号"):
        assert words in page
    assert not re.search(r"Another account|Remember this|Remove|no longer saved", page)
    assert id_ in page


def test_four_accounts_of_three_fields_with_twenty_letters_fit() -> None:
    from faka.contexts.catalog.account_form import AccountForm
    from faka.contexts.catalog.saved import added, written

    form = AccountForm.model_validate({"fields": [asks(name, "TEXT") for name in ("platform", "server", "role")]})
    saved: Any = ()
    for n in range(4):
        saved = added(saved, form, "steam-wallet", dict.fromkeys(("platform", "server", "role"), f"{n}" * 20), f"{n:08x}")
    assert len(written(saved, seal_of(Macs()).text_max)[0]) == 4
