"""A value that may not be printed."""


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
