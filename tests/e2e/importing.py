"""Cards into a running cloud by the way of all cards: a job, a form, a file in the bucket, the worker."""

import time
from typing import Any

import urllib3

from faka.contexts.intake import ImportState, Shape, Wish
from faka.flows.intake import ImportOrder, Progress, open_import, progress
from faka.kernel.ids import BatchId, ProductId, SkuId
from faka.wiring import Deps


WAIT_S_MAX = 90


def uploaded(deps: Deps, product: str, lines: list[str], head: str = "卡号,密码") -> BatchId:
    """Open an import for the product's SKU `{product}-one` and post the file with the form."""
    order = ImportOrder(product=ProductId(product), sku=SkuId(f"{product}-one"), by="test", wish=Wish(shape=Shape.CSV))
    opened = open_import(deps, order)
    parts: list[Any] = [*opened.form.fields.items(), ("file", ("cards.csv", "\n".join([head, *lines]).encode(), "text/csv"))]
    answer = urllib3.request("POST", opened.form.url, fields=parts, timeout=10, retries=False)
    assert answer.status < 300, answer.status
    return opened.job.id


def taken_in(deps: Deps, product: str, lines: list[str]) -> Progress:
    """The import when it is over."""
    batch = uploaded(deps, product, lines)
    end = time.monotonic() + WAIT_S_MAX
    while (now := progress(deps, batch)).state not in (ImportState.DONE, ImportState.REFUSED):
        assert time.monotonic() < end, now
        time.sleep(0.1)
    return now
