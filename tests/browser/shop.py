"""The demo shop in this process, behind a loopback port: real doors and flows over moto tables, time in the test's hand.

```python
with serving(world) as url: …              # the doors answer at http://127.0.0.1:port
world.pay(world.deps.orders.get(no))       # the provider's signed notice
world.clock.advance(minutes=16); world.minute()
```
Journeys through the whole local cloud stand in `test_journeys.py`; here are the states and pages that such a journey would
reach slowly or by chance.
"""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from faka.contexts.catalog.categories import CategoryTree
from faka.contexts.catalog.model import Product
from faka.flows.edit_catalog import publish
from infra.local.seed import CATALOG, offers_taken_out, seed_products
from tests.kit.doors import Shop
from tests.kit.world import World


COMPRESSED_FROM = 1024
"""As `MinimumCompressionSize` in the template: the byte budgets are meant after the gateway's compression."""

SECRET = "CANARY-7QXK-M2TD-{n:04d}"
BODY_MAX = 1 << 20


def demo_world(client: Any) -> World:
    """The world of the kit with the demo catalogue in it, and a few cards for each version on sale."""
    world = World(client, holds_max=500)
    deps = world.deps
    written = yaml.safe_load(Path(CATALOG).read_text(encoding="utf-8"))
    tree = CategoryTree.model_validate({"categories": written["categories"], "version": deps.catalog.tree(fresh=True).version})
    deps.tables.commit([deps.catalog.save_tree(tree)])
    for one in written["products"]:
        offers_taken_out(one)  # no supplier plays here: what only they sell is shown as gone
    own = world.product
    filled = [(Product.model_validate(deps.catalog.product(one.product, fresh=True)), one.sku) for one in seed_products(deps, written)]
    for product, sku_id in filled:
        link = product.kind == "LINK"
        stock(world, product, sku_id, 3 if sku_id.endswith("year") else 24, "https://redeem.example/r/{n}" if link else SECRET)
    use(world, own)
    world.stock_up(60, secret=SECRET)
    return world


def stock(world: World, product: Product, sku_id: str, count: int, secret: str = SECRET) -> None:
    use(world, product, sku_id)
    world.stock_up(count, secret=secret)


def use(world: World, product: Product, sku_id: str = "") -> None:
    """Which product the kit's own verbs (`buy`, `stock_up`, `left`) are about."""
    world.product = product
    world.sku = product.sku(sku_id) if sku_id else product.skus[0]


def republish(world: World, product: Product, **changes: Any) -> Product:
    publish(world.deps, product.changed(**changes))
    return world.deps.catalog.product(product.id, fresh=True)


@contextmanager
def serving(world: World) -> Iterator[str]:
    """The doors behind a port of their own. One request at a time: a function's environment serves no two at once either."""
    shop, lock = Shop(world.deps), threading.Lock()

    class Gateway(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(min(int(self.headers.get("content-length") or 0), BODY_MAX)))

        def _answer(self, body: bytes) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                answer = shop.raw(self.command, self.path, body, headers)
            content = (answer["body"] or "").encode()
            self.send_response(answer["statusCode"])
            for name, value in answer["headers"].items():
                self.send_header(name, str(value))
            for name, values in (answer["multiValueHeaders"] or {}).items():
                for value in values:
                    self.send_header(name, value)
            if len(content) >= COMPRESSED_FROM and "gzip" in headers.get("accept-encoding", ""):
                content = gzip.compress(content, 6)
                self.send_header("content-encoding", "gzip")
            if answer["statusCode"] != 204:
                self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Quiet: the ring prints its own table."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
