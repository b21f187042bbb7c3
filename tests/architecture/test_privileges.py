"""Who may do what, read off the expanded template; each sentence with a twin, a template in which it is not true. And the guard that
all tests run under (tests.kit.roles) knows every flow that a function runs."""

from collections.abc import Callable

import pytest

from infra.local.asked import IN_TRANSACTION, asked
from infra.tools.expand import expand
from infra.tools.iam import Call, Policies
from infra.tools.template import Template
from tests.architecture.sources import sources
from tests.architecture.test_imports import imported
from tests.kit import roles


pytestmark = pytest.mark.architecture

TEXT = Template().text
POLICIES = Policies(expand(Template()))
FUNCTIONS = tuple(POLICIES.of_type("AWS::Lambda::Function"))
SHOP = {"kms:encryptioncontext:shop": ("faka",)}
TOGETHER = dict(IN_TRANSACTION)
RECEIPTS = ("CHANNELTXN#", "NOTICE#")
BOOKS = ("TXN#", "AUDIT#", "CLAIM#", "CLAIMDUE#", "COST#", "BOOKS#")
REWRITES = ("UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete")
NOBODYS = (
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:DisableKey",
    "kms:CreateGrant",
    "kms:ReEncryptFrom",
    "dynamodb:DeleteTable",
    "dynamodb:UpdateTable",
    "dynamodb:UpdateTimeToLive",
    "dynamodb:ExportTableToPointInTime",
    "secretsmanager:PutSecretValue",
    "s3:PutBucketPolicy",
    "lambda:UpdateFunctionCode",
    "iam:PassRole",
    "iam:PutRolePolicy",
    "sts:AssumeRole",
)
"""What no function does in the life of a shop, on any resource."""


def leading(*keys: str) -> dict[str, tuple[str, ...]]:
    return {"dynamodb:leadingkeys": keys}


def may(policies: Policies, action: str, resource: str, context: dict[str, tuple[str, ...]]) -> set[str]:
    call = Call(action, policies.arns.of(resource), context)
    return {function for function in FUNCTIONS if policies.judge(function, call).is_allowed}


def openers(policies: Policies) -> set[str]:
    return may(policies, "kms:Decrypt", "CardKey", SHOP)


def sealers(policies: Policies) -> set[str]:
    return may(policies, "kms:GenerateDataKey", "CardKey", SHOP)


def openers_of_other_things(policies: Policies) -> set[str]:
    """Who may use the card key for what is not the shop's."""
    strange: tuple[dict[str, tuple[str, ...]], ...] = ({}, {"kms:encryptioncontext:shop": ("other",)})
    actions = ("kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt")
    return {function for context in strange for action in actions for function in may(policies, action, "CardKey", context)}


def takers_of_notices(policies: Policies) -> set[str]:
    return may(policies, "dynamodb:PutItem", "TradeTable", leading("NOTICE#") | TOGETHER)


def writers_of_receipts(policies: Policies) -> set[str]:
    return may(policies, "dynamodb:PutItem", "TradeTable", leading("CHANNELTXN#") | TOGETHER)


def rewriters_of_the_journal(policies: Policies) -> set[str]:
    """Who may rewrite it, or is kept from it only by having no right: an explicit Deny holds when somebody adds one."""
    journal = policies.arns.of("JournalTable")
    found = set()
    for function in FUNCTIONS:
        for key in BOOKS:
            for action in REWRITES:
                verdict = policies.judge(function, Call(f"dynamodb:{action}", journal, leading(key) | TOGETHER))
                if verdict.is_allowed or "forbids" not in verdict.reason:
                    found.add(function)
    return found


def posters_beside_a_transaction(policies: Policies) -> set[str]:
    """Who may write into the books without the row that explains it."""
    return {function for key in BOOKS for function in may(policies, "dynamodb:PutItem", "JournalTable", leading(key))}


def masters(policies: Policies) -> set[str]:
    """Statements that allow what no function does, or anything at all by a star."""
    return {
        each.sid
        for role in policies.roles.values()
        for _, each in role
        if each.effect == "Allow" and (any("*" in action for action in each.actions) or any(each.allows(action) for action in NOBODYS))
    }


def talkers_that_read_the_vault(policies: Policies) -> set[str]:
    """Who speaks to foreign hosts with a channel's secret, and could tell them what lies in the vault."""
    talkers = {
        function
        for function in FUNCTIONS
        for _, each in policies.roles[policies.role_of(function)]
        if each.allows("secretsmanager:GetSecretValue")
    }
    reads = [(f"dynamodb:{action}", key) for action in ("GetItem", "BatchGetItem", "Query", "Scan") for key in ("PAGE#", "BATCH#", "FP#")]
    return talkers & {function for action, key in reads for function in may(policies, action, "VaultTable", leading(key))}


def readers_of_uploads(policies: Policies) -> set[str]:
    upload = policies.arns.of("IntakeBucket") + "/incoming/bat_x"
    return {function for function in FUNCTIONS if policies.judge(function, Call("s3:GetObject", upload)).is_allowed}


POLLERS = {"CallbacksFunction", "RepairFunction", "StorefrontFunction", "SweepFunction"}
"""A provider tells the first one, and the others ask it: because its bill says so, by a buyer's button, and by the clock."""

Edits = tuple[tuple[str, str], ...]
LOST = "Action: sqs:SendMessage, Resource: !GetAtt RelayDead.Arn"
PRINTS = "Action: kms:GenerateMac, Resource: !GetAtt FingerprintKey.Arn"
OPENS = (PRINTS, "Action: [kms:GenerateMac, kms:Decrypt], Resource: [!GetAtt FingerprintKey.Arn, !GetAtt CardKey.Arn]")
ANYBODY_OPENS = ("${AWS::StackName}-RevealRole-*", "${AWS::StackName}-*")
STARS = "StringLike: {aws:PrincipalArn: '*'}"

CLAIMS: list[tuple[Callable[[Policies], set[str]], set[str], Edits]] = [
    (openers, {"RevealFunction"}, (OPENS, ANYBODY_OPENS)),
    (
        sealers,
        {"IntakeFunction"},
        ((LOST, "Action: kms:GenerateDataKey, Resource: !GetAtt CardKey.Arn"), ("${AWS::StackName}-IntakeRole-*", "${AWS::StackName}-*")),
    ),
    (openers_of_other_things, set(), (("StringEquals: {kms:EncryptionContext:shop: faka}", STARS),)),
    (takers_of_notices, {"CallbacksFunction", "SweepFunction"}, (('["ORDER#*", "BUYER#*"]', '["NOTICE#*", "BUYER#*"]'),)),
    (writers_of_receipts, POLLERS, (('["ORDER#*", "CASE#*", "HEAD#*"', '["CHANNELTXN#*", "CASE#*", "HEAD#*"'),)),
    (rewriters_of_the_journal, set(), (("NobodyRewritesTheJournal, Effect: Deny", "NobodyRewritesTheJournal, Effect: Allow"),)),
    (rewriters_of_the_journal, set(), (("dynamodb:DeleteItem, dynamodb:BatchWriteItem,", "dynamodb:BatchWriteItem,"),)),
    (posters_beside_a_transaction, set(), (("ForAnyValue:StringEquals: {dynamodb:EnclosingOperation: TransactWriteItems}", STARS),)),
    (masters, set(), (("Action: events:PutEvents", "Action: [events:PutEvents, dynamodb:DeleteTable]"),)),
    (masters, set(), (("Action: events:PutEvents", 'Action: "events:Put*"'),)),
    (
        talkers_that_read_the_vault,
        set(),
        (("Action: dynamodb:GetItem, Resource: !GetAtt CatalogTable.Arn", "Action: dynamodb:GetItem, Resource: '*'"),),
    ),
    (readers_of_uploads, {"IntakeFunction"}, ((LOST, "Action: s3:GetObject, Resource: '*'"),)),
]
"""Who is asked for → who it is; and changes of the template after which it is somebody else."""


def changed(*edits: tuple[str, str]) -> Policies:
    text = TEXT
    for good, bad in edits:
        assert good in text, "the sample no longer fits the template"
        text = text.replace(good, bad)
    return Policies(expand(Template(text)))


@pytest.mark.parametrize(("who", "those"), {who: those for who, those, _ in CLAIMS}.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_only_who_must_may(who: Callable[[Policies], set[str]], those: set[str]) -> None:
    assert who(POLICIES) == those


@pytest.mark.parametrize(("who", "those", "edits"), CLAIMS, ids=[f"{who.__name__}-{i}" for i, (who, *_) in enumerate(CLAIMS)])
def test_twin_in_a_template_that_allows_more_somebody_else_may(who: Callable[[Policies], set[str]], those: set[str], edits: Edits) -> None:
    assert who(changed(*edits)) != those


@pytest.mark.parametrize("edit", [OPENS, ANYBODY_OPENS], ids=["role", "key"])
def test_each_of_the_two_locks_on_cards_holds_alone(edit: tuple[str, str]) -> None:
    assert openers(changed(edit)) == {"RevealFunction"}


def test_conditions_on_leading_keys_can_be_judged_by_the_kind_of_the_row() -> None:
    """The guard remembers calls by what stands before the first `#` of a key; a finer pattern would ask for more."""
    patterns = {
        pattern
        for role in POLICIES.roles.values()
        for _, each in role
        for keys in each.condition.values()
        for pattern in keys.get("dynamodb:leadingkeys", ())
    }
    assert patterns
    assert [pattern for pattern in patterns if "#" in pattern and pattern.index("#") != len(pattern) - 2] == []


# -- the guard of all tests ------------------------------------------------------------------------------------------------


def flows_of_functions() -> dict[str, set[str]]:
    """Flow → the functions that import it. What only an operator's command runs is not among them."""
    found: dict[str, set[str]] = {}
    for source in sources("functions"):
        function = f"{source.path.split('/')[1].capitalize()}Function"
        for name in imported(source):
            if name.startswith("faka.flows."):
                found.setdefault(name.split(".")[2], set()).add(function)
    return found


def test_the_guard_knows_each_flow_that_a_function_runs_and_by_whose_role() -> None:
    known: dict[str, str] = {flow.split(".", maxsplit=1)[0]: function for flow, function in roles.RUNS.items()}
    ran = flows_of_functions()
    assert set(known) == set(ran)
    assert [flow for flow, function in known.items() if function not in ran[flow]] == []


def test_a_transaction_is_judged_by_each_of_its_writes() -> None:
    items = [
        {"Put": {"TableName": "test-trade", "Item": {"pk": {"S": "ORDER#1"}}}},
        {"ConditionCheck": {"TableName": "test-journal", "Key": {"pk": {"S": "TXN#1"}}}},
    ]
    assert list(asked("dynamodb", "transact_write_items", {"TransactItems": items})) == [
        ("dynamodb:PutItem", "table", "test-trade", "", ("ORDER#",), IN_TRANSACTION),
        ("dynamodb:ConditionCheckItem", "table", "test-journal", "", ("TXN#",), IN_TRANSACTION),
    ]


READ = {"RequestItems": {"test-vault": {"Keys": [{"pk": {"S": "PAGE#1"}, "sk": {"S": "PAGE"}}]}}}


def test_a_call_that_a_role_does_not_allow_is_refused_and_remembered() -> None:
    with roles.trial() as book:
        roles.ask("RevealFunction", "dynamodb", "batch_get_item", READ)
        with pytest.raises(roles.NotAllowed):
            roles.ask("CallbacksFunction", "dynamodb", "batch_get_item", READ)
    (refusal,) = book.refused
    assert refusal == "CallbacksFunction may not dynamodb:BatchGetItem on VaultTable for PAGE#: no statement of CallbacksRole allows it"


def test_a_wrong_leading_key_and_a_wrong_encryption_context_are_refused() -> None:
    writes = {"TableName": "test-trade", "Item": {"pk": {"S": "NOTICE#1"}, "sk": {"S": "x"}}}
    with roles.trial(), pytest.raises(roles.NotAllowed, match="for NOTICE#"):
        roles.ask("StorefrontFunction", "dynamodb", "put_item", writes)
    opens = {"KeyId": "k", "CiphertextBlob": b"", "EncryptionContext": {"shop": "faka", "sku": "a", "batch": "b"}}
    with roles.trial():
        roles.ask("RevealFunction", "kms", "decrypt", opens)
    with roles.trial(), pytest.raises(roles.NotAllowed, match="CardKey"):
        roles.ask("RevealFunction", "kms", "decrypt", opens | {"EncryptionContext": {"shop": "other"}})
    with roles.trial(), pytest.raises(roles.NotAllowed, match="nothing that the template knows"):
        roles.ask("DeliverFunction", "kms", "decrypt", opens)
