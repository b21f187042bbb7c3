"""What the product holds as its DynamoDB client: every call parks, travels, is served, and travels back."""

import random
from math import exp
from typing import Any

from botocore.exceptions import ClientError

from infra.bench.scale.parameters import Parameters
from infra.bench.scale.service import Service


READS = frozenset({"get_item", "batch_get_item", "query"})


class Latency:
    """Log-normal around a median, and a few that are slow for reasons of their own. Seconds."""

    def __init__(self, parameters: Parameters, seed: int) -> None:
        self._parameters = parameters
        self._random = random.Random(f"latency {seed}")

    def of(self, median_ms: float) -> float:
        given = self._parameters
        if self._random.random() < given.tail_share:
            return self._random.uniform(given.tail_ms_min, given.tail_ms_max) / 1000
        return median_ms * exp(self._random.gauss(0.0, given.sigma)) / 1000

    def call(self, verb: str, items: int) -> float:
        given = self._parameters
        if verb in READS:
            return self.of(given.read_ms)
        if verb == "transact_write_items":
            return self.of(given.transaction_ms + given.transaction_item_ms * items)
        return self.of(given.write_ms)


class Client:
    """`step` names the door whose calls these are."""

    def __init__(self, service: Service, latency: Latency, step: str) -> None:
        self.step = step
        self._service = service
        self._latency = latency

    def __getattr__(self, verb: str) -> Any:
        return lambda **given: self._call(verb, given)

    def _call(self, verb: str, given: dict[str, Any]) -> Any:
        timeline = self._service.timeline
        if verb == "transact_write_items":
            return self._transaction(verb, given)
        half = self._latency.call(verb, 1) / 2
        timeline.wait(half)
        try:
            return self._service.serve(self.step, verb, given)
        finally:
            timeline.wait(half)

    def _transaction(self, verb: str, given: dict[str, Any]) -> Any:
        """Both phases between two journeys; a refused one goes home at once."""
        timeline, took = self._service.timeline, self._latency.call(verb, len(given["TransactItems"]))
        held = took * self._service.parameters.held_share
        journey = (took - held) / 2
        timeline.wait(journey)
        try:
            answer = self._service.serve(self.step, verb, given)
        except ClientError:
            timeline.wait(journey)
            raise
        with self._service.held(given):
            timeline.wait(held)
        timeline.wait(journey)
        return answer


class Direct:
    """A client for what was there before: at once, for nothing, uncounted."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def __getattr__(self, verb: str) -> Any:
        return lambda **given: self._service.direct(verb, given)
