"""What strangers guessed and stole elsewhere (F15, F19, F21 to F23), each as it happened there, and that it fails here.

A case whose feature we do not have (administrators) asserts that we do not have it.
"""

import itertools
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from faka.contexts.orders.model import Order
from faka.flows import reveal
from faka.kernel.errors import Unavailable
from faka.kernel.ids import order_id, ulid
from faka.platform.table import Key, TableName
from infra.tools.template import ROOT, Template
from tests.architecture.sources import Source
from tests.kit.clock import START, SeededChance
from tests.kit.world import World, engine_world
from tests.security.absent import code_of, routes_of
from tests.security.attack import Doors, cookie_of, image


pytestmark = pytest.mark.security

MARK = "zq9hx"


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(9, secret="CANARY-{n}-7QXK")
        yield made


def sold(world: World, contact: str = "owner@example.com") -> Order:
    order = world.pay(world.buy(contact=contact))
    world.letters.clear()
    return order


# -- F15: order numbers of time alone -----------------------------------------------------------------------------------


def near(order: Order, chance: Any, count: int) -> set[str]:
    """Numbers that somebody guesses who knows the very millisecond."""
    return {order_id(ulid(order.created_at, chance)) for _ in range(count)}


def test_f15_who_knows_the_millisecond_of_an_order_does_not_know_its_number(world: World) -> None:
    orders = [world.buy() for _ in range(3)]
    assert len({order.id[:14] for order in orders}) == 1, "the same millisecond"
    assert not {order.id for order in orders} & near(orders[0], SeededChance(99), 20_000)
    assert all(len(set(zip(a.id, b.id, strict=True))) > 14 for a, b in itertools.combinations(orders, 2))


def test_twin_f15_a_number_of_time_alone_is_guessed_at_once(world: World) -> None:
    class Dull:
        def bytes(self, count: int) -> bytes:
            return bytes(count)

    order = world.buy(form_id=ulid(START, Dull()))
    assert order.id in near(order, Dull(), 1)


# -- F19: the administrator's password was 123456 ------------------------------------------------------------------------


def test_f19_there_is_no_administrator_whose_password_could_be_known() -> None:
    assert code_of(r"admin|login|passwd|password_hash|totp|superuser") == []
    assert routes_of(r"admin|login|signin|setup|install|console") == []
    assert preset(Template()) == []


def preset(template: Template) -> list[str]:
    """Parameters and environment values that could be a credential, and stand in the template."""
    telling = re.compile(r"passw|secret|token|credential|apikey|adminkey", re.IGNORECASE)
    found = [name for name, given in template.document.get("Parameters", {}).items() if telling.search(name) and "Default" in given]
    told = [(function, name) for function in template.functions() for name in template.environment(function)]
    return found + [f"{function} {name}" for function, name in told if telling.search(name)]


def test_twin_f19_a_credential_in_the_template_is_found() -> None:
    text = 'Parameters: {AdminPassword: {Type: String, Default: "123456"}}\nResources: {}'
    assert preset(Template(text)) == ["AdminPassword"]
    assert code_of(r"admin", [Source("a.py", "def admin_login(password): ...")]) != []


# -- F21: stolen, and no log that could say by whom --------------------------------------------------------------------


def test_f21_who_read_which_card_when_is_on_record_before_he_reads_it(world: World) -> None:
    order = sold(world)
    page = Doors(world).send(
        ("POST", "/o/{no}/cards"), params={"no": order.id}, headers=cookie_of(world, order) | {"user-agent": "Thief/1.0"}
    )
    assert "CANARY-0-7QXK" in page.text
    [entry] = world.deps.audit.openings(order.id)
    assert (entry["address"], entry["agent"], entry["cards"], entry["via"]) == ("203.0.113.7", "Thief/1.0", 1, "page")
    assert entry["sk"].startswith("2026-03-02T04:00")


class Deaf:
    """A client that cannot write to the journal."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, verb: str) -> Any:
        def call(**given: Any) -> Any:
            if "write" in verb and "AUDIT#" in repr(given):
                raise Unavailable("journal")
            return getattr(self._client, verb)(**given)

        return call


def read_without_record(world: World) -> str:
    order = sold(world)
    world.deps = world.over(Deaf(world.client))
    return Doors(world).send(("POST", "/o/{no}/cards"), params={"no": order.id}, headers=cookie_of(world, order)).text


def test_f21_without_the_record_nothing_is_shown(world: World) -> None:
    assert "CANARY" not in read_without_record(world)


def test_twin_f21_who_writes_it_down_afterwards_shows_it_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reveal, "_audited", lambda _deps, order, *_: order)
    assert "CANARY" in read_without_record(world)


# -- F23: a dump of the tables was the whole stock ---------------------------------------------------------------------


def dumped(world: World) -> list[str]:
    """What somebody gains who steals all tables."""
    order = sold(world)
    world.reveal(order)
    dump = image(world)
    return [text for text in ("CANARY-", "NUMBER-", world.proof(order).code, "7QXK") if text in dump]


def test_f23_a_dump_of_all_tables_holds_no_card_and_no_code(world: World) -> None:
    assert dumped(world) == []


def test_twin_f23_a_card_in_an_order_row_is_found(world: World) -> None:
    world.client.put_item(TableName="test-trade", Item={"pk": {"S": "ORDER#x"}, "sk": {"S": "x"}, "cards": {"L": [{"S": "CANARY-8-7QXK"}]}})
    assert dumped(world) == ["CANARY-", "7QXK"]
    assert world.deps.tables.get(Key(TableName.TRADE, "ORDER#x", "x")) is not None


def test_f23_every_answer_asks_for_encryption_from_then_on(world: World) -> None:
    doors = Doors(world)
    ages = [doors.send(route).headers["strict-transport-security"] for route in doors.routes]
    assert set(ages) == {"max-age=31536000; includeSubDomains"}


# -- F22: a finder found nobody to tell --------------------------------------------------------------------------------


CANONICAL = "https://shop.test/.well-known/security.txt"


def unsaid(text: str, now: datetime) -> list[str]:
    """What RFC 9116 asks for and a text does not say, or not for long enough."""
    told = dict(line.split(": ", 1) for line in text.splitlines())
    ends = datetime.fromisoformat(told.get("Expires", "1970-01-01T00:00:00Z")) - now
    is_said = {
        "Contact": told.get("Contact", "").startswith(("mailto:", "https://")) and len(told["Contact"]) > len("mailto:"),
        "Expires": timedelta(days=30) < ends < timedelta(days=365),
        "Canonical": told.get("Canonical") == CANONICAL,
    }
    return [name for name, said in is_said.items() if not said]


def test_f22_a_finder_is_told_whom_to_tell_in_private(world: World) -> None:
    world.deps.settings = world.deps.settings.model_copy(update={"faka_mail_from": "shop@example.com"})
    page = Doors(world).send(("GET", "/.well-known/security.txt"))
    assert (page.status, page.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert unsaid(page.text, world.clock.now()) == []
    assert "Contact: mailto:shop@example.com" in page.text.splitlines()
    policy = (ROOT / ("SECURITY" + ".md")).read_text()
    for words in ("privately", "Report a vulnerability", "in scope", "/.well-known/security.txt"):
        assert words in policy


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"Expires: 2026-08-01T00:00:00Z\nCanonical: {CANONICAL}", "Contact"),
        (f"Contact: mailto:\nExpires: 2026-08-01T00:00:00Z\nCanonical: {CANONICAL}", "Contact"),
        (f"Contact: mailto:a@b.cn\nExpires: 2026-03-03T00:00:00Z\nCanonical: {CANONICAL}", "Expires"),
        (f"Contact: mailto:a@b.cn\nExpires: 2030-01-01T00:00:00Z\nCanonical: {CANONICAL}", "Expires"),
        ("Contact: mailto:a@b.cn\nExpires: 2026-08-01T00:00:00Z\nCanonical: https://evil.example/x", "Canonical"),
    ],
)
def test_twin_f22_a_text_that_leaves_somebody_guessing_is_found(text: str, name: str) -> None:
    assert unsaid(text, START) == [name]
