"""Threats T01 and T02, invariant I13: whatever call fails in whatever way, no secret stands anywhere but in its own place.

Every flow runs through its real handler, cold. At each of its calls to the outside an error strikes that quotes the request, as
those of the SDK and of urllib3 do; then the step is taken again, until it meets no error. Everything is searched, at DEBUG.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from faka.contexts.intake import Wish
from faka.contexts.orders.model import Order
from faka.flows.intake import ImportOrder, open_import
from faka.kernel.ids import OrderId, lookup_code, ulid
from faka.platform import telemetry
from faka.platform.table import TableName
from tests.kit.doors import Page
from tests.kit.sinks import Canaries, Kind, leaks
from tests.security.faulty import BUCKET, Failure, FaultyShop, cut, faulty_shop, mistaken, refused, slow, throttled
from tests.security_pages.report import report


pytestmark = pytest.mark.integration

PAGE = "/p/video-vip"
CALLS_MAX = 150
"""Calls of one step: a minute's round over all that failed before makes about a hundred."""


class Story:
    """A buyer's way through the shop, a step at a time; each step may be taken again."""

    def __init__(self, shop: FaultyShop) -> None:
        self.shop, self.world, self.marks = shop, shop.world, shop.marks
        self.steps = 0
        self.faults = 0

    def step(self, failure: Failure | None, work: Callable[[], Any]) -> Any:
        """The step with a failure at its first, second, … call, and at last without one."""
        for at in range(1, CALLS_MAX):
            self.shop.fails(failure, at)
            answer = work()
            self.steps += 1
            self.faults += self.shop.fired
            if not self.shop.fired:
                return answer
        raise AssertionError("a step with too many calls")

    def tell(self, failure: Failure | None) -> None:
        do = lambda work: self.step(failure, work)  # noqa: E731
        self.imports(do)
        no = self.orders(do, contact=self.marks.contact)
        do(lambda: self.shop.get(f"/o/{no}"))
        do(lambda: self.shop.get(f"/o/{no}/status"))
        do(lambda: self.shop.post(f"/o/{no}/check"))
        self.pays(do, no)
        do(lambda: self.shop.post(f"/o/{no}/cards", {"open_id": ulid(self.world.clock.now(), self.world.chance)}))
        do(lambda: self.shop.post(f"/o/{no}/cards.txt"))
        self.looks_up(do, no)
        self.late_and_double(do)
        self.frozen(do)
        self.shop.fails(None)

    def imports(self, do: Callable[..., Any]) -> None:
        deps = self.shop.cold()
        job = open_import(
            deps, ImportOrder(product=self.world.product.id, sku=self.world.sku.id, by="olga", wish=Wish(separator="----"))
        ).job
        lines = [f"{self.marks.number.format(n=n)}----{self.marks.secret.format(n=n)}" for n in range(40)]
        bad = [lines[0], f"{self.marks.mark}----{self.marks.mark}\x07", f"{self.marks.mark}----x----not a day", f"={self.marks.mark}"]
        self.shop.s3.put_object(Bucket=BUCKET, Key=job.incoming_key, Body="\n".join([*lines, *bad]).encode())
        event = {"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": json.dumps({"import": job.id})}]}

        def again() -> None:
            self.world.clock.advance(seconds=400)  # past the lease of a worker that died
            self.shop.worker("intake", event)

        do(again)
        again()

    def orders(self, do: Callable[..., Any], **typed: str) -> OrderId:
        deps = self.world.deps
        code = lookup_code(self.world.chance)
        self.marks.add(Kind.LOOKUP_CODE, code)
        form = {"form_id": ulid(self.world.clock.now(), self.world.chance), "code": code, "sku": self.world.sku.id, "quantity": "2"}
        form |= {"channel": "epay:epay", **typed}
        do(lambda: self.shop.post(PAGE, {**form, "quantity": "0"}))
        do(lambda: self.shop.get(f"{PAGE}/quote?sku={self.world.sku.id}&quantity=2&channel=epay:epay"))
        do(lambda: self.shop.post(PAGE, form))
        order = deps.orders.get(OrderId(f"ord_{form['form_id']}"))
        self.world._codes[order.id] = code
        return order.id

    def order(self, no: OrderId) -> Order:
        return self.world.deps.orders.get(no)

    def pays(self, do: Callable[..., Any], no: OrderId) -> None:
        before = self.world.image()
        [raw] = self.world.notices(self.order(no))
        do(lambda: self.shop.notice(raw))
        self.works(do, no, before)

    def works(self, do: Callable[..., Any], no: OrderId, before: dict[str, Any]) -> None:
        """The stream, both workers and the minute's round."""
        after = self.world.image()
        changed = [pk for pk, row in after.items() if before.get(pk) != row]
        records = [{"dynamodb": {"NewImage": after[pk], **({"OldImage": before[pk]} if pk in before else {})}} for pk in changed]
        self.shop.kept += [("stream trade", record) for record in records]
        do(lambda: self.shop.worker("relay", {"Records": records}))
        body = json.dumps({"detail": {"order_id": no}})
        event = {"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": body}]}
        for function in ("fulfil", "deliver"):
            do(lambda function=function: self.shop.worker(function, event))

        def minute() -> None:
            self.world.clock.advance(minutes=1)
            self.shop.worker("sweep", {})

        do(minute)

    def looks_up(self, do: Callable[..., Any], no: OrderId) -> None:
        code = self.world._codes[no]
        own, self.shop.cookies = self.shop.cookies, {}
        do(lambda: self.shop.get(f"/o/{no}"))
        do(lambda: self.shop.post("/orders", {"no": no, "code": code[:-1] + "0"}))
        do(lambda: self.shop.post("/orders", {"no": no, "code": code}))
        self.shop.cookies = {}

        def mailed() -> Page:
            self.world.clock.advance(minutes=11)  # three mails in ten minutes is the bound of an address
            return self.shop.post("/orders/mail", {"mail": self.marks.contact})

        do(mailed)
        [digits] = re.findall(r"\d{6}", self.shop.mails[-1]["Content"]["Simple"]["Subject"]["Data"])
        self.marks.add(Kind.MAILED_CODE, digits)

        def redeemed() -> Page:
            if "__Host-grant" in self.shop.cookies:
                return self.shop.get("/orders")
            page = self.shop.post("/orders/code", {"mail": self.marks.contact, "digits": digits})
            self.marks.add(Kind.GRANT, self.shop.cookies.get("__Host-grant", ""))
            return page

        self.shop.fails(None)
        redeemed()
        do(redeemed)
        do(lambda: self.shop.get(f"/o/{no}"))
        do(lambda: self.shop.post("/orders/code", {"mail": self.marks.contact, "digits": "000000"}))
        self.shop.cookies = own

    def late_and_double(self, do: Callable[..., Any]) -> None:
        no = self.orders(do)
        self.world.clock.advance(minutes=17)
        self.works(do, no, self.world.image())
        self.pays(do, no)
        raws = self.world.providers.epay.pay_twice(self.order(no).payment_id.replace("_", ""))
        for raw in raws:
            do(lambda raw=raw: self.shop.notice(raw))
        canceled = self.orders(do)
        do(lambda: self.shop.post(f"/o/{canceled}/pay", {"channel": "alipay:precreate"}))
        do(lambda: self.shop.get(f"/o/{canceled}"))
        do(lambda: self.shop.post(f"/o/{canceled}/cancel"))

    def frozen(self, do: Callable[..., Any]) -> None:
        """Cards that may not be shown: the opening arranges others, or says that it cannot."""
        no = self.orders(do)
        self.pays(do, no)
        batch = next(row for row in self.world.rows("test-vault") if row["pk"].startswith("BATCH#"))
        self.world.deps.tables.put_many(TableName.VAULT, [{**batch, "state": "FROZEN"}])
        do(lambda: self.shop.post(f"/o/{no}/cards"))
        pages = [row for row in self.world.rows("test-vault") if row["pk"].startswith("PAGE#")]
        broken = [{**row, "cards": [blob[:-1] + bytes([blob[-1] ^ 1]) for blob in row["cards"]]} for row in pages]
        self.world.deps.tables.put_many(TableName.VAULT, [{**batch, "state": "OPEN"}, *broken])
        do(lambda: self.shop.post(f"/o/{no}/cards"))


@pytest.mark.parametrize("failure", [refused, throttled, slow, cut, mistaken, None], ids=lambda one: getattr(one, "__name__", "nothing"))
def test_no_failure_of_any_call_brings_a_secret_out(failure: Failure | None, capsys: pytest.CaptureFixture[str]) -> None:
    with faulty_shop(Canaries(getattr(failure, "__name__", "nothing"))) as shop:
        story = Story(shop)
        story.tell(failure)
        places = list(shop.places())
        found = [line for name, content in places for line in leaks(name, content, shop.marks, deep=True)]
        figures = {"steps": story.steps, "failures": story.faults, "places": len(places), "bytes": shop.marks.scanned, "leaks": len(found)}
        with capsys.disabled():
            report(getattr(failure, "__name__", "nothing"), figures, name="plaintext")
        assert sorted(set(found)) == []
        kinds = {name.partition(" ")[0] for name, _ in places}
        assert kinds >= {"answer", "row", "stream", "kms", "http", "mail", "events", "log", "object", "secrets"}
        assert story.faults >= 100 * (failure is not None)
        broken = [name for name, content in places if name.startswith("answer") and content["status"] == 500]
        if failure is not mistaken and failure is not refused:  # an outage is said to be one; a card that was changed is not
            assert broken == ["answer POST /o/{no}/cards"]


# -- twins ----------------------------------------------------------------------------------------------------------------

SINKS = (
    *("log", "print", "row guard", "row vault", "row catalog", "row journal", "object problems/x", "message intake", "stream trade"),
    *("events request put_events", "kms request decrypt", "http request POST", "mail text", "mail subject", "error of sweep"),
    *("answer GET /o/{no}", "answer POST /o/{no}/check", "answer POST /v1/callbacks"),
)


@pytest.mark.parametrize("sink", SINKS)
def test_twin_a_card_planted_in_a_sink_is_found(sink: str) -> None:
    marks = Canaries(sink)
    card = marks.secret.format(n=3)
    content: Any = ValueError(card) if sink.startswith("error") else {"deep": [{"inside": card.encode()}]}
    assert leaks(sink, content, marks, deep=True)
    assert leaks(sink, content, marks)
    assert not leaks(sink, {"deep": [{"inside": b"nothing of the kind"}]}, marks, deep=True)


def found_in(failure: Failure, part: str) -> list[str]:
    with faulty_shop(Canaries(f"twin {part}")) as shop:
        story = Story(shop)

        def do(work: Callable[[], Any]) -> Any:
            return story.step(failure, work)

        story.imports(do)
        no = story.orders(do, contact=shop.marks.contact)
        story.pays(do, no)
        return [line for name, content in shop.places() for line in leaks(name, content, shop.marks, deep=True)]


def test_twin_a_log_that_quotes_foreign_errors_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def quoted(error: BaseException | None, _tb: Any) -> str:
        return f"{error!r} {error.__cause__!r}" if error else ""

    monkeypatch.setattr(telemetry, "where", quoted)
    assert {line.partition(" (")[0] for line in found_in(mistaken, "log")} >= {"log: contact"}
