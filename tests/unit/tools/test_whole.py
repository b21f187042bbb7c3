"""The template is read as a whole: what it includes stands in its place, once, and in words that CloudFormation reads there."""

from pathlib import Path

import pytest
import yaml

from infra.local.template import Template as LocalTemplate
from infra.tools.template import Template
from infra.tools.whole import ROOT, included, whole


MAP = (
    "Resources:\n  Fn::Transform: {Name: AWS::Include, Parameters: {Location: infra/part.yaml}}\n  A: {Type: X, Properties: {B: !Ref B}}\n"
)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "part.yaml").write_text("# why\n\nB:\n  Type: Y\n")
    (tmp_path / "template.yaml").write_text(MAP)
    return tmp_path / "template.yaml"


def test_the_included_part_stands_among_the_resources(template: Path) -> None:
    assert Template(whole(template)).resources == {"A": {"Type": "X", "Properties": {"B": {"Ref": "B"}}}, "B": {"Type": "Y"}}
    assert "  # why\n\n  B:\n" in whole(template)


def test_the_local_cloud_reads_the_same_and_knows_what_is_included(template: Path) -> None:
    local = LocalTemplate(template.parent)
    assert local.resources == Template(whole(template)).resources
    assert local.included == {"B"}


def test_a_template_without_an_include_is_whole(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    assert whole(tmp_path / "template.yaml") == "Resources: {}\n"
    assert included(tmp_path / "template.yaml") == ""
    assert not LocalTemplate(tmp_path).included


def test_a_resource_in_both_is_refused_because_one_of_them_would_be_forgotten(template: Path) -> None:
    template.write_text(MAP.replace("  A:", "  B:"))
    with pytest.raises(ValueError, match="B"):
        whole(template)


def test_no_include_of_the_shop_is_left_unread() -> None:
    """A second one, or one in another spelling, would be a part that nobody here sees."""
    text = (ROOT / "template.yaml").read_text()
    assert text.count("Fn::Transform") == text.count("AWS::Include") == 1
    assert "Fn::Transform" not in whole(ROOT / "template.yaml")


def test_the_included_part_uses_no_short_forms() -> None:
    """CloudFormation refuses `!Ref` and its kin in an included file; so does a reader that knows no tags."""
    part = yaml.safe_load(included(ROOT / "template.yaml"))
    assert all(Template().resources[name] == resource for name, resource in part.items())
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load("A: {Properties: {B: !Ref C}}")


def test_the_included_part_holds_nothing_that_a_build_must_see() -> None:
    """`sam build` does not follow an include: functions, layers and machines stand in the map."""
    part = yaml.safe_load(included(ROOT / "template.yaml"))
    assert not [name for name, resource in part.items() if resource["Type"].startswith("AWS::Serverless::")]
