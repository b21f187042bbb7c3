"""The judge of rights, judged: an unused right, an idle waiver and a denied call are found, and a part of the suite is not judged."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from infra.tools.iam import Right
from tests.kit import roles
from tests.kit.rights import Book
from tests.kit.whole_run import Heard, Waiver, heard, judge, waivers, written
from tests.simulation.report import _of_others
from tests.unit.tools.test_iam import POLICIES, ROWS


pytestmark = pytest.mark.unit

SCANS = Right("OpenRole", "Odd", "dynamodb:Scan", ROWS)
GET = ("dynamodb:GetItem", "table", "some-rows", "", ("ORDER#",), ())


def book() -> Book:
    made = Book()
    made.__dict__["policies"] = POLICIES
    return made


def told(used: set[Right], **more: Any) -> Heard:
    return Heard(Counter(), used, more.pop("denied", []), **more)


def judged(used: set[Right], *given: Waiver, is_whole: bool = True, **more: Any) -> list[str]:
    """What is wrong, the services' part of this small template aside, which is short of rights on purpose."""
    wrong = judge(told(used, **more), POLICIES, list(given), is_whole=is_whole).wrong
    return [line for line in wrong if not line.startswith("a service needs")]


def test_a_right_that_no_test_used_is_wrong() -> None:
    assert judged(POLICIES.rights()) == []
    assert judged(POLICIES.rights() - {SCANS}) == ["no test used: OpenRole Odd dynamodb:Scan Rows"]


def test_a_waived_right_is_not_wrong_and_a_waiver_that_nothing_needs_is() -> None:
    waiver = Waiver("OpenRole Odd dynamodb:* Rows", "because")
    assert judged(POLICIES.rights() - {SCANS}, waiver) == []
    assert judged(POLICIES.rights(), waiver) == ["idle waiver: OpenRole Odd dynamodb:* Rows"]


def test_a_denied_call_is_wrong_even_after_a_part_of_the_suite() -> None:
    assert judged(set(), denied=["Open may not"], is_whole=False) == ["Open may not"]


@pytest.mark.parametrize(("is_whole", "left_out"), [(False, 0), (True, 1)])
def test_a_part_of_the_suite_is_not_judged(is_whole: bool, left_out: int) -> None:
    judgement = judge(told(set(), left_out=left_out), POLICIES, [], is_whole=is_whole)
    assert "not judged: not every test ran" in judgement.lines
    assert judgement.report["unused"], "they are told nevertheless"
    assert not [line for line in judgement.wrong if line.startswith("no test used")]


def test_what_services_lack_is_wrong() -> None:
    assert (
        "a service needs for Other: sqs:ReceiveMessage on Work: no statement of OtherRole allows it"
        in judge(told(set()), POLICIES, [], is_whole=False).wrong
    )


def test_each_kind_of_call_is_counted_with_what_its_resource_asks_of_keys() -> None:
    made = book()
    for _ in range(3):
        made.judged("Open", GET).calls += 1
    found = heard(made, left_out=0)
    assert found.calls == {("Open", "dynamodb:GetItem", "Rows"): 3, ("Open", "kms:Decrypt", "DataKey"): 3}
    assert {written(right) for right in found.used} == {"OpenRole Reads dynamodb:Get* Rows", "Shared AtRest kms:Decrypt DataKey"}


def test_a_refused_call_uses_no_right() -> None:
    made = book()
    made.judged("Other", GET).calls += 1
    found = heard(made, left_out=0)
    assert (found.used, len(found.denied)) == (set(), 1)


def test_what_two_workers_heard_adds_up(tmp_path: Path) -> None:
    one, two = told({SCANS}, left_out=1), told(set(), denied=["Open may not"])
    one.calls["Open", "a", "b"] += 2
    two.calls["Open", "a", "b"] += 3
    total = told(set())
    for i, each in enumerate((one, two)):
        each.dump(tmp_path / f"{i}")
        total.add(Heard.load(tmp_path / f"{i}"))
    assert (total.calls["Open", "a", "b"], total.used, total.denied, total.left_out) == (5, {SCANS}, ["Open may not"], 1)


def test_every_waiver_says_why() -> None:
    assert all(len(each.reason.split()) >= 8 for each in waivers())


# -- what is heard ---------------------------------------------------------------------------------------------------------


def lines_of(tmp_path: Path, *lines: str) -> list[str]:
    """Refusals after the local cloud's functions wrote these lines."""
    (tmp_path / "f.jsonl").write_text("".join(lines))
    with roles.trial() as trial:
        roles.take_in(tmp_path)
    return trial.refused


def test_what_another_process_wrote_down_is_judged_and_half_a_line_waits(tmp_path: Path) -> None:
    reads = '["faka-DeliverFunction-1F", "dynamodb:GetItem", "table", "FAKA_TABLE_TRADE", "", ["ORDER#"], []]\n'
    opens = '["faka-DeliverFunction-1F", "kms:Decrypt", "key", "FAKA_KMS_CARD_KEY", "", [], []]\n'
    assert lines_of(tmp_path, reads) == []
    (refusal,) = lines_of(tmp_path, reads, opens, opens[:20])
    assert refusal.startswith("DeliverFunction may not kms:Decrypt on nothing that the template knows")


def test_a_function_of_another_template_is_not_judged(tmp_path: Path) -> None:
    assert lines_of(tmp_path, '["faka-Echo-1F", "dynamodb:Scan", "table", "x", "", [], []]\n') == []


def test_the_report_counts_a_right_that_is_waived_as_that_and_an_idle_one_as_wrong() -> None:
    waived = [{"right": "*Role SendsMail *", "reason": "either address or domain"}]
    kept = {"is_judged": True, "denied": [], "used": ["a b c d"], "waived": waived}
    mails = [f"{owner}Role SendsMail ses:SendEmail identity/x" for owner in ("Deliver", "Sweep")]
    [(_, used, wrong, _)] = _of_others({"rights": {**kept, "unused": mails}})
    assert (used, wrong) == ("1 (2)", 0)
    [(_, used, wrong, _)] = _of_others({"rights": {**kept, "unused": [*mails, "SweepRole BeginsMachines states:StartExecution y"]}})
    assert (used, wrong) == ("1 (2)", 1)
