"""Tell staff what happened, on every way that wants to hear it.

```
message ─► case, alarm ─► each route: is it told already? ─► take (with a place in the minute) ─► send ─► SENT | REFUSED
                             │                                  └ no place: MORE, told by the minute's one summary
                             └ a route that cannot take it now keeps nobody from the others; the message comes again for it alone
```
At least once: a process that dies between sending and noting sends once more. A refusal that no waiting mends is noted, counted and
not repeated; it opens no case, because a case would be told here again.
"""

from faka.contexts.alerts.base import AlertRouteBroken, Refused, Verdict
from faka.contexts.alerts.model import Alert, AlertRoute
from faka.contexts.alerts.sources import CaseOpened, read
from faka.contexts.alerts.store import BURST, AlertTaken, RouteFull, Sending, SendState, minute_of
from faka.contexts.alerts.words import Words, case_alert, more_alert, written
from faka.contexts.cases import CaseMissing
from faka.kernel.clock import from_epoch_s
from faka.kernel.errors import FakaError, Unavailable
from faka.kernel.ids import CaseId
from faka.platform import telemetry
from faka.wiring import Deps


class AlertsLeft(Unavailable):
    """Some routes have not taken it yet; the message comes again for them."""


def alert_staff(deps: Deps, body: str, words: Words) -> int:
    """Tell one message of the queue to every open route that wants it; answers how many have it now.

    Raises: Unreadable; CaseMissing; AlertsLeft where a route has to be tried again.
    """
    alert = _alert(deps, body)
    if alert is None:
        return 0
    kept = [(one, deps.alerts.sending(alert.id, one.id)) for one in deps.alerts.routes() if one.enabled and one.wants(alert.topic)]
    # Who was tried before comes last: one that hangs until the function's time is over has its turn after all others.
    kept.sort(key=lambda pair: pair[1] is not None)
    left = sorted(route.id for route, sending in kept if not _is_told(deps, alert, route, sending, words))
    if left:
        raise AlertsLeft(", ".join(left))
    return len(kept)


def _alert(deps: Deps, body: str) -> Alert | None:
    """What a message tells; nothing for a case that is closed already. Raises: Unreadable, CaseMissing."""
    told = read(body)
    if isinstance(told, Alert):
        return told
    return _of_case(deps, told)


def _of_case(deps: Deps, told: CaseOpened) -> Alert | None:
    case = deps.cases.find(CaseId(told.case_id))
    if case is None:
        raise CaseMissing("a case that is told and not there")
    if case.state != "OPEN":
        return None
    return case_alert(case.id, case.kind, case.ref, case.reason, case.opened_at, case.deadline_at)


def _is_told(deps: Deps, alert: Alert, route: AlertRoute, kept: Sending | None, words: Words) -> bool:
    """One route's failure, of whatever kind, is its own."""
    try:
        with telemetry.contained():
            return _told(deps, alert, route, kept, words)
    except FakaError as error:
        telemetry.failed("alert_not_taken", error, channel_id=route.id, provider=route.kind)
        return False


def _told(deps: Deps, alert: Alert, route: AlertRoute, kept: Sending | None, words: Words) -> bool:
    if kept is not None and kept.state.is_done:
        return True
    if kept is not None and kept.state is SendState.MORE:
        return _summed_up(deps, kept.minute, route, words)
    now = deps.clock.now()
    try:
        deps.alerts.take(alert.id, route.id, now)
    except AlertTaken as taken:
        return taken.is_done
    except RouteFull:
        deps.alerts.put_off(alert.id, route.id, now)
        return False
    _send(deps, alert, route, words)
    return True


def _summed_up(deps: Deps, minute: int, route: AlertRoute, words: Words) -> bool:
    """One summary for all that found no place in a minute, sent by whichever of them comes back first, after the minute."""
    now = deps.clock.now()
    if minute_of(now) <= minute:
        return False
    summary = more_alert(route.id, minute, deps.alerts.put_off_in(route.id, minute), from_epoch_s(60 * minute))
    kept = deps.alerts.sending(summary.id, route.id)
    if kept is None or not kept.state.is_done:
        deps.alerts.take(summary.id, route.id, now, most=BURST + 1)
        _send(deps, summary, route, words)
    return True


def _send(deps: Deps, alert: Alert, route: AlertRoute, words: Words) -> None:
    """Raises: AlertNotTaken, OutboundFailed, MailUnavailable, SecretsUnavailable."""
    verdict = tried(deps, route, alert, words)
    state = SendState.SENT
    if isinstance(verdict, Refused):
        state = SendState.REFUSED
        telemetry.count("AlertsRefused")
        telemetry.note("alert_refused", channel_id=route.id, provider=route.kind, error_code=verdict.code)
    deps.alerts.ended(alert.id, route.id, state, deps.clock.now())


def tried(deps: Deps, route: AlertRoute, alert: Alert, words: Words) -> Verdict:
    """Send by a route, whatever was sent before. Keys that are missing are a refusal: no waiting mends them.

    Raises: AlertNotTaken, OutboundFailed, MailUnavailable, SecretsUnavailable.
    """
    try:
        sender = deps.alert_sender(route)
    except AlertRouteBroken as error:
        return Refused("keys", str(error))
    return sender.send(written(alert, words, route.locale))
