"""What was tried, counted: printed, and kept in `build/security.json` for whoever reports it."""

import fcntl
import json
import os
from pathlib import Path


KEPT = Path(__file__).resolve().parents[2] / "build" / "security.json"

SCALE = float(os.environ.get("FAKA_ATTACKS", "1"))
"""Corpora times this: 1 in the everyday gate, 10 for a long night."""


def scaled(count: int) -> int:
    return max(count, int(count * SCALE))


def counted(corpus: str, **figures: int) -> None:
    """Keep the figures of one corpus. Several test processes may do so at once."""
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.open("a+") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)
        kept.seek(0)
        known = json.loads(kept.read() or "{}")
        known[corpus] = figures
        kept.seek(0)
        kept.truncate()
        json.dump(dict(sorted(known.items())), kept, indent=2)
    print(f"{corpus}: " + ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in figures.items()))
