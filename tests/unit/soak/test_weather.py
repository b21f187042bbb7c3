"""Bad weather is what it says it is, and a shop's own client understands each refusal as the service's."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from faka.kernel.errors import NotFound, Throttled, TransactionBusy
from faka.platform.table import Item, Key, TableName, Tables, put
from infra.local.weather import FAIR, REFUSALS, Weather, forecast, refused


pytestmark = pytest.mark.unit

GET, TRANSACT = b"DynamoDB_20120810.GetItem", b"DynamoDB_20120810.TransactWriteItems"
BODY = json.dumps({"TransactItems": [{}, {}, {}]}).encode()


def test_without_a_file_the_weather_is_fair() -> None:
    assert Weather(None).over(GET, b"{}") == FAIR


def test_a_forecast_counts_from_the_next_call_on_and_ends_as_it_began(tmp_path: Path) -> None:
    file = tmp_path / "weather.json"
    weather = Weather(file)
    assert weather.over(GET, b"{}") == FAIR
    forecast(file, 1, ("lose",), 1)
    assert weather.over(GET, b"{}").is_lost
    forecast(file, 1, ("delay",), 1)
    assert weather.over(GET, b"{}").delay_s > 0
    forecast(file, 1, ("refuse",), 1)
    assert weather.over(GET, b"{}").refusal is not None
    forecast(file, 0, (), 1)
    assert weather.over(GET, b"{}") == FAIR


def test_calls_that_no_weather_is_made_for_pass(tmp_path: Path) -> None:
    forecast(tmp_path / "weather.json", 1, ("refuse",), 1)
    assert Weather(tmp_path / "weather.json").over(b"AmazonSQS.SendMessage", b"{}") == FAIR


class Refusing:
    """A client whose calls are all refused with one body, as botocore reads it."""

    def __init__(self, status: int, body: bytes) -> None:
        self._status, self._told = status, json.loads(body)

    def __getattr__(self, operation: str) -> Any:
        def call(**_: Any) -> None:
            code = self._told["__type"].rpartition("#")[2]
            error = {"Error": {"Code": code, "Message": ""}, "CancellationReasons": self._told.get("CancellationReasons", [])}
            raise ClientError(error, operation)

        return call


def tables(status: int, body: bytes) -> Tables:
    return Tables(Refusing(status, body), {name: name.value for name in TableName}, lambda _: None)


def row(pk: str) -> Item:
    return {"pk": pk, "sk": "X"}


def never(_: Item | None) -> NotFound:
    return NotFound("")


@pytest.mark.parametrize("refusal", REFUSALS["DynamoDB"]["GetItem"])
def test_a_refused_read_is_one_to_try_again(refusal: tuple[int, str]) -> None:
    with pytest.raises(Throttled):
        tables(refusal[0], refused(refusal[1], b"{}")).get(Key(TableName.TRADE, "A", "X"))


@pytest.mark.parametrize("refusal", REFUSALS["DynamoDB"]["PutItem"])
def test_a_refused_write_is_one_to_try_again(refusal: tuple[int, str]) -> None:
    with pytest.raises(Throttled):
        tables(refusal[0], refused(refusal[1], b"{}")).apply(put(TableName.TRADE, row("A")))


@pytest.mark.parametrize("refusal", REFUSALS["DynamoDB"]["TransactWriteItems"])
def test_a_refused_transaction_is_one_to_try_again_and_names_a_reason_for_each_item(refusal: tuple[int, str]) -> None:
    body = refused(refusal[1], BODY)
    with pytest.raises(TransactionBusy):
        tables(refusal[0], body).commit([put(TableName.TRADE, row(pk), when="#a = :a", otherwise=never, a=1) for pk in "ABC"])
    assert len(json.loads(body).get("CancellationReasons", [1, 2, 3])) == 3


def test_another_refusal_is_not_tried_again() -> None:
    """The twin: what the weather never says ends the call at once."""
    with pytest.raises(ClientError):
        tables(400, refused("x#AccessDeniedException", b"{}")).get(Key(TableName.TRADE, "A", "X"))
