"""The operator's commands for cards, typed as he types them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faka.contexts.intake import BatchLog, ImportState, ImportStore
from faka.flows.announce import announce
from faka.flows.intake import imports_named, run_import
from faka.flows.withhold import void_card
from infra.ops import cards
from infra.ops.history import history, tally
from tests.integration.given_intake import BUCKET, PRODUCT, SKU, Shop, a_shop
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.integration


@pytest.fixture
def shop() -> Iterator[Shop]:
    with a_shop() as shop:
        yield shop


class Terminal:
    def __init__(self, shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
        self.shop, self._capsys = shop, capsys

    def types(self, *words: str) -> tuple[int, str]:
        code = cards.main(["--by", "olga", *words], self.shop.deps)
        read = self._capsys.readouterr()
        said = "\n".join(line for line in (read.out + read.err).splitlines() if not line.startswith("{"))
        return code, said

    def imports(self, file: Path, *more: str) -> tuple[int, str]:
        return self.types("import", str(file), "--product", PRODUCT, "--sku", SKU, "--wait", "0", *more)


@pytest.fixture
def terminal(shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    def bucket(form: Any, file: Path) -> None:
        """What the bucket and its queue do with an upload."""
        shop.s3.put_object(Bucket=BUCKET, Key=form.fields["key"], Body=file.read_bytes())
        run_import(shop.deps, form.fields["key"].removeprefix("incoming/"), lambda: 900.0)

    monkeypatch.setattr(cards, "upload", bucket)
    return Terminal(shop, capsys)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cards.txt"
    path.write_text("A----1\nB----2\nA----1\nbroken\n")
    return path


def batch_of(said: str) -> str:
    return said.splitlines()[0].removeprefix("batch ")


def test_an_import_says_its_batch_and_its_counts(terminal: Terminal, file: Path) -> None:
    code, said = terminal.imports(file, "--cost", "5.12", "--supplier", "甲", "--remark", "三月", "--expires", "2027-01-01")
    assert code == 0
    assert said.splitlines()[1] == "DONE 4/4 lines: 2 new, 1 duplicate, 1 bad; see `problems`"
    batch = batch_of(said)
    assert terminal.types("status", batch)[1] == said.splitlines()[1]
    assert terminal.types("problems", batch)[1].startswith("https://")
    assert terminal.types("batches", SKU)[1].split() == [batch, "2026-03-02", "OPEN", "2", "5.12", "CNY", "2027-01-01", "甲", "三月"]
    assert terminal.types("counts", SKU)[1].split()[:4] == ["total", "2", "available", "2"]


def test_a_table_is_read_as_one(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "cards.CSV"
    path.write_bytes("密码,卡号\n1,甲\n".encode("gb18030"))
    assert "1 new" in terminal.imports(path)[1]
    assert terminal.shop.sold(1, "ord_1")[0][:2] == ("甲", "1")


def test_what_cannot_be_is_said_in_one_line(terminal: Terminal, file: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    for words in (["--columns", "number"], ["--columns", "nothing"], ["--separator", "x"], ["--cost", "-1"], ["--expires", "2020-01-01"]):
        code, said = terminal.imports(file, *(f"{a}={b}" for a, b in [tuple(words)]))
        assert (code, len(said.splitlines())) == (1, 1), words
    for code, _ in (
        terminal.imports(empty),
        terminal.imports(tmp_path / "absent"),
        terminal.types("status", "bat_1"),
        terminal.types("history", SKU, "7"),
    ):
        assert code == 1


def test_a_batch_is_frozen_thawed_and_void(terminal: Terminal, file: Path) -> None:
    batch = batch_of(terminal.imports(file)[1])
    assert terminal.types("freeze", batch, "--reason", "check")[1] == f"{batch} FROZEN 2 cards of {SKU}"
    assert terminal.shop.available() == 0
    assert terminal.types("thaw", batch, "--reason", "fine")[1] == f"{batch} OPEN 2 cards of {SKU}"
    assert terminal.types("void-card", SKU, "1", "--reason", "bad")[1].endswith("it was in stock")
    assert terminal.shop.available() == 1
    assert terminal.types("void", batch, "--reason", "stolen")[1].startswith(f"{batch} VOID")
    assert terminal.types("thaw", batch, "--reason", "please") == (1, "batch_moved: batch")
    assert {"void", "2"} <= set(terminal.types("counts", SKU)[1].split())


def test_a_stopped_import_goes_back_into_the_queue(terminal: Terminal) -> None:
    batch = terminal.shop.uploaded(b"A----1\n")
    assert terminal.types("resume", batch) == (0, "queued")
    message = terminal.shop.sqs.receive_message(QueueUrl=terminal.shop.queue_url)["Messages"][0]
    assert imports_named(message["Body"]) == [batch]
    assert run_import(terminal.shop.deps, batch, lambda: 900.0).state is ImportState.DONE


def test_expired_cards_are_listed(terminal: Terminal, file: Path) -> None:
    batch = batch_of(terminal.imports(file, "--expires", "2026-03-10")[1])
    terminal.shop.clock.advance(days=9)
    assert terminal.types("expire", SKU)[1].splitlines() == [f"2026-03-10 {batch} 2 cards", "2 expired unsold"]


# -- history --------------------------------------------------------------------------------------------------------


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as world:
        world.deps.__dict__ |= {"batch_log": BatchLog(world.deps.tables, world.chance), "imports": ImportStore(world.deps.tables)}
        yield world


def relayed(world: World) -> None:
    """What the stream's reader does with all that happened so far."""
    from faka.platform.table import TableName
    from tests.kit.tables import PHYSICAL

    records = [
        {"eventName": "MODIFY", "eventID": str(n), "dynamodb": {"OldImage": old or {}, "NewImage": new or {}, "Keys": {}}}
        for n, (table, old, new) in enumerate(world.client.stream)
        if table == PHYSICAL[TableName.TRADE]
    ]
    world.client.stream.clear()
    announce(world.deps, records)


def test_the_history_of_a_card_tells_inbound_locked_sold_and_shown_with_time_and_actor(world: World) -> None:
    batch = world.stock_up(3)
    world.clock.advance(60)
    order = world.buy()
    relayed(world)
    world.clock.advance(60)
    world.pay(order)
    world.clock.advance(60)
    world.reveal(order)
    world.clock.advance(60)
    void_card(world.deps, world.sku.id, 0, "olga", "complaint")

    told = history(world.deps, world.sku.id, 0)
    assert [event.what for event in told if event.what in ("inbound", "locked", "sold", "shown", "card_void")] == [
        *("inbound", "locked", "sold", "shown", "card_void"),
    ]
    assert (told[0].by, told[0].detail) == ("test", f"batch {batch.id}")
    assert (told[-1].by, told[-1].detail) == ("olga", "complaint")
    assert all(order.id in event.detail for event in told if event.what in ("locked", "sold", "shown"))
    assert [event.what for event in history(world.deps, world.sku.id, 2)] == ["inbound"]


def test_counters_say_where_every_card_is(world: World) -> None:
    world.stock_up(10)
    paid = world.buy()
    world.pay(paid)
    world.buy()
    world.buy()
    found = tally(world.deps, world.sku.id)
    assert (found.total, found.available, found.locked, found.sold) == (10, 7, 2, 1)
    void_card(world.deps, world.sku.id, 9, "olga", "bad")
    found = tally(world.deps, world.sku.id)
    assert found.total == found.available + found.waiting + found.locked + found.sold + sum(found.withheld.values())
