"""What one order costs on its way: checkout, notice, reveal, and the journal that follows from the stream.

Each step runs as the flow behind its door, with the SDK's real clients on the emulator, under a `Deps` of its own as in a process
of its own. The first order of a process is the cold one. Steps do one request after the other, so the number of requests *is* the
longest chain.
"""

from collections.abc import Iterator
from typing import Any

from faka.flows.announce import announce
from faka.flows.checkout import CheckoutCommand, checkout
from faka.flows.reveal import Viewer, reveal
from faka.flows.take_notice import take_notice
from faka.kernel.ids import ChannelId, lookup_code, out_trade_no, ulid
from faka.platform import aws
from faka.platform.real import system_pause
from faka.platform.table import Tables
from faka.steps.proof import Proof
from faka.wiring import Deps
from infra.bench.cloud import Cloud, relay_unplugged
from infra.bench.meter import Call, Meter, operations, requests, units
from infra.bench.provider import Providers, raw_request
from infra.bench.shop import put_on_sale, put_up, seal
from infra.local import deploy


QUANTITIES = (1, 20, 500)
CHANNELS = {"alipay": "page", "epay": "epay"}
STEPS = ("checkout", "notice", "reveal", "journal")
SERVICES = ("kms", "secretsmanager", "events")

Doors = dict[str, Deps]
"""Step → the process that does it."""

CLAIM_PARTS = {"checkout": ("reserve", {"HEAD", "ORDER"}), "notice": ("confirm", {"ORDER"}), "reveal": ("deliver", {"PAGE", "BATCH"})}
CLAIM_PARTS |= {"journal": ("journal", {"CLAIM", "CLAIMDUE"})}
"""Step → its part in claiming, and the rows that belong to that part."""


class Counted:
    """The SDK's clients with the meter at their border, and processes that use them."""

    def __init__(self, cloud: Cloud, deps: Deps) -> None:
        self.meter = Meter(deploy.client("dynamodb", cloud.endpoint))
        self.providers = Providers(cloud.players, f"http://127.0.0.1:{cloud.port}")
        self._settings = deps.settings
        client = deploy.client("dynamodb", cloud.endpoint)
        self._tables = Tables(client, deps.settings.table_names(), system_pause)
        self.meter.watch("dynamodb", client)
        for service in SERVICES:
            self.meter.watch(service, aws.client(service))

    def doors(self) -> Doors:
        """A process for each door, in which nothing is warm yet."""
        return {step: Deps(self._settings, transport=self.providers, tables=self._tables) for step in STEPS}


def measure(cloud: Cloud, deps: Deps, quantities: tuple[int, ...] = QUANTITIES) -> dict[str, Any]:
    """One row per channel, quantity, cold or warm, and step."""
    product = put_up(deps, "bench-calls", ["bench-calls"])
    stock = seal(deps, product.id, product.skus[0].id, 4200, [range(4200)])
    put_on_sale(deps, stock)
    with relay_unplugged(cloud):  # a mail worker on the same order would make the reveal try twice
        return {"rows": _rows(Counted(cloud, deps), deps, quantities)}


def _rows(counted: Counted, deps: Deps, quantities: tuple[int, ...]) -> list[dict[str, Any]]:
    rows = []
    for channel in CHANNELS:
        for quantity in quantities:
            doors = counted.doors()
            for warmth in ("cold", "warm"):
                counted.providers.calls = 0
                command = form(deps, "bench-calls", quantity, channel, has_contact=True)
                for step, calls in steps(doors, counted, command):
                    asked, counted.providers.calls = counted.providers.calls, 0
                    rows.append({"channel": channel, "quantity": quantity, "warmth": warmth, "step": step} | _counted(step, calls, asked))
    return rows


def form(deps: Deps, name: str, quantity: int, channel: str = "alipay", *, has_contact: bool = False) -> CheckoutCommand:
    """A purchase by somebody who never bought here before. Product and SKU have one name."""
    number = ulid(deps.clock.now(), deps.chance)
    return CheckoutCommand(
        form_id=number,
        code=lookup_code(deps.chance),
        product=name,
        sku=name,
        quantity=quantity,
        contact=f"{number.lower()}@example.com" if has_contact else "",
        channel=channel,
        method=CHANNELS[channel],
        address=f"10.{number.encode()[-3] % 250}.{number.encode()[-2] % 250}.{number.encode()[-1] % 250}",
    )


def steps(doors: Doors, counted: Counted, command: CheckoutCommand) -> Iterator[tuple[str, list[Call]]]:
    """Go through one order; after each step, its calls."""
    channel, meter = command.channel, counted.meter
    meter.images.clear()
    meter.take()
    meter.step = "checkout"
    order = checkout(doors["checkout"], command)
    yield "checkout", meter.take()
    meter.step = "notice"
    notice = counted.providers.paid(channel, out_trade_no(order.payment_id), order.total.minor)
    take_notice(doors["notice"], ChannelId(channel), raw_request(notice))
    yield "notice", meter.take()
    meter.step = "reveal"
    opened = reveal(doors["reveal"], order.id, Proof(code=command.code), Viewer("10.0.0.1", "bench"))
    if len(opened.cards) != command.quantity:
        raise RuntimeError(f"{len(opened.cards)} of {command.quantity} cards")
    yield "reveal", meter.take()
    meter.step = "journal"
    records = [record for record in meter.images if record["dynamodb"]["Keys"]["pk"]["S"].startswith(("ORDER#", "HEAD#", "LOG#"))]
    announce(doors["journal"], records)
    yield "journal", meter.take()


def _counted(step: str, calls: list[Call], asked: int) -> dict[str, Any]:
    part, kinds = CLAIM_PARTS[step]
    of_claim = [call for call in calls if any(cost.kind in kinds for cost in call.costs)]
    return {
        "requests": operations(calls, "dynamodb"),
        "in_series": requests(calls) + asked,
        "write": units(calls, "write"),
        "index": units(calls, "index"),
        "read": units(calls, "read"),
        "kms": operations(calls, "kms"),
        "secrets": requests(calls, "secretsmanager"),
        "events": requests(calls, "events"),
        "provider": asked,
        "claim": {
            "part": part,
            "requests": len(of_claim),
            "write": units(calls, "write", frozenset(kinds)),
            "read": units(calls, "read", frozenset(kinds)),
        },
        "rows": [[call.operation, cost.kind, cost.bytes, cost.write, cost.index, cost.read] for call in calls for cost in call.costs][:40],
    }
