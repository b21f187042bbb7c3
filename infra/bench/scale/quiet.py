"""The product's log lines and figures are for CloudWatch, not for a terminal that shows a table."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path


@contextmanager
def quiet() -> Iterator[None]:
    """Within this block nothing is logged, and what is printed goes nowhere."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
            yield
    finally:
        logging.disable(before)
