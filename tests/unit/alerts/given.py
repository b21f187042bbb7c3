"""Staff with five ways to hear, on a shop in one process: the players of `infra.local.actors.staff` without HTTP."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from faka.contexts.alerts.model import AlertRoute, Message
from faka.contexts.cases import Case, CaseKind, open_case
from faka.flows.alert_staff import alert_staff
from faka.kernel.errors import Unavailable
from faka.kernel.secret import Secret
from faka.platform.mail import MailRefused, MailUnavailable
from faka.platform.table import from_wire
from faka.wiring import Deps, ShopSettings
from infra.local.actors.desk import Asked
from infra.local.actors.keys import Keys
from infra.local.actors.staff import KINDS, StaffDesk
from tests.kit.clock import CountingPause, FrozenClock, SeededChance
from tests.kit.engine import Engine
from tests.kit.providers import SecretShelf
from tests.kit.tables import PHYSICAL, tables_over


ALL = (*KINDS, "mail")
ONCE = dict.fromkeys(ALL, 1)
AGAIN_S = 360
"""How long the queue waits before it shows a message again."""
MESSAGE = Message(title="New case: money", text="paid twice\nAbout ord_1", is_urgent=True)


class NoAnswer(Unavailable):
    """What a transport raises when the line is cut."""


class Mailbox:
    """Mail that goes wrong in the ways of the players."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, str, str]] = []
        self.way = ""

    def send(self, to: str, subject: str, text: str) -> None:
        if self.way == "refuse":
            raise MailRefused("MessageRejected")
        if self.way:
            raise MailUnavailable("Throttling")
        self.letters.append((to, subject, text))


class Staff:
    """The players as the shop's only transport."""

    def __init__(self, clock: FrozenClock) -> None:
        self.keys = Keys()
        # Plain http to this machine is what every kind may be pointed at.
        self.desk = StaffDesk(self.keys.of, "http://127.0.0.1:4601", lambda: clock.now().timestamp())
        self.asked: list[Asked] = []
        self.mail = Mailbox()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float = 10.0,
        answered: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        del timeout_s, answered
        asked = Asked.of(method, url, headers, body)
        self.asked.append(asked)
        answer = self.desk.serve(urlsplit(url).path.split("/")[1], asked)
        if answer is None:
            raise NoAnswer("127.0.0.1: cut")
        return answer.status, answer.body

    def download(
        self, url: str, into: BinaryIO, *, headers: Mapping[str, str] | None = None, bytes_max: int, timeout_s: float = 300.0
    ) -> int:
        raise AssertionError("staff have no files")

    def route(self, kind: str, **changes: Any) -> AlertRoute:
        if kind == "mail":
            return AlertRoute.model_validate(
                {"id": "player-mail", "kind": "mail", "target": "staff@faka.example", "enabled": True} | changes
            )
        facts = {name: value for name, value in self.desk.route(kind).items() if name != "secret"}
        return AlertRoute.model_validate(facts | changes)

    def secrets(self) -> SecretShelf:
        return SecretShelf({f"faka/alerts/player-{kind}": keys_of(self, kind) for kind in KINDS})

    def every_key(self) -> list[str]:
        return [text for kind in KINDS for text in self.keys.of(kind).values()]

    def way(self, kind: str, way: str) -> None:
        if kind == "mail":
            self.mail.way = way
        else:
            self.desk.ways[kind] = way

    def heard(self) -> dict[str, int]:
        """Messages that arrived, by way."""
        return {kind: len(texts) for kind, texts in self.desk.received.items()} | {"mail": len(self.mail.letters)}

    def texts(self, kind: str) -> list[str]:
        return [f"{title}\n{text}" for _, title, text in self.mail.letters] if kind == "mail" else self.desk.received[kind]


class Shop:
    """A shop whose staff hear on all five ways."""

    def __init__(self) -> None:
        self.clock = FrozenClock()
        self.client = Engine()
        self.staff = Staff(self.clock)
        self.deps = self.over(self.client)
        for kind in ALL:
            self.save(self.staff.route(kind))

    def over(self, client: Any) -> Deps:
        """The same shop through another client."""
        deps = Deps(
            ShopSettings.model_validate({f"faka_table_{name}": physical for name, physical in PHYSICAL.items()}),
            clock=self.clock,
            chance=SeededChance(),
            pause=CountingPause(),
            tables=tables_over(client),
            transport=self.staff,
            secrets=self.staff.secrets(),  # type: ignore[arg-type]
        )
        deps.__dict__["mail"] = self.staff.mail
        return deps

    def rows(self, *tables: str) -> list[dict[str, Any]]:
        return [from_wire(row) for table in tables for row in self.client.scan(TableName=f"test-{table}")["Items"]]

    def save(self, route: AlertRoute) -> None:
        self.deps.tables.apply(self.deps.alerts.saved(route))

    def case(self, cause: str = "CHANNELTXN-1", kind: CaseKind = CaseKind.MONEY, reason: str = "paid twice") -> Case:
        case = open_case(kind, cause, "ord_1", reason, self.clock.now())
        self.deps.tables.apply(self.deps.cases.opened(case))
        return case

    def tell(self, body: str, deps: Deps | None = None) -> int:
        return alert_staff(deps or self.deps, body, english)

    def states(self) -> Counter[str]:
        return Counter(row["state"] for row in self.rows("guard") if row["pk"].startswith("ALERT#"))

    def sendings(self) -> dict[str, str]:
        """Route → how its sending stands, where there is one alert."""
        return {row["sk"]: row["state"] for row in self.rows("guard") if row["pk"].startswith("ALERT#")}


def english(_locale: str, msgid: str) -> str:
    return msgid


def case_message(case: str) -> str:
    """What the rule puts into the queue."""
    return json.dumps({"version": "0", "id": "e-1", "detail-type": "case.opened", "source": "faka.trade", "detail": {"case_id": case}})


def keys_of(staff: Staff, kind: str) -> dict[str, Secret]:
    return {name: Secret(text) for name, text in staff.keys.of(kind).items()}
