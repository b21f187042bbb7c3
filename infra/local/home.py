"""The ignored folder where the local cloud keeps its state between runs.

    .local/
        lock            held while a local cloud runs on this folder
        home.json       ports, what is deployed, whether the shop is seeded
        dirty           exists while the emulator's state is only in its memory; a clean stop writes the state and removes it
        cloud/          the emulator's state, objects and temporary files
        players/        keys and trades of the simulated payment providers
        logs/           one file per function, and one for the emulator

The emulator writes its state when it stops cleanly. After a kill, `dirty` is still there: what is on disk is older than what
the shop last said to anybody, so it is thrown away and the shop starts new.
"""

import contextlib
import fcntl
import json
import re
import secrets
import shutil
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO


ROOT = Path(__file__).resolve().parents[2]
PREFERRED_PORT = 8080
TRIES_MAX = 200

LISTENED_MIN, LISTENED_MAX = 20_000, 32_000
"""Ports to listen on: below those that Linux gives to connections (from 32,768 on). The neighbour of a port of that range was taken by a
connection of somebody else's in the second before the simulator listened on it."""


_PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+\b")


@dataclass
class Facts:
    """What `home.json` remembers."""

    port: int = 0
    cloud_port: int = 0
    deployed: str = ""
    """Fingerprint of the stack."""
    is_seeded: bool = False


class Refused(Exception):
    """The local cloud cannot run; the message tells a person why and what to do."""


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cloud = folder / "cloud"
        self.state = self.cloud / "state"
        self.objects = self.cloud / "s3"
        self.temporary = self.cloud / "tmp"
        self.players = folder / "players"
        self.logs = folder / "logs"
        self.dirty = folder / "dirty"
        self.facts = Facts()
        self._lock: TextIO | None = None

    def take(self, *, reset: bool = False) -> str:
        """Lock the folder and read what it holds; why it starts empty, or an empty text when it goes on where it stopped.

        Raises: Refused when another local cloud runs on this folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self.folder / "lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"A local cloud is already running on {self.folder}. Stop it first, or give another --state folder.") from None
        reason = self._why_new(reset)
        if reason:
            shutil.rmtree(self.cloud, ignore_errors=True)
            shutil.rmtree(self.players, ignore_errors=True)
            self.facts = Facts(port=self.facts.port)
            self.save()
        self.dirty.unlink(missing_ok=True)
        shutil.rmtree(self.temporary, ignore_errors=True)
        shutil.rmtree(self.logs, ignore_errors=True)
        for place in (self.state, self.objects, self.temporary, self.players, self.logs):
            place.mkdir(parents=True, exist_ok=True)
        return reason

    def _why_new(self, reset: bool) -> str:
        try:
            self.facts = Facts(**json.loads((self.folder / "home.json").read_text()))
        except (OSError, ValueError, TypeError):
            return "first run"
        if reset:
            return "reset"
        if self.dirty.exists():
            return "the last run was killed before it could save its state"
        return "" if self.facts.is_seeded else "the last run stopped before the shop was ready"

    def save(self) -> None:
        place = self.folder / "home.json"
        place.with_suffix(".new").write_text(json.dumps(asdict(self.facts), indent=1))
        place.with_suffix(".new").replace(place)

    def release(self) -> None:
        """Leave the folder; only the state that the next run needs stays."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()

    def repair(self, moved: dict[int, int]) -> None:
        """Make a saved state usable: forget read positions in streams that are gone, and follow ports that have moved.

        Positions count records that the emulator does not save; kept, they would hide all new records from the relay.
        """
        moves = {old: new for old, new in moved.items() if old and old != new}
        (self.state / "cloudwatch_logs.json").unlink(missing_ok=True)
        functions = self.state / "lambda.json"
        if functions.exists():
            content: dict[str, Any] = json.loads(functions.read_text())
            with contextlib.suppress(KeyError, TypeError):
                content["payload"]["dynamodb_stream_positions"]["data"] = {}
            functions.write_text(json.dumps(content))
        for place in self.state.glob("*.json") if moves else ():
            text = place.read_text()
            place.write_text(_PORT.sub(lambda found: str(moves.get(int(found[0]), found[0])), text))


def listen(port: int) -> socket.socket:
    """A listening socket on loopback.

    Raises: OSError when the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def is_free(port: int) -> bool:
    try:
        listen(port).close()
    except OSError:
        return False
    return True


def pair_of_ports(wanted: int | None, remembered: int) -> int:
    """A port for the shop whose neighbour, for the simulator, is free too.

    Raises: Refused when the wanted port is taken.
    """
    if wanted is not None:
        if is_free(wanted) and is_free(wanted + 1):
            return wanted
        raise Refused(f"Port {wanted} or {wanted + 1} is taken. The shop needs both: give another PORT, or none to have one chosen.")
    for port in (remembered, PREFERRED_PORT):
        if port and is_free(port) and is_free(port + 1):
            return port
    for _ in range(TRIES_MAX):
        port = any_port()
        if is_free(port + 1):
            return port
    raise Refused("No two neighbouring ports are free on loopback.")


def any_port() -> int:
    """A free one that stays free until somebody listens on it: connections do not get it, and nobody else is likely to draw it.

    Raises: Refused.
    """
    for _ in range(TRIES_MAX):
        port = LISTENED_MIN + secrets.randbelow(LISTENED_MAX - LISTENED_MIN)
        if is_free(port):
            return port
    raise Refused("No port is free on loopback.")
