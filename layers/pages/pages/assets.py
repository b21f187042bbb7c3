"""Static files under names that carry the hash of their content, so that a browser may keep them for good."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path


_HERE = Path(__file__).parent
STATIC = _HERE / "static"
MANIFEST = _HERE / "build" / "manifest.json"

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
"""All text on purpose: the gateway passes text through untouched, binary bodies need settings on three sides."""

FOREVER = "public, max-age=31536000, immutable"
HASH_LENGTH = 12


@dataclass(frozen=True)
class Asset:
    name: str
    hash: str
    text: str
    content_type: str


def fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:HASH_LENGTH]


@cache
def manifest() -> dict[str, str]:
    """Name to hash; from the build, else computed from the files as they stand."""
    if MANIFEST.exists():
        known: dict[str, str] = json.loads(MANIFEST.read_text("utf-8"))
        return known
    return {path.name: fingerprint(path.read_bytes()) for path in sorted(STATIC.iterdir()) if path.suffix in TYPES}


def url(name: str) -> str:
    """The address of a file. Raises: KeyError for a name that does not exist, when the page is drawn and not in the browser."""
    return f"/static/{manifest()[name]}/{name}"


@cache
def _load(name: str) -> Asset:
    path = STATIC / name
    return Asset(name, manifest()[name], path.read_text("utf-8"), TYPES[path.suffix])


def find(name: str) -> Asset | None:
    """A file by its exact name; None for anything that is not in the manifest, so no path can be walked."""
    return _load(name) if name in manifest() else None
