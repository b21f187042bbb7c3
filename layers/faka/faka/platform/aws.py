"""AWS clients from one session: a second client then costs about 15 ms of a cold start instead of 40 to 70."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config


CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 5
"""No call of ours takes longer than a few hundred ms; a provider waits about 5 s for our answer."""


@cache
def _session() -> boto3.Session:
    return boto3.Session()


@cache
def client(service: str) -> Any:
    """A client with the SDK's own bounded retries, for services whose calls are safe to repeat."""
    return _session().client(
        service,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": 3},
        ),
    )


@cache
def client_once(service: str) -> Any:
    """A client that tries once, for questions whose asker does not wait for a second try."""
    retries = {"mode": "standard", "total_max_attempts": 1}
    return _session().client(service, config=Config(connect_timeout=CONNECT_TIMEOUT_S, read_timeout=READ_TIMEOUT_S, retries=retries))


@cache
def dynamodb() -> Any:
    """The client of `platform.table`: one attempt, because the retries stand there, and a pool for parallel reads."""
    return _session().client(
        "dynamodb",
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": 1},
            parameter_validation=False,
            tcp_keepalive=True,
        ),
    )
