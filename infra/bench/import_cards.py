"""One import, measured in a process of its own: key calls, requests, processor time, memory; then killed half-way and taken over.

The worker runs the shop's own flow against an emulator with tables, keys, bucket and queue, and nothing else beside it. The
second import is killed without warning when half of its lines are done. Its successor is a new process with a new data key,
because the role of an import may not decrypt; it does not wait for the lease, its clock stands two minutes later.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from faka.contexts.catalog.categories import Category, CategoryTree
from faka.contexts.catalog.texts import Localized
from faka.flows.intake import ImportOrder, open_import
from faka.kernel.ids import BatchId, ProductId, SkuId
from faka.platform import aws
from faka.platform.table import TableName
from faka.wiring import Deps, ShopSettings
from infra.bench.import_worker import BUCKET, SERVICES, WAIT_S_MAX
from infra.bench.shop import CATEGORY, put_up, secret_of
from infra.local import deploy
from infra.local.children import start_cloud
from infra.local.home import Home, any_port
from infra.local.template import Template


ROOT = Path(__file__).resolve().parents[2]
PRODUCT, SKUS = ProductId("bench-import"), ("bench-whole", "bench-killed")
ONE_IN = 100
"""One line in a hundred repeats an earlier one, one has no secret."""

LATER = timedelta(minutes=2)
"""Beyond the lease of the worker that was killed."""


def measure(lines: int) -> dict[str, Any]:
    """Import a file of so many lines twice: once in peace, once killed half-way. All values are figures."""
    with _cloud() as environment, _deps(environment) as deps:
        deps.tables.commit([deps.catalog.save_tree(CategoryTree(categories=(Category(id=CATEGORY, name=Localized(en="Bench")),)))])
        put_up(deps, PRODUCT, list(SKUS))
        whole = _worked(environment, _uploaded(deps, SKUS[0], lines))
        killed = _killed(environment, deps, _uploaded(deps, SKUS[1], lines))
    return {**whole, **killed}


# -- the two imports ------------------------------------------------------------------------------------------------


def _worked(environment: Mapping[str, str], batch: BatchId) -> dict[str, Any]:
    told = _finished(_worker(environment, batch))
    calls: dict[str, int] = told["calls"]
    return {
        "lines": told["lines"],
        "new": told["new"],
        "duplicate": told["duplicate"],
        "bad": told["bad"],
        "KMS_GenerateDataKey": calls.get("kms.GenerateDataKey", 0),
        "KMS_GenerateMac": calls.get("kms.GenerateMac", 0),
        "KMS_Decrypt": calls.get("kms.Decrypt", 0),
        "DynamoDB_requests": sum(count for name, count in calls.items() if name.startswith("dynamodb.")),
        "DynamoDB_requests_per_1000_lines": round(
            1_000 * sum(n for name, n in calls.items() if name.startswith("dynamodb.")) / told["lines"], 1
        ),
        "S3_requests": sum(count for name, count in calls.items() if name.startswith("s3.")),
        "processor_s": told["cpu_s"],
        "processor_us_per_line": round(1e6 * told["cpu_s"] / told["lines"], 1),
        "memory_MB_before": told["memory_mb_before"],
        "memory_MB_peak": told["memory_mb_peak"],
        "took_wall_s": told["wall_s"],
        "on_sale": told["on_sale"],
        "plaintext_left": told["plaintext_left"],
    }


def _killed(environment: Mapping[str, str], deps: Deps, batch: BatchId) -> dict[str, Any]:
    process = _worker(environment, batch)
    at = _half_way(deps, batch, process)
    process.kill()
    process.communicate()
    told = _finished(_worker(environment, batch, LATER))
    job = deps.imports.get(batch)
    return {
        "killed_at_line": at,
        "after_the_kill_lines": told["lines"],
        "after_the_kill_new": told["new"],
        "after_the_kill_on_sale": told["on_sale"],
        "after_the_kill_plaintext_left": told["plaintext_left"],
        "after_the_kill_data_keys": len(deps.vault.batch(job.sku, job.ordinal).keys),
        "after_the_kill_processor_s": told["cpu_s"],
        "after_the_kill_took_wall_s": told["wall_s"],
    }


def _half_way(deps: Deps, batch: BatchId, process: "subprocess.Popen[str]") -> int:
    ends = time.monotonic() + WAIT_S_MAX
    while time.monotonic() < ends and process.poll() is None:
        job = deps.imports.get(batch)
        if job.survey is not None and job.counts.lines * 2 >= job.survey.lines:
            return job.counts.lines
        time.sleep(0.01)
    raise RuntimeError("the worker ended before it could be killed")


def _uploaded(deps: Deps, sku: str, lines: int) -> BatchId:
    job = open_import(deps, ImportOrder(product=PRODUCT, sku=SkuId(sku), by="bench")).job
    body = "".join(_line(sku, number) for number in range(lines)).encode()
    aws.client("s3").put_object(Bucket=BUCKET, Key=job.incoming_key, Body=body)
    return job.id


def _line(sku: str, number: int) -> str:
    if number % ONE_IN == ONE_IN - 1:
        return f"{sku}-{number:08}----\n"
    if number % ONE_IN == ONE_IN - 2:
        number -= 1
    return f"{sku}-{number:08}----{secret_of(sku, number)}\n"


# -- the worker -----------------------------------------------------------------------------------------------------


def _worker(environment: Mapping[str, str], batch: BatchId, later: timedelta = timedelta()) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "infra.bench.import_worker", batch, "--later", str(later.total_seconds())]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)


def _finished(process: "subprocess.Popen[str]") -> dict[str, Any]:
    out, _ = process.communicate(timeout=WAIT_S_MAX)
    if process.returncode != 0:
        raise RuntimeError(f"the worker ended with {process.returncode}")
    told: dict[str, Any] = json.loads(out.splitlines()[-1])
    return told


# -- where it works -------------------------------------------------------------------------------------------------


@contextmanager
def _cloud() -> Iterator[dict[str, str]]:
    """An emulator with what an import touches; answers the settings of the function."""
    folder = Path(tempfile.mkdtemp(prefix="faka-bench-"))
    home, port = Home(folder), any_port()
    home.take()
    child = start_cloud(home, port, os.environ, services=",".join(SERVICES), is_kept=False)
    try:
        yield _made(f"http://127.0.0.1:{port}")
    finally:
        child.stop()
        home.release()
        shutil.rmtree(folder, ignore_errors=True)


def _made(endpoint: str) -> dict[str, str]:
    template, names = Template(ROOT), {name: f"faka-bench-{name}" for name in TableName}
    for name, physical in names.items():
        given = template.resources[f"{name.capitalize()}Table"]["Properties"]
        wanted = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
        deploy.client("dynamodb", endpoint).create_table(TableName=physical, **{key: given[key] for key in wanted if key in given})
    kms = deploy.client("kms", endpoint)
    deploy.client("s3", endpoint).create_bucket(Bucket=BUCKET)
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": deploy.REGION,
        "AWS_DEFAULT_REGION": deploy.REGION,
        "LOG_LEVEL": "CRITICAL",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "layers" / "faka", ROOT / "layers" / "pages", ROOT))),
        **{f"FAKA_TABLE_{name.upper()}": physical for name, physical in names.items()},
        "FAKA_KMS_CARD_KEY": kms.create_key()["KeyMetadata"]["KeyId"],
        "FAKA_KMS_FINGERPRINT_KEY": kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"],
        "FAKA_BUCKET_INTAKE": BUCKET,
        "FAKA_QUEUE_INTAKE": deploy.client("sqs", endpoint).create_queue(QueueName=BUCKET)["QueueUrl"],
    }


@contextmanager
def _deps(environment: Mapping[str, str]) -> Iterator[Deps]:
    """The shop's own code in this process, working on the emulator."""
    with patch.dict(os.environ, environment):
        _forget_clients()
        try:
            yield Deps(ShopSettings.from_env())
        finally:
            _forget_clients()


def _forget_clients() -> None:
    for cached in (aws.client, aws.dynamodb, aws._session):  # noqa: SLF001 - clients of another endpoint must not stay
        cached.cache_clear()
