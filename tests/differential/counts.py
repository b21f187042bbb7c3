"""`build/differential.json`: how many requests were told to whom, and where they were answered differently."""

import fcntl
import json
from pathlib import Path
from typing import Any


PLACE = Path(__file__).resolve().parents[2] / "build" / "differential.json"


def note(section: str, content: Any) -> None:
    """Replace one section. Several processes may write at once."""
    PLACE.parent.mkdir(exist_ok=True)
    with PLACE.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        sections = {**(json.loads(text) if text else {}), section: content}
        file.seek(0)
        file.truncate()
        file.write(json.dumps(sections, indent=2, sort_keys=True) + "\n")
