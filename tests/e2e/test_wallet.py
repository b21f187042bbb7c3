"""Wallets through the deployed shop: gateway, functions, roles and tables of the template, over HTTP, many at the same moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from faka.contexts.wallets.model import WalletId
from faka.platform.table import TableName
from faka.wiring import Deps, ShopSettings
from infra.local.headless import Form, Page
from infra.ops.wallets import main
from tests.e2e.shopper import Shopper, number
from tests.kit.local import LocalCloud, running


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PRODUCT = "lanjing-video"
ORDERS, RICH_FOR = 8, 5


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalCloud, Deps]]:
    with running(tmp_path_factory.mktemp("wallets")) as cloud, cloud.here() as environment:
        yield cloud, Deps(ShopSettings.from_env(environment))


def codes(deps: Deps, folder: Path, count: int, minor: int) -> list[str]:
    amount = f"{minor // 100}.{minor % 100:02d}"
    file = folder / f"codes-{minor}"
    issue = ["issue", str(file), "--count", str(count), "--amount", amount, "--expires", "2030-12-31", "--reason", "test"]
    assert main(issue, deps) == 0
    return file.read_text().splitlines()[1:]


def redeem(visitor: Shopper, code: str) -> Page:
    page = visitor.get(f"{visitor.shop}/wallet")
    form = page.form("/wallet/redeem")
    assert form is not None
    return visitor.submit(page, form, gift_code=code)


def slip(page: Page, visitor: Shopper) -> tuple[str, str]:
    """Number and code of a wallet that was opened just now, from the answer's own bytes."""
    text = visitor.tape[-1].body.decode()
    return tuple(text.partition(f'id="{name}">')[2].partition("<")[0] for name in ("wallet-no", "wallet-secret"))  # type: ignore[return-value]


def balance_of(deps: Deps, wallet: str) -> tuple[int, int, int]:
    """By the wallet's row, by its lines, by the ledger."""
    found = deps.wallets.find(WalletId(wallet))
    assert found is not None
    lines = deps.wallets.statement(found.id)
    account = f"wallet:{wallet}/{found.currency}"
    entries: list[Any] = [deps.tables.query(TableName.JOURNAL, f"TXN#{line.transaction}")[0][0] for line in lines]
    moved = [(line["side"], line["amount_minor"]) for entry in entries for line in entry["lines"] if line["account"] == account]
    booked = sum(minor if side == "C" else -minor for side, minor in moved)
    return found.balance_minor, sum(line.amount_minor for line in lines), booked


def test_orders_paid_at_once_from_one_wallet_take_what_it_holds_and_no_more(shop: tuple[LocalCloud, Deps], tmp_path: Path) -> None:
    cloud, deps = shop
    buyers = [Shopper(cloud.shop, place + 1) for place in range(ORDERS)]
    orders = [buyer.order(PRODUCT, "epay") for buyer in buyers]
    price = deps.orders.get(number(orders[0])).unit.minor  # type: ignore[arg-type]
    [code] = codes(deps, tmp_path, 1, RICH_FOR * price)
    holder = Shopper(cloud.shop, 90)
    wallet, secret = slip(redeem(holder, code), holder)

    def pay(place: int) -> Page:
        form = Form(f"/o/{number(orders[place])}/balance", "POST", {})
        return buyers[place].submit(orders[place], form, wallet=wallet, wallet_code=secret)

    with ThreadPoolExecutor(ORDERS) as pool:
        answers = list(pool.map(pay, range(ORDERS)))

    states = [deps.orders.get(number(order)).state.value for order in orders]  # type: ignore[arg-type]
    assert sorted(states) == ["COMPLETED"] * RICH_FOR + ["PENDING_PAYMENT"] * (ORDERS - RICH_FOR)
    assert sorted(page.status for page in answers) == [200] * RICH_FOR + [409] * (ORDERS - RICH_FOR)
    assert balance_of(deps, wallet) == (0, 0, 0)
    first = states.index("COMPLETED")
    assert buyers[first].reveal(buyers[first].ready(orders[first])).secrets


def test_one_code_redeemed_by_many_at_once_opens_one_wallet(shop: tuple[LocalCloud, Deps], tmp_path: Path) -> None:
    cloud, deps = shop
    [code] = codes(deps, tmp_path, 1, 1_234)
    visitors = [Shopper(cloud.shop, 100 + place) for place in range(ORDERS)]
    with ThreadPoolExecutor(ORDERS) as pool:
        answers = list(pool.map(lambda visitor: redeem(visitor, code), visitors))

    assert sorted(page.status for page in answers) == [200] + [409] * (ORDERS - 1)
    [place] = [place for place, page in enumerate(answers) if page.status == 200]
    wallet, _ = slip(answers[place], visitors[place])
    assert balance_of(deps, wallet) == (1_234, 1_234, 1_234)


def test_no_log_of_the_shop_holds_a_code(shop: tuple[LocalCloud, Deps], tmp_path: Path) -> None:
    cloud, deps = shop
    [code] = codes(deps, tmp_path, 1, 777)
    holder = Shopper(cloud.shop, 200)
    wallet, secret = slip(redeem(holder, code), holder)
    log = cloud.log("storefront")
    assert "/wallet/redeem" in log
    assert not any(text in log for text in (code, secret, secret.replace("-", "")))
    assert wallet.startswith("wal_")
