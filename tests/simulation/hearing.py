"""What the functions print and log, heard instead of shown: the verdict looks for secrets in it."""

import contextlib
from collections.abc import Iterator

from faka.platform import telemetry


class Lines:
    """Takes what the functions print and log."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, text: str) -> int:
        self.lines.append(text)
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""


@contextlib.contextmanager
def listening() -> Iterator[Lines]:
    """Log lines and printed figures go to a list."""
    heard = Lines()
    logger = telemetry.logger()._logger
    handlers = [handler for handler in logger.handlers if hasattr(handler, "stream")]
    is_told_on, logger.propagate = logger.propagate, False  # whoever else listens would keep the lines of every run
    before = [handler.stream for handler in handlers]
    for handler in handlers:
        handler.stream = heard
    try:
        with contextlib.redirect_stdout(heard):  # type: ignore[type-var]
            yield heard
    finally:
        logger.propagate = is_told_on
        for handler, stream in zip(handlers, before, strict=True):
            handler.stream = stream
