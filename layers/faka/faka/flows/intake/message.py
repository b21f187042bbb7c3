"""What a message in the intake queue names."""

import json
from typing import Any
from urllib.parse import unquote_plus

from faka.kernel.ids import BatchId, is_ulid
from faka.platform.telemetry import note


_PREFIX = "incoming/"


def imports_named(body: str) -> list[BatchId]:
    """The imports of a message: our own `{"import": id}`, or a bucket's event. A message that names none is let go: it can
    never succeed, such as the test event that a bucket sends when its notification is set up."""
    try:
        found = [name for name in _names(json.loads(body)) if name.startswith("bat_") and is_ulid(name[4:])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        found = []
    if not found:
        note("message_dropped", outcome="names no import")
    return [BatchId(name) for name in found]


def _names(message: Any) -> list[str]:
    if "import" in message:
        return [message["import"]]
    keys = [unquote_plus(record["s3"]["object"]["key"]) for record in message.get("Records", [])]
    return [key.removeprefix(_PREFIX) for key in keys if key.startswith(_PREFIX)]
