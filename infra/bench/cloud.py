"""A local cloud of our own for one measurement, started by the code of `make run`, and the processor time of each of its parts."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from faka.platform import aws
from faka.wiring import Deps, ShopSettings
from infra.local import deploy
from infra.local.home import any_port, pair_of_ports
from infra.local.template import Template


ROOT = Path(__file__).resolve().parents[2]
START_S_MAX = 120
STOP_S_MAX = 90
TICKS = os.sysconf("SC_CLK_TCK")
QUIET_SHARE = 0.10
"""A cloud whose processes use less than this much of one processor has nothing left to do."""
QUIET_S_MAX = 20
_MAPPING = (
    *("EventSourceArn", "BatchSize", "FilterCriteria", "ParallelizationFactor", "BisectBatchOnFunctionError", "DestinationConfig"),
    *("MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "FunctionResponseTypes"),
)


class NotStarted(Exception):
    """The local cloud did not come up; the message holds what it said."""


@dataclass(frozen=True)
class Cloud:
    process: "subprocess.Popen[str]"
    port: int
    state: Path
    endpoint: str

    @property
    def players(self) -> Path:
        """Where the keys of the payment providers are."""
        return self.state / "players"

    def environment(self) -> dict[str, str]:
        template = Template(ROOT)
        return deploy.tool_environment(template, self.endpoint, deploy.functions(template, self.endpoint))

    def cpu_s(self) -> Counter[str]:
        """Processor seconds so far, by part: front, emulator, and each function by its name."""
        return cpu_by_part(self.process.pid)

    def settle(self) -> float:
        """Wait until nothing is worked on any more; the seconds that it took."""
        began = time.monotonic()
        while time.monotonic() - began < QUIET_S_MAX:
            before, at = sum(self.cpu_s().values()), time.monotonic()
            time.sleep(0.3)
            if (sum(self.cpu_s().values()) - before) / (time.monotonic() - at) < QUIET_SHARE:
                break
        return time.monotonic() - began


@contextmanager
def running(*more: str) -> Iterator[Cloud]:
    """A cloud with the template and nothing in it, in a folder that is removed afterwards."""
    state = Path(tempfile.mkdtemp(prefix="faka-bench-"))
    try:
        cloud = _start(state, *more)
        try:
            yield cloud
        finally:
            _stop(cloud.process)
    finally:
        shutil.rmtree(state, ignore_errors=True)


@contextmanager
def here(cloud: Cloud) -> Iterator[Deps]:
    """The shop's own code in this process, working on the cloud."""
    environment = cloud.environment()
    with patch.dict(os.environ, environment | {"POWERTOOLS_LOG_LEVEL": "CRITICAL"}):
        _forget_clients()
        try:
            yield Deps(ShopSettings.from_env(environment))
        finally:
            _forget_clients()


def _start(state: Path, *more: str) -> Cloud:
    port = pair_of_ports(None, any_port())
    command = [sys.executable, "-m", "infra.local", "--bare", "--port", str(port), "--state", str(state), "--root", str(ROOT), *more]
    with (state / "out").open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, text=True)
    end = time.monotonic() + START_S_MAX
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_local/health", timeout=5):
                facts = json.loads((state / "home.json").read_text())
                return Cloud(process, port, state, f"http://127.0.0.1:{facts['cloud_port']}")
        except OSError:
            time.sleep(0.05)
    _stop(process)
    raise NotStarted((state / "out").read_text())


def _stop(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _forget_clients() -> None:
    for cached in (aws.client, aws.dynamodb, aws._session):  # noqa: SLF001 - clients of another endpoint must not stay
        cached.cache_clear()


@contextmanager
def relay_unplugged(cloud: Cloud) -> Iterator[None]:
    """Nothing that is written meanwhile is announced; the relay goes on after it."""
    client = deploy.client("lambda", cloud.endpoint)
    relay = deploy.resources(cloud.endpoint)["RelayFunction"]
    [source] = client.list_event_source_mappings(FunctionName=relay)["EventSourceMappings"]
    client.delete_event_source_mapping(UUID=source["UUID"])
    try:
        yield
    finally:
        kept = {name: source[name] for name in _MAPPING if name in source}
        client.create_event_source_mapping(FunctionName=relay, StartingPosition="LATEST", **kept)


# -- processor time -----------------------------------------------------------------------------------------------


def cpu_by_part(root: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for pid in _family(root):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found[_part(pid, root)] += (int(fields[11]) + int(fields[12])) / TICKS  # type: ignore[assignment]
        except OSError:
            continue  # it ended meanwhile
    return found


def _family(root: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(place.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(place.parent.name))
    found, left = [], [root]
    while left:
        pid = left.pop()
        found.append(pid)
        left += children.get(pid, [])
    return found


def _part(pid: int, root: int) -> str:
    if pid == root:
        return "front"
    command = Path(f"/proc/{pid}/cmdline").read_text()
    if "infra.local.cloud" in command:
        return "emulator"
    variables = _variables(pid)
    return variables.get("POWERTOOLS_SERVICE_NAME", "other")


def _variables(pid: int) -> Mapping[str, str]:
    pairs = (pair.partition("=") for pair in Path(f"/proc/{pid}/environ").read_text(errors="replace").split("\0"))
    return {name: value for name, _, value in pairs}
