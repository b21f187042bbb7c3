"""Rows of alerts.

| row | table, pk / sk | written |
|---|---|---|
| route | catalog, `ALERTROUTES` / id | by operators |
| sending | guard, `ALERT#{alert}` / route | taken before a message leaves, SENT or REFUSED after it |
| a route's minute | guard, `ALERTS#{route}` / `M#{minute:010}` | counts what left and what found no place |

```
(nothing) ─take─► SENDING ─► SENT | REFUSED            a lease of a minute: whoever finds it older takes it again
     └─ the minute is full ─► MORE                     told by the one summary of that minute
```
A process that dies between sending and SENT sends once more after its lease: at least once, as mail is.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import ValidationError

from faka.contexts.alerts.model import AlertRoute
from faka.kernel.clock import epoch_s
from faka.kernel.errors import Conflict, Exhausted, InvalidRequest, NotFound, UnknownState
from faka.kernel.model import Frozen
from faka.platform.table import Item, Key, TableName, Tables, Write, put, update


ROUTES_MAX: Final = 8
"""Routes of one shop. Each may take five seconds, one after the other, of a function's minute."""

BURST: Final = 9
"""Messages of one route in a minute of the clock; one place more is the summary's. Twice ten is what WeCom, DingTalk and Telegram take
in sixty seconds, and any sixty seconds touch two minutes of the clock."""

LEASE: Final = timedelta(seconds=60)
"""A function's time; shorter than what a queue waits before it shows a message again."""

ROW_TTL: Final = timedelta(days=15)
"""A dead letter is kept for fourteen days and may be sent back on the last one."""


class SendState(StrEnum):
    SENDING = "SENDING"
    SENT = "SENT"
    REFUSED = "REFUSED"
    MORE = "MORE"

    @property
    def is_done(self) -> bool:
        return self in (SendState.SENT, SendState.REFUSED)


class RouteMissing(NotFound):
    """No such alert route."""


class TooManyRoutes(InvalidRequest):
    """There are as many alert routes as one message may take time for."""


class AlertTaken(Conflict):
    """Somebody sends this to this route now, or has; carries the sending."""

    @property
    def is_done(self) -> bool:
        return self.row is not None and SendState(self.row["state"]).is_done


class RouteFull(Exhausted):
    """The route has had all that it takes in this minute."""


class Sending(Frozen):
    state: SendState
    until: int = 0
    minute: int = 0
    """The minute whose summary tells it; of MORE only."""


def minute_of(at: datetime) -> int:
    return epoch_s(at) // 60


class AlertStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    # -- routes -------------------------------------------------------------------------------------------------

    def routes(self) -> list[AlertRoute]:
        """By name; at most `ROUTES_MAX`. Raises: UnknownState."""
        rows, _ = self._tables.query(TableName.CATALOG, "ALERTROUTES", limit=ROUTES_MAX)
        return [_route(row) for row in rows]

    def route(self, name: str) -> AlertRoute:
        """Raises: RouteMissing."""
        for one in self.routes():
            if one.id == name:
                return one
        raise RouteMissing(name)

    def saved(self, route: AlertRoute) -> Write:
        """Raises: TooManyRoutes. Two operators at once may pass the bound by one; the surplus one is not sent to."""
        known = {one.id for one in self.routes()}
        if route.id not in known and len(known) >= ROUTES_MAX:
            raise TooManyRoutes(f"at most {ROUTES_MAX} routes")
        return put(TableName.CATALOG, {**route.model_dump(mode="json"), "pk": "ALERTROUTES", "sk": route.id})

    # -- sendings -----------------------------------------------------------------------------------------------

    def sending(self, alert: str, route: str) -> Sending | None:
        row = self._tables.get(Key(TableName.GUARD, f"ALERT#{alert}", route))
        return Sending.model_validate({name: row[name] for name in Sending.model_fields if name in row}) if row else None

    def take(self, alert: str, route: str, at: datetime, *, most: int = BURST) -> None:
        """Take the sending and a place in the minute, in one commit. Raises: AlertTaken, RouteFull."""
        place = update(
            _minute(route, minute_of(at)),
            "ADD #n :one SET #ttl = :ttl",
            when="attribute_not_exists(#n) OR #n < :most",
            otherwise=lambda row: RouteFull(route, row),
            one=1,
            most=most,
            ttl=epoch_s(at + ROW_TTL),
        )
        self._tables.commit([_taken(alert, route, at, SendState.SENDING, until=epoch_s(at + LEASE)), place])

    def put_off(self, alert: str, route: str, at: datetime) -> None:
        """The minute is full: its summary will tell this. Raises: AlertTaken."""
        minute = minute_of(at)
        counted = update(
            _minute(route, minute), "ADD #more :one SET #ttl = :ttl", when="attribute_exists(#n)", one=1, ttl=epoch_s(at + ROW_TTL)
        )
        self._tables.commit([_taken(alert, route, at, SendState.MORE, minute=minute), counted])

    def ended(self, alert: str, route: str, state: SendState, at: datetime) -> None:
        self._tables.apply(put(TableName.GUARD, _row(alert, route, at, state)))

    def put_off_in(self, route: str, minute: int) -> int:
        """How many messages of a minute its summary tells."""
        row = self._tables.get(_minute(route, minute))
        return int(row.get("more", 0)) if row else 0


def _minute(route: str, minute: int) -> Key:
    return Key(TableName.GUARD, f"ALERTS#{route}", f"M#{minute:010}")


def _row(alert: str, route: str, at: datetime, state: SendState, **more: int) -> Item:
    return {"pk": f"ALERT#{alert}", "sk": route, "state": state.value, "ttl": epoch_s(at + ROW_TTL), **more}


def _taken(alert: str, route: str, at: datetime, state: SendState, **more: int) -> Write:
    """Nobody has it, or who had it has died. Else AlertTaken."""
    return put(
        TableName.GUARD,
        _row(alert, route, at, state, **more),
        when="attribute_not_exists(pk) OR (#state = :sending AND #until <= :now)",
        otherwise=lambda row: AlertTaken(route, row),
        sending=SendState.SENDING.value,
        now=epoch_s(at),
    )


def _route(row: Item) -> AlertRoute:
    try:
        return AlertRoute.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
    except (ValidationError, InvalidRequest) as error:
        raise UnknownState(row["pk"]) from error
