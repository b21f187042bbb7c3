"""What an operator types, and what he reads when it was wrong."""

import json
from pathlib import Path

import pytest
import yaml

from faka.platform.table import Tables
from faka.wiring import Deps
from infra.local.seed import CATALOG, offers_taken_out
from infra.ops import catalog
from tests.integration.given_catalog import shop
from tests.kit.clock import START


pytestmark = pytest.mark.integration
BOOK = {
    "id": "night-book",
    "kind": "LINK",
    "category": "film",
    "state": "LISTED",
    "title": {"zh": "夜航", "en": "Night passage"},
    "skus": [{"id": "night-one", "name": {"en": "E-book"}, "price": {"minor": 1800, "currency": "CNY"}}],
}


class Desk:
    """An operator at a terminal."""

    def __init__(self, deps: Deps, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.deps, self.folder, self._capsys = deps, folder, capsys

    def types(self, *words: str) -> tuple[int, str]:
        code = catalog.main(list(words), self.deps)
        read = self._capsys.readouterr()
        return code, read.out + read.err

    def file(self, written: object, name: str = "it.yaml") -> str:
        place = self.folder / name
        place.write_text(json.dumps(written) if name.endswith("json") else yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
        return str(place)


@pytest.fixture
def desk(tables: Tables, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(shop(tables), tmp_path, capsys)


@pytest.mark.parametrize("name", ["it.yaml", "it.json"])
def test_a_product_goes_from_a_file_into_the_shop_and_back(desk: Desk, name: str) -> None:
    assert desk.types("publish", desk.file(BOOK, name)) == (0, "night-book v1 LISTED\n")
    code, shown = desk.types("show", "night-book")
    written = yaml.safe_load(shown)
    assert (code, written["version"], written["title"]) == (0, 1, BOOK["title"])
    written["summary"] = {"zh": "随笔", "en": "Essays"}
    assert desk.types("publish", desk.file(written)) == (0, "night-book v2 LISTED\n")
    assert desk.types("publish", desk.file(written)) == (0, "night-book v2 LISTED\n"), "a repeat is the same version"
    assert yaml.safe_load(desk.types("show", "night-book", "--version", "1")[1]) == yaml.safe_load(shown)


def test_a_file_made_from_an_old_version_is_refused(desk: Desk) -> None:
    desk.types("publish", desk.file(BOOK))
    desk.types("publish", desk.file(BOOK | {"version": 1, "title": {"en": "New"}}))
    code, read = desk.types("publish", desk.file(BOOK | {"version": 1, "title": {"en": "Newer"}}))
    assert (code, read.split(":")[0]) == (1, "product_moved")


@pytest.mark.parametrize(
    ("change", "read"),
    [
        ({"skus": []}, "skus"),
        ({"title": {"zh": "SENTINEL\x07"}}, "title.zh"),
        ({"prise": "SENTINEL"}, "prise"),
        ({"skus": [{**BOOK["skus"][0], "price": {"minor": "SENTINEL", "currency": "CNY"}}]}, "skus.0.price"),  # type: ignore[index,dict-item]
        ({"kind": "SENTINEL"}, "kind"),
        ({"on_at": "2026-12-01T10:00:00"}, "on_at"),
        ({"category": "nowhere"}, "category_not_found"),
        ({"kind": "BUNDLE"}, "not_yet_sold"),
        ({"id": "Night Book"}, "invalid_request"),
    ],
)
def test_what_is_wrong_is_named_and_the_value_is_not_repeated(desk: Desk, change: dict[str, object], read: str) -> None:
    code, answer = desk.types("publish", desk.file(BOOK | change, "it.json"))
    assert code == 1
    assert read in answer
    assert "SENTINEL" not in answer
    assert desk.deps.catalog.shelf(fresh=True) == []


@pytest.mark.parametrize("text", ["", "[]", "products: 7", "products: [7]", "{", "a: [", "\x00", "just words"])
def test_a_file_that_is_no_product_is_refused(desk: Desk, text: str) -> None:
    place = desk.folder / "it.yaml"
    place.write_text(text)
    assert desk.types("publish", str(place))[0] == 1


def test_nothing_of_a_file_is_published_when_one_product_in_it_is_wrong(desk: Desk) -> None:
    code, _ = desk.types("publish", desk.file({"products": [BOOK, BOOK | {"id": "other", "skus": []}]}))
    assert (code, desk.deps.catalog.shelf(fresh=True)) == (1, [])


def test_a_schedule_and_the_list_speak_of_times_with_zones(desk: Desk) -> None:
    desk.types("publish", desk.file(BOOK))
    code, _ = desk.types("schedule", "night-book", "--on", "2026-12-01T10:00:00+08:00", "--off", "2026-12-12T00:00:00+08:00")
    assert code == 0
    assert "from 2026-12-01T02:00Z until 2026-12-11T16:00Z" in desk.types("list")[1]
    assert desk.types("schedule", "night-book", "--on", "tomorrow")[0] == 1
    assert not desk.deps.catalog.product("night-book", fresh=True).is_on_shelf(START)


def test_categories_are_arranged_from_the_terminal(desk: Desk) -> None:
    assert desk.types("category", "travel", "--zh", "旅行", "--en", "Travel", "--parent", "media")[0] == 0
    assert "    travel" not in desk.types("tree")[1]
    assert "  travel  旅行 / Travel" in desk.types("move-category", "travel", "--to", "games")[1]
    assert desk.types("move-category", "media", "--to", "film")[1].startswith("category_cycle")
    assert "travel" not in desk.types("remove-category", "travel")[1]
    assert desk.types("category", "travel")[0] == 1, "a category needs a name"


def test_a_bulk_change_prints_how_to_take_it_back_before_it_begins(desk: Desk) -> None:
    desk.types("publish", desk.file(BOOK))
    code, read = desk.types("bulk", "price=-12.5%", "--category", "media", "--by", "mei")
    change = read.split(":")[0]
    assert (code, change.startswith("chg_")) == (0, True)
    assert "1 changed, 0 left alone" in read
    assert desk.deps.catalog.product("night-book", fresh=True).skus[0].price.minor == 1575
    assert desk.deps.catalog.change(change).by == "mei"
    assert desk.types("resume", change)[0] == 0
    assert "1 changed" in desk.types("undo", change)[1]
    assert desk.deps.catalog.product("night-book", fresh=True).skus[0].price.minor == 1800


@pytest.mark.parametrize(
    "edit", ["price=10", "price=-100%", "price=1.234%", "price=x%", "price=", "delete", "category=", "category=A B", ""]
)
def test_an_edit_that_cannot_be_meant_is_refused(desk: Desk, edit: str) -> None:
    desk.types("publish", desk.file(BOOK))
    assert desk.types("bulk", edit, "night-book")[0] == 1
    assert desk.deps.catalog.product("night-book", fresh=True).version == 1


def test_an_unknown_name_is_told_without_a_trace(desk: Desk) -> None:
    for words in (("show", "nowhere"), ("undo", "chg_x"), ("schedule", "nowhere"), ("bulk", "list", "nowhere")):
        code, read = desk.types(*words)
        assert (code, read.count("Traceback")) == (1, 0)


def test_the_demo_file_is_a_file_that_an_operator_could_publish(desk: Desk) -> None:
    written = yaml.safe_load(CATALOG.read_text(encoding="utf-8"))
    for one in written["products"]:
        one.pop("opens_in", None)
        offers_taken_out(one)
        for sku in one["skus"]:
            sku.pop("cards", None)
    code, read = desk.types("publish", desk.file({key: written[key] for key in ("categories", "products")}))
    assert code == 0, read
    assert len(desk.deps.catalog.shelf(fresh=True)) == len(written["products"])
