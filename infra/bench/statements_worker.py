"""The process that is measured: one day of a million lines, normalised, matched and reduced, in the order and with the code of the flows.

Parts and results lie on disk instead of in a bucket; nothing else is left out. The steps of the flows stand in modules that load the
clients of the cloud; here they are called underneath, so that the peak is the work's and not the SDK's.
"""

import argparse
import csv
import gzip
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.base import ProviderKind
from faka.contexts.payments.providers.bill import BillFile
from faka.contexts.payments.providers.wechatpay_bill import parse_bill
from faka.contexts.statements.compare import Rules
from faka.contexts.statements.evidence import evidence
from faka.contexts.statements.found import findings, told
from faka.contexts.statements.lines import Ours, Theirs, read_part
from faka.contexts.statements.match import match
from faka.contexts.statements.parts import parts_for, spread_bill, spread_ours
from faka.contexts.statements.reduce import Known, place
from faka.contexts.statements.tally import Tally, whole
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency


DAY = date(2026, 3, 2)
RULES = Rules(fee_bp=60)


class Files:
    """A `PartWriter` over files, as `flows.reconcile.shelf` has it."""

    def __init__(self, folder: Path, side: str, parts: int, stack: ExitStack) -> None:
        files = [stack.enter_context((folder / f"{side}-{part:02d}.csv").open("w", encoding="utf-8", newline="")) for part in range(parts)]
        self._writers = [csv.writer(file, lineterminator="\n").writerow for file in files]

    def write(self, part: int, row: Theirs | Ours) -> None:
        self._writers[part](row)


def work(folder: Path) -> dict[str, Any]:
    """The three steps. Figures: seconds of the clock and of the processor, and the most memory so far, after each."""
    source = folder / "bill.csv.gz"
    file = BillFile(media="application/gzip", bytes=source.stat().st_size, sha256="")
    parts = parts_for(file.bytes, file.media)
    figures: dict[str, Any] = {"parts": parts, "packed_MB": round(file.bytes / 1e6, 1), "memory_MB_before": memory_mb("VmRSS")}
    with _measured("normalise", figures), ExitStack() as stack, source.open("rb") as packed:
        bill = spread_bill(parse_bill(_account(), DAY, packed), parts, Files(folder, "bill", parts, stack))
    with _measured("export", figures), ExitStack() as stack, gzip.open(folder / "ours.csv.gz", "rt", newline="") as lines:
        ours = spread_ours(map(Ours._make, csv.reader(lines)), parts, Files(folder, "ours", parts, stack))
    with _measured("match", figures):
        for part in range(parts):
            _matched(folder, part)
    with _measured("reduce", figures):
        figures |= _reduced(folder, parts, bill.told(), ours.told())
    return {**figures, "lines": bill.lines, "ours": ours.lines, "memory_MB_peak": memory_mb("VmHWM")}


class _measured:  # noqa: N801 - reads as a verb where it stands
    def __init__(self, step: str, figures: dict[str, Any]) -> None:
        self._step, self._figures = step, figures

    def __enter__(self) -> None:
        self._began, self._cpu = time.monotonic(), time.process_time()

    def __exit__(self, *_: object) -> None:
        took = {"s": round(time.monotonic() - self._began, 2), "cpu_s": round(time.process_time() - self._cpu, 2)}
        self._figures[self._step] = {**took, "memory_MB_peak": memory_mb("VmHWM")}


def _account() -> ChannelAccount:
    return ChannelAccount(ChannelId("wechatpay"), ProviderKind.WECHATPAY, "1900000001", "https://api.mch.weixin.qq.com/", Currency.CNY)


def _matched(folder: Path, part: int) -> None:
    theirs = read_part((folder / f"bill-{part:02d}.csv").read_bytes(), Theirs)
    ours = read_part((folder / f"ours-{part:02d}.csv").read_bytes(), Ours)
    result = match(theirs, ours, RULES, DAY.isoformat())
    (folder / f"{part:02d}.json").write_text(json.dumps(told(result), ensure_ascii=False))
    (folder / f"{part:02d}.jsonl.gz").write_bytes(evidence(result.pairs))


def _reduced(folder: Path, parts: int, bill: dict[str, list[int]], ours: dict[str, list[int]]) -> dict[str, Any]:
    tally, classes = Tally(), dict[str, int]()
    left_theirs: list[Theirs] = []
    left_ours: list[Ours] = []
    for given in _results(folder, parts):
        tally.take_in(given["theirs"], given["ours"])
        left_theirs += [Theirs(*line) for line in given["left_theirs"]]
        left_ours += [Ours(*line) for line in given["left_ours"]]
        for finding in findings(given):
            classes[finding.place] = classes.get(finding.place, 0) + 1
    placed = place(left_theirs, left_ours, Known(), RULES, DAY).result
    tally.take_in(placed.tally.theirs, placed.tally.ours)
    for finding in placed.found:
        classes[finding.place] = classes.get(finding.place, 0) + 1
    return {"classes": classes, "adds_up": whole(tally.theirs) == bill and whole(tally.ours) == ours}


def _results(folder: Path, parts: int) -> Iterator[dict[str, Any]]:
    for part in range(parts):
        yield json.loads((folder / f"{part:02d}.json").read_text())


def memory_mb(line: str) -> float:
    """`VmRSS`: now. `VmHWM`: the most so far of this program."""
    status = Path("/proc/self/status").read_text()
    return round(int(status.partition(f"{line}:")[2].split()[0]) / 1024, 1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.bench.statements_worker", description="Reconcile one day; figures as JSON.")
    parser.add_argument("folder", type=Path)
    print(json.dumps(work(parser.parse_args().folder)))


if __name__ == "__main__":
    main()
