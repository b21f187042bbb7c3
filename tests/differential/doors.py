"""The ways into the three engines: the model as it is, moto without its HTTP, anything behind a client of botocore.

moto without HTTP costs about a tenth of moto: its handler is called with the parameters as it would have parsed them.
`test_against_moto` asks the same of both ways in.
"""

import base64
import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Protocol

from botocore.exceptions import ClientError, ParamValidationError
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.utilities import dynamo_to_dict
from moto.dynamodb.responses import DynamoHandler
from werkzeug.exceptions import HTTPException

from tests.differential.answers import Answer, broke, done, plain, refused, whole
from tests.kit import partiql  # teaches moto to insert by statement
from tests.kit.engine import Engine


assert partiql
ACCOUNT, REGION = "123456789012", "us-east-1"


FALLS_OVER = (HTTPException, ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError)
"""What moto raises where it has no answer; behind HTTP that is a status 500."""


class Door(Protocol):
    def ask(self, verb: str, given: dict[str, Any]) -> Answer: ...

    def rows(self, table: str) -> list[dict[str, Any]]: ...

    def some(self, table: str, keys: list[dict[str, Any]]) -> list[Any]:
        """These rows as they are now, in a form to compare."""

    def put_back(self, table: str, key: dict[str, Any], row: dict[str, Any] | None) -> None:
        """Make one row as it should have been, past all rules."""


class ModelDoor:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def ask(self, verb: str, given: dict[str, Any]) -> Answer:
        try:
            return done(verb, getattr(self.engine, verb)(**given))
        except ClientError as error:
            return refused(error.response)

    def rows(self, table: str) -> list[dict[str, Any]]:
        return list(self.engine.scan(TableName=table)["Items"])

    def some(self, table: str, keys: list[dict[str, Any]]) -> list[Any]:
        return [plain(self.engine.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")) for key in keys]


class ClientDoor:
    """moto over HTTP, or the local cloud's engine, whose tables have other names."""

    def __init__(self, client: Any, names: dict[str, str] | None = None) -> None:
        self._client = client
        self._names = names or {}

    def ask(self, verb: str, given: dict[str, Any]) -> Answer:
        try:
            return done(verb, getattr(self._client, verb)(**self._renamed(given)))
        except ClientError as error:
            return refused(error.response)
        except ParamValidationError:
            return refused({"Error": {"Code": "ValidationException"}})
        except FALLS_OVER as error:
            return broke(error)

    def _renamed(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._names.get(name, name): self._renamed(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._renamed(each) for each in value]
        for name, physical in self._names.items() if isinstance(value, str) and "test-" in value else ():
            value = value.replace(name, physical)
        return value

    def empty(self, table: str) -> None:
        """Bound: the rows of an episode are fewer than a batch takes."""
        table = self._names.get(table, table)
        keys = [{"pk": row["pk"], "sk": row["sk"]} for row in self._client.scan(TableName=table)["Items"]]
        if keys:
            self._client.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key}} for key in keys]})

    def rows(self, table: str) -> list[dict[str, Any]]:
        return list(self._client.scan(TableName=self._names.get(table, table))["Items"])

    def some(self, table: str, keys: list[dict[str, Any]]) -> list[Any]:
        table = self._names.get(table, table)
        found = whole(self._client.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})["Responses"][table])
        return [found.get((plain(key["pk"]), plain(key["sk"]))) for key in keys]

    def put_back(self, table: str, key: dict[str, Any], row: dict[str, Any] | None) -> None:
        table = self._names.get(table, table)
        if row is None:
            self._client.delete_item(TableName=table, Key=key)
        else:
            self._client.put_item(TableName=table, Item=row)


class MotoDoor:
    """moto's own handler and tables, in the mock that is running."""

    def __init__(self) -> None:
        self._backend: DynamoDBBackend = dynamodb_backends[ACCOUNT][REGION]

    def empty(self, table: str) -> None:
        self._backend.tables[table].items.clear()

    def ask(self, verb: str, given: dict[str, Any]) -> Answer:
        handler = DynamoHandler()
        handler.current_account, handler.region = ACCOUNT, REGION
        handler.body = _as_parsed(given)
        call: Callable[[], Any] = getattr(handler, verb)
        try:
            return done(verb, _with_binaries(call().result))
        except JsonRESTError as error:
            return refused(_as_sent(error))
        except FALLS_OVER as error:
            return broke(error)

    def rows(self, table: str) -> list[dict[str, Any]]:
        handler = DynamoHandler()
        handler.current_account, handler.region = ACCOUNT, REGION
        handler.body = {"TableName": table}
        return list(handler.scan().result["Items"])

    def some(self, table: str, keys: list[dict[str, Any]]) -> list[Any]:
        found = [self._backend.get_item(table, key) for key in keys]
        return [plain(dynamo_to_dict(item.attrs)) if item is not None else None for item in found]

    def put_back(self, table: str, key: dict[str, Any], row: dict[str, Any] | None) -> None:
        if row is None:
            self._backend.delete_item(table, _as_parsed(key))
        else:
            self._backend.put_item(table, _as_parsed(row))


def _as_parsed(value: Any) -> Any:
    """A copy in which binaries are texts, as moto reads them from a request."""
    if isinstance(value, dict):
        return {name: _as_parsed(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_parsed(each) for each in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _as_sent(error: JsonRESTError) -> dict[str, Any]:
    """What a client would have read from moto's error."""
    body = json.loads(error.description)
    code = body["__type"].split("#")[-1]
    more = {name: body[name] for name in ("Item", "CancellationReasons") if name in body}
    return {"Error": {"Code": code}, **_with_binaries(deepcopy(more))}


def _with_binaries(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"B"} and isinstance(value["B"], str):
            return {"B": base64.b64decode(value["B"])}
        return {name: _with_binaries(each) for name, each in value.items()}
    return [_with_binaries(each) for each in value] if isinstance(value, list) else value
