"""US$ for a million orders, from counted units and the price file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


PRICES = Path(__file__).resolve().parents[1] / "prices.yaml"
MILLION = 1_000_000
GB = 1024**3
MEMORY_GB = 1.0
"""Of the doors, as the template says."""
LOG_BYTES = 2_000
"""Assumed: four lines of an order, of 500 bytes each."""
DOORS = ("checkout", "notice", "reveal")


def prices() -> dict[str, float]:
    """US$ for one unit, by name."""
    listed = yaml.safe_load(PRICES.read_text(encoding="utf-8"))["prices"]
    return {name: price["usd"] / price["per"] for name, price in listed.items()}


def claim_usd(row: Mapping[str, Any]) -> float:
    """Database units of a million claims."""
    price = prices()
    return round(MILLION * (float(row["write"]) * price["write_unit"] + float(row["read"]) * price["read_unit"]), 2)


def order_usd(row: Mapping[str, Any], door_cpu_ms: float) -> dict[str, float]:
    """A million whole orders, by what is paid for: what was counted, and processor time as the parameters assume it.

    Not in it: mails, pages that are only looked at, storage, traffic.
    """
    price, steps, calls = prices(), row["steps"], row["calls"]
    gb_s = MEMORY_GB * sum(steps[door]["mean_ms"] + door_cpu_ms for door in DOORS) / 1000
    one = {
        "database writes": sum(step["write"] + step["index"] for step in steps.values()) * price["write_unit"],
        "database reads": sum(step["read"] for step in steps.values()) * price["read_unit"],
        "API requests": len(DOORS) * price["rest_request"],
        "functions": len(DOORS) * price["lambda_request"] + gb_s * price["lambda_gb_s"],
        "keys and secrets": calls.get("kms", 0) * price["kms_request"] + calls.get("secrets", 0) * price["secret_request"],
        "events": calls.get("event", 0) * price["event"],
        "logs": LOG_BYTES / GB * price["log_gb"],
    }
    return {name: round(MILLION * usd, 2) for name, usd in one.items()}
