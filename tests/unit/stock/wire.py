"""A client between `Tables` and the engine that dies, loses answers, lets others go first, or leaves a guard out."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from faka.platform.table import Tables
from tests.kit.clock import CountingPause
from tests.kit.engine import Engine
from tests.kit.tables import PHYSICAL


class Crash(BaseException):
    """The process is gone. Not an Exception, so that no handler of the code under test can see it."""


class Wire:
    """Counts calls and does something at one of them (1 is the first)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.calls = 0
        self.verbs: list[str] = []
        self._at: dict[int, Callable[[Callable[[], Any]], Any]] = {}
        self._guards_off: list[tuple[str, str]] = []

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        def call(**given: Any) -> Any:
            self.calls += 1
            self.verbs.append(verb)
            weakened = self._weakened(verb, given)
            do = self._at.get(self.calls, lambda act: act())
            return do(lambda: getattr(self.engine, verb)(**weakened))

        return call

    def tables(self) -> Tables:
        return Tables(self, PHYSICAL, CountingPause())

    # -- what happens at a call -----------------------------------------------------------------------------------

    def at(self, call: int, what: Callable[[Callable[[], Any]], Any]) -> "Wire":
        self._at[call] = what
        return self

    def first(self, call: int, other: Callable[[], Any]) -> "Wire":
        """Another process runs from its beginning to its end just before this call."""

        def let(act: Callable[[], Any]) -> Any:
            other()
            return act()

        return self.at(call, let)

    # -- guards ---------------------------------------------------------------------------------------------------

    def without(self, clause: str, pk: str = "") -> "Wire":
        """Make one clause of conditions always true, on rows whose key begins with `pk`."""
        self._guards_off.append((clause, pk))
        return self

    def _weakened(self, verb: str, given: dict[str, Any]) -> dict[str, Any]:
        if not self._guards_off:
            return given
        if verb == "transact_write_items":
            items = [{name: self._weaker(each) for name, each in item.items()} for item in given["TransactItems"]]
            return {**given, "TransactItems": items}
        return self._weaker(given) if verb in ("put_item", "update_item") else given

    def _weaker(self, given: dict[str, Any]) -> dict[str, Any]:
        text = given.get("ConditionExpression", "")
        row = given.get("Key") or given["Item"]
        for clause, pk in self._guards_off:
            if row["pk"]["S"].startswith(pk):
                text = text.replace(clause, f"({clause} OR attribute_exists(pk) OR attribute_not_exists(pk))")
        return {**given, "ConditionExpression": text} if text else given


def dies_before(act: Callable[[], Any]) -> Any:
    raise Crash


def dies_after(act: Callable[[], Any]) -> Any:
    act()
    raise Crash


def loses_answer(act: Callable[[], Any]) -> Any:
    """Done, but the client never hears it."""
    act()
    raise ReadTimeoutError(endpoint_url="nowhere")


def asks_twice(act: Callable[[], Any]) -> Any:
    """Done, but the service answers that it failed inside, so that the client repeats blindly."""
    act()
    raise ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, "DynamoDB")


def is_throttled(act: Callable[[], Any]) -> Any:
    raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException", "Message": ""}}, "DynamoDB")


FAULTS = (dies_before, dies_after, loses_answer, asks_twice, is_throttled)
