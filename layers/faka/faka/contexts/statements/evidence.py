"""What was matched, kept for whoever doubts it later."""

import gzip
import io
import json
from collections.abc import Sequence

from faka.contexts.statements.lines import Ours, Theirs


_told = json.JSONEncoder(separators=(",", ":")).encode

STEP_PAIRS = 1_000
"""Told at once: 100 KB of text, so that memory holds the packed form and not the plain one."""


def evidence(pairs: Sequence[tuple[Theirs, Ours]]) -> bytes:
    """Each pair that fits, one a line: line of the bill, our number, transaction, refund number, amount, currency. Packed.

    Packed pieces one after the other are one packed file. The same pairs make the same bytes.
    """
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1, mtime=0) as file:
        for start in range(0, len(pairs), STEP_PAIRS):
            file.write("".join(map(_line, pairs[start : start + STEP_PAIRS])).encode())
    return packed.getvalue()


def _line(pair: tuple[Theirs, Ours]) -> str:
    theirs, ours = pair
    return f"{_told([int(theirs.line_no), ours.number, ours.txn, ours.refund_no, int(ours.amount), ours.currency])}\n"
