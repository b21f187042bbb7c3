"""Alerts: what staff hear at once, and on which ways.

A way is a data row (`AlertRoute`), keys and a module in `adapters`; a new one is a kind, a module and one line in `opened`.
"""

from collections.abc import Callable, Mapping, Sequence

from faka.contexts.alerts.adapters.bark import Bark
from faka.contexts.alerts.adapters.dingtalk import Dingtalk
from faka.contexts.alerts.adapters.mail import ByMail, Post
from faka.contexts.alerts.adapters.telegram import Telegram
from faka.contexts.alerts.adapters.wecom import Wecom
from faka.contexts.alerts.base import ByHttp, Sender, key_of
from faka.contexts.alerts.model import AlertKind, AlertRoute
from faka.kernel.clock import Clock
from faka.kernel.exchange import Transport
from faka.kernel.secret import Secret


Secrets = Callable[[], Sequence[Mapping[str, Secret]]]

SECRETS: Mapping[AlertKind, frozenset[str]] = {
    AlertKind.MAIL: frozenset(),
    AlertKind.TELEGRAM: frozenset({"token"}),
    AlertKind.BARK: frozenset({"device_key"}),
    AlertKind.WECOM: frozenset({"key"}),
    AlertKind.DINGTALK: frozenset({"access_token", "secret"}),
}
"""What the secret of each kind holds."""


def opened(route: AlertRoute, secrets: Secrets, transport: Transport, post: Callable[[], Post], clock: Clock) -> Sender:
    """The sender of a route. Raises: AlertRouteBroken, SecretsUnavailable."""
    if route.kind is AlertKind.MAIL:
        return ByMail(post(), route.target)
    live = secrets()
    keys = {name: key_of(live[0] if live else {}, name) for name in SECRETS[route.kind]}
    match route.kind:
        case AlertKind.TELEGRAM:
            return ByHttp(Telegram(route.gateway, keys["token"], route.target), transport, [*keys.values()])
        case AlertKind.BARK:
            return ByHttp(Bark(route.gateway, keys["device_key"]), transport, [*keys.values()])
        case AlertKind.WECOM:
            return ByHttp(Wecom(route.gateway, keys["key"]), transport, [*keys.values()])
        case AlertKind.DINGTALK:
            return ByHttp(Dingtalk(route.gateway, keys["access_token"], keys["secret"], clock), transport, [*keys.values()])
