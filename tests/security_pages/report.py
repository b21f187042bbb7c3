"""Figures of these rings, gathered in `build/` for people and machines. Several processes may write at once."""

import fcntl
import json
from pathlib import Path
from typing import Any


BUILD = Path(__file__).resolve().parents[2] / "build"


def report(part: str, figures: dict[str, Any], *, name: str = "xss") -> None:
    """Put figures under a part of `build/<name>.json`, beside those of other rings, and print them."""
    BUILD.mkdir(exist_ok=True)
    place = BUILD / f"{name}.json"
    with (BUILD / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = json.loads(place.read_text("utf-8")) if place.exists() else {}
        kept[part] = {**kept.get(part, {}), **figures}
        place.write_text(json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    print(f"{name} {part}: {json.dumps(figures, ensure_ascii=False)}")
