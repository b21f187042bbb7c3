"""Every definition keeps every rule; each rule has a definition that breaks it and is found."""

import pytest

from faka.kernel import errors as kernel
from tests.architecture.sources import Source
from tests.statemachines import lint
from tests.statemachines.house import EVERY_MACHINE, IDS, SAMPLES, House, Machine
from tests.statemachines.lint import RULES, Rule
from tests.statemachines.taxonomy import classes, errors, taxonomy


pytestmark = pytest.mark.statemachines

SAMPLE, BOOKS = SAMPLES.machines()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize(("house", "machine"), EVERY_MACHINE, ids=IDS)
def test_the_definition_keeps_the_rule(house: House, machine: Machine, rule: Rule) -> None:
    wrong = list(rule(machine))
    assert not wrong, "\n".join([f"{machine.name} of {house.name}", *wrong])


BREAKS: list[tuple[Rule, str, str]] = [
    (lint.is_understood, "Type: Succeed", "Type: Success"),
    (lint.is_understood, "    ItemsPath: $.lines", "    ItemBatcher: {MaxItemsPerBatch: 2}"),
    (lint.is_understood, "Mode: INLINE", "Mode: DISTRIBUTED"),
    (lint.is_understood, "States.ArrayLength(", "States.UUID("),
    (lint.is_understood, "$.outcomes[*].outcome\n", "$.outcomes[?(@.outcome)]\n"),
    (lint.is_understood, "Default: Close the order", "Default: Close order"),
    (lint.is_understood, "NumericLessThanPath", "NumericBelowPath"),
    (lint.is_understood, "BackoffRate: 3,", "BackoffRate: 3, JitterStrategy: FULL,"),
    (lint.is_understood, "[InvalidRequest]", "[InvalidRequest, States.ALL]"),
    (lint.is_understood, "Leave it open:\n", "Note the success:\n"),
    (lint.is_understood, "HeartbeatSeconds: 21600", "HeartbeatSeconds: 129600"),
    (lint.tasks_end, "          TimeoutSeconds: 129600\n", ""),
    (lint.tasks_say_why, "          Comment: A question", "          # A question"),
    (lint.tasks_say_why, "Comment: Hand each line", "# Hand each line"),
    (lint.tasks_try_again_what_may_be_tried_again, "ErrorEquals: [Throttled,", "ErrorEquals: [OutOfStock,"),
    (lint.tasks_try_again_what_may_be_tried_again, "ErrorEquals: [Throttled,", "ErrorEquals: [States.Timeout,"),
    (lint.tasks_try_again_what_may_be_tried_again, "[ProviderUnavailable, Lambda.ServiceException]", "[States.ALL]"),
    (lint.tasks_try_again_what_may_be_tried_again, "MaxAttempts: 3, ", ""),
    (
        lint.tasks_try_again_what_may_be_tried_again,
        "- {ErrorEquals: [Lambda.TooManyRequestsException], IntervalSeconds: 10, MaxAttempts: 2, BackoffRate: 2}",
        "[]",
    ),
    (lint.tasks_catch_everything, "- {ErrorEquals: [States.ALL], ResultPath: $.trouble, Next: Count the question}", "[]"),
    (
        lint.tasks_catch_everything,
        "{ErrorEquals: [States.ALL], ResultPath: $.trouble, Next: Begin",
        "{ErrorEquals: [States.Timeout], Next: Begin",
    ),
    (lint.errors_exist, "[InvalidRequest]", "[InvalidRequset]"),
    (lint.errors_exist, "ErrorEquals: [Throttled,", "ErrorEquals: [Throtled,"),
    (lint.errors_exist, "Error: UnknownOutcome", "Error: Unknown"),
    (lint.states_are_reached, "Next: Leave it open}", "Next: Close the order}"),
    (lint.states_are_reached, "Next: Note that nobody knows}", "Next: Note the refusal}"),
    (
        lint.paths_end,
        "outcome: UNKNOWN, error.$: $.trouble.Error}\n          End: true",
        "outcome: UNKNOWN}\n          Next: Note that nobody knows",
    ),
    (lint.choices_have_a_default, "          Default: Let a person decide\n", ""),
    (lint.substitutions_exist, "${TellFunctionArn}", "${AskFunctionArn}"),
    (lint.substitutions_exist, "${TellFunctionArn}", "${TalkFunctionArn}"),
    (lint.payloads_say_their_version, "Payload: {schema_version: 1, step: hand over,", "Payload: {"),
    (lint.payloads_say_their_version, "              schema_version: 1\n", ""),
    (lint.names_are_phrases, "Count the question", "CountQuestion2"),
    (lint.names_are_phrases, "Close the order", "Close"),
    (lint.answers_are_chosen_from, "          ResultSelector: {status.$: $.Payload.status}\n", ""),
    (lint.maps_are_bounded, "    MaxConcurrency: 2\n", ""),
    (lint.maps_are_bounded, "MaxConcurrency: 2", "MaxConcurrency: 10000"),
]


@pytest.mark.parametrize(("rule", "good", "bad"), BREAKS, ids=[f"{rule.__name__}-{bad[:24].strip()}" for rule, _, bad in BREAKS])
def test_a_definition_that_breaks_the_rule_is_found(rule: Rule, good: str, bad: str) -> None:
    assert good in SAMPLE.text, "the sample no longer fits"
    assert list(rule(Machine("broken", SAMPLE.text.replace(good, bad), SAMPLE.given)))


def test_a_definition_that_no_template_deploys_is_found() -> None:
    assert list(lint.substitutions_exist(Machine("alone", SAMPLE.text, None)))


def test_each_rule_has_a_twin_that_breaks_it() -> None:
    assert {rule for rule, _, _ in BREAKS} == set(RULES)


def test_the_taxonomy_read_from_the_sources_is_that_of_the_classes() -> None:
    own = {name: each for name, each in vars(kernel).items() if isinstance(each, type) and issubclass(each, kernel.FakaError)}
    assert {name: each.retry is kernel.Retry.LATER for name, each in own.items()}.items() <= taxonomy().items()
    assert not taxonomy()["OutOfStock"]
    assert taxonomy()["ProviderUnavailable"]


def test_a_class_that_says_never_in_a_family_that_says_later_is_not_tried_again() -> None:
    text = "class FakaError(Exception):\n    retry: R = Retry.NEVER\nclass Un(FakaError):\n    retry = Retry.LATER\n"
    known = errors(
        classes([Source("retries.py", text + "class Gone(Un):\n    retry = Retry.NEVER\nclass Busy(x.Un): pass\nclass Other: pass\n")])
    )
    assert known == {"FakaError": False, "Un": True, "Gone": False, "Busy": True}
