"""QR codes as SVG of the exact text: nothing is trimmed, joined or re-encoded on the way."""

import re

from markupsafe import Markup


QUIET = 4
"""Modules of white around the code, as the standard asks; phones fail on dark pages without it."""

TEXT_BYTES_MAX = 1_200
"""Version 27 at level M. Beyond that a phone camera no longer reads a code of 260 pixels."""


def drawable(text: str) -> bool:
    return 0 < len(text.encode()) <= TEXT_BYTES_MAX


def qr_svg(text: str, label: str) -> Markup:
    """Draw a text. The library is imported here, because only two states of one page need it (75 ms of a cold start)."""
    import segno  # noqa: PLC0415

    matrix = segno.make(text, error="m", micro=False, encoding="utf-8").matrix
    size = len(matrix) + 2 * QUIET
    rows = "".join(_row(bytes(row), y) for y, row in enumerate(matrix))
    return Markup(
        '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="{1}" shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{0}v{0}H0z"/><path stroke="#000" d="{2}"/></svg>'
    ).format(size, label, rows)


def _row(modules: bytes, y: int) -> str:
    """One row as strokes: `M4 4.5h7m1 0h1…` is half the bytes of boxes."""
    drawn, pen = "", -1
    for run in re.finditer(rb"\x01+", modules):
        start, length = run.start(), run.end() - run.start()
        drawn += f"M{start + QUIET} {y + QUIET}.5h{length}" if pen < 0 else f"m{start - pen} 0h{length}"
        pen = run.end()
    return drawn
