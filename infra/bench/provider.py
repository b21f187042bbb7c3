"""The payment providers' side of an order: what they would send and answer, signed with their own keys, without their processes."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qsl, urlsplit

from faka.kernel.exchange import RawRequest
from infra.local.actors.acts import play
from infra.local.actors.bank import Bank
from infra.local.actors.desk import Answered, Asked
from infra.local.actors.desks import open_desks
from infra.local.actors.keys import create_keys
from infra.local.actors.notice import Notice


BASE = "http://127.0.0.1:9"
"""Where the providers would live. Nobody listens there: what the shop asks is answered in process."""


@dataclass
class Providers:
    """The players with one bank; also the transport of the shop's adapters."""

    keys: Path
    notify_url: str
    calls: int = 0

    def __post_init__(self) -> None:
        self._desks = open_desks(create_keys(self.keys), Bank(time.time), BASE)

    def paid(self, channel: str, out_trade_no: str, amount_minor: int) -> Notice:
        """A buyer has paid: the notice that the provider sends."""
        desk = self._desks[channel]
        trade = desk.bank.open(
            desk.name,
            out_trade_no,
            is_known=True,
            method="page",
            subject="goods",
            amount_minor=amount_minor,
            notify_url=f"{self.notify_url}/v1/callbacks/{channel}/{channel}",
            return_url="",
            expires_at=0.0,
        )
        return play(desk, trade, "pay")[0].notice

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
        """What the shop asks a provider."""
        del timeout_s
        self.calls += 1
        answer = self._ask(Asked.of(method, url, headers, body))
        if answered is not None:
            answered |= answer.lower_headers
        return answer.status, answer.body

    def download(
        self, url: str, into: BinaryIO, *, headers: Mapping[str, str] | None = None, bytes_max: int, timeout_s: float = 300.0
    ) -> int:
        """A bill that the shop fetches."""
        del bytes_max, timeout_s
        answer = self._ask(Asked.of("GET", url, headers))
        if answer.status == 200:
            into.write(answer.body)
        return answer.status

    def _ask(self, asked: Asked) -> Answered:
        return self._desks[asked.path.lstrip("/").partition("/")[0]].serve(asked)


def raw_request(notice: Notice) -> RawRequest:
    """A notice as the door hands it to the flow."""
    address = urlsplit(notice.url)
    headers = {name.lower(): value for name, value in notice.headers.items()}
    headers |= {"content-type": notice.content_type} if notice.content_type else {}
    query = tuple(parse_qsl(address.query, keep_blank_values=True))
    return RawRequest(method=notice.method, path=address.path, headers=headers, query=query, body=notice.body)
