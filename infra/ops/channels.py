"""Connect the shop to payment accounts.

    python -m infra.ops.channels list                       every channel, and whether the shop could use it now
    python -m infra.ops.channels save alipay.yaml           add or change one; the file holds no secret
    python -m infra.ops.channels secret alipay < key.json   put its secret away; the shop takes it up within its cache's age
    python -m infra.ops.channels enable alipay              and `disable`: notices of a disabled channel are still taken

The file holds id, kind (alipay or epay), title, methods, account, gateway, currency, fee_bp, position and, for Alipay, the provider's
public_key. The secret is {"private_key": "…"} for Alipay and {"key": "…"} for epay.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from faka.contexts.catalog.errors import InvalidProduct
from faka.contexts.catalog.model import ChannelRow
from faka.contexts.catalog.policy import explain
from faka.flows.edit_catalog import save_channel
from faka.kernel.errors import FakaError
from faka.kernel.secret import Secret
from faka.wiring import Deps
from infra.ops.shop import STACK, connect


SECRETS = "faka/channels/"
"""The functions' roles may read below this name only."""
SECRET_BYTES_MAX = 16_384
"""An RSA key of the longest usual kind, and room around it."""


def list_channels(deps: Deps, _: argparse.Namespace) -> None:
    for one in deps.catalog.channels(fresh=True):
        print(f"{one.id:<16} {one.kind:<7} {'enabled' if one.enabled else 'disabled':<9} {','.join(one.methods):<20} {_usable(deps, one)}")


def _usable(deps: Deps, channel: ChannelRow) -> str:
    try:
        deps.adapter(channel.id)
    except FakaError as error:
        return f"{error.code()}: {error}"
    return "usable"


def save(deps: Deps, given: argparse.Namespace) -> None:
    try:
        written = yaml.safe_load(given.file.read_text(encoding="utf-8"))
        row = ChannelRow.model_validate({"secret_name": f"{SECRETS}{written['id']}", **written})
    except ValidationError as error:
        raise InvalidProduct(explain(error)) from error
    except (yaml.YAMLError, ValueError, TypeError, KeyError) as error:
        raise InvalidProduct(f"{given.file.name} is not a channel: {type(error).__name__}") from error
    save_channel(deps, row)
    list_channels(deps, given)


def put_secret(deps: Deps, given: argparse.Namespace) -> None:
    """Read the secret from standard input, so that it stands in no command line and no shell history."""
    row = deps.catalog.channel(given.id, fresh=True)
    text = sys.stdin.read(SECRET_BYTES_MAX + 1)
    deps.secrets.write(row.secret_name, _secret(text))
    list_channels(deps, given)


def _secret(text: str) -> dict[str, Secret]:
    """Raises: InvalidProduct, without a word of the text."""
    try:
        written = json.loads(text) if len(text) <= SECRET_BYTES_MAX else None
    except ValueError:
        written = None
    if not isinstance(written, dict) or not written or not all(isinstance(value, str) for value in written.values()):
        raise InvalidProduct("a secret is a short JSON object of texts")
    return {name: Secret(value) for name, value in written.items()}


def switch(deps: Deps, given: argparse.Namespace) -> None:
    row = deps.catalog.channel(given.id, fresh=True)
    save_channel(deps, row.model_copy(update={"enabled": given.enabled}))
    list_channels(deps, given)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.ops.channels", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", default=STACK, help="name of the deployed stack")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, act, more in (
        ("list", list_channels, {}),
        ("save", save, {}),
        ("secret", put_secret, {}),
        ("enable", switch, {"enabled": True}),
        ("disable", switch, {"enabled": False}),
    ):
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act, **more)
        if name == "save":
            verb.add_argument("file", type=Path)
        elif name != "list":
            verb.add_argument("id")
    return parser


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    given = arguments().parse_args(argv)
    try:
        given.act(deps or connect(given.stack), given)
    except FakaError as error:
        print(f"{error.code()}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
