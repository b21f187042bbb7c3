"""How each service fails, in the words that its SDK would use. A message quotes the request, as real ones do: it must never reach a log."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from faka.platform.outbound import OutboundFailed
from tests.simulation.gate import Act, Does, Fate, twice


def refusal(code: str, quoted: object = "", **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"refused: {quoted!r}"}, **more}, "Operation")


def refuses(code: str, quoted: object = "", **more: Any) -> Does:
    def refuse(_act: Act) -> Any:
        raise refusal(code, quoted, **more)

    return refuse


def _lost(act: Act) -> Any:
    act()
    raise ReadTimeoutError(endpoint_url="https://service.test")


def _not_sent(_act: Act) -> Any:
    raise ConnectTimeoutError(endpoint_url="https://service.test")


def _internal_done(act: Act) -> Any:
    act()
    raise refusal("InternalServerError")


LINE: dict[Fate, Does] = {Fate.LOST: _lost, Fate.NOT_SENT: _not_sent}

READ: dict[Fate, Does] = {
    **LINE,
    Fate.THROTTLED: refuses("ProvisionedThroughputExceededException"),
    Fate.INTERNAL: refuses("InternalServerError"),
}

WRITE: dict[Fate, Does] = {
    **READ,
    Fate.CONFLICT: refuses("TransactionConflictException"),
    Fate.INTERNAL_DONE: _internal_done,
}


def transaction(given: Mapping[str, Any]) -> dict[Fate, Does]:
    """A transaction's own failures: the reason of the first item, nothing of the others."""
    others = [{"Code": "None"}] * (len(given["TransactItems"]) - 1)

    def canceled(reason: str) -> Does:
        return refuses("TransactionCanceledException", CancellationReasons=[{"Code": reason}, *others])

    return {
        **WRITE,
        Fate.THROTTLED: canceled("ThrottlingError"),
        Fate.CONFLICT: canceled("TransactionConflict"),
        Fate.INTERNAL: refuses("TransactionInProgressException"),
    }


def statements_partly(count: int) -> Does:
    """Of a batch of inserts the last one is throttled, the others are done."""

    def partly(act: Act) -> Any:
        answer = act()
        if count > 1:
            answer["Responses"][-1] = {"Error": {"Code": "ThrottlingError"}}
        return answer

    return partly


def service(quoted: object, *, busy: str = "ThrottlingException") -> dict[Fate, Does]:
    """A service behind the SDK's own repeats: busy, silent, or done twice because the first answer was lost."""
    return {**LINE, Fate.THROTTLED: refuses(busy, quoted), Fate.TWICE: twice}


def events_partly(act: Act) -> Any:
    answer = act()
    return {**answer, "FailedEntryCount": 1}


def _cut(_act: Act) -> Any:
    raise OutboundFailed("provider.test: cut")


def _unheard(act: Act) -> Any:
    act()
    raise OutboundFailed("provider.test: no answer")


PROVIDER: dict[Fate, Does] = {
    Fate.NOT_SENT: _cut,
    Fate.LOST: _unheard,
    Fate.GARBLED: lambda _act: (200, b"<html>busy</html>"),
    Fate.THROTTLED: lambda _act: (503, b""),
}


def download(write: Callable[[bytes], Any]) -> dict[Fate, Does]:
    """Of a file: not a byte came, all of it came and the end was not heard, or something else came."""

    def garbled(_act: Act) -> int:
        write(b"<html>busy</html>")
        return 200

    return {Fate.NOT_SENT: _cut, Fate.LOST: _unheard, Fate.GARBLED: garbled, Fate.THROTTLED: lambda _act: 503}


Name = Callable[[Mapping[str, Any]], str]
