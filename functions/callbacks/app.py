"""callbacks: payment providers and suppliers tell what happened.

Audience   payment providers, suppliers (no session; each message proves itself)
Trigger    notify API, GET and POST /v1/callbacks/{channel}/{account}, POST /v1/suppliers/{kind}/{supplier}
Flows      take_notice, take_supply_notice
Tables     catalog R (channels, suppliers), trade RW, journal append, guard RW
Keys       none: this function can never read a card
Secrets    faka/channels/*, faka/suppliers/*
Limits     64 KiB a message; one answer within a provider's patience of about 5 s
On failure before the notice is stored: 5xx, the provider repeats; afterwards: acknowledged, the sweep applies it
"""

from faka.flows.take_notice import NOTICE_BYTES_MAX, RawRequest, take_notice
from faka.flows.take_supply_notice import take_supply_notice
from faka.kernel.errors import NotFound
from faka.kernel.ids import ChannelId, SupplierId, handle
from faka.platform.door import Answer, Door, Request
from faka.wiring import Deps, ShopSettings


class Settings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_table_journal: str
    faka_table_guard: str
    faka_shop_url: str
    faka_notify_url: str


deps = Deps(Settings.from_env())
door = Door("callbacks", body_bytes_max=NOTICE_BYTES_MAX)


@door.route("POST", "/v1/callbacks/{channel}/{account}", foreign=True)
@door.route("GET", "/v1/callbacks/{channel}/{account}", foreign=True)
def notice(request: Request) -> Answer:
    """One message of one account; the path names the account, and the message must say the same."""
    channel_id = ChannelId(handle(request.params["account"]))
    if deps.catalog.channel(channel_id).kind != request.params["channel"]:
        raise NotFound("channel and account")
    raw = RawRequest(method=request.method, path=request.path, headers=dict(request.headers), query=request.query, body=request.body)
    answer = take_notice(deps, channel_id, raw)
    return Answer(answer.body.decode(), answer.status, answer.content_type)


@door.route("POST", "/v1/suppliers/{kind}/{supplier}", foreign=True)
def supply_notice(request: Request) -> Answer:
    """One message of one supplier about a recharge; the path names the account."""
    supplier_id = SupplierId(handle(request.params["supplier"]))
    raw = RawRequest(method=request.method, path=request.path, headers=dict(request.headers), query=request.query, body=request.body)
    answer = take_supply_notice(deps, supplier_id, request.params["kind"], raw)
    return Answer(answer.body.decode(), answer.status, answer.content_type)


handler = door.handler()
