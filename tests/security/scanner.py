"""Finds what looks like a key in text: named patterns, and values of telling names that are too random to be words."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass


PATTERNS = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----[\\nr\s]*([A-Za-z0-9+/=\\\s]{0,200})"),
    "private key without its frame": re.compile(
        r"((?:MII[A-Z][A-Za-z0-9+/]{2}IBA[AD]|MIGHAgEAMB|MHcCAQEE|MC4CAQAwBQYDK2Vw)[A-Za-z0-9+/=]{40,})"
    ),
    "AWS key": re.compile(r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b"),
    "Alibaba key": re.compile(r"\b(LTAI[A-Za-z0-9]{16,26})\b"),
    "Tencent key": re.compile(r"\b(AKID[A-Za-z0-9]{28,32})\b"),
    "Google key": re.compile(r"\b(AIza[A-Za-z0-9_-]{35})\b"),
    "GitHub token": re.compile(r"\b((?:gh[pousr]|github_pat)_[A-Za-z0-9_]{22,255})\b"),
    "GitLab token": re.compile(r"\b(glpat-[A-Za-z0-9_-]{20,})\b"),
    "Slack token": re.compile(r"\b(xox[abprs]-[A-Za-z0-9-]{10,})\b"),
    "Stripe key": re.compile(r"\b((?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,})\b"),
    "package token": re.compile(r"\b((?:npm_|pypi-)[A-Za-z0-9_-]{30,})\b"),
    "signed token": re.compile(r"\b(eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})\b"),
    "password in an address": re.compile(
        r"\b[a-z][a-z0-9+]{2,9}://[^\s/:@\"'{}<>]{1,40}:([^\s/@\"'{}<>]{6,80})@[a-z0-9.-]+", re.IGNORECASE
    ),
}

_TELLING = r"(?:secret|token|passw(?:or)?d|pwd|key|credential)s?"
ASSIGNED = re.compile(
    rf"\b[a-z_]*{_TELLING}\"?'?\]?\s*(?::\s*[a-z]+\s*)?(?::|=|=>)\s*(?:[A-Za-z_.]+\()?b?[\"'`]?([A-Za-z0-9+/_.~-]{{18,200}}={{0,2}})[\"'`]?",
    re.IGNORECASE,
)
BITS_MIN = 2.8
"""Bits a sign. Of 10,000 random texts of 32 hexadecimal signs none had below 2.86; words without digits are left out by their form."""


@dataclass(frozen=True)
class Found:
    place: str
    kind: str
    text: str

    @property
    def mark(self) -> str:
        """What an allow list may name it by, without repeating it."""
        return hashlib.sha256("".join(self.text.split()).encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return f"{self.place}: {self.kind} {self.text[:4]}… {self.mark}"


def bits(text: str) -> float:
    """Shannon's entropy of a text's signs."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def is_random(text: str) -> bool:
    """Too random for a word, a path or a dotted name: digits and letters mixed, and many different signs."""
    has_both = any(sign.isdigit() for sign in text) and any(sign.isalpha() for sign in text)
    is_name = re.fullmatch(r"[A-Za-z_][A-Za-z_]*[0-9]{0,2}(?:[.-][A-Za-z_]+[0-9]{0,2})*", text) is not None
    return has_both and not is_name and bits(text) >= BITS_MIN


def scan(place: str, text: str) -> Iterator[Found]:
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            yield Found(f"{place}:{text.count(chr(10), 0, match.start()) + 1}", kind, match.group(1) or match.group(0))
    for match in ASSIGNED.finditer(text):
        if is_random(match.group(1)):
            yield Found(f"{place}:{text.count(chr(10), 0, match.start()) + 1}", "random value of a telling name", match.group(1))
