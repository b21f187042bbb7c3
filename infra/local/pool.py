"""Worker processes of one function: each handles one event at a time, as a Lambda environment does."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
import uuid
from collections import deque
from pathlib import Path
from typing import Any

from infra.local.runtime import ANSWER, ASK, CALLS


QUEUE_MAX = 512
"""Events that wait for a free worker; one more is refused, so that a flood is told so instead of filling the memory."""
INTEGRATION_S_MAX = 29
"""API Gateway waits this long for a function."""
RESTART_S = 1.0
"""Pause before a worker that died is started again."""
STOP_S_MAX = 3
RUNTIME = Path(__file__).resolve().parent / "runtime.py"


class WorkerFailed(Exception):
    """The process died, or cannot be started: the gateway's 502."""


class WorkerTimedOut(Exception):
    """The function took longer than its time-out or the gateway's: 504."""


class QueueFull(Exception):
    """More events wait than we take: 503."""


class Worker(asyncio.Protocol):
    """One process and the socket to it."""

    def __init__(self, folder: Path, variables: dict[str, str], log: Path) -> None:
        if not folder.is_dir():
            raise WorkerFailed(f"{folder} does not exist")
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self.socket = ours
        with theirs, log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(RUNTIME)],
                cwd=folder,
                env=variables | {"FAKA_LOCAL_SOCKET": str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._bytes = bytearray()
        self._transport: Any = None
        self._next: asyncio.Future[tuple[bool, bytes]] | None = None
        self.is_gone = False

    async def start(self) -> None:
        """Connect, and wait until the handler is loaded.

        Raises: WorkerFailed.
        """
        loop = asyncio.get_running_loop()
        self._next = loop.create_future()
        await loop.create_unix_connection(lambda: self, sock=self.socket)
        is_loaded, _ = await self._next
        if not is_loaded:
            self.stop()
            raise WorkerFailed("the handler could not be loaded")

    async def call(self, request_id: uuid.UUID, event: bytes, timeout_s: float) -> tuple[bool, bytes]:
        if self.is_gone:
            raise WorkerFailed("the process ended")
        self._next = asyncio.get_running_loop().create_future()
        deadline_ms = int((time.time() + timeout_s) * 1000)
        self._transport.write(ASK.pack(len(event), request_id.bytes, deadline_ms) + event)
        async with asyncio.timeout(timeout_s):
            return await self._next

    def stop(self) -> None:
        if self._transport is not None:
            self._transport.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        self.is_gone = True
        if self._next is not None and not self._next.done():
            self._next.set_exception(WorkerFailed("the process ended"))

    def data_received(self, data: bytes) -> None:
        self._bytes += data
        if len(self._bytes) < ANSWER.size:
            return
        failed, length = ANSWER.unpack_from(self._bytes)
        if len(self._bytes) >= ANSWER.size + length and self._next is not None and not self._next.done():
            content = bytes(self._bytes[ANSWER.size : ANSWER.size + length])
            self._bytes.clear()
            self._next.set_result((not failed, content))


class Pool:
    """The workers of one function, and the queue in front of them."""

    def __init__(self, name: str, count: int, *, folder: Path, variables: dict[str, str], log: Path, timeout_s: float) -> None:
        self.name = name
        self.count = count
        self._make = (folder, variables, log)
        self._timeout_s = min(timeout_s, INTEGRATION_S_MAX)
        self._free: deque[Worker] = deque()
        self._waiting: deque[asyncio.Future[Worker]] = deque()
        self._all: set[Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    async def start(self) -> None:
        """Raises: WorkerFailed when the function cannot be loaded at all."""
        await asyncio.gather(*(self._add() for _ in range(self.count)))

    async def invoke(self, event: bytes) -> tuple[bool, bytes]:
        """A worker's answer.

        Raises: WorkerFailed, WorkerTimedOut, QueueFull.
        """
        worker = await self._take()
        try:
            result = await worker.call(uuid.uuid4(), event, self._timeout_s)
        except TimeoutError:
            self._replace(worker)
            raise WorkerTimedOut(self.name) from None
        except WorkerFailed:
            self._replace(worker)
            raise
        self._give(worker)
        return result

    async def stop(self) -> None:
        self._is_stopping = True
        for task in self._tasks:
            task.cancel()
        for worker in self._all:
            worker.stop()
        end = time.monotonic() + STOP_S_MAX
        for worker in self._all:
            while worker.process.poll() is None and time.monotonic() < end:
                await asyncio.sleep(0.01)
            worker.process.kill()
            worker.process.wait()

    async def _add(self) -> None:
        worker = Worker(*self._make)
        self._all.add(worker)
        try:
            await worker.start()
        except WorkerFailed:
            self._discard(worker)
            raise
        self._give(worker)

    async def _take(self) -> Worker:
        while self._free:
            worker = self._free.popleft()
            if not worker.is_gone:
                return worker
            self._replace(worker)
        if not self._all:
            raise WorkerFailed(f"{self.name} is not running")
        if len(self._waiting) >= QUEUE_MAX:
            raise QueueFull(self.name)
        turn: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        return await turn

    def _give(self, worker: Worker) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(worker)
                return
        self._free.append(worker)

    def _replace(self, worker: Worker) -> None:
        self._discard(worker)
        if not self._is_stopping:
            task = asyncio.get_running_loop().create_task(self._again())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _again(self) -> None:
        """Start a worker in the place of one that died, at once and then with pauses, until one lives."""
        while not self._is_stopping:
            try:
                await self._add()
                return
            except WorkerFailed:
                self._refuse_waiting()
                await asyncio.sleep(RESTART_S)

    def _refuse_waiting(self) -> None:
        """Nobody may wait for a worker that does not come."""
        if not self._all:
            for turn in self._waiting:
                if not turn.done():
                    turn.set_exception(WorkerFailed(f"{self.name} cannot be started"))
            self._waiting.clear()

    def _discard(self, worker: Worker) -> None:
        self._all.discard(worker)
        worker.stop()


def variables(configuration: dict[str, Any], endpoint: str, path: list[Path], credentials: dict[str, str]) -> dict[str, str]:
    """The environment of a worker: what Lambda sets, then what the stack gives the function, then where the local cloud is."""
    names = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "PYTHONHASHSEED", CALLS)
    kept = {name: os.environ[name] for name in names if name in os.environ}
    name, arn = configuration["FunctionName"], configuration["FunctionArn"]
    region = arn.split(":")[3]
    own: dict[str, str] = configuration.get("Environment", {}).get("Variables", {})
    return (
        kept
        | {
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.get("MemorySize", 128)),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "LAMBDA_TASK_ROOT": str(path[0]),
            "FAKA_LOCAL_FUNCTION_ARN": arn,
            "_HANDLER": configuration["Handler"],
            "PYTHONPATH": os.pathsep.join(str(place) for place in path),
            "PYTHONUNBUFFERED": "1",
        }
        | own
        | credentials
        | {"AWS_ENDPOINT_URL": endpoint}
    )
