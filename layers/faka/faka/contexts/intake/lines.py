"""A stream of bytes as lines, in memory that does not grow with the file or with any line of it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


LINE_BYTES_MAX = 2_048
"""Longest line. Card numbers and secrets are below 100 characters; signed links reach some hundred."""


class Line(NamedTuple):
    """A line without its end, and the offset in the file at which the next one starts."""

    raw: bytes | None
    """None when the line is longer than a line may be: it was read past, not kept."""
    end: int


def read_lines(pieces: Iterable[bytes], offset: int = 0) -> Iterator[Line]:
    """Lines end with LF or CR LF; the last one may end with the file. Splitting bytes is safe in UTF-8 and in GB18030,
    whose multi-byte characters never contain LF.

    `pieces` are the file's bytes from `offset`, which must be the start of a line.
    """
    rest, is_over = b"", False
    for piece in pieces:
        parts = (rest + piece).split(b"\n")
        rest = parts.pop()
        for part in parts:
            offset += len(part) + 1
            yield Line(None if is_over or len(part) > LINE_BYTES_MAX + 1 else _bare(part), offset)
            is_over = False
        if len(rest) > LINE_BYTES_MAX + 1:
            offset, rest, is_over = offset + len(rest), b"", True
    if rest or is_over:
        yield Line(None if is_over else _bare(rest), offset + len(rest))


def _bare(part: bytes) -> bytes | None:
    part = part[:-1] if part.endswith(b"\r") else part
    return part if len(part) <= LINE_BYTES_MAX else None
