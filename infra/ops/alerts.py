"""Ways on which staff hear at once of opened cases and of alarms.

    python -m infra.ops.alerts list                    every route, and what it wants
    python -m infra.ops.alerts save first.yaml         add or change one; the file holds no secret, and a new one is closed
    python -m infra.ops.alerts secret ROUTE < key.json put its keys away; they are in use within five minutes
    python -m infra.ops.alerts test ROUTE              send a test by it, open or closed: says what the other side answered
    python -m infra.ops.alerts open ROUTE              from now on it is told
    python -m infra.ops.alerts close ROUTE             it is told nothing more

A route's file holds id and kind, and what it needs of target, gateway (a server of one's own: https, no slash at its end), locale
(zh_CN, en) and what (topics: alarm, and kinds of cases in lower case; without it: all). By kind:

    kind        target                       gateway    secret
    mail        an address                   no         none
    telegram    the chat's number or @name   may        {"token": "…"}
    bark                                     may        {"device_key": "…"}
    wecom                                    no         {"key": "…"}            of the group robot's address
    dingtalk                                 no         {"access_token": "…", "secret": "SEC…"}   of a robot with additional signature
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from faka.contexts.alerts import SECRETS
from faka.contexts.alerts.base import Refused
from faka.contexts.alerts.model import ALARM, AlertRoute
from faka.contexts.alerts.store import RouteMissing
from faka.contexts.alerts.words import trial_alert
from faka.contexts.cases import CaseKind
from faka.contexts.catalog.policy import explain
from faka.flows.alert_staff import tried
from faka.kernel.errors import InvalidRequest, Rejected
from faka.kernel.secret import Secret
from faka.wiring import Deps
from infra.ops.command import parser_of, perform
from infra.ops.suppliers import read_file
from pages.i18n import translate


TOPICS = frozenset({ALARM, *(kind.lower() for kind in CaseKind)})
SECRET_BYTES_MAX = 4_096
"""Two keys of at most 256 letters, and room around them."""


class RouteRefused(Rejected):
    """The route does not take messages; a person must mend it."""


def list_routes(deps: Deps, _: argparse.Namespace) -> None:
    print("\n".join(map(line, deps.alerts.routes())) or "no route yet: nobody hears of anything; `save` adds one")


def line(route: AlertRoute) -> str:
    state, place = "open" if route.enabled else "closed", route.target or route.gateway or "-"
    return f"{route.id:<20} {route.kind:<9} {state:<7} {route.locale:<6} {place:<32} {', '.join(route.what) or 'all'}"


def save(deps: Deps, given: argparse.Namespace) -> None:
    """A known route stays open or closed. Raises: InvalidRequest, TooManyRoutes."""
    written = read_file(given.file)
    if "enabled" in written:
        raise InvalidRequest("a route is opened and closed by command, after its test")
    try:
        route = AlertRoute.model_validate(written)
    except ValidationError as error:
        raise InvalidRequest(explain(error)) from error
    if strange := sorted(set(route.what) - TOPICS):
        raise InvalidRequest(f"no such topics: {', '.join(strange)}; there are {', '.join(sorted(TOPICS))}")
    try:
        route = route.model_copy(update={"enabled": deps.alerts.route(route.id).enabled})
    except RouteMissing:
        pass
    deps.tables.apply(deps.alerts.saved(route))
    print(line(route))


def put_secret(deps: Deps, given: argparse.Namespace) -> None:
    """Read the keys from standard input, so that they stand in no command line and no shell history.

    Raises: InvalidRequest, without a word of the text.
    """
    route = deps.alerts.route(given.id)
    text = sys.stdin.read(SECRET_BYTES_MAX + 1)
    try:
        values = json.loads(text) if len(text) <= SECRET_BYTES_MAX else None
    except ValueError:
        values = None
    wanted = SECRETS[route.kind]
    if not isinstance(values, dict) or not wanted or set(values) != wanted or not all(isinstance(value, str) for value in values.values()):
        raise InvalidRequest(f"a secret of {route.kind} is a JSON object of {', '.join(sorted(wanted)) or 'nothing'}")
    deps.secrets.write(route.secret_name, {name: Secret(value) for name, value in values.items()})
    print(f"{route.id}: put away")


def switch(deps: Deps, given: argparse.Namespace) -> None:
    route = deps.alerts.route(given.id).model_copy(update={"enabled": given.enabled})
    deps.tables.apply(deps.alerts.saved(route))
    print(line(route))


def send_test(deps: Deps, given: argparse.Namespace) -> None:
    """Raises: RouteRefused, and whatever says that it is not possible now."""
    route = deps.alerts.route(given.id)
    verdict = tried(deps, route, trial_alert(route.id), translate)
    if isinstance(verdict, Refused):
        raise RouteRefused(f"{route.id}: {verdict.code} {verdict.said}".rstrip())
    print(f"{route.id}: taken by {route.kind}")


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("alerts", __doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    verbs.add_parser("list").set_defaults(act=list_routes)
    verb = verbs.add_parser("save")
    verb.set_defaults(act=save)
    verb.add_argument("file", type=Path)
    more: dict[str, dict[str, Any]] = {
        "secret": {"act": put_secret},
        "test": {"act": send_test},
        "open": {"act": switch, "enabled": True},
        "close": {"act": switch, "enabled": False},
    }
    for name, facts in more.items():
        verb = verbs.add_parser(name)
        verb.set_defaults(**facts)
        verb.add_argument("id")
    return parser


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps, {OSError: lambda error: f"file: {error.strerror}"})


if __name__ == "__main__":
    sys.exit(main())
