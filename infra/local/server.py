"""A small HTTP/1.1 server on asyncio and h11: one coroutine answers one request; bodies are whole and bounded."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import h11


logger = logging.getLogger("infra.local.front")
BODY_MAX = 10 * 1024 * 1024
"""API Gateway's own bound."""
BODILESS = frozenset({204, 304})
IDLE_S_MAX = 75
"""A connection without a request in it is closed after this; browsers keep one for about a minute."""


REASONS = {int(status): status.phrase.encode() for status in HTTPStatus}


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    """Path and query as sent."""
    headers: list[tuple[str, str]]
    """In their own spelling and order."""
    body: bytes
    peer: str

    def header(self, name: str) -> str:
        """The first header of that name (given in lower case), or an empty text."""
        return next((value for given, value in self.headers if given.lower() == name), "")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


Answerer = Callable[[Request], Awaitable[Answer]]


class Connection(asyncio.Protocol):
    """One client. Requests are answered in order; the next is not read before the last is answered."""

    def __init__(self, answerer: Answerer, open_connections: set["Connection"]) -> None:
        self._answerer = answerer
        self._open = open_connections
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._has_body = True
        self._task: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._open.add(self)
        peer = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wait()

    def connection_lost(self, _error: Exception | None) -> None:
        self._open.discard(self)
        if self._idle is not None:
            self._idle.cancel()
        # A task in flight goes on: the handler has been called, and its effect is not undone by a client that left.

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        if self._task is None:
            self._advance()

    def eof_received(self) -> bool:
        self._http.receive_data(b"")
        if self._task is None:
            self._advance()
        return self._task is not None

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _wait(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S_MAX, self.close)

    def _advance(self) -> None:
        """Read on until a request is whole, more bytes are needed, or the client broke the protocol."""
        try:
            while True:
                event = self._http.next_event()
                if event is h11.NEED_DATA:
                    if self._http.they_are_waiting_for_100_continue:
                        self._transport.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
                    return
                if isinstance(event, h11.Request):
                    self._head, self._body, self._has_body = event, bytearray(), event.method != b"HEAD"
                elif isinstance(event, h11.Data):
                    self._body += event.data
                    if len(self._body) > BODY_MAX:
                        self._refuse(413, b'{"message":"HTTP content length exceeded 10485760 bytes."}')
                        return
                elif isinstance(event, h11.EndOfMessage):
                    self._start()
                    return
                else:
                    self.close()
                    return
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint, b'{"message":"Bad Request"}')

    def _start(self) -> None:
        head = self._head
        if head is None:
            return
        if self._idle is not None:
            self._idle.cancel()
        peer = self._transport.get_extra_info("peername")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()]
        request = Request(head.method.decode(), head.target.decode("latin-1"), headers, bytes(self._body), peer[0] if peer else "")
        self._task = asyncio.get_running_loop().create_task(self._answer(request))

    async def _answer(self, request: Request) -> None:
        try:
            answer = await self._answerer(request)
        except Exception:
            logger.exception("%s %s", request.method, request.target.partition("?")[0])
            answer = Answer(500, [("Content-Type", "application/json")], b'{"message":"Internal server error"}')
        self._task = None
        if self._transport.is_closing():
            return
        self._send(answer)
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            self._wait()
            self._advance()
        else:
            self.close()

    def _send(self, answer: Answer) -> None:
        headers = answer.headers
        if answer.status not in BODILESS:
            headers = [*headers, ("Content-Length", str(len(answer.body)))]
        encoded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
        head = h11.Response(status_code=answer.status, reason=REASONS.get(answer.status, b""), headers=encoded)
        parts = [self._http.send(head) or b""]
        if answer.body and self._has_body and answer.status not in BODILESS:
            parts.append(self._http.send(h11.Data(data=answer.body)) or b"")
        parts.append(self._http.send(h11.EndOfMessage()) or b"")
        self._transport.write(b"".join(parts))

    def _refuse(self, status: int, body: bytes) -> None:
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(Answer(status, [("Content-Type", "application/json"), ("Connection", "close")], body))
        self.close()


async def serve(answerer: Answerer, listener: socket.socket) -> "Server":
    open_connections: set[Connection] = set()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(answerer, open_connections), sock=listener, backlog=1024)
    return Server(server, open_connections)


class Server:
    def __init__(self, server: asyncio.AbstractServer, open_connections: set[Connection]) -> None:
        self._server = server
        self._open = open_connections

    async def close(self) -> None:
        self._server.close()
        for connection in list(self._open):
            connection.close()
        await self._server.wait_closed()
