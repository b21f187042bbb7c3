"""Schedules of the local cloud by hand: fire one now, or let one sleep for a while."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra.local import deploy


class ScheduleFailed(Exception):
    """The function that a schedule starts ended with an error; the message names its class."""


def fire(endpoint: str, schedule: str, **changes: str) -> Any:
    """Start what a schedule (`BillsFunctionEveryMorning`) starts, with its own input and `changes` to it; answers its answer.

    Raises: ScheduleFailed.
    """
    target = deploy.client("events", endpoint).list_targets_by_rule(Rule=_rule(endpoint, schedule))["Targets"][0]
    payload = json.dumps({**json.loads(target.get("Input", "{}")), **changes}).encode()
    answer = deploy.client("lambda", endpoint).invoke(FunctionName=target["Arn"], Payload=payload)
    told = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        raise ScheduleFailed(str(told.get("errorType", "")) if isinstance(told, dict) else "")
    return told


@contextmanager
def asleep(endpoint: str, schedule: str) -> Iterator[None]:
    """Meanwhile a schedule starts nothing."""
    events, rule = deploy.client("events", endpoint), _rule(endpoint, schedule)
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)


def _rule(endpoint: str, schedule: str) -> str:
    physical = deploy.resources(endpoint)[schedule]
    return physical.rpartition("/")[2]
