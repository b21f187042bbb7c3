"""One run's cloud: the services with their state, containers that are cold or warm, and functions that are invoked in them.

A `Stage` is set once per scenario (products, cards, orders, money half-way); each run works on a fork of it.
"""

import copy
import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

from greenlet import getcurrent

from faka.contexts.vault import VaultStore
from faka.kernel.errors import FakaError
from faka.platform import table
from faka.platform.bus import Bus as BusPort
from faka.platform.envelope import VERSION, Envelope
from faka.platform.index_key import IndexKey
from faka.platform.machines import Machine
from faka.platform.mackey import MacKey
from faka.platform.mail import Mail
from faka.platform.objects import Objects
from faka.platform.queues import Queue as QueuePort
from faka.platform.secrets import Secrets
from faka.wiring import Deps
from infra.local.actors.bank import Bank
from tests.kit.clock import FrozenClock
from tests.kit.engine import Engine
from tests.kit.providers import FakeProviders
from tests.kit.sinks import Canaries
from tests.kit.suppliers import FakeSuppliers
from tests.kit.tables import PHYSICAL
from tests.kit.world import World
from tests.simulation import wiring
from tests.simulation.gate import Call, Gate, Killed, Process
from tests.simulation.services import Bucket, Bus, Client, Judge, Keys, Line, Machines, Post, Queue, Shelf
from tests.simulation.services import Tables as TablesClient


HOLD_TTL_S = 180
"""Shorter than in a real shop, so that the minutes after it, each of which a sweep reads, are few."""

KINDS = ("alipay", "epay", "wechatpay")
"""Providers that stand beside the shop; a scenario that wants the third gives the catalogue its row."""


@cache
def _shelf_texts() -> dict[str, str]:
    """The channels' secrets as the store keeps them."""
    import json

    providers = FakeProviders(FrozenClock(), kinds=KINDS)
    kept = {row.secret_name: providers.secrets.read(row.secret_name) for row in providers.rows()}
    return {name: json.dumps({key: value.reveal() for key, value in (values or {}).items()}) for name, values in kept.items()}


COMMAND_S_MAX = 900
"""An operator's command has no runtime that ends it; a quarter of an hour is longer than any run."""


class Chance:
    """Bytes of whoever runs: a process draws from a stream of its own name, so that its ids do not depend on who went first."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._streams: dict[str, random.Random] = {}

    def bytes(self, count: int) -> bytes:
        process = self._gate.process
        return self.stream(process.name if process else "stage").randbytes(count)

    def stream(self, name: str) -> random.Random:
        if name not in self._streams:
            self._streams[name] = random.Random(f"chance of {name}")
        return self._streams[name]


@dataclass
class Died:
    """No answer: the process was killed."""


@dataclass
class Failed:
    """The handler raised; the runtime reports an error to whatever invoked it."""

    error: str


DIED = Died()


def class_named(code: str) -> str:
    """An error's class, by which a machine knows it."""
    return "".join(part.capitalize() for part in code.split("_"))


class Stage:
    """A scenario's beginning. `world` is the shop as `tests.kit.world` builds it; what `given` returns is handed to every run."""

    def __init__(self, given: Callable[[World, Canaries], Any], *, holds_max: int = 50, **product: Any) -> None:
        self.keys = Keys(random.Random("keys").randbytes)
        self.marks = Canaries("simulation")
        self.bucket = Bucket()
        self.world = World(Engine(stale=lambda _pk: False), holds_max=holds_max, hold_ttl_s=HOLD_TTL_S, kms=self.keys, **product)
        self.world.providers.bank.token = _tokens()
        self.world.deps.__dict__["objects"] = Objects(self.bucket, "bucket")
        self.facts = given(self.world, self.marks)
        self._announce()
        self.world.sweep()
        self._announce()
        self._kept = [row for name in table.TableName for row in self.world.client.rows(name)]
        self.suppliers = tuple(row["kind"]["S"] for row in self._kept if row["pk"]["S"] == "SUPPLIERS")
        self.plain = {id(row): table.from_wire(row) for row in self._kept}

    def _announce(self) -> None:
        """What happened on the stage has gone through the stream."""
        from faka.flows.announce import announce

        records = [record for image in self.world.client.stream if (record := record_of(image, self.world.clock)) is not None]
        announce(self.world.deps, records)
        self.world.client.stream.clear()

    def fork(self, judge: Judge) -> "Cloud":
        return Cloud(self, judge)


STAGE_TOKENS = 10**6
"""More than any beginning draws: what a provider tells in a play is no repetition of what it told before."""


def _tokens(first: int = 0) -> Callable[[], str]:
    count = iter(range(first, 10**9))
    return lambda: f"{next(count):024x}"


def record_of(image: tuple[str, Any, Any], clock: FrozenClock) -> dict[str, Any] | None:
    """A stream record, if the relay's filter lets it through. Cases are left out: they are told to staff, whom nobody plays here."""
    name, old, new = image[0], image[1], image[2]
    row = new or old
    if name != PHYSICAL[table.TableName.TRADE] or not row["pk"]["S"].startswith(("ORDER#", "HEAD#", "LOG#")):
        return None
    images = {**({"NewImage": new} if new else {}), **({"OldImage": old} if old else {})}
    return {"eventName": "MODIFY", "dynamodb": {**images, "ApproximateCreationDateTime": int(clock.now().timestamp())}}


class Cloud:
    """The services of one run and the functions over them."""

    def __init__(self, stage: Stage, judge: Judge) -> None:
        self.stage, self.world = stage, stage.world
        self.gate = Gate()
        self.clock = FrozenClock(stage.world.clock.now())
        self.chance = Chance(self.gate)
        self.engine: Engine = stage.world.client.fork()
        self.engine.clock = self.clock  # type: ignore[attr-defined]
        self.providers = FakeProviders(self.clock, bank=_forked(stage.world.providers.bank, self.clock), kinds=KINDS)
        self.queues = {name: Queue(name, wiring.receives_max(name), wiring.hidden_s(name)) for name in ("fulfil", "deliver", "intake")}
        self.bus = Bus(wiring.routes_of_the_bus(), self.queues)
        self.post, self.bucket, self.shelf = Post(), Bucket(), Shelf(_shelf_texts())
        self.bucket.files |= stage.bucket.files
        self.machines = Machines()
        self.suppliers = FakeSuppliers(self.clock, stage.suppliers)
        self.shelf.kept |= self.suppliers.texts()
        self.line = Line(self.gate, self.providers, self.suppliers)
        self.tables = TablesClient(self.gate, self.engine, judge)
        models = {"kms": Keys(self.chance.bytes), "events": self.bus, "sesv2": self.post, "s3": self.bucket, "secretsmanager": self.shelf}
        models |= {"sqs": self.queues["intake"], "stepfunctions": self.machines}
        busy = {"sesv2": "TooManyRequestsException", "s3": "SlowDown"}
        self.clients = {
            name: Client(self.gate, judge, name, model, busy=busy.get(name, "ThrottlingException")) for name, model in models.items()
        }
        self.relayed = 0
        """Stream images that the relay has taken."""
        self.containers: dict[str, list[Deps]] = {}
        self.picks_cold: Callable[[], bool] = lambda: False
        self.lives: dict[str, int] = {}
        self.function_of: dict[str, str] = {}
        """Process → its function, for all that ever lived."""

    # -- containers -----------------------------------------------------------------------------------------------

    def new_container(self) -> Deps:
        """What a cold start builds."""
        tables = table.Tables(self.tables, PHYSICAL, self._wait, self.chance)
        deps = Deps(
            self.world.settings, clock=self.clock, chance=self.chance, pause=self._wait, tables=tables, transport=self.line,
            secrets=Secrets(self.clients["secretsmanager"], self.clock),
        )  # fmt: skip
        settings, kms = self.world.settings, self.clients["kms"]
        deps.__dict__ |= {
            "index_key": IndexKey(kms, self.world._index),
            "envelope": Envelope(kms, self.world.card_key, self.clock),
            "fingerprint_key": MacKey(kms, "fingerprints", "faka/card-fingerprint/v1"),
            "mail": Mail(self.clients["sesv2"], "shop@example.com"),
            "bus": BusPort(self.clients["events"], settings.faka_event_bus),
            "objects": Objects(self.clients["s3"], "bucket"),
            "books": Objects(self.clients["s3"], "bucket"),
            "reconciliation": Machine(self.clients["stepfunctions"], "machine"),
            "recharging": Machine(self.clients["stepfunctions"], "DirectRecharge"),
            "intake_queue": QueuePort(self.clients["sqs"], "queue"),
            "vault": VaultStore(tables, lanes=1),
        }
        return deps

    def _wait(self, _seconds: float) -> None:
        """A pause lets others go; simulated time moves by itself only where the scheduler says so."""
        self.gate.pass_(Call("wait", "", ""), lambda: None, {})

    def _container(self, function: str) -> Deps:
        idle = self.containers.setdefault(function, [])
        return idle.pop() if idle and not self.picks_cold() else self.new_container()

    # -- invoking -------------------------------------------------------------------------------------------------

    def invoke(self, function: str, event: Any, who: str) -> Any:
        """Run a function in this greenlet: its answer, `Failed`, or `DIED`."""
        handle = wiring.handler(function)
        return self._live(function, who, lambda context: handle(event, context))

    def run_flow(self, who: str, work: Callable[[Deps], Any]) -> Any:
        """Run an operator's command, which has no function."""
        return self._live("operator", who, lambda _context: work(wiring.running[getcurrent()]))

    def _live(self, function: str, who: str, work: Callable[[Any], Any]) -> Any:
        self.lives[who] = self.lives.get(who, 0) + 1
        limit_s = COMMAND_S_MAX if function == "operator" else wiring.timeout_s(function)
        now_s = self.clock.now().timestamp()
        process = Process(wiring.logical_id(function), f"{who}.{self.lives[who]}", deadline=now_s + limit_s)
        self.function_of[process.name] = function
        here, container = getcurrent(), self._container(function)
        self.gate.processes[here], wiring.running[here] = process, container
        try:
            answer = work(_context(self.clock, process))
        except Killed:
            return DIED
        except FakaError as error:
            answer = Failed(error.code())
        finally:
            del self.gate.processes[here], wiring.running[here]
        if process.is_dead:
            return DIED
        self.containers[function].append(container)
        return answer

    # -- looking --------------------------------------------------------------------------------------------------

    def rows(self, name: table.TableName) -> list[dict[str, Any]]:
        """Rows as plain values. The engine never changes a row in place, so those of the stage are read once for all runs."""
        known = self.stage.plain
        return [known.get(id(row)) or table.from_wire(row) for row in self.engine.rows(name)]

    def engine_digest(self) -> str:
        """A digest of every row of every table. Of what is sealed only the length counts: sealing draws its own chance, and must."""
        rows = sorted(repr((name.value, _unsealed(sorted(row.items())))) for name in table.TableName for row in self.engine.rows(name))
        return hashlib.blake2b("\n".join(rows).encode(), digest_size=12).hexdigest()

    def records(self, count: int) -> list[tuple[int, dict[str, Any]]]:
        """The next stream records that the relay has not taken, with the position behind each."""
        found = []
        for at in range(self.relayed, len(self.engine.stream)):
            record = record_of(self.engine.stream[at], self.clock)
            if record is not None:
                found.append((at + 1, record))
                if len(found) == count:
                    break
        return found


def _unsealed(value: Any) -> Any:
    if isinstance(value, bytes):
        return len(value) if value[:1] == bytes([VERSION]) else value
    if isinstance(value, dict):
        return {name: _unsealed(each) for name, each in value.items()}
    return [_unsealed(each) for each in value] if isinstance(value, list | tuple) else value


def _forked(bank: Bank, clock: FrozenClock) -> Bank:
    other = Bank(lambda: clock.now().timestamp(), token=_tokens(STAGE_TOKENS))
    other._trades = copy.deepcopy(bank._trades)
    other._tokens = {trade.token: trade for trade in other._trades.values()}
    other._count = bank._count
    other.refund_ways = dict(bank.refund_ways)
    return other


def _context(clock: FrozenClock, process: Process) -> Any:
    """What the runtime tells a function about itself."""

    def left_ms() -> int:
        return int((process.deadline - clock.now().timestamp()) * 1000)

    return SimpleNamespace(
        function_name=process.function,
        memory_limit_in_mb=1024,
        invoked_function_arn=f"arn:aws:lambda:x:1:function:{process.function}",
        aws_request_id=process.name,
        get_remaining_time_in_millis=left_ms,
    )


def message_event(body: str, count: int) -> Mapping[str, Any]:
    """One SQS message as a worker gets it."""
    attributes = {"ApproximateReceiveCount": str(count), "SentTimestamp": "0", "SenderId": "x", "ApproximateFirstReceiveTimestamp": "0"}
    told = {"messageId": "m", "receiptHandle": "r", "body": body, "attributes": attributes, "messageAttributes": {}, "md5OfBody": ""}
    return {"Records": [{**told, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:x:1:q", "awsRegion": "x"}]}
