"""`python -m infra.local [--port N] [--state DIR] [--reset]`: the whole shop on loopback, in the foreground."""

import argparse
import asyncio
import sys
from pathlib import Path

from infra.local.home import ROOT
from infra.local.run import Options, main


def options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="Run the shop on this machine.")
    parser.add_argument("--port", type=int, help="port of the shop; the simulator takes the next one (default: the last one, 8080, or any)")
    parser.add_argument("--state", type=Path, default=ROOT / ".local", help="folder for state and logs (default: .local)")
    parser.add_argument("--reset", action="store_true", help="forget the state of earlier runs first")
    parser.add_argument("--bare", action="store_true", help="deploy the template only: no simulator, no demo shop")
    parser.add_argument("--enforce", action="store_true", help="let every function do what its role allows and nothing else")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    parser.add_argument("--workers", default="", metavar="NAME=N,…", help="processes per HTTP function, such as storefront=4,reveal=2")
    parser.add_argument("--settings", default="", metavar="NAME=VALUE,…", help="variables of the functions with another value")
    given = parser.parse_args()
    settings = [pair.partition("=") for pair in given.settings.split(",") if pair]
    counts = [pair.partition("=") for pair in given.workers.split(",") if pair]
    return Options(
        root=given.root.resolve(),
        state=given.state.resolve(),
        port=given.port,
        is_reset=given.reset,
        is_bare=given.bare,
        is_enforcing=given.enforce,
        workers={f"{name.strip().capitalize()}Function": int(count) for name, _, count in counts},
        settings={name.strip(): value for name, _, value in settings},
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main(options())))
