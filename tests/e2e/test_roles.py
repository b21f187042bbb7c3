"""Threat T18: with every role enforced the shop does all of its work, and no function can do what is not its own.

The template's conditions on leading keys, transactions and key contexts are beyond the emulator; `tests.kit.roles` holds every test to
them, this one too: the functions write their calls down.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from faka.contexts.orders.model import OrderState
from faka.contexts.payments.model import Payment
from faka.flows.edit_catalog import publish
from faka.flows.withhold import freeze
from faka.kernel.ids import BatchId
from faka.wiring import Deps, ShopSettings
from infra.local import deploy
from infra.local.headless import Page
from infra.tools.template import Template
from tests.e2e.importing import taken_in
from tests.e2e.shopper import Shopper, address, number
from tests.kit.local import LocalCloud, running
from tests.unit.catalog.given import product, sku


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

HEALED_S = 130
"""The sweeper's two minutes, and a little for a machine that does other things."""

GOODS, OTHER_GOODS = "role-goods", "bad-goods"


@dataclass
class Shop:
    cloud: LocalCloud
    deps: Deps

    def order_row(self, page: Page) -> Any:
        return self.deps.orders.get(number(page))  # type: ignore[arg-type]

    def payment_row(self, page: Page) -> Payment:
        found = self.deps.payments.find(self.order_row(page).payment_id)
        assert found is not None
        return found

    @property
    def refusals(self) -> list[str]:
        return [line for line in self.cloud.log("cloud").splitlines() if line.startswith("refused:")]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running(tmp_path_factory.mktemp("roles"), "--enforce") as cloud, cloud.here() as environment:
        deps = Deps(ShopSettings.from_env(environment))
        for name in (GOODS, OTHER_GOODS):
            publish(deps, product(name, category="video", state="LISTED", skus=(sku(f"{name}-one", per_order_max=5),)))
        yield Shop(cloud, deps)


def imported(shop: Shop, name: str, lines: list[str]) -> BatchId:
    done = taken_in(shop.deps, name, lines)
    assert done.counts.new
    return done.batch


def wait_past(shop: Shop, page: Page) -> None:
    """As if the order's quarter of an hour were over."""
    order, payment = shop.order_row(page), shop.payment_row(page)
    now = shop.deps.clock.now()
    past = {"expires_at": now - timedelta(minutes=5)}
    after = order.model_copy(update={**past, "version": order.version + 1})
    shop.deps.tables.commit(
        [shop.deps.orders.replaced(order, after), shop.deps.payments.replaced(payment, payment.changed(**past, due_at=now))]
    )


def strip_of_its_goods(shop: Shop, page: Page) -> None:
    """As if the money had come when nothing was held any more."""
    order, now = shop.order_row(page), shop.deps.clock.now()
    after = order.moved(OrderState.PAID, now, "test", "paid without goods", runs=(), paid_at=now, due_at=now + timedelta(minutes=1))
    shop.deps.tables.apply(shop.deps.orders.replaced(order, after))


def test_every_function_does_its_work_under_its_own_role(shop: Shop) -> None:
    """Import with problems, three ways to pay, cancel, change, expire, late money, lost notice, shortage, replacement, mail, look-up."""
    lines = [f"N{n},S{n}" for n in range(30)]
    imported(shop, GOODS, [*lines, lines[0], "no secret,"])
    wares = imported(shop, OTHER_GOODS, [f"B{n},BAD-{n}" for n in range(3)])
    imported(shop, OTHER_GOODS, [f"G{n},GOOD-{n}" for n in range(3)])

    lost = Shopper(shop.cloud.shop, 1)
    lost_order = lost.order(GOODS)
    lost.act(lost_order, "lose")
    idle = Shopper(shop.cloud.shop, 2)
    idle_order = idle.order(GOODS)
    late = Shopper(shop.cloud.shop, 3)
    late_order = late.order(GOODS)
    late_cashier = late.cashier(late_order)
    poor = Shopper(shop.cloud.shop, 4, "poor@faka.example")
    poor_order = poor.order(GOODS)
    for waiting in (idle_order, late_order):
        wait_past(shop, waiting)
    strip_of_its_goods(shop, poor_order)

    assert Shopper(shop.cloud.shop, 5, "buyer@faka.example").bought(GOODS)[-1].startswith("S")
    assert Shopper(shop.cloud.shop, 6).bought(GOODS, "epay")[-1].startswith("S")
    changes_his_mind(shop)
    withheld_and_replaced(shop, wares)

    until_state(shop, idle_order, OrderState.EXPIRED)
    until_state(shop, late_order, OrderState.EXPIRED)
    late.submit(late_cashier, late_cashier.forms[0], act="pay")
    assert late.reveal(late.ready(late_order)).secrets[-1].startswith("S")
    assert lost.reveal(lost.ready(lost_order, HEALED_S)).secrets[-1].startswith("S")
    assert poor.reveal(poor.ready(poor_order, HEALED_S)).secrets[-1].startswith("S")
    assert shop.refusals == []


def until_state(shop: Shop, page: Page, state: OrderState) -> None:
    end = time.monotonic() + HEALED_S
    while shop.order_row(page).state is not state:
        assert time.monotonic() < end, shop.order_row(page).log
        time.sleep(0.2)


def changes_his_mind(shop: Shop) -> None:
    """Another way to pay, then no purchase at all; then a code to a mail box that owns nothing, and one to one that does."""
    who = Shopper(shop.cloud.shop, 8)
    page = who.order(GOODS)
    change = page.form("/pay")
    assert change is not None
    page = who.submit(page, change, channel="epay:epay")
    cancel = page.form("/cancel")
    assert cancel is not None
    assert who.submit(page, cancel).stage["data-state"].startswith("canceled")
    lookup = who.get(f"{who.shop}/orders")
    form = lookup.form("/orders/mail")
    assert form is not None
    for mail in ("nobody@faka.example", "buyer@faka.example"):
        assert who.submit(lookup, form, mail=mail).status == 200
    wrong = who.submit(lookup, form, mail="buyer@faka.example")
    code = wrong.form("/orders/code")
    assert code is not None
    assert who.submit(wrong, code, digits="000000").status == 422


def withheld_and_replaced(shop: Shop, wares: BatchId) -> None:
    """Cards of a batch that an operator freezes between payment and opening are replaced by the opening function."""
    who = Shopper(shop.cloud.shop, 9)
    order = who.order(OTHER_GOODS)
    who.act(order, "pay")
    ready = who.ready(order)
    freeze(shop.deps, wares, "test", "came back from the supplier")
    assert who.reveal(ready).secrets == []
    assert who.reveal(who.get(address(order))).secrets[-1].startswith("GOOD")


# -- and nothing else ---------------------------------------------------------------------------------------------


FUNCTIONS = tuple(Template().functions())

Try = Callable[[Callable[[str], Any], dict[str, str]], Any]

FORBIDDEN: dict[str, tuple[Try, set[str]]] = {
    "open a card": (
        lambda client, names: client("kms").decrypt(KeyId=names["CardKey"], CiphertextBlob=b"x" * 64),
        {"RevealFunction"},
    ),
    "ask for a key to seal under": (
        lambda client, names: client("kms").generate_data_key(
            KeyId=names["CardKey"], KeySpec="AES_256", EncryptionContext={"shop": "faka", "sku": "x", "batch": "x"}
        ),
        {"IntakeFunction"},
    ),
    "fingerprint a card": (
        lambda client, names: client("kms").generate_mac(KeyId=names["FingerprintKey"], MacAlgorithm="HMAC_SHA_256", Message=b"x"),
        {"IntakeFunction"},
    ),
    "read sealed cards": (
        lambda client, names: client("dynamodb").batch_get_item(RequestItems={names["VaultTable"]: {"Keys": [key("PAGE#x")]}}),
        {"AuditorFunction", "IntakeFunction", "RevealFunction"},
    ),
    "write sealed cards": (
        lambda client, names: client("dynamodb").put_item(TableName=names["VaultTable"], Item=key("PAGE#x")),
        {"IntakeFunction"},
    ),
    "rewrite the ledger": (
        lambda client, names: client("dynamodb").update_item(
            TableName=names["JournalTable"],
            Key=key("TXN#x"),
            UpdateExpression="SET #a = :a",
            ExpressionAttributeNames={"#a": "a"},
            ExpressionAttributeValues={":a": {"S": "x"}},
        ),
        set(),
    ),
    "delete from the ledger": (
        lambda client, names: client("dynamodb").delete_item(TableName=names["JournalTable"], Key=key("TXN#x")),
        set(),
    ),
    "delete an order": (
        lambda client, names: client("dynamodb").delete_item(TableName=names["TradeTable"], Key=key("ORDER#x")),
        set(),
    ),
    "edit the catalogue": (
        lambda client, names: client("dynamodb").put_item(TableName=names["CatalogTable"], Item=key("PRODUCT#x")),
        {"SupplyFunction", "GradingFunction"},  # offers, grades and nothing else: conditions, and those are beyond the emulator
    ),
    "read a whole table": (
        lambda client, names: client("dynamodb").scan(TableName=names["TradeTable"]),
        {"AuditorFunction", "GradingFunction"},
    ),
    "read an upload": (
        lambda client, names: client("s3").get_object(Bucket=names["IntakeBucket"], Key="incoming/bat_x"),
        {"IntakeFunction"},
    ),
    "read a channel's secret": (
        lambda client, names: client("secretsmanager").get_secret_value(SecretId="faka/channels/alipay"),
        {"StorefrontFunction", "CallbacksFunction", "SweepFunction", "BillsFunction", "RepairFunction"},
    ),
    "keep a bill": (
        lambda client, names: client("s3").put_object(Bucket=names["BooksBucket"], Key="alipay/2026-03-02/raw/x", Body=b""),
        {"BillsFunction", "ReconcileFunction"},
    ),
    "read a bill": (
        lambda client, names: client("s3").get_object(Bucket=names["BooksBucket"], Key="alipay/2026-03-02/raw/x"),
        {"ReconcileFunction"},
    ),
    "delete a bill": (
        lambda client, names: client("s3").delete_object(Bucket=names["BooksBucket"], Key="alipay/2026-03-02/raw/x"),
        set(),
    ),
    "change a channel's secret": (
        lambda client, names: client("secretsmanager").put_secret_value(SecretId="faka/channels/alipay", SecretString="{}"),
        set(),
    ),
    "change a key's policy": (lambda client, names: client("kms").schedule_key_deletion(KeyId=names["CardKey"]), set()),
}
"""What is tried → the only functions that may. Whether the try makes sense beyond that does not count."""


def key(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "x"}}


@pytest.fixture(scope="module")
def clients(shop: Shop) -> dict[str, Callable[[str], Any]]:
    """Function → a maker of clients with the keys of its role."""
    configurations = deploy.functions(deploy.Template(shop.cloud.root), shop.cloud.endpoint)
    return {name: maker(shop.cloud.endpoint, deploy.credentials(shop.cloud.endpoint, configurations[name])) for name in FUNCTIONS}


def maker(endpoint: str, keys: dict[str, str]) -> Callable[[str], Any]:
    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=deploy.REGION,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=keys["AWS_SESSION_TOKEN"],
        )

    return client


@pytest.mark.parametrize("what", FORBIDDEN)
def test_only_who_must_may(shop: Shop, clients: dict[str, Callable[[str], Any]], what: str) -> None:
    attempt, allowed = FORBIDDEN[what]
    names = shop.cloud.deployed()
    before = len(shop.refusals)
    may = {function for function in FUNCTIONS if is_allowed(lambda client=clients[function]: attempt(client, names))}  # type: ignore[misc]
    assert may == allowed
    assert len(shop.refusals) - before == len(FUNCTIONS) - len(allowed), "each refusal is told, or the journey above proves nothing"


def is_allowed(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except ClientError as error:
        return not error.response["Error"]["Code"].startswith("AccessDenied")
    return True


@pytest.mark.architecture
def test_on_the_template_only_the_opening_role_reaches_decrypt_on_the_card_key_and_only_intake_seals() -> None:
    template = Template()

    def holders(action: str) -> set[str]:
        return {f for f in FUNCTIONS if any("CardKey" in each.targets and each.allows(action) for each in template.role(f))}

    assert (holders("kms:Decrypt"), holders("kms:GenerateDataKey")) == ({"RevealFunction"}, {"IntakeFunction"})
    assert not {f for f in FUNCTIONS for each in template.role(f) if each.allows("kms:Decrypt") and "*" in each.targets}
    statements = template.properties("CardKey")["KeyPolicy"]["Statement"]
    users = {raw["Sid"]: raw["Action"] for raw in statements if raw["Sid"] != "AccountAdministers"}
    assert users == {"IntakeSeals": "kms:GenerateDataKey", "RevealOpens": "kms:Decrypt"}
