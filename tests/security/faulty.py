"""A whole shop whose every call to the outside can fail, with an error that quotes the request, as real ones do.

```python
with faulty_shop(Canaries(3)) as shop:
    shop.fails(slow, at=2)          # the second call from now on fails; `shop.fired` says whether there was one
    shop.worker("deliver", order)   # real handlers, cold each time: answers, errors, log lines and requests are kept
    shop.places()                   # everything that was kept, by the name of its place
```
"""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
import urllib3
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from faka.contexts.intake import BatchLog, ImportStore
from faka.contexts.vault import VaultStore
from faka.platform import telemetry
from faka.platform.bus import Bus
from faka.platform.envelope import Envelope
from faka.platform.index_key import IndexKey
from faka.platform.mackey import MacKey
from faka.platform.mail import Mail
from faka.platform.objects import Objects
from faka.platform.outbound import Outbound
from faka.platform.queues import Queue
from faka.platform.secrets import Secrets
from faka.platform.table import TableName
from faka.wiring import Deps
from tests.kit import partiql  # noqa: F401 - teaches moto our inserts
from tests.kit.doors import CONTEXT, Shop, load
from tests.kit.sinks import Canaries, Kind
from tests.kit.tables import PHYSICAL
from tests.kit.world import World, engine_world


BUCKET = "intake"
Failure = Callable[[str, str, Any], Exception]


def refused(service: str, verb: str, given: Any) -> Exception:
    """Before the work: the service finds fault with the request and says it back."""
    if service == "http":
        return urllib3.exceptions.ProtocolError(f"cannot send {given}")
    said = {"Code": "ValidationException", "Message": f"Value '{given}' failed to satisfy constraint"}
    return ClientError({"Error": said, "CancellationReasons": [{"Code": "ValidationError", "Message": str(given)}]}, verb)


def throttled(service: str, verb: str, given: Any) -> Exception:
    if service == "http":
        return urllib3.exceptions.HTTPError(f"too many: {given}")
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": f"Rate exceeded for {given}"}}, verb)


def slow(service: str, _verb: str, given: Any) -> Exception:
    """After the work: the answer is lost."""
    if service == "http":
        return urllib3.exceptions.ReadTimeoutError(None, str(given), f"read of {given} timed out")  # type: ignore[arg-type]
    return ReadTimeoutError(endpoint_url=f"https://{service}.test/?{given}", error=f"{given}")


def cut(service: str, _verb: str, given: Any) -> Exception:
    if service == "http":
        return OSError(f"connection to {given} reset")
    return EndpointConnectionError(endpoint_url=f"https://{service}.test/?{given}", error=f"{given}")


def mistaken(_service: str, verb: str, given: Any) -> Exception:
    """A mistake of somebody's code, ours or a library's."""
    return RuntimeError(f"{verb}: unexpected {given}")


class Client:
    """Stands before a client; keeps what it is asked, learns the keys that it answers, and fails when it is told to."""

    def __init__(self, shop: "FaultyShop", service: str, client: Any) -> None:
        self._shop, self._service, self._client = shop, service, client

    def __getattr__(self, verb: str) -> Any:
        method = getattr(self._client, verb)
        if verb in ("exceptions", "meta") or verb.startswith("generate_presigned"):
            return method
        return lambda **given: self._shop.call(self._service, verb, given, lambda: method(**given))


class FaultyShop:
    def __init__(self, world: World, marks: Canaries) -> None:
        self.world, self.marks = world, marks
        self.kept: list[tuple[str, Any]] = []
        """Place and content, in the order in which it happened."""
        self.calls = 0
        self.fired = 0
        self._failure: Failure | None = None
        self._at = 0
        self._verb = ""
        self.mails: list[dict[str, Any]] = []
        self.log, self.out = io.StringIO(), io.StringIO()
        self.kms, self.s3, self.sqs = (boto3.client(name, region_name="us-east-1") for name in ("kms", "s3", "sqs"))
        self.s3.create_bucket(Bucket=BUCKET)
        self.queue = self.sqs.create_queue(QueueName="intake")["QueueUrl"]
        self._index, self._prints = (
            self.kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"] for _ in range(2)
        )
        self.cookies: dict[str, str] = {}
        self._visits = 0

    # -- failing ----------------------------------------------------------------------------------------------------------

    def fails(self, failure: Failure | None, at: int = 0) -> None:
        """The `at`-th call from now on fails, and so do its repeats until this is said again; None: nothing fails."""
        self._failure, self._at, self._verb, self.calls, self.fired = failure, at, "", 0, 0

    def call(self, service: str, verb: str, given: Any, work: Callable[[], Any]) -> Any:
        self.calls += 1
        self._keep_request(service, verb, given)
        if self._failure and (self.calls == self._at or (self.calls > self._at and verb == self._verb)):
            self._verb = verb
            self.fired += 1
            if self._failure is slow:
                self._answered(service, work())
            raise self._failure(service, verb, given)
        return self._answered(service, work())

    def _keep_request(self, service: str, verb: str, given: Any) -> None:
        if service == "ses":
            simple = given["Content"]["Simple"]
            self.kept += [("mail to", given["Destination"]), ("mail subject", simple["Subject"]), ("mail text", simple["Body"])]
        elif service in ("kms", "http", "events", "sqs", "secrets"):
            self.kept.append((f"{service} request {verb}", dict(given)))

    def _answered(self, service: str, answer: Any) -> Any:
        if service == "kms":
            for name, kind in (("Plaintext", Kind.DATA_KEY), ("Mac", Kind.MAC_KEY)):
                self.marks.add(kind, answer.get(name, b""))
        return answer

    # -- a cold process ---------------------------------------------------------------------------------------------------

    def cold(self) -> Deps:
        deps = self.world.over(Client(self, "dynamodb", self.world.client))
        clock = self.world.clock
        kms = Client(self, "kms", self.kms)
        outbound = Outbound(resolve=lambda _name: ["93.184.216.34"])
        outbound._pools = SimpleNamespace(connection_from_host=lambda *_, **__: Pool(self))  # type: ignore[assignment]
        deps.__dict__ |= {
            "vault": VaultStore(deps.tables),
            "envelope": Envelope(kms, self.world.card_key, clock),
            "index_key": IndexKey(kms, self._index),
            "fingerprint_key": MacKey(kms, self._prints, "prints"),
            "objects": Objects(Client(self, "s3", self.s3), BUCKET),
            "intake_queue": Queue(Client(self, "sqs", self.sqs), self.queue),
            "imports": ImportStore(deps.tables),
            "batch_log": BatchLog(deps.tables, deps.chance),
            "mail": Mail(Client(self, "ses", SimpleNamespace(send_email=lambda **given: self.mails.append(given))), "shop@shop.test"),
            "bus": Bus(Client(self, "events", SimpleNamespace(put_events=lambda **_: {"FailedEntryCount": 0})), "bus"),
            "secrets": Secrets(Client(self, "secrets", Store(self.world.providers.secrets)), clock),
            "transport": outbound,
        }
        return deps

    def get(self, path: str, **headers: str) -> Any:
        return self._door("GET", path, None, headers)

    def post(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> Any:
        return self._door("POST", path, form or {}, headers)

    def _door(self, method: str, path: str, form: dict[str, Any] | None, headers: dict[str, str]) -> Any:
        shop = Shop(self.cold())
        self._visits += 1
        shop.cookies, shop.address = self.cookies, f"10.1.{self._visits // 250}.{self._visits % 250}"
        with self._heard():
            page = shop.get(path, **headers) if method == "GET" else shop.post(path, form or {}, **headers)
        route = re.sub(r"^/o/[^/?]+", "/o/{no}", re.sub(r"^/p/[^/?]+", "/p/{slug}", path)).partition("?")[0]
        self.kept.append(
            (f"answer {method} {route}", {"status": page.status, **page.headers, "set-cookie": page.set_cookies, "": page.text})
        )
        return page

    def notice(self, raw: Any) -> Any:
        module = load("callbacks")
        with patch.object(module, "deps", self.cold()), self._heard():
            door = Shop.__new__(Shop)  # the kit's gateway, with this function's routes only
            route = "/v1/callbacks/{channel}/{account}"
            pattern = re.compile(r"/v1/callbacks/(?P<channel>[^/]+)/(?P<account>[^/]+)")
            door.address, door._handlers = "10.2.0.1", [(verb, pattern, route, module.handler) for verb in ("GET", "POST")]
            query = "&".join(f"{name}={value}" for name, value in raw.query)
            answer = door.raw(raw.method, f"{raw.path}?{query}" if query else raw.path, raw.body, dict(raw.headers))
        self.kept.append((f"answer {raw.method} /v1/callbacks", {**answer, "status": answer["statusCode"]}))
        return answer

    def worker(self, function: str, event: Any) -> Any:
        """A worker's handler, and what its runtime would print of an error that leaves it, causes included."""
        module = load(function)
        context = SimpleNamespace(**CONTEXT.__dict__, get_remaining_time_in_millis=lambda: 300_000)
        with patch.object(module, "deps", self.cold()), self._heard():
            try:
                return module.handler(event, context)
            except Exception as error:
                self.kept.append((f"error of {function}", error))
                return None

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """Every logger at its most talkative. Our own prints by its own formatter, everybody else by the usual one."""
        root, own = logging.getLogger(), logging.getLogger(telemetry.logger().service)
        usual = logging.StreamHandler(self.log)
        usual.addFilter(lambda record: not record.name.startswith((own.name, "moto", "responses", "werkzeug")))
        level, own_level, streams = root.level, own.level, [(one, one.stream) for one in own.handlers if hasattr(one, "stream")]
        root.addHandler(usual)
        root.setLevel(logging.DEBUG)
        own.setLevel(logging.DEBUG)
        for one, _ in streams:
            one.stream = self.log
        try:
            with redirect_stdout(self.out), redirect_stderr(self.out):
                yield
        finally:
            root.removeHandler(usual)
            root.setLevel(level)
            own.setLevel(own_level)
            for one, stream in streams:
                one.stream = stream

    # -- what there is ----------------------------------------------------------------------------------------------------

    def places(self) -> Iterator[tuple[str, Any]]:
        """Everything that was kept, written, printed, sent or answered."""
        yield from self.kept
        yield "log", self.log.getvalue()
        yield "print", self.out.getvalue()
        for table in TableName:
            for row in self.world.rows(PHYSICAL[table]):
                yield f"row {table}", row
        for item in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            yield f"object {item['Key']}", self.s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
        for message in self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", []):
            yield "message intake", message


class Pool:
    """What stands for a connection to a provider."""

    def __init__(self, shop: FaultyShop) -> None:
        self._shop = shop

    def urlopen(self, method: str, path: str, *, body: bytes | None, headers: Any, **_: Any) -> urllib3.HTTPResponse:
        url = f"https://provider.test{path}"
        given = {"method": method, "url": url, "body": body, "headers": headers}
        work = lambda: self._shop.world.providers.request(method, url, headers=headers, body=body or b"")  # noqa: E731
        status, content = self._shop.call("http", method, given, work)
        return urllib3.HTTPResponse(io.BytesIO(content), status=status, preload_content=False)


class Store:
    """The secret store's client."""

    def __init__(self, shelf: Any) -> None:
        self._shelf = shelf

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:
        values = self._shelf.read(SecretId) or {}
        return {"SecretString": json.dumps({name: value.reveal() for name, value in values.items()})}


@contextmanager
def faulty_shop(marks: Canaries) -> Iterator[FaultyShop]:
    with engine_world(holds_max=500) as world:
        marks.channels(world.providers.secrets)
        yield FaultyShop(world, marks)
