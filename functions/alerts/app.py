"""alerts: staff hear of a case that was opened and of an alarm that rings, by mail, Telegram, Bark, WeCom and DingTalk.

Audience   none
Trigger    alert queue (event case.opened; the alarm topic)
Flows      alert_staff
Tables     catalog R (alert routes), trade R (cases), guard RW (what was sent)
Keys       none
Secrets    faka/alerts/* (tokens of the routes)
Limits     one message an invocation, eight routes of 5 s each
On failure the message comes again for the routes that have not got it; after eight the dead-letter queue and its alarm
"""

from typing import Any

from faka.flows.alert_staff import alert_staff
from faka.platform.queue import each_message
from faka.platform.telemetry import observed
from faka.wiring import Deps, ShopSettings
from pages.i18n import translate


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_table_guard: str
    faka_mail_from: str


deps = Deps(Settings.from_env())


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return each_message(event, context, lambda body: alert_staff(deps, body, translate))
