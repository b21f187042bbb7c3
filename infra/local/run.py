"""Bring the local cloud up, keep it, take it down.

make run ─► python -m infra.local ─┬─ this process: the front of the shop, PORT
                                   ├─ emulator (cloud.py): tables, queues, keys, mail, Lambda for the workers
                                   ├─ worker processes of the HTTP functions (runtime.py)
                                   └─ simulator (players.py): cashier, mailbox, PORT + 1
"""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from infra.local import deploy, home, server
from infra.local.children import Child, start_cloud
from infra.local.front import Front, start_pools
from infra.local.home import ROOT, Refused
from infra.local.overlay import log_file
from infra.local.pool import Pool, variables
from infra.local.runtime import WARM
from infra.local.template import Template


DOORS = {"StorefrontFunction": 2, "RevealFunction": 2, "CallbacksFunction": 2}
"""Worker processes per HTTP function; others get one."""


SENDER = "shop@faka.example"


@dataclass
class Options:
    root: Path
    state: Path
    port: int | None = None
    is_reset: bool = False
    is_bare: bool = False
    """Nothing but the template: no simulator, no demo shop."""
    is_enforcing: bool = False
    """Roles and policies are enforced, as on AWS."""
    workers: dict[str, int] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    """Variables of the functions with another value than the template's."""


@dataclass
class Local:
    """One running local cloud."""

    options: Options
    template: Template
    home: home.Home
    port: int = 0
    endpoint: str = ""
    is_new: bool = False
    children: list[Child] = field(default_factory=list)
    pools: dict[str, Pool] = field(default_factory=dict)
    front: server.Server | None = None

    async def up(self) -> None:
        started = time.monotonic()
        reason = self.home.take(reset=self.options.is_reset)
        self.is_new = bool(reason)
        say(f"faka, local cloud ({reason or 'goes on where it stopped'})")
        facts = self.home.facts
        self.port = home.pair_of_ports(self.options.port, facts.port)
        listener = home.listen(self.port)
        await self._step("emulator", asyncio.to_thread(self._start_cloud))
        await self._step(f"template.yaml, {len(self.template.resources)} resources", asyncio.to_thread(self._deploy))
        parts = asyncio.gather(self._start_doors(), asyncio.to_thread(self._start_players), asyncio.to_thread(self._warm))
        await self._step("functions and simulator", parts)
        if self.is_new and not self.options.is_bare and find_spec("infra.local.seed"):
            await self._step("demo shop", self._seed())
        front = Front(self.template, self.pools, self.port)
        self.front = await server.serve(front.answer, listener)
        facts.is_seeded = True
        self.home.save()
        self._greet(time.monotonic() - started)

    async def down(self) -> None:
        if self.front is not None:
            await self.front.close()
        await asyncio.gather(*(pool.stop() for pool in self.pools.values()))
        for child in reversed(self.children):
            await asyncio.to_thread(child.stop)
        self.home.release()

    def lost_child(self) -> Child | None:
        return next((child for child in self.children if child.process.poll() is not None), None)

    # -- steps ------------------------------------------------------------------------------------------------

    async def _step(self, title: str, work: Coroutine[Any, Any, Any] | asyncio.Future[Any]) -> None:
        started = time.monotonic()
        await work
        say(f"  ✓ {title:<40} {time.monotonic() - started:5.1f} s")

    def _start_cloud(self) -> None:
        facts = self.home.facts
        port = facts.cloud_port if facts.cloud_port and home.is_free(facts.cloud_port) else home.any_port()
        self.home.repair({facts.cloud_port: port, facts.port: self.port, facts.port + 1: self.port + 1})
        facts.cloud_port, facts.port = port, self.port
        self.home.save()
        self.endpoint = f"http://127.0.0.1:{port}"
        self.children.append(start_cloud(self.home, port, os.environ, is_enforcing=self.options.is_enforcing))

    def _deploy(self) -> None:
        facts = self.home.facts
        address = f"http://127.0.0.1:{self.port}"
        parameters = {"Stage": "local", "ShopUrl": address, "NotifyUrl": address, "MailFrom": SENDER}
        settings = self.options.settings
        fingerprint = deploy.fingerprint(self.template, parameters | settings)
        if fingerprint != facts.deployed:
            deploy.deploy(self.template, self.endpoint, self.home.logs, parameters, settings)
            facts.deployed = fingerprint
            self.home.save()
        deploy.verify_sender(self.endpoint, self.functions())

    def functions(self) -> dict[str, dict[str, Any]]:
        """Logical id → deployed configuration of each function."""
        return deploy.functions(self.template, self.endpoint)

    async def _start_doors(self) -> None:
        deployed = await asyncio.to_thread(self.functions)
        for name in {route.function: None for route in self.template.routes()}:
            configuration, path = deployed[name], self.template.import_path(name)
            keys = await asyncio.to_thread(deploy.credentials, self.endpoint, configuration)
            self.pools[name] = Pool(
                name,
                self.options.workers.get(name, DOORS.get(name, 1)),
                folder=path[0],
                variables=variables(configuration, self.endpoint, path, keys),
                log=log_file(self.home.logs, name),
                timeout_s=float(configuration.get("Timeout", 3)),
            )
        for name in await start_pools(self.pools):
            say(f"  ! {name} could not be loaded; see {log_file(self.home.logs, name)}")

    def _warm(self) -> None:
        """Start the workers of streams and queues with nothing to do, so that the first buyer does not wait for them."""
        physical = deploy.resources(self.endpoint)
        for name in self.template.workers():
            deploy.client("lambda", self.endpoint).invoke(FunctionName=physical[name], InvocationType="Event", Payload=WARM)

    def _start_players(self) -> None:
        actors = find_spec("infra.local.actors")
        if self.options.is_bare or actors is None or actors.origin is None:
            return
        command = [sys.executable, "-m", "infra.local.players", str(self.port + 1), str(self.home.players), self.endpoint]
        child = Child("The simulator", command, os.environ, self.home.logs / "simulator.log", ROOT)
        self.children.append(child)
        child.wait_for(f"http://127.0.0.1:{self.port + 1}/")

    async def _seed(self) -> None:
        addresses = (f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.port + 1}")
        environment = deploy.tool_environment(self.template, self.endpoint, await asyncio.to_thread(self.functions))
        command = [sys.executable, "-m", "infra.local.seed", *addresses, str(self.home.players)]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env={**os.environ, **environment})
        try:
            if await process.wait():
                raise Refused("The demo shop could not be made; the lines above say why.")
        finally:
            if process.returncode is None:
                process.kill()

    def _greet(self, took_s: float) -> None:
        shop, players = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.port + 1}"
        say(f"  ready after {took_s:.1f} s\n")
        say(f"  shop       {shop}/")
        if len(self.children) > 1:
            say(f"  cashier    {players}/\n  mailbox    {players}/mailbox")
        say(f"  AWS API    {self.endpoint}   (any key opens it, and nothing else)")
        say(f"  logs       {self.home.logs}/")
        say("\n  Ctrl-C stops everything and keeps the state; `make reset` forgets it.")


def say(line: str) -> None:
    print(line, flush=True)


async def main(options: Options) -> int:
    logging.basicConfig(level=logging.WARNING)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    local = Local(options, Template(options.root), home.Home(options.state))
    code = 0
    up = asyncio.create_task(local.up())
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({up, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if up.done():
            up.result()
            code = await _keep(local, stopped)
    except Refused as refusal:
        say(f"\n{refusal}")
        code = 1
    finally:
        up.cancel()
        say("\nStopping …")
        await local.down()
    return code


async def _keep(local: Local, stopped: "asyncio.Task[bool]") -> int:
    """Wait for the signal, or for a child that ends by itself."""
    _log_front(local.home.logs / "front.log")
    while not stopped.done():
        await asyncio.wait({stopped}, timeout=1)
        lost = local.lost_child()
        if lost is not None and not stopped.done():
            say(f"{lost.name} ended by itself; see {lost.log}")
            return 1
    return 0


def _log_front(place: Path) -> None:
    front = logging.getLogger("infra.local.front")
    front.addHandler(logging.FileHandler(place))
    front.setLevel(logging.INFO)
    front.propagate = False
