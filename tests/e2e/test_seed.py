"""The demo shop on the local cloud: complete, sealed, changed by nothing but its operator."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from faka.contexts.catalog.policy import StockWord
from faka.flows.browse import shelf
from faka.flows.edit_catalog import schedule
from faka.kernel.limits import CATALOG_CACHE_S
from faka.wiring import Deps, ShopSettings
from tests.kit.local import ROOT, LocalCloud, running


pytestmark = pytest.mark.e2e

PLAINTEXT = re.compile(rb"8826\d{12}|\b[A-HJ-NP-Z2-9]{4}(?:-[A-HJ-NP-Z2-9]{4}){3}\b|qingning\.example/gift/|moyu\.example/r/")
"""What the generated cards look like (infra/local/seed_cards.py)."""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running(tmp_path_factory.mktemp("seeded")) as started, started.here():
        yield started


@pytest.fixture
def deps(cloud: LocalCloud) -> Deps:
    return Deps(ShopSettings.from_env(os.environ))


def run(cloud: LocalCloud, *command: str) -> str:
    """What an operator's command prints."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        check=False,
        cwd=ROOT,
        env={**os.environ, **cloud.environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def page(cloud: LocalCloud, path: str) -> str:
    try:
        with urllib.request.urlopen(cloud.shop + path, timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as refused:
        return f"{refused.code}"


def stocks(deps: Deps) -> dict[str, int]:
    return {sku.id: deps.stock.counts(sku.id).available for row in deps.catalog.shelf(fresh=True) for sku in row.skus}


def test_a_new_shop_has_a_dozen_products_2000_cards_and_something_sold_out(deps: Deps) -> None:
    assert sum(stocks(deps).values()) == 2_000
    rows = deps.catalog.shelf(fresh=True)
    assert len([row for row in rows if row.state == "LISTED"]) == 13
    now = deps.clock.now()
    assert [row.id for row in rows if row.opens_after(now)] == ["chixiao-pass"]
    words = {tile.id: tile.stock for tile in shelf(deps, None, now).tiles}
    assert words["tihai-exam"] is StockWord.NONE
    assert {word for name, word in words.items() if name != "tihai-exam"} == {StockWord.PLENTY}


def test_a_channel_of_each_kind_can_be_opened_with_its_keys(deps: Deps) -> None:
    channels = deps.catalog.channels(fresh=True)
    assert [(one.id, one.enabled, one.methods) for one in channels] == [
        ("alipay", True, ("page", "wap", "precreate")),
        ("wechatpay", True, ("native", "h5", "jsapi")),
        ("epay", True, ("epay",)),
        ("epay-rsa", True, ("epay", "precreate")),
        ("stripe", True, ("card",)),
        ("epusdt", True, ("usdt",)),
    ]
    for one in channels:
        assert deps.adapter(one.id).account.kind == one.kind


def test_every_product_has_a_page_in_both_languages(cloud: LocalCloud, deps: Deps) -> None:
    for row in deps.catalog.shelf(fresh=True):
        body = page(cloud, f"/p/{row.id}")
        if row.state == "LISTED":
            assert any(title in body for title in (row.title.zh, row.title.en.replace("&", "&amp;"))), row.id
        else:
            assert body == "404"


def test_no_card_text_is_left_in_the_bucket_the_tables_or_the_logs(cloud: LocalCloud) -> None:
    s3, dynamodb = cloud.client("s3"), cloud.client("dynamodb")
    bucket = cloud.environment["FAKA_BUCKET_INTAKE"]
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])] == []
    assert not s3.list_object_versions(Bucket=bucket).get("Versions")
    for name in [value for key, value in cloud.environment.items() if key.startswith("FAKA_TABLE_")]:
        for found in dynamodb.get_paginator("scan").paginate(TableName=name):
            assert not PLAINTEXT.search(repr(found["Items"]).encode()), name
    for log in (cloud.state / "logs").iterdir():
        assert not PLAINTEXT.search(log.read_bytes()), log


def test_a_second_seeding_changes_nothing(cloud: LocalCloud, deps: Deps) -> None:
    before = ({row.id: row.version for row in deps.catalog.shelf(fresh=True)}, stocks(deps), deps.catalog.channels(fresh=True))
    out = run(cloud, "infra.local.seed", cloud.shop, cloud.players, str(cloud.state / "players"))
    assert "stocks are filled" in out
    assert before == ({row.id: row.version for row in deps.catalog.shelf(fresh=True)}, stocks(deps), deps.catalog.channels(fresh=True))


def test_an_operators_schedule_opens_and_closes_the_page_within_five_seconds_under_load(cloud: LocalCloud, deps: Deps) -> None:
    opens = datetime.now(UTC) + timedelta(seconds=CATALOG_CACHE_S + 5)
    closes = opens + timedelta(seconds=8)
    schedule(deps, "danci-island", opens, closes)
    time.sleep(CATALOG_CACHE_S)  # by then no instance remembers the page as it was before the edit
    over = Event()

    def load() -> None:
        while not over.is_set():
            page(cloud, "/")

    def seen(expected: bool) -> datetime:
        while ('name="form_id"' in page(cloud, "/p/danci-island")) is not expected:
            assert datetime.now(UTC) < closes + timedelta(seconds=10)
            time.sleep(0.05)
        return datetime.now(UTC)

    with ThreadPoolExecutor(4) as buyers:
        loads = [buyers.submit(load) for _ in range(4)]
        try:
            seen(False)
            opened = seen(True)
            closed = seen(False)
        finally:
            over.set()
        assert all(one.exception() is None for one in loads)
    assert timedelta(0) <= opened - opens < timedelta(seconds=5)
    assert timedelta(0) <= closed - closes < timedelta(seconds=5)
    assert page(cloud, "/p/danci-island") == "404"


def test_the_operators_commands_need_only_what_the_readme_says(cloud: LocalCloud) -> None:
    told = {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
    }
    for module, word in (("infra.ops.catalog", "lanjing-video"), ("infra.ops.channels", "alipay")):
        command = [sys.executable, "-m", module, "list"]
        bare = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
        done = subprocess.run(command, check=False, cwd=ROOT, env=bare | told, capture_output=True, text=True, timeout=60)
        assert (done.returncode, word in done.stdout) == (0, True), done.stdout + done.stderr


def test_an_operator_lists_edits_in_bulk_and_takes_it_back(cloud: LocalCloud, deps: Deps) -> None:
    def price() -> Any:
        return deps.catalog.product("yundou-drive", fresh=True).sku("yundou-month").price.minor

    assert "yundou-drive" in run(cloud, "infra.ops.catalog", "list")
    out = run(cloud, "infra.ops.catalog", "bulk", "price=-10%", "--category", "tools", "--by", "mei")
    assert price() == 1791
    run(cloud, "infra.ops.catalog", "undo", out.split(":")[0])
    assert price() == 1990
