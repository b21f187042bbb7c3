"""One day of a million lines in WeChat Pay's true format, reconciled in a process of its own: seconds, processor, memory.

One line in a thousand each is paid at the provider only, is in our books only, or has another amount; all of them must be found.
"""

import csv
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faka.kernel.ids import OrderId, out_trade_no, payment_id
from infra.bench.statements_worker import DAY
from infra.local.actors.spelling import yuan
from infra.local.actors.wechatpay_books import COLUMNS, SUMMARY, _e5, _printed


ONE_IN = 1_000
TARGET_S, TARGET_MB = 30.0, 64.0


def measure(lines: int) -> dict[str, Any]:
    """All values are figures. `found` counts what was planted and found in its class."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        planted = _written(folder, lines)
        command = [sys.executable, "-m", "infra.bench.statements_worker", str(folder)]
        told: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=1_800).stdout)
    steps = ("normalise", "export", "match", "reduce")
    total = round(sum(told[step]["cpu_s"] for step in steps), 1)
    return {
        **told,
        "planted": planted,
        "is_right": told["classes"] == planted and told["adds_up"],
        "processor_s": total,
        "took_wall_s": round(sum(told[step]["s"] for step in steps), 1),
        "processor_us_per_line": round(1e6 * total / told["lines"], 1),
        "target_s": TARGET_S,
        "target_MB": TARGET_MB,
    }


def _written(folder: Path, lines: int) -> dict[str, int]:
    """The bill and our side of it, straight to disk. Answers what was planted."""
    planted = dict.fromkeys(("BILL_ONLY_PAYMENT", "LOCAL_ONLY_PAYMENT", "AMOUNT_MISMATCH"), 0)
    count = sums = fees = 0
    with (
        gzip.open(folder / "bill.csv.gz", "wt", encoding="utf-8", newline="", compresslevel=1) as bill,
        gzip.open(folder / "ours.csv.gz", "wt", newline="", compresslevel=1) as books,
    ):
        ours = csv.writer(books, lineterminator="\n")
        bill.write("\ufeff" + ",".join(COLUMNS) + "\r\n")
        for n, minor, fee_e5, row in _movements(lines):
            plant = {1: "BILL_ONLY_PAYMENT", 2: "LOCAL_ONLY_PAYMENT", 3: "AMOUNT_MISMATCH"}.get(n % ONE_IN, "")
            if plant:
                planted[plant] += 1
            if plant != "BILL_ONLY_PAYMENT":
                ours.writerow(_ours(n, minor + (plant == "AMOUNT_MISMATCH")))
            if plant != "LOCAL_ONLY_PAYMENT":
                bill.write(row)
                count, sums, fees = count + 1, sums + minor, fees + fee_e5
        zero, whole = "0.00", _printed(sums * 1_000, 2)
        said = (str(count), whole, zero, zero, _printed(fees, 5), whole, zero)
        bill.write(",".join(SUMMARY) + "\r\n" + ",".join(f"`{text}" for text in said) + "\r\n")
    return planted


def _movements(lines: int) -> Iterator[tuple[int, int, int, str]]:
    """Ordinal, amount in fen, fee in 1/100000 yuan and the printed line of each payment."""
    for n in range(lines):
        minor = 990 + n * 7_919 % 100_000
        fee = f"{yuan((minor * 60 + 5_000) // 10_000)}000"
        second = n * 75_600 // lines
        at = f"{DAY} {1 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        amount = yuan(minor)
        cells = (
            at,
            "wx0000000000000001",
            "1900000001",
            "0",
            "",
            _txn(n),
            _number(n),
            f"o2088{n:024d}",
            "NATIVE",
            "SUCCESS",
            "OTHERS",
            "CNY",
        )
        rest = ("0", "0", "0.00", "0.00", "", "", "影音会员 30 天", "", fee, "0.60%", amount, "0.00", "")
        yield n, minor, _e5(fee), ",".join(f"`{text}" for text in (*cells, amount, "0.00", *rest)) + "\r\n"


def _ours(n: int, minor: int) -> tuple[str, ...]:
    at = "1772424000"  # noon of the day in Shanghai
    return ("PAY", "APPLIED", _number(n), _txn(n), "", "", str(minor), "CNY", at, DAY.isoformat(), f"ord_{n}", "")


def _number(n: int) -> str:
    return out_trade_no(payment_id(OrderId(f"ord_01KM{n:022d}"), 0))


def _txn(n: int) -> str:
    return f"4200002026030200{n:012d}"
