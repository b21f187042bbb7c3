"""Messages that alerts come from, read from a queue that two services feed.

| who | message | becomes |
|---|---|---|
| our bus, by a rule | `case.opened` with a case's id | `CaseOpened`; the text is read from the row |
| SNS, the alarm topic | an alarm of CloudWatch | `Alert` |
| SNS, the alarm topic | an event of the account's trail: a key was touched | `Alert` |

What is none of these is `Unreadable`: it is tried again, lands in the dead-letter queue and rings there. Only names, states and times
are taken over: what an alarm says as its reason may be anybody's text.
"""

import json
import re
from datetime import UTC, datetime
from typing import Final

from faka.contexts.alerts.model import Alert
from faka.contexts.alerts.words import alarm_alert, key_alert
from faka.kernel.errors import InvalidRequest
from faka.kernel.model import Frozen


BODY_MAX: Final = 64 * 1024
"""An alarm's message has 2 to 4 KB, an event of the trail up to 10."""

CASE_ID_MAX: Final = 300
_HALF: Final = re.compile("[\ud800-\udfff]")
_RUNBOOK: Final = re.compile(r"infra/runbooks/([a-z][a-z0-9-]{1,60})\.md", re.ASCII)


class Unreadable(InvalidRequest):
    """Not a message of ours."""


class CaseOpened(Frozen):
    case_id: str


def read(body: str) -> CaseOpened | Alert:
    """Raises: Unreadable, without a word of the message."""
    message = _object(body)
    if message.get("Type") == "Notification":
        inner = _object(_text(message, "Message"))
        return _key_touched(inner) if "detail-type" in inner else _alarm(inner)
    if (message.get("source"), message.get("detail-type")) != ("faka.trade", "case.opened"):
        raise Unreadable("a message of nobody that is known here")
    detail = message.get("detail")
    name = _text(detail, "case_id") if isinstance(detail, dict) else ""
    if not 0 < len(name) <= CASE_ID_MAX or not name.isprintable():
        raise Unreadable("no id of a case")
    return CaseOpened(case_id=name)


def _alarm(alarm: dict[str, object]) -> Alert:
    name, state = _text(alarm, "AlarmName"), _text(alarm, "NewStateValue")
    if not name or state not in ("ALARM", "OK"):
        raise Unreadable("neither an alarm nor an event")
    page = _RUNBOOK.fullmatch(_text(alarm, "AlarmDescription"))
    known = (page[1].replace("-", " "), page[0]) if page else (name, "infra/runbooks")
    return alarm_alert(name, *known, _moment(_text(alarm, "StateChangeTime")), is_over=state != "ALARM")


def _key_touched(event: dict[str, object]) -> Alert:
    detail = event.get("detail")
    call = _text(detail, "eventName") if isinstance(detail, dict) else ""
    if event.get("source") != "aws.kms" or not call or not _text(event, "id"):
        raise Unreadable("an event of nobody that is known here")
    return key_alert(_text(event, "id"), call, _moment(_text(event, "time")))


def _object(text: str) -> dict[str, object]:
    """Raises: Unreadable, without a chain: a decoder's error carries the document."""
    try:
        found = json.loads(text) if len(text) <= BODY_MAX else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unreadable("not one object")
    return found


def _text(values: dict[str, object], name: str) -> str:
    """A text; empty for everything else, half a letter among it, which nothing can hash or store."""
    value = values.get(name)
    return value if isinstance(value, str) and not _HALF.search(value) else ""


def _moment(text: str) -> datetime:
    """A time of this age; the ends of the calendar fall off it in another zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year < 3000:
        raise Unreadable("no time")
    return found if found.tzinfo else found.replace(tzinfo=UTC)
