"""Log lines hold what we chose and nothing that came from outside."""

import json
import logging
from typing import Any

import pytest
from pydantic import Field

from faka.kernel.errors import Conflict, Unavailable
from faka.kernel.model import Frozen
from faka.kernel.secret import Secret
from faka.platform import telemetry
from tests.kit.doors import CONTEXT


pytestmark = pytest.mark.unit

CANARY = "CANARY-7Q"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys: Any, request: pytest.FixtureRequest) -> Any:
    """What was written. Each test has a service name of its own, because a logger keeps the stream that it was made with."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", request.node.name)
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    telemetry.logger.cache_clear()
    telemetry.metrics.cache_clear()
    capsys.readouterr()
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    telemetry.logger.cache_clear()
    telemetry.metrics.cache_clear()


def test_a_line_holds_its_fields_and_the_service(lines: Any) -> None:
    telemetry.note("order_paid", order_id="ord_1", amount_minor=1580)
    [line] = lines()
    assert (line["message"], line["order_id"], line["amount_minor"]) == ("order_paid", "ord_1", 1580)
    assert line["service"] == "test_a_line_holds_its_fields_and_the_service"


def test_an_unknown_field_is_left_out_and_its_name_reported(lines: Any) -> None:
    telemetry.note("order_paid", order_id="ord_1", contact=CANARY, secret=Secret(CANARY))
    [line] = lines()
    assert line["refused"] == "contact,secret"
    assert CANARY not in json.dumps(line)


def test_twin_without_the_filter_the_value_would_stand_in_the_log(lines: Any) -> None:
    logger = logging.getLogger(telemetry.logger().service)
    for handler in logger.handlers:
        handler.filters.clear()
    telemetry.note("order_paid", contact=CANARY)
    assert CANARY in json.dumps(lines())


class Card(Frozen):
    secret: str = Field(max_length=3)


def test_the_text_of_a_foreign_error_is_not_written(lines: Any) -> None:
    for make in (lambda: int(CANARY), lambda: Card(secret=CANARY), lambda: json.loads(CANARY)):
        try:
            make()
        except Exception as error:
            telemetry.failed("work_failed", error, order_id="ord_1")
    written = lines()
    assert len(written) == 3
    assert CANARY not in json.dumps(written)
    assert all("test_telemetry.py" in line["exception"] for line in written)


def test_causes_are_named_without_their_texts(lines: Any) -> None:
    try:
        try:
            int(CANARY)
        except ValueError as first:
            raise Unavailable("ord_1") from first
    except Unavailable as error:
        telemetry.note("work_failed", level=logging.ERROR, error=error)
    [line] = lines()
    assert "Unavailable: ord_1" in line["exception"]
    assert "ValueError\n" in line["exception"]
    assert CANARY not in line["exception"]


@pytest.mark.parametrize(
    ("error", "level"),
    [(Conflict(), "INFO"), (Unavailable(), "WARNING"), (telemetry.WorkFailed(), "ERROR"), (KeyError(), "ERROR")],
)
def test_a_family_of_errors_has_its_level(error: Exception, level: str, lines: Any) -> None:
    telemetry.failed("work_failed", error)
    [line] = lines()
    assert line["level"] == level


def test_a_handler_that_fails_raises_our_own_error_without_the_text(lines: Any) -> None:
    @telemetry.observed
    def handler(_event: Any, _context: Any) -> Any:
        return int(CANARY)

    with pytest.raises(telemetry.WorkFailed) as caught:
        handler({}, CONTEXT)
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__
    assert CANARY not in json.dumps(lines())


def test_figures_leave_with_the_invocation(lines: Any) -> None:
    @telemetry.observed
    def handler(_event: Any, _context: Any) -> None:
        telemetry.count("OrdersPaid")
        telemetry.count("OrdersPaid", 2)

    handler({}, CONTEXT)
    figures = [line for line in lines() if "_aws" in line and "OrdersPaid" in line]
    assert [sum(line["OrdersPaid"]) for line in figures] == [3]
    assert figures[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
