"""Threats T01 and T02, invariant I13: a card's text is nowhere but in the answer to its buyer.

Cards that carry a mark go through import, sale, opening, mail, look-up, faults and dead letters. Then everything is searched that
the shop keeps, writes, sends or answers.
"""

import base64
import json
import re
import secrets
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import urllib3

from faka.contexts.intake import ImportState, Shape, Wish
from faka.contexts.vault import CardText, fingerprint
from faka.flows.edit_catalog import publish
from faka.flows.intake import ImportOrder, Progress, open_import, progress
from faka.kernel.ids import BatchId, ProductId, SkuId
from faka.wiring import Deps, ShopSettings
from infra.local.headless import Form
from infra.tools.whole import whole
from tests.e2e.everywhere import Place, everything, files, found, needles
from tests.e2e.shopper import Shopper, Taken, address, number
from tests.kit.local import ROOT, LocalCloud, running
from tests.unit.catalog.given import product, sku


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

MAIL = "buyer@faka.example"
GOODS = "canary-goods"
CARDS = 40
WAIT_S_MAX = 60


@dataclass
class Story:
    cloud: LocalCloud
    deps: Deps
    mark: str = field(default_factory=lambda: f"KANARI{secrets.token_hex(8)}")
    """In each card's number and secret."""
    typed: str = field(default_factory=lambda: f"typed{secrets.token_hex(8)}")
    """What somebody types where it does not belong."""
    tapes: list[list[Taken]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    """Cards that buyers were shown."""

    def shopper(self, n: int, contact: str = "") -> Shopper:
        made = Shopper(self.cloud.shop, n, contact)
        self.tapes.append(made.tape)
        return made

    def line(self, n: int) -> str:
        return f"N{n}{self.mark},S{n}{self.mark},2031-01-01"

    def upload(self, *lines: str, head: str = "卡号,密码,有效期", shape: Shape = Shape.CSV) -> BatchId:
        order = ImportOrder(product=ProductId(GOODS), sku=SkuId(f"{GOODS}-one"), by="test", wish=Wish(shape=shape))
        opened = open_import(self.deps, order)
        self.post(opened.form.url, opened.form.fields, "\n".join([head, *lines]).encode("utf-8", "surrogateescape"))
        return opened.job.id

    def post(self, url: str, fields: dict[str, str], content: bytes) -> int:
        parts: list[Any] = [*fields.items(), ("file", ("cards.csv", content, "text/csv"))]
        answer = urllib3.request("POST", url, fields=parts, timeout=10, retries=False)
        self.tapes.append([Taken("POST", url, b"", answer.status, str(answer.headers).encode(), answer.data)])
        return answer.status

    def waited(self, batch: BatchId) -> Progress:
        return until(lambda: (now := progress(self.deps, batch)).state in (ImportState.DONE, ImportState.REFUSED) and now)


def until(holds: Callable[[], Any], within_s: float = WAIT_S_MAX) -> Any:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if result := holds():
            return result
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def talkative(folder: Path) -> Path:
    """This very shop with its functions at the most talkative log level, as somebody sets it who looks for a fault."""
    for name in ("functions", "layers", "statemachines"):
        (folder / name).symlink_to(ROOT / name)
    template = whole(ROOT / "template.yaml")
    assert template.count("LOG_LEVEL: INFO") == 1
    (folder / "template.yaml").write_text(template.replace("LOG_LEVEL: INFO", "LOG_LEVEL: DEBUG"))
    return folder


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    root = talkative(tmp_path_factory.mktemp("talkative"))
    with running(tmp_path_factory.mktemp("canary"), root=root) as cloud, cloud.here() as environment:
        assert environment["LOG_LEVEL"] == "DEBUG"
        told = Story(cloud, Deps(ShopSettings.from_env(environment)))
        publish(told.deps, product(GOODS, category="video", state="LISTED", skus=(sku(f"{GOODS}-one", per_order_max=5),)))
        imported(told)
        while_the_key_is_off(told)
        bought_and_looked_up(told)
        refused_at_every_door(told)
        rubbish_in_every_queue(told)
        yield told


# -- the way of the cards -----------------------------------------------------------------------------------------


def imported(story: Story) -> None:
    """Good, repeated and bad lines; the same file again; files that are no card files; a worker that stumbles over a broken row."""
    good = [story.line(n) for n in range(CARDS)]
    long = f"N,{story.mark * 60},"
    bad = [f"N,{story.mark}\x07,", f'"N,{story.mark}', f"{story.mark}", f"N,{story.mark},2001-01-01", f"N,{story.mark},soon", long]
    first = story.waited(story.upload(*good, *good[:3], *bad, f"N\udcff,{story.mark},"))
    assert (first.counts.new, first.counts.duplicate, first.counts.bad) == (CARDS, 3, len(bad) + 1)
    assert first.has_problems
    assert story.waited(story.upload(*good)).counts.duplicate == CARDS
    assert story.waited(story.upload(*[f"\0{story.mark}\0"] * 9, head="\x7fELF")).counts.new == 0
    wrong_form = open_import(story.deps, ImportOrder(product=ProductId(GOODS), sku=SkuId(f"{GOODS}-one"), by="test")).form
    assert story.post(wrong_form.url, {**wrong_form.fields, "key": "incoming/elsewhere"}, story.mark.encode()) >= 400
    stumbles(story)


def stumbles(story: Story) -> None:
    """A fingerprint row that nobody understands stops the worker with plaintext in its hands, five times; then it is mended."""
    dynamodb, sqs = story.cloud.client("dynamodb"), story.cloud.client("sqs")
    queue, dead = story.cloud.deployed()["IntakeQueue"], story.cloud.deployed()["IntakeDead"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    key = f"FP#{fingerprint(story.deps.fingerprint_key(), CardText(f'N900{story.mark}', f'S900{story.mark}'))}"
    table = story.deps.settings.faka_table_vault
    dynamodb.put_item(TableName=table, Item={"pk": {"S": key}, "sk": {"S": "FP"}})
    batch = story.upload(story.line(900))
    until(lambda: count_of(story.cloud, dead))
    assert progress(story.deps, batch).state is ImportState.SEALING
    assert '"error_code":"work_failed"' in story.cloud.log("intake"), "it is told, or this proves nothing"
    dynamodb.delete_item(TableName=table, Key={"pk": {"S": key}, "sk": {"S": "FP"}})
    job = story.deps.imports.get(batch)
    story.deps.tables.commit([story.deps.imports.replaced(job, job.model_copy(update={"lease_until": None, "version": job.version + 1}))])
    story.deps.intake_queue.send({"import": batch})
    assert story.waited(batch).counts.new == 1


def while_the_key_is_off(story: Story) -> None:
    """An import and an opening that the key service refuses."""
    kms, key = story.cloud.client("kms"), story.deps.settings.faka_kms_card_key
    buyer = story.shopper(7)
    order = buyer.order(GOODS)
    buyer.act(order, "pay")
    ready = buyer.ready(order)
    kms.disable_key(KeyId=key)
    try:
        assert buyer.reveal(ready).status >= 500
        assert not buyer.download(order).text.count(story.mark)
        batch = story.upload(story.line(901))
        until(lambda: "KeyServiceDown" in story.cloud.log("intake") or "SealBroken" in story.cloud.log("intake"))
    finally:
        kms.enable_key(KeyId=key)
    job = story.deps.imports.get(batch)
    story.deps.tables.commit([story.deps.imports.replaced(job, job.model_copy(update={"lease_until": None, "version": job.version + 1}))])
    story.deps.intake_queue.send({"import": batch})
    story.waited(batch)
    story.seen += buyer.reveal(buyer.ready(order)).secrets


def bought_and_looked_up(story: Story) -> None:
    """Page, text file, fragment; and again on another device, by a code that came by mail."""
    buyer = story.shopper(1, MAIL)
    order = buyer.order(GOODS, quantity="3")
    buyer.act(order, "pay")
    story.seen += buyer.reveal(buyer.ready(order)).secrets
    assert buyer.download(order).text.count(story.mark) == 6

    until(lambda: mailed(story.cloud, r"(Ready): Video membership"))  # from now on the order is found by its address
    other = story.shopper(2)
    page = other.get(f"{other.shop}/orders")
    page = other.submit(page, page.form("/orders/mail"), mail=MAIL)
    digits = until(lambda: mailed(story.cloud, r"Your order code: (\d{6})"))
    assert other.submit(page, page.form("/orders/code"), digits="0000000"[:6] if digits != "000000" else "111111").status == 422
    page = other.submit(page, page.form("/orders/code"), digits=digits)
    assert any(number(order) in link["href"] for link in page.links)
    story.seen += other.reveal(other.get(address(order))).secrets


def mailed(cloud: LocalCloud, pattern: str) -> str:
    """What the mails to the buyer say at this place, the newest last."""
    with urllib.request.urlopen(f"{cloud.endpoint}/_ministack/ses/messages", timeout=30) as answer:
        said = re.findall(pattern, json.dumps(json.load(answer)))
    return said[-1] if said else ""


# -- faults -------------------------------------------------------------------------------------------------------


def refused_at_every_door(story: Story) -> None:
    """Bad forms, wrong codes, forged notices, strangers, and text where it does not belong."""
    who, typed = story.shopper(3), story.typed
    page, form = who.form_of(GOODS)
    for changes in (
        {"quantity": "-1"},
        {"quantity": "1e9"},
        {"quantity": typed},
        {"sku": typed},
        {"channel": f"{typed}:{typed}"},
        {"form_id": typed},
        {"code": typed},
        {"contact": f"{typed} at home"},
        {"seen_total_minor": "1"},
        {"unknown": typed},
    ):
        assert who.send(page, form, **changes).status >= 400 or "unknown" in changes
    order = who.order(GOODS)
    who.act(order, "forge")
    who.act(order, "less")
    lookup = who.get(f"{who.shop}/orders")
    for field_name in ("no", "code"):
        given = {"no": number(order), "code": "0" * 16, field_name: typed}
        assert who.submit(lookup, lookup.form("/orders"), **given).status >= 400
    stranger = story.shopper(4)
    for path in (f"/o/{number(order)}", f"/o/{typed}", f"/p/{typed}", f"/c/{typed}", f"/{typed}", f"/p/{GOODS}/quote?sku={typed}"):
        assert stranger.get(f"{who.shop}{path}").status >= 400
    for path in ("cards", "cards.txt", "cancel", "check", "pay"):
        assert stranger.submit(order, Form(f"/o/{number(order)}/{path}", "POST", {}), open_id=typed).status >= 400
    for account in ("alipay/alipay", "epay/epay", f"alipay/{typed}"):
        assert raw_post(f"{who.shop}/v1/callbacks/{account}", f"out_trade_no={typed}&sign={typed}&trade_status=TRADE_SUCCESS") >= 400


def raw_post(url: str, body: str) -> int:
    request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/x-www-form-urlencoded"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def rubbish_in_every_queue(story: Story) -> None:
    """It is let go, or it ends among the dead letters; either way a worker has read it."""
    sqs, physical = story.cloud.client("sqs"), story.cloud.deployed()
    lively = [physical[name] for name in ("FulfilQueue", "DeliverQueue", "IntakeQueue")]
    for url in lively:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
        for body in ("{not json", "[]", '{"detail": {"order_id": "ord_nobody"}}', '{"import": "bat_01ARZ3NDEKTSV4RRFFQ69G5FAV"}'):
            sqs.send_message(QueueUrl=url, MessageBody=body)
    until(lambda: not any(count_of(story.cloud, url) for url in lively))


def count_of(cloud: LocalCloud, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(map(int, cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()))


# -- the search ---------------------------------------------------------------------------------------------------


def is_reveal(taken: Taken) -> bool:
    return taken.method == "POST" and taken.url.endswith(("/cards", "/cards.txt")) and taken.status == 200


def answers(story: Story) -> Iterator[Place]:
    """What clients were told, but for the answers that open cards; the address is what an access log would hold."""
    for taken in (taken for tape in story.tapes for taken in tape if not is_reveal(taken)):
        yield f"{taken.method} {taken.url}", b"\0".join((taken.url.encode(), taken.headers, taken.body))


def test_what_somebody_types_where_it_does_not_belong_is_in_no_log_row_or_message(story: Story) -> None:
    hits, _ = found(everything(story.cloud), story.typed)
    assert hits == []


@pytest.mark.parametrize("place", ["log", "row", "binary", "message", "object"])
def test_twin_a_planted_mark_is_found(story: Story, place: str) -> None:
    mark = f"PLANTED{secrets.token_hex(8)}"
    plant(story, place, mark)
    hits, _ = found(everything(story.cloud), mark)
    assert hits, place


def plant(story: Story, place: str, mark: str) -> None:
    cloud, physical = story.cloud, story.cloud.deployed()
    if place == "log":
        with (cloud.state / "logs" / "reveal.log").open("a") as log:
            log.write(f'{{"message":"opened","card":"{mark}"}}\n')
    elif place in ("row", "binary"):
        value = {"S": mark} if place == "row" else {"B": b"\x01" + mark.encode("utf-16-le")}
        cloud.client("dynamodb").put_item(TableName=physical["GuardTable"], Item={"pk": {"S": place}, "sk": {"S": "x"}, "v": value})
    elif place == "message":
        cloud.client("sqs").send_message(QueueUrl=physical["SweepDead"], MessageBody=mark)
    else:
        cloud.client("s3").put_object(Bucket=physical["IntakeBucket"], Key="problems/x", Body=mark.encode())


def test_a_mark_is_known_in_all_its_spellings() -> None:
    mark = "KANARIabcdef0123"
    for before in (b"", b"x", b"xy", b"xyz"):
        for packed in (base64.b64encode, base64.urlsafe_b64encode):
            assert found([("x", packed(before + mark.encode() + b"tail"))], mark)[0]
    assert not found([("x", base64.b64encode(b"something else entirely"))], mark)[0]
    assert all(len(needle) > 12 for needle in needles(mark))


def test_a_cards_text_is_nowhere_but_in_the_answers_that_open_it(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    """The last one: it stops the cloud, to search the state that it saves too."""
    opened = b"".join(taken.body for tape in story.tapes for taken in tape if is_reveal(taken))
    assert len(story.seen) == 2 * 7, "number and secret of seven cards"
    assert all(story.mark in card and card.encode() in opened for card in story.seen)

    places = list(everything(story.cloud))
    hits, size = found(places, story.mark)
    told, size_told = found(answers(story), story.mark)
    dead = sum(name.startswith("queue") and "Dead" in name for name, _ in places)
    assert story.cloud.stop() == 0
    saved, size_saved = found(files(story.cloud.state), story.mark)

    with capsys.disabled():
        print(f"\n  searched {size:,} bytes of tables, stream, queues, objects, logs, mails, files; {size_told:,} of answers;", end=" ")
        print(f"{size_saved:,} of saved state; {dead} dead letters")
    assert (hits, told, saved) == ([], [], [])
    assert {name.partition(" ")[0] for name, _ in places} >= {"table", "stream", "queue", "object", "page", "file"}
    assert min(size, size_told, size_saved) > 100_000
    assert dead
