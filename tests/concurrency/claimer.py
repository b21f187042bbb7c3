"""One process of buyers: `python -m tests.concurrency.claimer ENDPOINT TABLES SKU NAME`. Waits for a line, then eight threads
claim one card each; prints the numbers."""

import sys
import threading

from faka.contexts.stock import OutOfStock, StockStore
from faka.kernel.ids import SkuId
from faka.platform.real import SystemClock
from faka.platform.table import TableName
from tests.kit.local import MiniStackTables


BUYERS = 8


def main(endpoint: str, names: str, sku: str, process: str) -> None:
    physical = {TableName(name): table for name, table in (pair.split("=") for pair in names.split(","))}
    cloud = MiniStackTables(endpoint, physical)
    stocks = [StockStore(cloud.tables(), SystemClock()) for _ in range(BUYERS)]
    for stock in stocks:
        stock.available({SkuId(sku): 1})
    words = [""] * BUYERS
    print("ready", flush=True)
    sys.stdin.readline()

    def buy(i: int) -> None:
        try:
            words[i] = str(stocks[i].claim(SkuId(sku), f"{process}_{i}", 1, 1)[0].start)
        except OutOfStock:
            words[i] = "refused"

    threads = [threading.Thread(target=buy, args=(i,)) for i in range(BUYERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*words, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
