"""What one order costs on its way: checkout, notice, reveal, and the journal that follows from the stream.

Each step runs as the flow behind its door, with the SDK's real clients on the emulator, under a `Deps` of its own as in a process
of its own. The first order of a process is the cold one. Steps do one request after the other, so the number of requests *is* the
longest chain.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from faka.flows.announce import announce
from faka.flows.checkout import CheckoutCommand, checkout
from faka.flows.reveal import Viewer, reveal
from faka.flows.take_notice import take_notice
from faka.kernel.ids import ChannelId, lookup_code, out_trade_no, ulid
from faka.platform import aws
from faka.steps.proof import Proof
from faka.wiring import Deps
from infra.bench.cloud import Cloud
from infra.bench.meter import Call, Meter, operations, requests, units
from infra.bench.provider import Providers, raw_request
from infra.bench.shop import put_on_sale, put_up, seal
from infra.local import deploy


QUANTITIES = (1, 20, 500)
CHANNELS = {"alipay": "page", "epay": "epay"}
STEPS = ("checkout", "notice", "reveal", "journal")
SERVICES = ("dynamodb", "kms", "secretsmanager", "events")

CLAIM_PARTS = {"checkout": ("reserve", {"HEAD", "ORDER"}), "notice": ("confirm", {"ORDER"}), "reveal": ("deliver", {"PAGE", "BATCH"})}
CLAIM_PARTS |= {"journal": ("journal", {"CLAIM", "CLAIMDUE"})}
"""Step → its part in claiming, and the rows that belong to that part."""


@dataclass
class Doors:
    """A process for each door."""

    by_step: dict[str, Deps] = field(default_factory=dict)

    @classmethod
    def opened(cls, deps: Deps, providers: Providers) -> "Doors":
        return cls({step: Deps(deps.settings, transport=providers) for step in STEPS})


def measure(cloud: Cloud, deps: Deps, quantities: tuple[int, ...] = QUANTITIES) -> dict[str, Any]:
    """One row per channel, quantity, cold or warm, and step."""
    providers = Providers(cloud.players, f"http://127.0.0.1:{cloud.port}")
    product = put_up(deps, "bench-calls", ["bench-calls"])
    stock = seal(deps, product.id, product.skus[0].id, 4200, [range(4200)])
    put_on_sale(deps, stock)
    meter = Meter(deploy.client("dynamodb", cloud.endpoint))
    for service in SERVICES:
        meter.watch(service, aws.dynamodb() if service == "dynamodb" else aws.client(service))
    rows = []
    for channel in CHANNELS:
        for quantity in quantities:
            doors = Doors.opened(deps, providers)
            for warmth in ("cold", "warm"):
                providers.calls = 0
                command = form(deps, "bench-calls", quantity, channel, has_contact=True)
                for step, calls in steps(doors, meter, providers, command):
                    asked, providers.calls = providers.calls, 0
                    rows.append({"channel": channel, "quantity": quantity, "warmth": warmth, "step": step} | _counted(step, calls, asked))
    return {"rows": rows}


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


def steps(doors: Doors, meter: Meter, providers: Providers, command: CheckoutCommand) -> Iterator[tuple[str, list[Call]]]:
    """Go through one order; after each step, its calls."""
    channel = command.channel
    meter.images.clear()
    meter.take()
    meter.step = "checkout"
    order = checkout(doors.by_step["checkout"], command)
    yield "checkout", meter.take()
    meter.step = "notice"
    notice = providers.paid(channel, out_trade_no(order.payment_id), order.total.minor)
    take_notice(doors.by_step["notice"], ChannelId(channel), raw_request(notice))
    yield "notice", meter.take()
    meter.step = "reveal"
    opened = reveal(doors.by_step["reveal"], order.id, Proof(code=command.code), Viewer("10.0.0.1", "bench"))
    if len(opened.cards) != command.quantity:
        raise RuntimeError(f"{len(opened.cards)} of {command.quantity} cards")
    yield "reveal", meter.take()
    meter.step = "journal"
    records = [record for record in meter.images if record["dynamodb"]["Keys"]["pk"]["S"].startswith(("ORDER#", "HEAD#", "LOG#"))]
    announce(doors.by_step["journal"], records)
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
