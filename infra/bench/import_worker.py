"""The process that is measured: one import, worked on as the function does it, with every request counted."""

import argparse
import json
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from faka.contexts.intake import ImportJob, ImportState
from faka.flows.intake import run_import
from faka.kernel.ids import BatchId
from faka.platform import aws
from faka.wiring import Deps, ShopSettings


BUCKET = "faka-bench-intake"
SERVICES = ("dynamodb", "s3", "kms", "sqs")
WAIT_S_MAX = 1_800


class LaterClock:
    def __init__(self, later: timedelta) -> None:
        self._later = later

    def now(self) -> datetime:
        return datetime.now(UTC) + self._later


def work(batch: BatchId, later: timedelta) -> dict[str, Any]:
    """What the function does with one message, counted."""
    deps = Deps(ShopSettings.from_env(), clock=LaterClock(later))
    calls: Counter[str] = Counter()
    lock = threading.Lock()

    def sent(event_name: str, **_more: Any) -> None:
        service, operation = event_name.split(".")[1:]
        with lock:
            calls[f"{service}.{operation}"] += 1

    for client in (aws.dynamodb(), *(aws.client(service) for service in SERVICES if service != "dynamodb")):
        client.meta.events.register("before-send", sent)
    _ = deps.envelope, deps.fingerprint_key, deps.objects  # imports and clients are a cold start's, not the import's
    before, began, cpu = _memory_mb("VmRSS"), time.monotonic(), time.process_time()
    job = run_import(deps, batch, lambda: float(WAIT_S_MAX))
    took = {"cpu_s": round(time.process_time() - cpu, 2), "wall_s": round(time.monotonic() - began, 2)}
    figures: dict[str, Any] = {"calls": dict(calls), "memory_mb_before": before, "memory_mb_peak": _memory_mb("VmHWM")}
    return {**figures, **took, **_facts(deps, job)}


def _facts(deps: Deps, job: ImportJob) -> dict[str, Any]:
    if job.state is not ImportState.DONE:
        raise RuntimeError(f"the import is {job.state}")
    left = [name for name in (job.incoming_key, job.work_key) if _is_there(name)]
    on_sale = deps.stock.available({job.sku: 1}, strong=True)[job.sku]
    return {"lines": job.counts.lines, **job.counts.model_dump(), "on_sale": on_sale, "plaintext_left": len(left)}


def _is_there(name: str) -> bool:
    return bool(aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=name)["KeyCount"])


def _memory_mb(line: str) -> float:
    """`VmRSS`: now. `VmHWM`: the most so far of this program; the kernel's other figure counts what it was started from."""
    status = Path("/proc/self/status").read_text()
    return round(int(status.partition(f"{line}:")[2].split()[0]) / 1024, 1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.bench.import_worker", description="Work on one import; figures as JSON.")
    parser.add_argument("batch")
    parser.add_argument("--later", type=float, default=0.0, help="seconds that the clock is ahead")
    given = parser.parse_args()
    print(json.dumps(work(BatchId(given.batch), timedelta(seconds=given.later))))


if __name__ == "__main__":
    main()
