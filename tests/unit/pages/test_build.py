"""The build: hashed files, compiled templates, style and script within their budgets."""

import gzip
import re
import time

import pytest

from infra.tools import pages as tool
from pages import assets, render


pytestmark = pytest.mark.unit

BUDGET = {"base.css": 6_144, "shop.css": 4_096, "shop.js": 4_096, "icon.svg": 1_024}


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    tool.build()
    assets.manifest.cache_clear()
    render.environment.cache_clear()


def test_the_build_takes_under_two_seconds() -> None:
    started = time.process_time()
    tool.build()
    assert time.process_time() - started < 2


def test_every_template_compiles_and_loads() -> None:
    names = [path.relative_to(render.SOURCE).as_posix() for path in render.SOURCE.rglob("*.html")]
    assert len(names) > 15
    for lang in ("zh", "en"):
        for name in names:
            assert render.environment(lang).get_template(name)


def test_files_are_asked_for_by_the_hash_of_their_content() -> None:
    for name in BUDGET:
        found = assets.find(name)
        assert found is not None
        assert assets.url(name) == f"/static/{assets.fingerprint(found.text.encode())}/{name}"


@pytest.mark.parametrize("name", ["../i18n.py", "..%2fi18n.py", "/etc/passwd", "base.css/", "", "missing.css"])
def test_no_path_leads_out_of_the_folder(name: str) -> None:
    assert assets.find(name) is None


@pytest.mark.parametrize(("name", "most"), BUDGET.items())
def test_files_stay_within_their_budget(name: str, most: int) -> None:
    found = assets.find(name)
    assert found is not None
    assert len(gzip.compress(found.text.encode(), 9)) <= most


def test_the_script_holds_no_words_and_asks_nobody_else() -> None:
    found = assets.find("shop.js")
    assert found is not None
    code = re.sub(r"//.*", "", found.text)
    assert "http" not in code
    assert not re.search(r"innerHTML|eval\(|new Function|document\.write", code)
    assert not re.search(r"\"[A-Z][a-z]+ [a-z]+", code), "words come from data attributes"


def test_style_sheets_load_nothing() -> None:
    for name in ("base.css", "shop.css"):
        found = assets.find(name)
        assert found is not None
        assert "url(" not in found.text
        assert "@import" not in found.text
