"""Functions and template say the same: folders, routes, environment, layers, passports."""

import re

import pytest

from infra.tools.template import ROOT, Statement, Template
from tests.architecture.starts import Started, started


pytestmark = pytest.mark.architecture

TEMPLATE = Template()
FUNCTIONS = sorted(TEMPLATE.functions())
TABLES = ("Catalog", "Trade", "Vault", "Journal", "Guard")


def environment_faults(template: Template, function: str, told: Started) -> list[str]:
    """What a function asks for and does not get, and what it gets and does not ask for."""
    given = {name for name in template.environment(function) if name.startswith("FAKA_")}
    required = {name for name in told.required if name.startswith("FAKA_")}
    # A bound with a default may stand in the template, where an operator looks for it.
    return [f"{function} does not get {name}" for name in sorted(required - given)] + [
        f"{function} does not ask for {name}" for name in sorted(given - required - told.numbers)
    ]


def route_faults(template: Template, function: str, told: Started) -> list[str]:
    here, there = template.routes(function), told.routes
    return [f"{function} does not serve {route}" for route in sorted(here - there)] + [
        f"the template does not route {route} to {function}" for route in sorted(there - here)
    ]


def rights(statements: list[Statement], table: str) -> str:
    """`-`, `R`, `append` (puts of rows that it does not get) or `RW`, by what the role allows."""
    on_it = [statement for statement in statements if f"{table}Table" in statement.targets]
    if not on_it:
        return "-"
    if any(each.allows("dynamodb:UpdateItem") or (each.allows("dynamodb:GetItem") and each.allows("dynamodb:PutItem")) for each in on_it):
        return "RW"
    inserts = ("dynamodb:PutItem", "dynamodb:PartiQLInsert")
    return "append" if any(statement.allows(action) for statement in on_it for action in inserts) else "R"


def passport_rights(passport: str, table: str) -> str:
    """What a passport's line on tables says: it names a table only where the function touches it."""
    line = re.search(r"^Tables:?\s+(.+)$", passport, re.MULTILINE)
    for part in re.split(r"[,·]", re.sub(r"\(.*?\)", "", line.group(1))) if line else ():
        words = part.split()
        if words and words[0] == table.lower() and len(words) > 1 and words[1] not in ("-", "never", "stream"):
            text = " ".join(words[1:])
            if re.search(r"\b(RW|write)\b", text):
                return "RW"
            return "append" if re.search(r"\b(append|insert|put)\b", text) else "R"
    return "-"


def passport_faults(template: Template, function: str, passport: str) -> list[str]:
    return [
        f"{function}: passport says {table.lower()} {said}, its role says {allowed}"
        for table in TABLES
        if (said := passport_rights(passport, table)) != (allowed := rights(template.role(function), table))
    ]


def test_each_folder_is_a_function_and_each_function_a_folder() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert {TEMPLATE.folder(function).name for function in FUNCTIONS} == folders
    assert {f"{name.capitalize()}Function" for name in folders} == set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_starts_with_the_templates_environment_and_asks_for_all_of_it(function: str) -> None:
    wrong = environment_faults(TEMPLATE, function, started(function))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_routes_of_the_template_are_the_routes_that_the_function_serves(function: str) -> None:
    wrong = route_faults(TEMPLATE, function, started(function))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_passport_tells_the_tables_that_the_role_allows(function: str) -> None:
    wrong = passport_faults(TEMPLATE, function, started(function).passport)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_service_name_in_logs_is_the_folder(function: str) -> None:
    assert TEMPLATE.environment(function)["POWERTOOLS_SERVICE_NAME"] == TEMPLATE.folder(function).name


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_who_seals_or_opens_loads_the_encryption_sdk(function: str) -> None:
    has_layer = "VaultLayer" in TEMPLATE.layers_of(function)
    assert has_layer == (function in ("RevealFunction", "IntakeFunction"))
    assert has_layer or "aws_encryption_sdk" not in started(function).loaded


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_who_shows_or_writes_texts_carries_the_screens(function: str) -> None:
    assert "pages" not in started(function).loaded or "PagesLayer" in TEMPLATE.layers_of(function)


# -- twins ---------------------------------------------------------------------------------------------------------------

SAMPLE = Template("""
Resources:
  AFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/a/
      Role: !GetAtt ARole.Arn
      Environment: {Variables: {FAKA_ONE: x, FAKA_TWO: x}}
      Events: {Home: {Type: Api, Properties: {Method: GET, Path: /}}}
  ARole:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement: [{Effect: Allow, Action: "dynamodb:*", Resource: !GetAtt JournalTable.Arn}]
""")
NONE: frozenset[str] = frozenset()
TOLD = Started(frozenset({("POST", "/")}), frozenset({"FAKA_TWO", "FAKA_THREE"}), NONE, NONE, NONE, "Tables  journal append, trade RW")


def test_an_environment_that_parts_from_the_settings_is_found() -> None:
    assert environment_faults(SAMPLE, "AFunction", TOLD) == ["AFunction does not get FAKA_THREE", "AFunction does not ask for FAKA_ONE"]


def test_routes_that_part_from_the_template_are_found() -> None:
    assert len(route_faults(SAMPLE, "AFunction", TOLD)) == 2


def test_a_passport_that_parts_from_the_role_is_found() -> None:
    assert passport_faults(SAMPLE, "AFunction", TOLD.passport) == [
        "AFunction: passport says trade RW, its role says -",
        "AFunction: passport says journal append, its role says RW",
    ]
