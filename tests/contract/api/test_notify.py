"""The callback door against `infra/api/notify.openapi.yaml`: what nobody signed is refused as documented, what is authentic is taken."""

import json
from collections.abc import Iterator

import pytest

from faka.contexts.recharges import recharge_id, recharge_of
from faka.contexts.recharges.store import recharge_key
from faka.flows.recharge import RechargeRequest, submit_next
from faka.platform.table import delete
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


def supplying(made: Scene, book: Book) -> None:
    """A supplier about a recharge of ours, about one that nobody knows, and what is no word of his."""
    supplier, world = made.sells_top_ups(), made.world
    for number in ("13800138000", "13800138001"):
        order = world.pay(world.buy(product="top-up", sku="top-up-month", account={"mobile": number}))
        world.cure(world.deps, order.id)
        supplier.warehouse.way = "later"
        submit_next(world.deps, RechargeRequest(recharge=recharge_id(order.id)))
    known, other = supplier.warehouse.orders
    path = "/v1/suppliers/{}/{}"
    ours = path.format("signed_json", supplier.facts["id"])
    for number in (known, other):
        supplier.warehouse.finish(number)
    headers = {name.replace("-", "_"): value for name, value in supplier.notice(known).headers.items()}
    assert book.send("POST", ours, supplier.notice(known).body, **headers).status == 200
    world.deps.tables.apply(delete(recharge_key(recharge_of(other)), when="attribute_exists(pk)"))
    strange = supplier.notice(other)
    book.send("POST", ours, strange.body, **{name.replace("-", "_"): value for name, value in strange.headers.items()})
    book.send("POST", ours, b"{}")
    book.send("POST", ours, b"\xff", **headers)
    for raw in supplier.forgeries(known):
        book.send("POST", ours, raw.body, **{name.replace("-", "_"): value for name, value in raw.headers.items()})
    book.send("POST", path.format("md5_form", supplier.facts["id"]))
    book.send("POST", path.format("signed_json", "nobody"))
    book.send("POST", path.format("signed_json", "NOT-A-HANDLE"))
    book.send("POST", ours, b"a=" + b"x" * 65_536)


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
    supplying(made, book)
    assert promised("notify") ^ book.seen == set()
