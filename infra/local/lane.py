"""A short way into the emulator for the calls that a shop makes most.

MiniStack's web server spends twice as much on a request as the emulator behind it: a state machine, tasks and timers for each.
The SDK's JSON calls (tables, queues, events, keys) all look the same, so they are read and answered by hand here. A connection on
which anything else is said goes to the web server, from the first byte of that request on.
"""

import asyncio
import importlib
import logging
import os
from collections.abc import Generator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from infra.local.weather import WEATHER, Weather


logger = logging.getLogger("infra.local.lane")
BODY_MAX = 20 * 1024 * 1024
"""The service's own bound for one request is 16 MB."""
SERVICES = (b"DynamoDB_", b"AmazonSQS.", b"AWSEvents.", b"TrentService.", b"secretsmanager.")
"""What a JSON call's target begins with. None of them answers in a stream."""
ENDED = (asyncio.IncompleteReadError, ConnectionError)

Headers = list[tuple[bytes, bytes]]


def open_lane() -> None:
    """Stand between the web server's listener and the web server. Before it starts."""
    run: Any = importlib.import_module("hypercorn.asyncio.run")
    web_server = run.TCPServer
    watched: set[Connection] = set()
    weather = Weather(Path(os.environ[WEATHER]) if WEATHER in os.environ else None)

    def connection(app: Any, loop: Any, config: Any, context: Any, state: Any, reader: Any, writer: Any) -> Connection:
        return Connection((app, loop, config, context, state), web_server, reader, writer, watched, weather)

    run.TCPServer = connection


class Connection:
    """One client. Requests are answered in order."""

    def __init__(
        self,
        rest: tuple[Any, ...],
        web_server: Any,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        watched: set["Connection"],
        weather: Weather,
    ) -> None:
        self._rest = rest
        self._weather = weather
        self._web_server = web_server
        self._reader = reader
        self._writer = writer
        self._watched = watched

    def __await__(self) -> Generator[Any, None, None]:
        return self._serve().__await__()

    def close(self) -> None:
        self._writer.close()

    async def _serve(self) -> None:
        from ministack.app import app

        if not self._watched:
            asyncio.get_running_loop().create_task(_close_at_the_end(self._rest[3], self._watched))
        self._watched.add(self)
        try:
            while True:
                head = await self._reader.readuntil(b"\r\n\r\n")
                asked = read_head(head)
                if asked is None:
                    break
                headers, length = asked
                if not await self._weathered(app, headers, await self._reader.readexactly(length)):
                    return
        except ENDED:
            return
        except asyncio.LimitOverrunError:
            head = b""  # nothing was taken out of the reader
        finally:
            self._watched.discard(self)
        await self._web_server(*self._rest, Replayed(head, self._reader), self._writer)

    async def _weathered(self, app: Any, headers: Headers, body: bytes) -> bool:
        """Answer, unless the weather has it otherwise. Whether the connection goes on."""
        fate = self._weather.over(dict(headers)[b"x-amz-target"], body)
        if fate.delay_s:
            await asyncio.sleep(fate.delay_s)
        if fate.refusal is None:
            return await self._answer(app, headers, body, is_lost=fate.is_lost)
        status, said = fate.refusal
        self._writer.write(
            written(status, [(b"content-type", b"application/x-amz-json-1.0"), (b"content-length", b"%d" % len(said))], said)
        )
        await self._writer.drain()
        return True

    async def _answer(self, app: Any, headers: Headers, body: bytes, *, is_lost: bool = False) -> bool:
        """Whether the connection goes on."""
        waiting: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        try:
            await app(self._scope(headers), receive, send)
        except Exception:
            logger.exception("the emulator failed")
            said = [{"status": 500, "headers": [(b"content-length", b"0"), (b"connection", b"close")]}]
        if is_lost:
            self._writer.close()
            return False
        self._writer.write(written(said[0]["status"], said[0]["headers"], b"".join(message.get("body", b"") for message in said[1:])))
        await self._writer.drain()
        return len(said) > 1

    def _scope(self, headers: Headers) -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": self._writer.get_extra_info("peername"),
            "server": self._writer.get_extra_info("sockname"),
            "extensions": {},
        }


class Replayed:
    """A reader that gives back first what was taken out of it."""

    def __init__(self, taken: bytes, reader: asyncio.StreamReader) -> None:
        self._taken = taken
        self._reader = reader

    async def read(self, most: int) -> bytes:
        taken, self._taken = self._taken, b""
        return taken or await self._reader.read(most)

    def at_eof(self) -> bool:
        return not self._taken and self._reader.at_eof()


def read_head(head: bytes) -> tuple[Headers, int] | None:
    """Headers and length of the body of a JSON call; None for everything else."""
    first, *lines = head[:-4].split(b"\r\n")
    if first != b"POST / HTTP/1.1":
        return None
    headers = []
    for line in lines:
        name, _, value = line.partition(b":")
        headers.append((name.lower(), value.strip()))
    known = dict(headers)
    length = known.get(b"content-length", b"")
    if len(known) != len(headers) or not known.get(b"x-amz-target", b"").startswith(SERVICES) or not length.isdigit():
        return None
    if b"transfer-encoding" in known or b"expect" in known or int(length) > BODY_MAX:
        return None
    return headers, int(length)


def written(status: int, headers: Headers, body: bytes) -> bytes:
    lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def _close_at_the_end(context: Any, watched: set[Connection]) -> None:
    """The web server waits for its connections when it stops; idle ones of ours would keep it waiting."""
    await context.terminated.wait()
    for connection in list(watched):
        connection.close()
