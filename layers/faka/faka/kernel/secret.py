"""A value that may not be printed, and what makes one usable as a key."""

import re


SECRET_LENGTH_MIN = 16
"""Below 16 symbols a shared key can be searched; gateways hand out 32."""

_PLACEHOLDER = re.compile(r"change.?me|place.?holder|your[-_ ]|example|replace|secret|password|todo|x{6}|\*{3}|[<>{}$]", re.IGNORECASE)


class Secret:
    """Holds a card's text or a code between opening and answer.

    Its text form is masked, it does not pickle and it compares by identity, so that a log call, an f-string, an
    exception or a queue message cannot carry it by accident. `reveal()` is the one way out and easy to search for.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(•••)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> str:
        raise TypeError("a secret does not leave the process by pickling")


def is_usable(secret: Secret) -> bool:
    """Whether this can be a key at all: long enough, not one symbol repeated, not a word that means *fill me in*."""
    text = secret.reveal()
    is_dull = len(set(text)) < 5
    return text == text.strip() and len(text) >= SECRET_LENGTH_MIN and not is_dull and not _PLACEHOLDER.search(text)
