"""Queue workers: one message, one piece of work; a failed message comes again alone."""

import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from faka.kernel.errors import FakaError, InvalidRequest, NotFound
from faka.kernel.ids import OrderId, is_order_id
from faka.platform import telemetry


def each_order(event: dict[str, Any], context: Any, work: Callable[[OrderId], object]) -> dict[str, Any]:
    """Do `work` for the order of each message; answers the messages that must come again.

    A message that names no order of ours is dropped with a log line: it can never succeed.
    """

    def handle(record: Any) -> None:
        try:
            with telemetry.contained():
                work(_order_of(record.body))
        except (NotFound, InvalidRequest) as error:
            telemetry.failed("message_dropped", error)
        except FakaError as error:
            telemetry.failed("message_failed", error)
            raise

    return _each(event, context, handle)


def each_message(event: dict[str, Any], context: Any, work: Callable[[str], object]) -> dict[str, Any]:
    """Do `work` for the text of each message; answers the messages that must come again.

    Nothing is dropped: whatever fails, for whatever reason, comes again and ends in the dead-letter queue, where it rings.
    """

    def handle(record: Any) -> None:
        try:
            with telemetry.contained():
                work(record.body)
        except FakaError as error:
            telemetry.failed("message_failed", error)
            raise

    return _each(event, context, handle)


def _each(event: dict[str, Any], context: Any, handle: Callable[[Any], None]) -> dict[str, Any]:
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event=event, record_handler=handle, processor=processor, context=context))


def _order_of(body: str) -> OrderId:
    try:
        name = json.loads(body)["detail"]["order_id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InvalidRequest("message") from None
    if not isinstance(name, str) or not is_order_id(name):
        raise InvalidRequest("message")
    return OrderId(name)
