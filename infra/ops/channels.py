"""Connect the shop to payment accounts.

    python -m infra.ops.channels list                       every channel, and whether the shop could use it now
    python -m infra.ops.channels save alipay.yaml           add or change one; the file holds no secret
    python -m infra.ops.channels secret alipay < key.json   put its first secret away; the shop takes it up within its cache's age
    python -m infra.ops.channels rotate alipay < key.json   a new secret; the one before it still proves what comes for a day
    python -m infra.ops.channels rotate alipay --leaked < key.json    … and here it does not, from now on
    python -m infra.ops.channels enable alipay              and `disable`: notices of a disabled channel are still taken
    python -m infra.ops.channels limits                     bounds, fees, shares and the day's limit of each channel
    python -m infra.ops.channels health                     whose provider answers, who rests and until when, what came in today
    python -m infra.ops.channels rates                      the exchange rates, and which are too old to sell by
    python -m infra.ops.channels rate CNY USD 0.1382 --hours 24 --by name

A channel's file holds id, kind, title, methods, account and gateway, and what else it needs of currency, position, public_key or
public_keys, fee_bp, fee_fixed_minor, fee_bearer (BUYER, SHOP), cost_bp, cost_fixed_minor, amount_min_minor, amount_max_minor,
devices (PC, MOBILE, WECHAT), group, weight, max_unsettled_minor, notify_base. By kind:

    kind        account                     the provider's key    secret
    alipay      app_id, seller_id           public_key            {"private_key": "…"}
    wechatpay   mchid, appid, serial_no     public_keys           {"private_key": "…", "api_v3_key": "…"}
    epay        pid                                               {"key": "…"}
    epay_rsa    pid                         public_key            {"private_key": "…"}
    stripe      account                                           {"secret_key": "…", "webhook_secret": "…"}
    epusdt      merchant                                          {"token": "…"}
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
from faka.kernel.secret import Secret
from faka.wiring import Deps
from infra.ops.channel_views import health, limits, list_channels, rates, set_rate
from infra.ops.command import parser_of, perform


SECRETS = "faka/channels/"
"""The functions' roles may read below this name only."""
SECRET_BYTES_MAX = 16_384
"""An RSA key of the longest usual kind, and room around it."""


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
    values = _secret(sys.stdin.read(SECRET_BYTES_MAX + 1))
    deps.secrets.write(row.secret_name, values)
    if given.leaked:
        # The version before the newest one counts for a day. Written twice, both are the new secret, and the old one is neither.
        deps.secrets.write(row.secret_name, values)
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
    parser = parser_of("channels", __doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, act in (("list", list_channels), ("limits", limits), ("health", health), ("rates", rates)):
        verbs.add_parser(name).set_defaults(act=act)
    verb = verbs.add_parser("save")
    verb.set_defaults(act=save)
    verb.add_argument("file", type=Path)
    for name, more in (
        ("secret", {"act": put_secret, "leaked": False}),
        ("rotate", {"act": put_secret}),
        ("enable", {"act": switch, "enabled": True}),
        ("disable", {"act": switch, "enabled": False}),
    ):
        verb = verbs.add_parser(name)
        verb.set_defaults(**more)
        verb.add_argument("id")
        if name == "rotate":
            verb.add_argument("--leaked", action="store_true", help="the secret before this one counts no more, from now on")
    verb = verbs.add_parser("rate")
    verb.set_defaults(act=set_rate)
    for word in ("base", "to", "rate"):
        verb.add_argument(word)
    verb.add_argument("--hours", type=int, default=24, help="for how long orders may be placed by it")
    verb.add_argument("--by", default="", help="who has set it")
    return parser


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps)


if __name__ == "__main__":
    sys.exit(main())
