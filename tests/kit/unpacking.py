"""Content as it would be read by somebody who looks hard: values flattened, archives opened, packed text unpacked. Bounded."""

import base64
import binascii
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes


DEPTH_MAX = 3
"""Layers: a base64 field of a message of a queue is two."""

UNPACKED_BYTES_MAX = 1 << 22
"""Of one archive or stream; nothing that the shop packs is larger."""

PARTS_MAX = 2_000
"""Packed runs of one content."""

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){12,}")
_ESCAPED = re.compile(rb"%[0-9A-Fa-f]{2}")
_STREAMS = ((b"\x1f\x8b", 31), (b"\x78\x01", 15), (b"\x78\x9c", 15), (b"\x78\xda", 15))
"""First bytes of gzip and zlib, and what tells zlib which of them it is."""


def flat(value: Any) -> bytes:
    """All texts and bytes of a value as they are, names included."""
    if isinstance(value, dict):
        return b"\0".join(flat(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return b"\0".join(flat(part) for part in value)
    return bytes(value) if isinstance(value, bytes | bytearray) else str(value).encode("utf-8", "backslashreplace")


def unpacked(content: bytes, depth: int = 0, how: str = "") -> Iterator[tuple[str, bytes]]:
    """The content and everything packed into it, each with the way to it (`gzip base64 `)."""
    yield how, content
    if depth < DEPTH_MAX:
        for name, inner in _inside(content):
            yield from unpacked(inner, depth + 1, f"{how}{name} ")


def _inside(content: bytes) -> Iterator[tuple[str, bytes]]:
    yield from _streams(content)
    yield from _archive(content)
    if _ESCAPED.search(content):
        yield "url", unquote_to_bytes(content)
    for count, run in enumerate(_BASE64.finditer(content)):
        if count >= PARTS_MAX:
            break
        text = run.group().rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        if len(text) % 4 != 1:
            yield "base64", base64.b64decode(text + b"=" * (-len(text) % 4))
    for count, run in enumerate(_HEX.finditer(content)):
        if count >= PARTS_MAX:
            break
        yield "hex", binascii.unhexlify(run.group())


def _streams(content: bytes) -> Iterator[tuple[str, bytes]]:
    for start, window in _STREAMS:
        at = content.find(start)
        for _ in range(8):
            if at < 0:
                break
            try:
                found = zlib.decompressobj(window).decompress(content[at:], UNPACKED_BYTES_MAX)
            except zlib.error:
                found = b""
            if found:
                yield "gzip" if window == 31 else "zlib", found
            at = content.find(start, at + 2)


def _archive(content: bytes) -> Iterator[tuple[str, bytes]]:
    if not content.startswith(b"PK\x03\x04"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist()[:64]:
                with archive.open(name) as inner:
                    yield "zip", name.encode() + b"\0" + inner.read(UNPACKED_BYTES_MAX)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return
