"""Texts of alerts. English msgids, translated for the route that reads them. The reason of a case and the names of alarms stay as they
are: commands and runbooks show them in these words, and somebody will search for them.
"""

from collections.abc import Callable
from datetime import datetime

from faka.contexts.alerts.model import ALARM, TITLE_MAX, Alert, Message, alert_id, plain
from faka.kernel.clock import SHANGHAI


Words = Callable[[str, str], str]
"""(locale, msgid) → text."""


def _(msgid: str) -> str:
    """Marks a msgid for extraction."""
    return msgid


CASE = _("New case: {topic}")
CASE_TEXT = _("{reason}\nAbout {ref}\nCase {case}\nDue by {deadline}")
ALARM_TITLE = _("Alarm: {alarm}")
ALARM_TEXT = _("{alarm} has been ringing since {at}.\nWhat to do: {runbook}")
OVER = _("Over: {alarm}")
OVER_TEXT = _("{alarm} has ended at {at}.\nWhat to do: {runbook}")
KEY = _("A key was touched: {call}")
KEY_TEXT = _("Somebody called {call} on a key of this shop at {at}.\nWhat to do: {runbook}")
MORE = _("And {count} more messages")
MORE_TEXT = _("In the minute of {at} more happened than this chat takes. The work list of cases and the alarms have all of it.")
TRIAL = _("Test of the alert route {route}")
TRIAL_TEXT = _("This is a test. Nobody has to do anything.")

TOPICS = {
    "money": _("money"),
    "short": _("out of stock"),
    "stuck": _("to be delivered by hand"),
    "notice": _("payment notice"),
    "refund": _("refund"),
    "recharge": _("top-up"),
    "supplier": _("supplier"),
    "books": _("books"),
    "warranty": _("warranty"),
    "probe": _("sample of an import"),
}
"""Kinds of cases as people call them; what is missing here is shown by its name."""

_TRANSLATED = "topic"


def case_alert(case: str, kind: str, ref: str, reason: str, opened_at: datetime, deadline_at: datetime) -> Alert:
    """One opening of a case; a case that is opened again is told again."""
    facts = {"topic": kind.lower(), "reason": plain(reason), "ref": plain(ref), "case": plain(case), "deadline": moment(deadline_at)}
    return Alert(id=alert_id(f"{case}@{opened_at.timestamp()}"), topic=kind.lower(), title=CASE, text=CASE_TEXT, facts=facts)


def alarm_alert(name: str, alarm: str, runbook: str, at: datetime, *, is_over: bool) -> Alert:
    """`name` tells one alarm from the others, `alarm` is what people call it."""
    facts = {"alarm": plain(alarm, TITLE_MAX), "at": moment(at), "runbook": plain(runbook)}
    title, text = (OVER, OVER_TEXT) if is_over else (ALARM_TITLE, ALARM_TEXT)
    identity = alert_id(f"{name}@{at.timestamp()}@{is_over}")
    return Alert(id=identity, topic=ALARM, is_urgent=not is_over, title=title, text=text, facts=facts)


def key_alert(event: str, call: str, at: datetime) -> Alert:
    facts = {"call": plain(call, TITLE_MAX), "at": moment(at), "runbook": "infra/runbooks/key-touched.md"}
    return Alert(id=alert_id(f"key@{event}"), topic=ALARM, is_urgent=True, title=KEY, text=KEY_TEXT, facts=facts)


def more_alert(route: str, minute: int, count: int, at: datetime) -> Alert:
    """The summary of a minute in which a route had more than it takes."""
    facts = {"count": str(count), "at": moment(at)}
    return Alert(id=alert_id(f"more@{route}@{minute}"), topic=ALARM, title=MORE, text=MORE_TEXT, facts=facts)


def trial_alert(route: str) -> Alert:
    return Alert(id=alert_id(f"test@{route}"), topic=ALARM, title=TRIAL, text=TRIAL_TEXT, facts={"route": route})


def written(alert: Alert, words: Words, locale: str) -> Message:
    facts = dict(alert.facts)
    if _TRANSLATED in facts:
        facts[_TRANSLATED] = words(locale, TOPICS.get(facts[_TRANSLATED], facts[_TRANSLATED]))
    title = plain(words(locale, alert.title).format(**facts), TITLE_MAX)
    return Message(title=title, text=words(locale, alert.text).format(**facts), is_urgent=alert.is_urgent)


def moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M (UTC+8)")
