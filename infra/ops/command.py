"""What every operator's command has: a page of help that is its docstring, the stack, who does it, and errors as one line."""

import argparse
import getpass
import sys
from collections.abc import Callable, Mapping
from typing import Any

from faka.kernel.errors import FakaError
from infra.ops.shop import STACK, connect


Words = Mapping[type[Exception], Callable[[Any], str]]
"""Errors of one command that deserve words of their own, by their class."""


def parser_of(name: str, doc: str | None, by: str = "") -> argparse.ArgumentParser:
    """The parser of `python -m infra.ops.{name}`. `by` says what a name is asked for; empty: nobody is asked.

    Each verb sets `act`, which is called with the shop and what was given.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m infra.ops.{name}", description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", default=STACK, help="name of the deployed stack")
    if by:
        parser.add_argument("--by", default=getpass.getuser(), help=by)
    return parser


def perform(parser: argparse.ArgumentParser, argv: list[str] | None, deps: Any, words: Words | None = None) -> int:
    """Do what was typed; the exit code. `deps` stands in for the deployed shop in tests."""
    given = parser.parse_args(argv)
    told = words or {}
    caught: tuple[type[Exception], ...] = (FakaError, *told)
    try:
        given.act(deps or connect(given.stack), given)
    except caught as error:
        say = next((told[kind] for kind in type(error).__mro__ if kind in told), _coded)
        print(say(error), file=sys.stderr)
        return 1
    return 0


def _coded(error: Any) -> str:
    return f"{error.code()}: {error}"
