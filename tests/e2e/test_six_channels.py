"""Every seeded channel sells over HTTP by its own player, with real addresses, signatures and notices; goods that nobody saw go back."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from faka.contexts.orders.model import OrderState
from faka.wiring import Deps, ShopSettings
from infra.local.actors.desks import DESKS
from infra.local.demo_reconcile import SWEEP
from infra.local.headless import Page
from infra.local.schedule import fire
from tests.e2e.shopper import Shopper, asked, number
from tests.kit.local import LocalCloud, running
from tests.unit.pages.test_pieces import raster


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PRODUCT = "lanjing-video"
SCANNED = {"epay-rsa": "epay-rsa:precreate"}
"""Ways that show a phone a code and no link."""
GIVEN_BACK = ("alipay", "wechatpay", "stripe", "epay")
"""The last says nothing about a refund but by the order's own status."""
ROUNDS_MAX = 5
"""Of the sweep: one asks the provider, the next one hears of what was on its way."""
DONE = "returned.returned.full.succeeded"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalCloud, Deps]]:
    """With every role enforced."""
    with running(tmp_path_factory.mktemp("channels"), "--enforce") as cloud, cloud.here() as environment:
        yield cloud, Deps(ShopSettings.from_env(environment))


def ordered(buyer: Shopper, channel: str) -> Page:
    return buyer.order(PRODUCT, "epay", channel=SCANNED[channel]) if channel in SCANNED else buyer.order(PRODUCT, channel)


def paid(buyer: Shopper, channel: str, order: Page) -> Page:
    """The buyer pays where the shop has sent him, by its link or by its code; the order page once it has the goods."""
    if channel in SCANNED:
        cashier = urlsplit(buyer.get(scanned(order)).url)
        asked(f"{cashier.scheme}://{cashier.netloc}/_control", {"out_trade_no": cashier.path.rpartition("/")[2], "act": "pay"})
    else:
        buyer.act(order, "pay")
    return buyer.ready(order)


def scanned(order: Page) -> str:
    """What a phone's camera reads off the page."""
    zxingcpp = pytest.importorskip("zxingcpp")
    drawn = re.search(r'<svg class="qr".*?</svg>', order.text, re.DOTALL)
    assert drawn is not None
    [code] = zxingcpp.read_barcodes(raster(drawn[0]))
    return str(code.text)


def test_a_card_is_bought_by_each_of_the_six_channels_and_read(shop: tuple[LocalCloud, Deps]) -> None:
    cloud, deps = shop
    channels = {row.id: row.kind for row in deps.catalog.channels()}
    assert set(channels.values()) == set(DESKS)

    def bought(at: int, channel: str) -> tuple[str, str]:
        buyer = Shopper(cloud.shop, 10 + at, f"{channel}@faka.example")
        order = ordered(buyer, channel)
        [card] = buyer.reveal(paid(buyer, channel, order)).secrets
        row = deps.orders.get(number(order))  # type: ignore[arg-type]
        assert (row.state, row.channel_id) == (OrderState.COMPLETED, channel)
        return channel, card

    with ThreadPoolExecutor(len(channels)) as pool:
        cards = dict(pool.map(bought, range(len(channels)), channels))
    assert set(cards) == set(channels)
    assert len(set(cards.values())) == len(channels) == 6


def test_what_nobody_saw_goes_back_and_its_money_with_it(shop: tuple[LocalCloud, Deps]) -> None:
    """THEN on each of the channels at the next round of the sweep, by a refund that the provider has too."""
    cloud, deps = shop

    def given_back(at: int, channel: str) -> tuple[Shopper, Page]:
        buyer = Shopper(cloud.shop, 30 + at, f"{channel}@faka.example")
        page = paid(buyer, channel, ordered(buyer, channel))
        form = page.form("/refund")
        assert form is not None
        assert buyer.submit(page, form).stage["data-state"].startswith("returned.returned.")
        return buyer, page

    with ThreadPoolExecutor(len(GIVEN_BACK)) as pool:
        pages = list(pool.map(given_back, range(len(GIVEN_BACK)), GIVEN_BACK))
    for _ in range(ROUNDS_MAX):
        fire(cloud.endpoint, SWEEP)
        if all(buyer.state(page) == DONE for buyer, page in pages):
            break
    assert {channel: buyer.state(page) for channel, (buyer, page) in zip(GIVEN_BACK, pages, strict=True)} == dict.fromkeys(GIVEN_BACK, DONE)
    assert not any(buyer.reveal(page).secrets for buyer, page in pages), "an older tab shows nothing any more"
    for _, page in pages:
        row = deps.orders.get(number(page))  # type: ignore[arg-type]
        assert (row.state, row.refundable_minor) == (OrderState.RETURNED, 0)
        assert [note.amount_minor for note in row.refunds] == [row.total.minor]


def test_twin_what_was_read_is_not_taken_back(shop: tuple[LocalCloud, Deps]) -> None:
    """GIVEN the goods' page in an older tab, with the form still on it."""
    cloud, deps = shop
    buyer = Shopper(cloud.shop, 50, "read@faka.example")
    page = paid(buyer, "alipay", ordered(buyer, "alipay"))
    form = page.form("/refund")
    assert form is not None
    assert buyer.reveal(page).secrets
    buyer.submit(page, form)
    fire(cloud.endpoint, SWEEP)
    row = deps.orders.get(number(page))  # type: ignore[arg-type]
    assert (row.state, row.refunds, row.refundable_minor) == (OrderState.COMPLETED, (), row.total.minor)
