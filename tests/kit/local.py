"""The local cloud for tests: the whole shop in processes of its own, or only an emulator with the five tables.

```
@pytest.fixture(scope="module")          a whole local cloud: one per module, about 4 s to start, seeded
local_cloud      .shop .players .client("sqs") .environment .deployed()   and, inside `with cloud.here():`, wiring.production()

@pytest.fixture                          fresh tables on an engine whose conditional writes are atomic, under 1 s
ministack_tables .client() .tables() .names
```
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.config import Config

from faka.kernel.clock import Pause
from faka.platform import aws
from faka.platform.real import system_pause
from faka.platform.table import TableName, Tables
from infra.local import deploy
from infra.local.children import start_cloud
from infra.local.home import Home, any_port, pair_of_ports
from infra.local.template import Template
from infra.local.weather import WEATHER
from tests.kit.roles import CALLS


ROOT = Path(__file__).resolve().parents[2]
START_S_MAX = 240
BEGINNING = dict(os.environ)
"""The environment before any test: a cloud is not to depend on what a test before it has set."""

STOP_S_MAX = 60


@dataclass
class LocalCloud:
    """A running `python -m infra.local`."""

    process: "subprocess.Popen[str]"
    port: int
    state: Path
    root: Path
    endpoint: str

    @property
    def shop(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def players(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    def client(self, service: str) -> Any:
        return deploy.client(service, self.endpoint)

    def deployed(self) -> dict[str, str]:
        """Logical id → physical id."""
        return deploy.resources(self.endpoint)

    @property
    def environment(self) -> dict[str, str]:
        """The settings of all functions together, and where the emulator is."""
        template = Template(self.root)
        return deploy.tool_environment(template, self.endpoint, deploy.functions(template, self.endpoint))

    @contextmanager
    def here(self) -> Iterator[dict[str, str]]:
        """The shop's own code works on this cloud, in this process."""
        environment = self.environment
        with patch.dict(os.environ, environment):
            _forget_clients()
            try:
                yield environment
            finally:
                _forget_clients()

    def log(self, function: str) -> str:
        place = self.state / "logs" / f"{function}.log"
        return place.read_text(errors="replace") if place.exists() else ""

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S_MAX)


def start(state: Path, *more: str, root: Path = ROOT, port: int | None = None) -> LocalCloud:
    """Start a local cloud and wait until it answers. What it prints is in `state/out`."""
    port = port or pair_of_ports(None, any_port())
    state.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "infra.local", "--port", str(port), "--state", str(state), "--root", str(root), *more]
    with (state / "out").open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, text=True, env=_environment())
    end = time.monotonic() + START_S_MAX
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_local/health", timeout=5):
                facts = json.loads((state / "home.json").read_text())
                return LocalCloud(process, port, state, root, f"http://127.0.0.1:{facts['cloud_port']}")
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise AssertionError("the local cloud did not start:\n" + (state / "out").read_text())


def _environment() -> dict[str, str]:
    """As it was at the beginning, and where functions write their calls down, and the weather of a soak."""
    return BEGINNING | {name: os.environ[name] for name in (CALLS, WEATHER) if name in os.environ}


@contextmanager
def running(state: Path, *more: str, root: Path = ROOT) -> Iterator[LocalCloud]:
    cloud = start(state, *more, root=root)
    try:
        yield cloud
    finally:
        cloud.stop()


@pytest.fixture(scope="module")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running(tmp_path_factory.mktemp("local")) as cloud:
        yield cloud


@dataclass(frozen=True)
class MiniStackTables:
    """The five tables of template.yaml, empty, on an emulator of their own."""

    endpoint: str
    names: dict[TableName, str]

    def client(self) -> Any:
        """A client as in production: one attempt, because the retries stand in `Tables`. One per thread or process."""
        return boto3.client(
            "dynamodb",
            endpoint_url=self.endpoint,
            region_name=deploy.REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}, max_pool_connections=64),
        )

    def tables(self, client: Any = None, pause: Pause = system_pause) -> Tables:
        return Tables(client or self.client(), self.names, pause)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an emulator that has DynamoDB only and keeps nothing."""
    home = Home(tmp_path_factory.mktemp("ministack"))
    home.take()
    port = any_port()
    child = start_cloud(home, port, _environment(), services="dynamodb", is_kept=False)
    yield f"http://127.0.0.1:{port}"
    child.stop()
    home.release()


@pytest.fixture
def ministack_tables(ministack: str) -> MiniStackTables:
    return fresh_tables(ministack)


def fresh_tables(endpoint: str) -> MiniStackTables:
    """Five new tables beside those of other tests."""
    template, mark = Template(ROOT), f"{time.time_ns():x}"
    names = {name: f"{name}-{mark}" for name in TableName}
    dynamodb = deploy.client("dynamodb", endpoint)
    for name, physical in names.items():
        given = template.resources[f"{name.capitalize()}Table"]["Properties"]
        wanted = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
        dynamodb.create_table(TableName=physical, **{key: given[key] for key in wanted if key in given})
    return MiniStackTables(endpoint, names)


def _forget_clients() -> None:
    for cached in (aws.client, aws.dynamodb, aws._session):
        cached.cache_clear()
