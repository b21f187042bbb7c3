"""An intake in one process: tables on the engine (or on moto), keys, bucket and queue on moto, one product, a way to crash it."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

from faka.contexts.catalog.model import ListingState, Localized, Product, Sku
from faka.contexts.intake import BatchLog, ImportJob, ImportStore, Wish
from faka.contexts.vault import VaultStore
from faka.flows.intake import ImportOrder, open_import, run_import
from faka.kernel.delivery import DeliveryKind
from faka.kernel.ids import BatchId, ProductId, SkuId
from faka.kernel.money import Currency, Money
from faka.platform.envelope import Envelope
from faka.platform.mackey import MacKey
from faka.platform.objects import Objects
from faka.platform.queues import Queue
from faka.platform.table import TableName, Tables, from_wire
from faka.wiring import Deps, ShopSettings
from tests.kit import partiql  # noqa: F401 - teaches moto our inserts
from tests.kit.clock import CountingPause, FrozenClock, SeededChance
from tests.kit.engine import Engine
from tests.kit.tables import PHYSICAL, moto_client


BUCKET = "intake"
SKU = SkuId("vip-month")
PRODUCT = ProductId("video-vip")


class Crash(BaseException):
    """The process dies here. Not an Exception, so that nothing in our code can take it for an answer."""


class Gate:
    """Stands before a client and counts its calls; may die after one of them, whatever it answered.

    Dying before a call is dying after the one before it: nothing outside the process happens in between.
    """

    def __init__(self, calls: list[str], die_after: int | str = -1) -> None:
        self.calls = calls
        self.die_after = die_after

    def over(self, client: Any) -> Any:
        return _Gated(client, self)

    def call(self, name: str, work: Callable[[], Any]) -> Any:
        self.calls.append(name)
        if self.die_after not in (len(self.calls) - 1, name):
            return work()
        with contextlib.suppress(ClientError):
            work()
        raise Crash(name)


class _Gated:
    def __init__(self, client: Any, gate: Gate) -> None:
        self._client, self._gate = client, gate

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name.startswith("generate_presigned"):
            return method
        return lambda **arguments: self._gate.call(name, lambda: method(**arguments))


class Shop:
    """One intake and what surrounds it. `fresh()` is another process of it: nothing in memory, all rows and files there."""

    def __init__(self, dynamodb: Any = None) -> None:
        self.clock = FrozenClock()
        self.chance = SeededChance()
        self.dynamodb = dynamodb or Engine()
        self.kms = boto3.client("kms", region_name="us-east-1")
        self.s3 = boto3.client("s3", region_name="us-east-1")
        self.sqs = boto3.client("sqs", region_name="us-east-1")
        self.s3.create_bucket(Bucket=BUCKET)
        self.queue_url = self.sqs.create_queue(QueueName="intake")["QueueUrl"]
        self.card_key = self.kms.create_key()["KeyMetadata"]["KeyId"]
        self.mac_key = self.kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
        self.deps = self.fresh()
        self.given_product(PRODUCT, SKU)

    def fresh(self, gate: Gate | None = None) -> Deps:
        over = (gate or Gate([])).over
        tables = Tables(over(self.dynamodb), PHYSICAL, CountingPause(self.clock))
        deps = Deps(ShopSettings(), clock=self.clock, chance=self.chance, pause=CountingPause(self.clock), tables=tables)
        kms = over(self.kms)
        deps.__dict__ |= {
            "vault": VaultStore(tables),
            "envelope": Envelope(kms, self.card_key, self.clock),
            "fingerprint_key": MacKey(kms, self.mac_key, "test"),
            "objects": Objects(over(self.s3), BUCKET),
            "intake_queue": Queue(over(self.sqs), self.queue_url),
            "imports": ImportStore(tables),
            "batch_log": BatchLog(tables, self.chance),
        }
        return deps

    def given_product(self, product: ProductId, *skus: SkuId, kind: DeliveryKind = DeliveryKind.CARD, shards: int = 1) -> None:
        priced = tuple(Sku(id=sku, name=Localized(en=sku), price=Money(minor=990, currency=Currency.CNY), shards=shards) for sku in skus)
        row = Product(
            id=product, version=1, kind=kind, category="video", title=Localized(en=product), skus=priced, state=ListingState.LISTED
        )
        self.deps.tables.commit(self.deps.catalog.publish(row, 0))

    def opened(self, wish: Wish | None = None, sku: SkuId = SKU, product: ProductId = PRODUCT, **more: Any) -> ImportJob:
        order = ImportOrder(product=product, sku=sku, by="olga", wish=wish or Wish(), **more)
        return open_import(self.deps, order).job

    def uploaded(self, body: bytes, wish: Wish | None = None, **more: Any) -> BatchId:
        """A job with its file in the bucket, as after the upload."""
        job = self.opened(wish, **more)
        self.s3.put_object(Bucket=BUCKET, Key=job.incoming_key, Body=body)
        return job.id

    def imported(self, body: bytes, wish: Wish | None = None, **more: Any) -> ImportJob:
        return run_import(self.deps, self.uploaded(body, wish, **more), lambda: 900.0)

    # -- looking ----------------------------------------------------------------------------------------------

    def rows(self, table: TableName, prefix: str = "") -> list[dict[str, Any]]:
        found = map(from_wire, self.dynamodb.scan(TableName=PHYSICAL[table])["Items"])
        return [row for row in found if row["pk"].startswith(prefix)]

    def files(self) -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {item["Key"]: self.s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in listed}

    def problems(self, job: ImportJob) -> list[str]:
        body = self.files().get(job.problems_key, b"")
        return body.decode("utf-8-sig").splitlines()[1:]

    def available(self, sku: SkuId = SKU, shards: int = 1) -> int:
        return self.deps.stock.available({sku: shards}, strong=True)[sku]

    def sold(self, count: int, tag: str, sku: SkuId = SKU) -> list[tuple[str, str, int]]:
        """Claim cards and open them: (number, secret, stock number)."""
        runs = self.deps.stock.claim(sku, tag, count, 1)
        cards = self.deps.vault.open(self.deps.vault.read(sku, runs), self.deps.envelope)
        return [(card.number_text, card.secret.reveal(), card.number) for card in cards]


@contextlib.contextmanager
def a_shop() -> Iterator[Shop]:
    with mock_aws():
        yield Shop()


@contextlib.contextmanager
def a_shop_on_moto() -> Iterator[Shop]:
    """Slower by far, and another author's idea of the service."""
    with moto_client() as client:
        yield Shop(client)
