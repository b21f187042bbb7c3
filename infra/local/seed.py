"""Fill an empty shop with a demo: categories, a dozen products, 2,000 cards, a payment channel of each kind.

    python -m infra.local.seed SHOP PLAYERS KEYS      with the settings of the functions in the environment

SHOP and PLAYERS are addresses, KEYS the players' folder. Every step looks first whether it is done, so a second run changes
nothing. Cards take the way of every card: a job, a form, a file in the bucket, the worker.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import urllib3
import yaml

from faka.contexts.catalog.categories import CategoryTree
from faka.contexts.catalog.errors import ProductNotFound
from faka.contexts.catalog.model import ChannelRow
from faka.contexts.catalog.policy import lawful, read_product
from faka.contexts.intake import ImportState, Shape, Wish
from faka.contexts.suppliers.store import Offer, SupplierRow
from faka.flows.edit_catalog import publish, save_channel
from faka.flows.intake import ImportOrder, open_import, progress
from faka.kernel.clock import business_day, to_row
from faka.kernel.ids import BatchId, ProductId, SkuId
from faka.kernel.money import Currency, Money
from faka.kernel.secret import Secret
from faka.platform import aws
from faka.steps.offers import offered
from faka.wiring import Deps, ShopSettings
from infra.local.actors import create_keys
from infra.local.actors.suppliers.counter import open_suppliers
from infra.local.seed_cards import card_file, expiry


CATALOG = Path(__file__).with_name("seed_products.yaml")
SUPPLIER = "Demo supplier"
PAPERS_END = datetime(2100, 1, 1, tzinfo=UTC)
"""Players have no papers; they are admitted for good."""
WAIT_S_MAX = 60
"""For all card files together. They take seconds; a machine that is busy with other things may take longer."""

CHANNELS = ("alipay", "epay")
"""Whose players a shop sells through that is measured or stormed: one that signs with RSA, one with MD5."""

DEMO: Mapping[str, Mapping[str, Any]] = {
    "alipay": {"cost_bp": 60, "devices": ("PC", "MOBILE")},
    "wechatpay": {"cost_bp": 60},
    "epay": {"cost_bp": 100},
    "epay_rsa": {"fee_bp": 100, "cost_bp": 100},
    "stripe": {"cost_bp": 340, "cost_fixed_minor": 235, "fee_bearer": "SHOP", "amount_min_minor": 400},
    "epusdt": {"fee_bp": 50, "amount_min_minor": 100},
}
"""The demo shop's channels in their order, with what the buyer pays on top, what the contract says, and their bounds: Alipay opens
in no browser of its rival, and Stripe takes nothing below half a dollar."""
Say = Callable[[str], None]


class SeedFailed(Exception):
    """The demo shop could not be made; the message says what to look at."""


@dataclass(frozen=True)
class Delivery:
    """Cards of one SKU that have to come into stock."""

    product: ProductId
    sku: SkuId
    currency: Currency
    count: int
    like: str
    cost_minor: int
    expires_in_days: int | None = None


def seed(deps: Deps, *, shop_url: str, actors_url: str, keys: Path, say: Say = print) -> None:
    """Make the demo shop. Raises: SeedFailed."""
    written = yaml.safe_load(CATALOG.read_text(encoding="utf-8"))
    seed_sender(deps)
    channels = seed_channels(deps, actors_url, keys, DEMO)
    say(f"    channels {', '.join(channels)}, pointed at {actors_url}")
    offers = [offer for one in written["products"] for offer in offers_taken_out(one)]
    deliveries = seed_products(deps, written)
    suppliers = seed_suppliers(deps, actors_url, keys, offers)
    say(f"    suppliers {', '.join(suppliers)}, with {len(offers)} offers")
    say(f"    {len(written['products'])} products in {len(written['categories'])} categories, on {shop_url}/")
    seed_cards(deps, deliveries, say)


def seed_sender(deps: Deps) -> None:
    """SES sends in the name of verified addresses only."""
    address = deps.settings.faka_mail_from.rpartition("<")[2].rstrip(">")
    if address:
        aws.client("ses").verify_email_identity(EmailAddress=address)


# -- channels -----------------------------------------------------------------------------------------------------


def seed_channels(deps: Deps, actors_url: str, keys: Path, rules: Mapping[str, Mapping[str, Any]] | None = None) -> list[str]:
    """Tell the shop about the players: rows into the catalogue, keys into the secret store. `rules` by kind; none: `CHANNELS`."""
    rules = {kind: {} for kind in CHANNELS} if rules is None else rules
    channels = create_keys(keys).channels(actors_url, rules)
    for position, (channel, rule) in enumerate(zip(channels, rules.values(), strict=True)):
        channel["id"] = channel["id"].replace("_", "-")
        secret = f"faka/channels/{channel['id']}"
        deps.secrets.write(secret, {name: Secret(value) for name, value in channel.pop("secret").items()})
        more = {"enabled": True, "secret_name": secret, "position": position}
        save_channel(deps, ChannelRow.model_validate({**channel, **more, **rule}))
    return [channel["id"] for channel in channels]


# -- suppliers ----------------------------------------------------------------------------------------------------


def seed_suppliers(deps: Deps, actors_url: str, keys: Path, offers: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """Tell the shop about the players of suppliers: rows, keys, and what they offer of which SKU."""
    desks = open_suppliers(create_keys(keys), actors_url)
    for desk in desks.values():
        facts = desk.supplier()
        told = {name: value for name, value in facts.items() if name != "secret"}
        row = SupplierRow.model_validate({**told, "enabled": True, "admitted_until": PAPERS_END})
        deps.secrets.write(row.secret_name, {name: Secret(value) for name, value in facts["secret"].items()})
        deps.tables.apply(deps.suppliers.save(row))
    for offer in offers:
        desk = desks[offer["kind"]]
        facts = {name: value for name, value in offer.items() if name != "kind"}
        names = {"supplier_id": desk.supplier()["id"], "fields": {"mobile": desk.target}}
        deps.tables.commit(offered(deps, Offer.model_validate(facts | names)))
    return sorted(desks)


def offers_taken_out(written: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Take what suppliers offer of a written product out of its SKUs."""
    return [{**offer, "sku": sku["id"]} for sku in written["skus"] for offer in sku.pop("offers", ())]


# -- products -----------------------------------------------------------------------------------------------------


def seed_products(deps: Deps, written: Mapping[str, Any]) -> list[Delivery]:
    """Publish what is not there yet; answers the cards that belong to all of it."""
    if not deps.catalog.tree(fresh=True).categories:
        tree = lawful(CategoryTree.model_validate({"categories": written["categories"]}))
        deps.tables.commit([deps.catalog.save_tree(tree)])
    deliveries = []
    for one in written["products"]:
        deliveries += taken_out(one)
        _publish_once(deps, one)
    return deliveries


def taken_out(written: Mapping[str, Any]) -> list[Delivery]:
    """Take the cards out of a written product's SKUs."""
    product, found = ProductId(written["id"]), []
    for sku in written["skus"]:
        cards = sku.pop("cards", None)
        if cards:
            found.append(Delivery(product=product, sku=SkuId(sku["id"]), currency=Currency(sku["price"]["currency"]), **cards))
    return found


def _publish_once(deps: Deps, written: dict[str, Any]) -> None:
    """Whatever an operator has changed since stays."""
    opens_in = written.pop("opens_in", None)
    if opens_in is not None:
        written["on_at"] = to_row(deps.clock.now() + timedelta(hours=opens_in))
    product = read_product(written)
    try:
        deps.catalog.product(product.id, fresh=True)
    except ProductNotFound:
        publish(deps, product)


# -- cards --------------------------------------------------------------------------------------------------------


def seed_cards(deps: Deps, deliveries: list[Delivery], say: Say) -> None:
    """Upload a card file for every SKU that never had one, and wait until the worker has taken them all in.

    Raises: SeedFailed.
    """
    missing = [delivery for delivery in deliveries if deps.stock.counts(delivery.sku).imported == 0]
    waiting = {_upload(deps, delivery): delivery for delivery in missing}
    cards = 0
    until = time.monotonic() + WAIT_S_MAX
    while waiting:
        for job in list(waiting):
            state = progress(deps, job)
            if state.state is ImportState.REFUSED:
                raise SeedFailed(f"the cards of {state.sku} were refused: {state.refusal}")
            if state.state is ImportState.DONE:
                cards += state.counts.new
                waiting.pop(job)
        if time.monotonic() > until:
            raise SeedFailed(f"the intake worker has not taken {len(waiting)} of {len(missing)} card files; see intake.log")
        if waiting:
            time.sleep(0.1)
    say(f"    {cards} cards sealed into {len(missing)} stocks" if missing else "    stocks are filled")


def _upload(deps: Deps, delivery: Delivery) -> BatchId:
    today = business_day(deps.clock.now())
    file = card_file(delivery.like, delivery.count, expiry(today, delivery.expires_in_days))
    cost = Money(minor=delivery.cost_minor, currency=delivery.currency)
    order = ImportOrder(
        product=delivery.product,
        sku=delivery.sku,
        by="seed",
        wish=Wish(shape=Shape.CSV),
        unit_cost=cost,
        supplier=SUPPLIER,
        remark="demo cards",
    )
    opened = open_import(deps, order)
    fields: list[tuple[str, str | bytes | tuple[str, str | bytes, str]]] = [*opened.form.fields.items()]
    fields.append(("file", ("cards.csv", file, "text/csv")))
    answer = urllib3.request("POST", opened.form.url, fields=fields, timeout=10, retries=False)
    if answer.status >= 300:
        raise SeedFailed(f"the bucket refused the card file of {delivery.sku} with status {answer.status}")
    return opened.job.id


def main() -> int:
    shop_url, actors_url, keys = sys.argv[1:]
    deps = Deps(ShopSettings.from_env(os.environ))
    try:
        seed(deps, shop_url=shop_url, actors_url=actors_url, keys=Path(keys))
    except SeedFailed as failure:
        print(f"    {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
