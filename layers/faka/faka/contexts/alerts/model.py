"""What staff are told, and the ways on which they want to hear it."""

import hashlib
import re
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from faka.kernel.contact import mail_address
from faka.kernel.errors import InvalidRequest
from faka.kernel.exchange import is_callable_address
from faka.kernel.ids import handle
from faka.kernel.model import Frozen


TITLE_MAX = 120
FACT_MAX = 300
"""A case's reason is a line; the longest of ours has 200 letters."""

ALARM = "alarm"
"""The topic of what rings; every other topic is a kind of case in lower case."""

_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z0-9_]{5,32}", re.ASCII)


class AlertKind(StrEnum):
    MAIL = "mail"
    TELEGRAM = "telegram"
    BARK = "bark"
    WECOM = "wecom"
    DINGTALK = "dingtalk"


HAS_OWN_HOSTS = frozenset({AlertKind.BARK, AlertKind.TELEGRAM})
"""People run a server of their own for these. The keys of the others go to their provider, or to a player on this machine."""


class AlertRoute(Frozen):
    """One way to staff: a mail box, a chat, a phone. Its keys stand elsewhere, under `secret_name`."""

    id: Annotated[str, AfterValidator(handle)]
    kind: AlertKind
    target: str = Field(default="", max_length=120)
    """A mail address, a Telegram chat; the others know it from their key."""
    gateway: str = Field(default="", max_length=200)
    """Without a slash at its end; empty: the provider's own."""
    locale: Literal["zh_CN", "en"] = "zh_CN"
    enabled: bool = False
    what: tuple[str, ...] = Field(default=(), max_length=20)
    """Topics that it wants; empty: all."""

    @model_validator(mode="after")
    def _can_be_called(self) -> Self:
        """Raises: InvalidContact, InvalidRequest."""
        if self.kind is AlertKind.MAIL and mail_address(self.target) != self.target.strip():
            raise InvalidRequest("the domain of a mail address is written in lower case")
        is_fine = {
            AlertKind.MAIL: bool(self.target) and not self.gateway,
            AlertKind.TELEGRAM: _CHAT.fullmatch(self.target) is not None,
        }.get(self.kind, not self.target)
        if not is_fine:
            raise InvalidRequest("target: an address for mail, a chat for telegram, nothing for the others")
        if self.gateway and (
            self.gateway.endswith("/")
            or not is_callable_address(self.gateway)
            or (self.kind not in HAS_OWN_HOSTS and not self.gateway.startswith("http:"))
        ):
            raise InvalidRequest("gateway: https, for telegram and bark only")
        return self

    @property
    def secret_name(self) -> str:
        return f"faka/alerts/{self.id}"

    def wants(self, topic: str) -> bool:
        return not self.what or topic in self.what


class Alert(Frozen):
    """Something that staff should know, in msgids and facts: each route reads it in its own language."""

    id: str
    """Made of the cause, so the same cause is told once, however often its message comes."""
    topic: str
    is_urgent: bool = False
    title: str
    text: str
    facts: dict[str, str] = Field(default={}, max_length=8)


class Message(Frozen):
    """An alert in one language."""

    title: str
    text: str
    is_urgent: bool = False

    @property
    def whole(self) -> str:
        return f"{self.title}\n{self.text}"


def alert_id(cause: str) -> str:
    """128 bits of the cause's hash: a key of bounded length, whatever the cause is called."""
    return f"alt_{hashlib.sha256(cause.encode()).hexdigest()[:32]}"


def plain(text: str, most: int = FACT_MAX) -> str:
    """One line of at most `most` letters: no control characters, nothing that is half a letter."""
    whole = text.encode("utf-8", "ignore").decode()
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in whole[: 4 * most]).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def cut(text: str, bytes_max: int) -> str:
    """At most so many bytes of UTF-8, ending on a whole letter; what was cut says so."""
    whole = text.encode()
    if len(whole) <= bytes_max:
        return text
    return f"{whole[: bytes_max - len('…'.encode())].decode('utf-8', 'ignore')}…"
