"""The services that the shop calls, as clients that pass the gate: tables, keys, bus, mail, queue, bucket, secrets, providers."""

import hashlib
import hmac
import io
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.kit.engine import Engine
from tests.kit.providers import FakeProviders
from tests.kit.roles import Checked
from tests.kit.suppliers import BASE as SUPPLIERS
from tests.kit.suppliers import FakeSuppliers
from tests.kit.tables import PHYSICAL
from tests.simulation import failures
from tests.simulation.gate import Call, Does, Fate, Gate, plain


LOGICAL = {physical: name.value for name, physical in PHYSICAL.items()}

Judge = Callable[[str, str, str, Mapping[str, Any]], None]
"""Asks whether a function may make a call: function, service, verb, arguments."""


class Tables(Checked):
    """A DynamoDB client over the engine, which asks the role of its caller and then passes the gate."""

    def __init__(self, gate: Gate, engine: Engine, judge: Judge) -> None:
        self._gate = gate
        self._judge = judge
        self.engine = engine
        self.serves_stale = False
        engine.stale = lambda _pk: self.serves_stale
        engine.leaves = self._leaves
        self._to_leave = 0

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        does = getattr(self.engine, verb)

        def call(**given: Any) -> Any:
            process = self._gate.process
            if process is not None:
                self._judge(process.function, "dynamodb", verb, given)
            return self._gate.pass_(Call("dynamodb", verb, _target(verb, given)), lambda: does(**given), self._faults(verb, given))

        self.__dict__[verb] = call
        return call

    def _faults(self, verb: str, given: Mapping[str, Any]) -> dict[Fate, Does]:
        if verb == "transact_write_items":
            return failures.transaction(given)
        if verb == "batch_execute_statement":
            return {**failures.READ, Fate.PARTLY: failures.statements_partly(len(given["Statements"]))}
        partly = {Fate.PARTLY: self._partly} if verb in ("batch_get_item", "batch_write_item") else {}
        if verb in ("get_item", "query", "batch_get_item"):
            stale = {Fate.STALE: self._stale} if _is_eventual(verb, given) else {}
            return {**failures.READ, **stale, **partly}
        return {**failures.WRITE, **partly}

    def _partly(self, act: Callable[[], Any]) -> Any:
        """One row of the batch is left for another request."""
        self._to_leave = 1
        try:
            return act()
        finally:
            self._to_leave = 0

    def _leaves(self, _pk: str) -> bool:
        self._to_leave -= 1
        return self._to_leave >= 0

    def _stale(self, act: Callable[[], Any]) -> Any:
        self.serves_stale = True
        try:
            return act()
        finally:
            self.serves_stale = False


def _is_eventual(verb: str, given: Mapping[str, Any]) -> bool:
    if verb == "batch_get_item":
        return not any(asked.get("ConsistentRead") for asked in given["RequestItems"].values())
    return not given.get("ConsistentRead")


def _target(verb: str, given: Mapping[str, Any]) -> str:
    """`trade HEAD`; of several rows each kind once."""
    if verb == "transact_write_items":
        operations = [next(iter(item.items())) for item in given["TransactItems"]]
        return " + ".join(sorted({f"{kind} {_row(each)}" for kind, each in operations}))
    if verb == "batch_get_item":
        rows = {f"{LOGICAL[table]} {_kind(key['pk']['S'])}" for table, asked in given["RequestItems"].items() for key in asked["Keys"]}
        return " + ".join(sorted(rows))
    if verb == "query":
        index = given.get("IndexName")
        return f"{LOGICAL[given['TableName']]} {'index ' + index if index else _kind(given['ExpressionAttributeValues'][':p']['S'])}"
    if verb == "batch_execute_statement":
        return LOGICAL[given["Statements"][0]["Statement"].split('"')[1]]
    if verb == "batch_write_item":
        return " + ".join(LOGICAL[table] for table in given["RequestItems"])
    return _row(given)


def _row(given: Mapping[str, Any]) -> str:
    return f"{LOGICAL[given['TableName']]} {_kind((given.get('Key') or given['Item'])['pk']['S'])}"


def _kind(pk: str) -> str:
    return pk.partition("#")[0]


class Client:
    """A client of one service: each public method of `model` is a call."""

    def __init__(self, gate: Gate, judge: Judge, service: str, model: Any, *, busy: str = "ThrottlingException") -> None:
        self._gate = gate
        self._judge = judge
        self._service = service
        self._model = model
        self._busy = busy

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        does = getattr(self._model, verb)

        def call(**given: Any) -> Any:
            process = self._gate.process
            if process is not None:
                self._judge(process.function, self._service, verb, given)
            faults = failures.service(given, busy=self._busy)
            if verb == "put_events":
                faults[Fate.PARTLY] = failures.events_partly
            return self._gate.pass_(Call(self._service, verb, ""), lambda: does(**given), faults)

        self.__dict__[verb] = call
        return call


class Keys:
    """KMS: real ciphertext and real MACs under keys that the run was given."""

    def __init__(self, chance: Callable[[int], bytes]) -> None:
        self._chance = chance
        self._masters: dict[str, bytes] = {}
        self._names = itertools.count(1)

    def create_key(self, **_spec: str) -> dict[str, Any]:
        return {"KeyMetadata": {"KeyId": f"key-{next(self._names)}"}}

    def _master(self, name: str) -> bytes:
        return self._masters.setdefault(name, hashlib.sha256(f"master {name}".encode()).digest())

    def generate_data_key(self, *, KeyId: str, EncryptionContext: Mapping[str, str], **_spec: Any) -> dict[str, Any]:
        plain_key, nonce = self._chance(32), self._chance(12)
        wrapped = nonce + AESGCM(self._master(KeyId)).encrypt(nonce, plain_key, _bound(EncryptionContext))
        return {"Plaintext": plain_key, "CiphertextBlob": wrapped}

    def decrypt(self, *, KeyId: str, CiphertextBlob: bytes, EncryptionContext: Mapping[str, str]) -> dict[str, Any]:
        try:
            opened = AESGCM(self._master(KeyId)).decrypt(CiphertextBlob[:12], CiphertextBlob[12:], _bound(EncryptionContext))
        except InvalidTag:
            raise failures.refusal("InvalidCiphertextException") from None
        return {"Plaintext": opened}

    def generate_mac(self, *, KeyId: str, Message: bytes, **_algorithm: Any) -> dict[str, Any]:
        return {"Mac": hmac.digest(self._master(KeyId), Message, "sha256")}


def _bound(context: Mapping[str, str]) -> bytes:
    return json.dumps(dict(context), sort_keys=True).encode()


class Bus:
    """EventBridge with the rules of the template: an event becomes a message in each queue that its rule names."""

    def __init__(self, routes: Mapping[str, tuple[str, ...]], queues: Mapping[str, "Queue"]) -> None:
        self._routes = routes
        self._queues = queues
        self.events: list[tuple[str, str]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        for entry in Entries:
            kind, detail = entry["DetailType"], entry["Detail"]
            self.events.append((kind, detail))
            for name in self._routes.get(kind, ()):
                self._queues[name].put(json.dumps({"detail-type": kind, "detail": json.loads(detail)}))
        return {"FailedEntryCount": 0, "Entries": [{"EventId": str(len(self.events))} for _ in Entries]}


@dataclass
class Message:
    body: str
    receives: int = 0
    visible_at: float = 0.0
    """Seconds of simulated time before which nobody gets it."""


class Queue:
    """SQS: at least once, in any order, hidden while somebody may still work on it, to the dead letters after too many tries."""

    def __init__(self, name: str, receives_max: int, hidden_s: float) -> None:
        self.name = name
        self.receives_max = receives_max
        self.hidden_s = hidden_s
        self.waiting: list[Message] = []
        self.done: list[str] = []
        self.dead: list[str] = []

    def put(self, body: str) -> None:
        self.waiting.append(Message(body))

    def send_message(self, *, QueueUrl: str, MessageBody: str, **_delay: Any) -> dict[str, Any]:
        self.put(MessageBody)
        return {"MessageId": str(len(self.waiting))}


class Post:
    """SES."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, str, str]] = []

    def send_email(self, *, FromEmailAddress: str, Destination: Any, Content: Any) -> dict[str, Any]:
        [to], simple = Destination["ToAddresses"], Content["Simple"]
        self.letters.append((to, simple["Subject"]["Data"], simple["Body"]["Text"]["Data"]))
        return {"MessageId": str(len(self.letters))}


class Bucket:
    """S3, one bucket."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        body = self._file(Key)
        return {"ContentLength": len(body), "ETag": _etag(body)}

    def copy_object(self, *, Bucket: str, Key: str, CopySource: Mapping[str, str], CopySourceIfMatch: str) -> dict[str, Any]:
        body = self._file(CopySource["Key"])
        if _etag(body) != CopySourceIfMatch:
            raise failures.refusal("PreconditionFailed")
        self.files[Key] = body
        return {}

    def get_object(self, *, Bucket: str, Key: str, IfMatch: str = "", Range: str = "") -> dict[str, Any]:
        body = self._file(Key)
        if IfMatch and _etag(body) != IfMatch:
            raise failures.refusal("PreconditionFailed")
        if Range:
            start, _, end = Range.removeprefix("bytes=").partition("-")
            body = body[int(start) : int(end) + 1]
        return {"Body": io.BytesIO(body)}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes | IO[bytes], **_kind: Any) -> dict[str, Any]:
        """A file is read from where it stands, and stands there again, as the SDK leaves it for a repeat."""
        if isinstance(Body, bytes):
            self.files[Key] = Body
            return {}
        start = Body.tell()
        self.files[Key] = Body.read()
        Body.seek(start)
        return {}

    def delete_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self.files.pop(Key, None)
        return {}

    def generate_presigned_post(self, *, Bucket: str, Key: str, Conditions: Any, ExpiresIn: int) -> dict[str, Any]:
        return {"url": f"https://{Bucket}.test", "fields": {"key": Key}}

    def _file(self, key: str) -> bytes:
        if key not in self.files:
            raise failures.refusal("NoSuchKey", key)
        return self.files[key]


def _etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


class Shelf:
    """Secrets Manager."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        self.kept = dict(kept)

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:
        if SecretId not in self.kept:
            raise failures.refusal("ResourceNotFoundException", SecretId)
        return {"SecretString": self.kept[SecretId]}


class Line:
    """The way out to payment providers and suppliers."""

    def __init__(self, gate: Gate, providers: FakeProviders, suppliers: FakeSuppliers) -> None:
        self._gate = gate
        self._providers = providers
        self._suppliers = suppliers
        self.addresses: list[str] = []

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float = 10.0,
        answered: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        address = urlsplit(url)
        if url.startswith(f"{SUPPLIERS}/"):
            return self._supplied(method, url, headers, body, answered)
        asked = dict(parse_qsl(address.query)) | dict(parse_qsl(body.decode()))
        what = asked.get("method", asked.get("act", "")).rpartition(".")[2]
        self.addresses.append(url)
        call = Call("http", what or method, address.path.strip("/").partition("/")[0])
        return self._gate.pass_(call, lambda: self._providers.request(method, url, headers=headers, body=body), failures.PROVIDER)

    def _supplied(
        self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes, answered: dict[str, str] | None
    ) -> tuple[int, bytes]:
        self.addresses.append(url)
        call = Call("http", self._suppliers.call_name(method, url, headers, body), "supplier")
        return self._gate.pass_(
            call, lambda: self._suppliers.request(method, url, headers=headers, body=body, answered=answered), failures.PROVIDER
        )

    def download(
        self, url: str, into: BinaryIO, *, headers: Mapping[str, str] | None = None, bytes_max: int, timeout_s: float = 300.0
    ) -> int:
        """A bill's file. One call, though it comes in pieces: nothing outside of the process happens between them."""
        self.addresses.append(url)
        call = Call("http", "download", urlsplit(url).path.strip("/").partition("/")[0])
        faults = failures.download(into.write)
        found: int = self._gate.pass_(call, lambda: self._providers.download(url, into, headers=headers, bytes_max=bytes_max), faults)
        return found


class Machines:
    """Step Functions: one execution of a name, and those that were begun and wait for somebody who drives them."""

    def __init__(self) -> None:
        self.begun: dict[str, Mapping[str, Any]] = {}
        self.waiting: list[tuple[str, Mapping[str, Any]]] = []

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, Any]:
        given = json.loads(input)
        if name not in self.begun:
            self.begun[name] = given
            self.waiting.append((name, given))
        elif (name, given) not in self.waiting:
            raise failures.refusal("ExecutionAlreadyExists", name)
        return {"executionArn": f"{stateMachineArn}:{name}"}


__all__ = ["Bucket", "Bus", "Client", "Keys", "Line", "Machines", "Post", "Queue", "Shelf", "Tables", "plain"]
