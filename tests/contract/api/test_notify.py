"""The callback door against `infra/api/notify.openapi.yaml`: what nobody signed is refused as documented, what is authentic is taken."""

import json
from collections.abc import Iterator

import pytest

from infra.tools.template import ROOT
from tests.contract.api.asking import Gate
from tests.contract.api.book import Book, promised
from tests.contract.api.runs import operations, run, weighted
from tests.contract.api.scene import CARDS, Scene, scene


pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore:No application metrics")]

PATH = "/v1/callbacks/{}/{}"
PARTS = list(weighted(operations("notify"), one_in=10))


@pytest.fixture
def made() -> Iterator[Scene]:
    with scene() as one:
        yield one


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with scene(CARDS) as one:
        kept = Gate(one)
        yield kept
        (ROOT / "build").mkdir(exist_ok=True)
        (ROOT / "build" / "api-notify.json").write_text(json.dumps(kept.told(), indent=1))


@pytest.mark.parametrize(("operation", "mode", "count"), PARTS, ids=[f"{one.label} {mode.value}" for one, mode, _ in PARTS])
def test_no_notice_gets_an_answer_that_the_document_does_not_tell(gate: Gate, operation, mode, count) -> None:
    orders = [row for row in gate.scene.world.rows("test-trade") if row["sk"] == "ORDER"]
    assert run(gate, operation, mode, count) > 0
    after = {row["id"]: row["state"] for row in gate.scene.world.rows("test-trade") if row["sk"] == "ORDER"}
    assert all(after[row["id"]] == row["state"] for row in orders if row["state"] == "COMPLETED")
    assert not any(status == 200 for _, status, _ in gate.seen), "nobody but the provider can sign"


def test_each_promised_answer_is_given(made: Scene) -> None:
    book = Book(Gate(made), "notify")
    orders = made.orders()
    for name in ("pending", "epay"):
        raw = made.notice(orders[name])
        query = "&".join(f"{key}={value}" for key, value in raw.query)
        headers = {"content_type": raw.headers.get("content-type", "")}
        path = PATH.format(orders[name].channel_id, orders[name].channel_id)
        assert book.send(raw.method, f"{path}?{query}".rstrip("?"), raw.body, **headers).status == 200
    for method in ("GET", "POST"):
        book.send(method, PATH.format("alipay", "alipay"), b"" if method == "GET" else b"%zz")
        book.send(method, PATH.format("epay", "epay") + ("?sign=1" if method == "GET" else ""), b"sign=1" if method == "POST" else b"")
        book.send(method, PATH.format("alipay", "nobody"))
        book.send(method, PATH.format("epay", "alipay"))
        book.send(method, PATH.format("epay", "NOT-A-HANDLE"))
    book.send("POST", PATH.format("alipay", "alipay"), b"a=" + b"x" * 65_536)
    assert promised("notify") ^ book.seen == set()
