"""Lose a payment and let the night find it: `python -m infra.local.demo_reconcile --port N`.

A buyer pays, and no notice ever leaves; nobody asks the provider either, because the sweep sleeps meanwhile. The payment is dated back to
the last day whose bill the provider has written. Then the night begins as its schedule begins it. Ends with 0 only if the order was
repaired and its card shown.
"""

import argparse
import json
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.local import deploy
from infra.local.demo_buy import NoSale, cashier_of, choices, product_page
from infra.local.headless import Page, Visitor
from infra.local.home import PREFERRED_PORT, ROOT
from infra.local.schedule import asleep, fire


SHANGHAI = timedelta(hours=8)
DAY_S = 24 * 3600
BILLS_BY = timedelta(hours=10, minutes=10)
"""By this hour in Shanghai all providers have written the bills of the day before; the night's schedule waits for it, too."""

WAIT_S_MAX = 120
POLL_S = 0.2
CHANNEL = "alipay"
"""The account whose bill tells of the payment."""
SCHEDULE, SWEEP, MACHINE = "BillsFunctionEveryMorning", "SweepFunctionEveryMinute", "NightlyReconciliation"
Say = Callable[[str], None]


@dataclass
class Night:
    """What the machine did."""

    status: str
    states: list[tuple[str, float]] = field(default_factory=list)
    """Outer states, and seconds from the beginning to their entry."""
    output: Any = None
    took_s: float = 0.0


@dataclass(frozen=True)
class Mended:
    """A lost payment, found."""

    order: str
    card: str
    night: Night
    report: dict[str, Any]


class NotFound(Exception):
    """The night did not find the payment; the message says what it did."""


def reconcile(shop: str, players: str, endpoint: str, say: Say = print, visitor: Visitor | None = None) -> Mended:
    """Raises: NoSale, NotFound."""
    visitor = visitor or Visitor()
    day = last_billed(datetime.now(UTC))
    with asleep(endpoint, SWEEP):
        address, number = lose(shop, players, visitor, say, day)
        night = run_night(endpoint, day, say)
    report = read_report(endpoint, CHANNEL, day)
    say(f"  report     {json.dumps(report, ensure_ascii=False)[:600]}")
    page = visitor.get(address)
    say(f"  order      {number}: {page.headline}")
    form = next((form for form in page.forms if "data-reveal" in form.attributes), None)
    page = visitor.submit(page, form) if form is not None else page
    if not page.secrets:
        raise NotFound(f"the night ended {night.status}, and the order shows {page.headline!r}")
    say(f"  card       {page.secrets[-1][:2]}••••{page.secrets[-1][-2:]}")
    return Mended(number, page.secrets[-1], night, report)


def last_billed(now: datetime) -> date:
    """The last day in Shanghai whose bills are there: yesterday, and before ten past ten the day before."""
    return (now + SHANGHAI - BILLS_BY).date() - timedelta(days=1)


def lose(shop: str, players: str, visitor: Visitor, say: Say, day: date) -> tuple[str, str]:
    """Buy, pay, and lose the notice; the payment is dated back to `day`. Where the order's page is, and the order's number."""
    page, form = product_page(visitor, shop, "")
    way = next(way for way in form.choices["channel"] if way.startswith(f"{CHANNEL}:") and not way.endswith(":precreate"))
    page = visitor.submit(page, form, **{**choices(form), "channel": way})
    if not page.stage:
        raise NoSale(f"the order was not taken: {page.status} {page.headline}")
    address, number = page.url, page.stage.get("data-order", "")
    say(f"  order      {number}: {page.headline}")
    trade_no = _trade_no(cashier_of(visitor, page))
    back = (datetime.now(UTC) + SHANGHAI).date() - day
    control(players, out_trade_no=trade_no, act="lose", paid_ago_s=back.days * DAY_S)
    say(f"  paid       {trade_no}: the provider has the money, the notice is lost, and the bill of {day} has the line")
    return address, number


def _trade_no(cashier: Page) -> str:
    return cashier.url.partition("?")[0].rpartition("/")[2]


def control(players: str, **order: Any) -> Any:
    request = urllib.request.Request(f"{players}/_control", json.dumps(order).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def run_night(endpoint: str, day: date, say: Say = print) -> Night:
    """Begin a day as the schedule does, or once more by hand where it has begun, and wait for the end.

    Raises: NotFound where the machine is still at work after `WAIT_S_MAX`.
    """
    states, arn = deploy.client("stepfunctions", endpoint), deploy.resources(endpoint)[MACHINE]
    begun = fire(endpoint, SCHEDULE, day=day.isoformat())
    name = f"recon-{day.isoformat()}"
    if not begun["is_new"]:
        name = f"{name}-again-{time.time_ns()}"
        given = json.dumps({"schema_version": 1, "day": day.isoformat()})
        states.start_execution(stateMachineArn=arn, name=name, input=given)
    execution = f"{arn.replace(':stateMachine:', ':execution:')}:{name}"
    say(f"  night      {name} has begun")
    began = time.monotonic()
    while (told := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        if time.monotonic() - began > WAIT_S_MAX:
            raise NotFound(f"{name} is still at work after {WAIT_S_MAX} s")
        time.sleep(POLL_S)
    night = Night(told["status"], list(entered(states, execution)), json.loads(told.get("output") or "null"), time.monotonic() - began)
    for state, at_s in night.states:
        say(f"  {at_s:6.2f} s   {state}")
    say(f"  {night.took_s:6.2f} s   {night.status}: {json.dumps(night.output, ensure_ascii=False)[:400]}")
    return night


def entered(states: Any, execution: str) -> Iterator[tuple[str, float]]:
    pages = states.get_paginator("get_execution_history").paginate(executionArn=execution)
    events = [event for page in pages for event in page["events"]]
    for event in events:
        if event["type"].endswith("StateEntered"):
            yield event["stateEnteredEventDetails"]["name"], (event["timestamp"] - events[0]["timestamp"]).total_seconds()


def read_report(endpoint: str, channel: str, day: date) -> dict[str, Any]:
    """The day's summary, as it lies in the bucket of the books."""
    bucket = deploy.outputs(endpoint)["BooksBucketName"]
    body = deploy.client("s3", endpoint).get_object(Bucket=bucket, Key=f"{channel}/{day.isoformat()}/summary.json")["Body"].read()
    found: dict[str, Any] = json.loads(body)
    return found


def facts_of(state: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((state / "home.json").read_text())
    except (OSError, ValueError):
        return {"port": PREFERRED_PORT, "cloud_port": 0}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.demo_reconcile", description="Lose a payment and let the night find it.")
    parser.add_argument("--state", type=Path, default=ROOT / ".local", help="folder of the running shop's state")
    given = parser.parse_args()
    facts = facts_of(given.state)
    shop, players = (f"http://127.0.0.1:{facts['port'] + more}" for more in (0, 1))
    try:
        mended = reconcile(shop, players, f"http://127.0.0.1:{facts['cloud_port']}")
    except (NoSale, NotFound) as reason:
        print(f"Not mended: {reason}")
        return 1
    except OSError as error:
        print(f"Not mended: the shop does not answer on port {facts['port']} ({error}). Is `make run` running?")
        return 1
    print(
        f"Order {mended.order}: the payment was found by the bill, booked and delivered, {mended.night.took_s:.1f} s after the night began."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
