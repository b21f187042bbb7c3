"""The browser ring: one Chromium, one demo shop in process, one table of measurements at the end."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.tools import pages as tool
from pages import assets, i18n, render
from tests.browser.audit import MEASURED
from tests.browser.chrome import launched, require_chromium
from tests.browser.shop import demo_world, serving
from tests.kit.local import running
from tests.kit.tables import moto_client


REPORT = Path(__file__).resolve().parents[2] / "build" / "pages.json"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    require_chromium()
    with launched() as browser:
        yield browser


@pytest.fixture(scope="package")
def built() -> None:
    """Pages as they are shipped: compiled, hashed, translated."""
    tool.build()
    for kept in (assets.manifest, render.environment, i18n.catalogue):
        kept.cache_clear()


@pytest.fixture(scope="package")
def demo(built: None) -> Iterator[tuple[Any, str]]:
    """The demo shop and its address; one for the ring, so tests look at their own orders only.

    It ends with this folder: a mock of AWS that stayed up would share its tables and secrets with every test that follows.
    """
    with moto_client() as client:
        world = demo_world(client)
        with serving(world) as url:
            yield world, url


@pytest.fixture(scope="package")
def cloud(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The whole local cloud with the payment simulator, seeded."""
    require_chromium()
    with running(tmp_path_factory.mktemp("cloud")) as running_cloud:
        yield running_cloud


@pytest.fixture
def context(chromium: Any) -> Iterator[Any]:
    """Opens contexts as `context(lang="zh", width=390, …)` and closes them after the test."""
    opened: list[Any] = []

    def make(**wishes: Any) -> Any:
        opened.append(new_context(chromium, **wishes))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def new_context(browser: Any, *, lang: str = "en", width: int = 1280, scheme: str = "light", script: bool = True) -> Any:
    is_phone = width < 700
    agent = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"
    return browser.new_context(
        locale="zh-CN" if lang == "zh" else "en-US",
        timezone_id="Asia/Shanghai",
        viewport={"width": width, "height": 844 if is_phone else 800},
        color_scheme=scheme,
        java_script_enabled=script,
        permissions=["clipboard-read", "clipboard-write"],
        **({"user_agent": agent} if is_phone else {}),
    )


def pytest_sessionfinish() -> None:
    """What was measured, for people (a table) and for machines (`build/pages.json`)."""
    if not MEASURED:
        return
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(list(MEASURED.values()), indent=1) + "\n", "utf-8")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not MEASURED:
        return
    terminalreporter.section("pages")
    head = f"{'page':16} {'lang':4} {'theme':5} {'width':>5} {'bytes':>7} {'requests':>8} {'LCP ms':>7} {'CLS':>6} {'DOM':>5} {'axe':>3}"
    terminalreporter.write_line(head)
    for one in MEASURED.values():
        terminalreporter.write_line(
            f"{one['page']:16} {one['lang']:4} {one['theme']:5} {one['width']:5} {one['bytes']:7} {one['requests']:8}"
            f" {one['lcp_ms']:7} {one['cls']:6} {one['dom']:5} {one['axe']:3}"
        )
