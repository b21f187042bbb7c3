"""A secret goes through an import, a crash and a sale, and is found nowhere but in the opened card. Also through the function itself."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from faka.contexts.intake import ImportState, Wish
from faka.flows.intake import run_import
from faka.kernel.errors import FakaError
from faka.platform.envelope import SealBroken
from faka.platform.table import Key, TableName
from tests.integration.given_intake import SKU, Crash, Gate, Shop, a_shop


pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
CANARY = "CANARY-b7c1-ZX"
FILE = "\n".join(
    [
        f"{CANARY}-no----{CANARY}-good",
        f"{CANARY}-no----{CANARY}-good",
        f"{CANARY}-alone",
        f"{CANARY}----{CANARY}\x07",
        f"{CANARY}----{CANARY}----not a day",
        f"={CANARY}----" + CANARY * 200,
    ]
).encode()


@pytest.fixture
def shop() -> Iterator[Shop]:
    with a_shop() as shop:
        yield shop


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any logger says, at its most talkative."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    quiet = [name for name in logging.root.manager.loggerDict if name.startswith(("botocore", "boto3", "urllib3", "moto", "s3transfer"))]
    levels = {name: logging.getLogger(name).level for name in quiet}
    for name in quiet:  # the SDK prints its requests at DEBUG, which no function turns on
        logging.getLogger(name).setLevel(logging.INFO)
    yield out
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    root.removeHandler(handler)
    root.setLevel(level)


def everything(shop: Shop) -> str:
    rows = [repr(row) for table in TableName for row in shop.rows(table)]
    files = [f"{name} {body!r}" for name, body in shop.files().items()]
    messages = shop.sqs.receive_message(QueueUrl=shop.queue_url, MaxNumberOfMessages=10).get("Messages", [])
    return "\n".join([*rows, *files, *map(repr, messages)])


def test_the_canary_is_in_no_row_file_message_or_log_line(shop: Shop, log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    batch = shop.uploaded(FILE, Wish(separator="----"))
    assert CANARY in everything(shop), "the upload itself holds it, so this search would find it"
    with pytest.raises(Crash):
        run_import(shop.fresh(Gate([], die_after="batch_execute_statement")), batch, lambda: 900.0)
    shop.clock.advance(100)
    job = run_import(shop.fresh(), batch, lambda: 900.0)
    assert (job.state, job.counts.new, job.counts.duplicate, job.counts.bad) == (ImportState.DONE, 1, 1, 4)
    assert shop.sold(1, "ord_1")[0][:2] == (f"{CANARY}-no", f"{CANARY}-good")
    printed = capsys.readouterr()
    for place in (everything(shop), log.getvalue(), printed.out, printed.err, repr(job)):
        assert CANARY not in place


def test_no_error_on_the_way_to_a_card_carries_it(shop: Shop, log: io.StringIO) -> None:
    job = shop.imported(FILE, Wish(separator="----"))
    runs = shop.deps.stock.claim(SKU, "ord_1", 1, 1)
    page = Key(TableName.VAULT, f"PAGE#{SKU}#{0:010}", "PAGE")
    row = shop.deps.tables.get(page)
    assert row is not None
    blob = row["cards"][0]
    shop.deps.tables.put_many(TableName.VAULT, [{**row, "cards": [blob[:-1] + bytes([blob[-1] ^ 1])]}])
    with pytest.raises(SealBroken) as broken:
        shop.deps.vault.open(shop.deps.vault.read(SKU, runs), shop.fresh().envelope)
    shop.deps.tables.put_many(TableName.VAULT, [{**row, "batch": 99}])
    with pytest.raises(FakaError) as lost:
        shop.deps.vault.open(shop.deps.vault.read(SKU, runs), shop.deps.envelope)
    for text in (str(broken.value), str(lost.value), log.getvalue(), repr(job)):
        assert CANARY not in text


# -- the function ---------------------------------------------------------------------------------------------------


class Context:
    function_name = "intake"
    memory_limit_in_mb = 1_769
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:intake"
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


@pytest.fixture
def function(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    tables = ("table_catalog", "table_trade", "table_vault", "table_journal")
    for name in (*tables, "kms_card_key", "kms_fingerprint_key", "bucket_intake", "queue_intake"):
        monkeypatch.setenv(f"FAKA_{name.upper()}", "x")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "intake")
    spec = util.spec_from_file_location("intake_app", ROOT / "functions" / "intake" / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "deps", shop.deps)
    yield module
    sys.modules.pop("intake_app", None)


def message(body: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / "intake" / "s3_object_created.json").read_text())
    event["Records"][0]["body"] = body
    return event


def uploaded_event(key: str) -> dict[str, Any]:
    event = json.loads((ROOT / "events" / "intake" / "s3_object_created.json").read_text())
    body = json.loads(event["Records"][0]["body"])
    body["Records"][0]["s3"]["object"]["key"] = key
    return message(json.dumps(body))


def test_the_bucket_s_event_imports_its_file(shop: Shop, function: ModuleType) -> None:
    batch = shop.uploaded(b"A----1\n")
    assert function.handler(uploaded_event(f"incoming%2F{batch}"), Context()) == {"batchItemFailures": []}
    assert shop.available() == 1


def test_a_message_about_nothing_is_let_go(shop: Shop, function: ModuleType) -> None:
    for body in ("", "{}", "[]", "null", '{"import": 7}', '{"import": "bat_01KJPS2Z00K7B1ZQ6T6RZ3W6VN"}', '{"Records": [{"s3": 1}]}'):
        assert function.handler(message(body), Context()) == {"batchItemFailures": []}


def test_a_message_whose_import_is_held_comes_again(shop: Shop, function: ModuleType) -> None:
    batch = shop.uploaded(b"A----1\n")
    shop.deps.imports.leased(shop.deps.imports.get(batch), "other", shop.clock.now())
    event = message(json.dumps({"import": batch}))
    assert function.handler(event, Context())["batchItemFailures"] == [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert shop.available() == 0
