"""What the template says about functions, rules and queues; and the functions themselves, loaded once, over whatever `Deps` is running."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

from greenlet import getcurrent

from faka.contexts.payments.providers import rsa
from faka.contexts.stock import journal
from faka.flows.reconcile import export, overdue
from faka.platform import day, due
from faka.platform.telemetry import Handler
from infra.local.actors import alipay
from infra.tools.template import Template
from tests.kit.doors import load


HTTP = ("storefront", "reveal", "callbacks")
WORKERS = ("relay", "fulfil", "deliver", "intake", "sweep", "bills", "reconcile", "repair")

running: dict[Any, Any] = {}
"""Greenlet → the `Deps` of the container that runs in it."""


_BUILDING = SimpleNamespace(settings=SimpleNamespace(faka_shop_url="https://shop.test"))
"""What a door asks for while it is built."""


class Here:
    """Stands in for a function's module-level `deps`: whatever container runs in this greenlet."""

    def __getattr__(self, name: str) -> Any:
        return getattr(running.get(getcurrent(), _BUILDING), name)


HERE: Any = Here()


rsa.load_der_private_key = cache(rsa.load_der_private_key)
"""Parsing a private key proves that it is prime, which takes longer than a whole run; each key of the players is parsed once."""


SIGNATURES_MAX = 20_000
rsa.sign = lru_cache(SIGNATURES_MAX)(rsa.sign)
alipay.rsa2 = lru_cache(SIGNATURES_MAX)(alipay.rsa2)
"""This scheme's signature is a function of key and text: runs that ask the same question get the signature of the run before."""


@cache
def template() -> Template:
    return Template()


@cache
def logical_id(function: str) -> str:
    return f"{function.capitalize()}Function"


@cache
def timeout_s(function: str) -> int:
    return template().timeout(logical_id(function))


@cache
def routes_of_the_bus() -> dict[str, tuple[str, ...]]:
    """Event type → the queues that its rules feed, by the name of their worker."""
    found: dict[str, tuple[str, ...]] = {}
    for name in template().of_type("AWS::Events::Rule"):
        own = template().properties(name)
        for kind in own["EventPattern"].get("detail-type", []):
            found[kind] = (*found.get(kind, ()), *(target["Id"] for target in own["Targets"]))
    return found


@cache
def receives_max(worker: str) -> int:
    return int(template().properties(f"{worker.capitalize()}Queue")["RedrivePolicy"]["maxReceiveCount"])


@cache
def hidden_s(worker: str) -> float:
    return float(template().properties(f"{worker.capitalize()}Queue")["VisibilityTimeout"])


@cache
def module(function: str) -> Any:
    """A copy of the function's module of our own, whose `deps` is what runs here."""
    made = load.__wrapped__(function)
    made.deps = HERE
    return made


@cache
def door(function: str) -> Any:
    """The door of an HTTP function."""
    made = module(function)
    return made.open_door(HERE) if hasattr(made, "open_door") else made.door


@cache
def handler(function: str) -> Handler:
    found: Handler = door(function).handler() if function in HTTP else module(function).handler
    return found


@contextmanager
def few_partitions() -> Iterator[None]:
    """Partitions that differ in nothing but their name: two of what is due, and one of claims, show all that eight and four show;
    so do one of a day's movements, and the two days before a day of the week that is looked back at."""
    kept = due.DUE_SHARDS, journal.DUE_PARTS, day.DAY_SHARDS, export.REFUND_PATIENCE_DAYS, overdue.LOOK_BACK_DAYS
    due.DUE_SHARDS, journal.DUE_PARTS, day.DAY_SHARDS, export.REFUND_PATIENCE_DAYS, overdue.LOOK_BACK_DAYS = 2, 1, 1, 2, 2
    try:
        yield
    finally:
        due.DUE_SHARDS, journal.DUE_PARTS, day.DAY_SHARDS, export.REFUND_PATIENCE_DAYS, overdue.LOOK_BACK_DAYS = kept
