"""What the local cloud reads from `template.yaml`: functions, their routes and layers, the APIs, the tables' time-to-live."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from infra.tools.whole import included, whole


Resources = dict[str, dict[str, Any]]
FUNCTION = "AWS::Serverless::Function"
LAYER = "AWS::Serverless::LayerVersion"
MACHINE = "AWS::Serverless::StateMachine"
API = "AWS::Serverless::Api"
TABLE = "AWS::DynamoDB::Table"


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of CloudFormation, which come out in their long forms."""


def _long_form(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(cast(yaml.MappingNode, node), deep=True)
    if tag in ("Ref", "Condition"):
        return {tag: value}
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _long_form)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
"""Dates stay text: `Version: 2012-10-17` is the name of a policy language, not a day."""


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    function: str
    """Logical id."""
    api: str
    """Logical id of the API whose settings hold for this route."""


@dataclass(frozen=True)
class GatewayResponse:
    """What the gateway itself says when there is no function to ask."""

    kind: str
    status: int
    content_type: str
    body: str


@dataclass(frozen=True)
class Api:
    """The settings of a REST API that change what its callers see."""

    binary_types: tuple[str, ...] = ()
    compression_min: int | None = None
    responses: tuple["GatewayResponse", ...] = ()


class Template:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.text = whole(root / "template.yaml")
        self.document: dict[str, Any] = yaml.load(self.text, _Loader)
        self.included = frozenset(yaml.safe_load(included(root / "template.yaml")) or ())
        """Logical ids of the resources that stand in a file of their own."""
        self.resources: Resources = self.document["Resources"]
        self.defaults: dict[str, Any] = self.document.get("Globals", {}).get("Function", {})

    def of_type(self, kind: str) -> Resources:
        return {name: resource for name, resource in self.resources.items() if resource["Type"] == kind}

    def function(self, name: str, setting: str, otherwise: Any = None) -> Any:
        """A function's own setting, or the one for all."""
        own = self.resources[name].get("Properties", {})
        return own.get(setting, self.defaults.get(setting, otherwise))

    def folder(self, name: str) -> Path:
        """Where a function's code stands."""
        return (self.root / str(self.function(name, "CodeUri", "."))).resolve()

    def definition(self, name: str) -> dict[str, Any]:
        """A state machine's definition, with its placeholders: the emulator fills them as the service does."""
        found: dict[str, Any] = yaml.safe_load((self.root / str(self.resources[name]["Properties"]["DefinitionUri"])).read_text())
        return found

    def import_path(self, name: str) -> list[Path]:
        """What stands on the Python path of a function: its folder, then its layers, whose last one wins on AWS."""
        places = [self.folder(name)]
        layers = [*self.defaults.get("Layers", []), *self.resources[name].get("Properties", {}).get("Layers", [])]
        for layer in reversed(layers):
            resource = self.resources.get(layer.get("Ref", "")) if isinstance(layer, dict) else None
            if resource is not None:
                place = (self.root / resource["Properties"]["ContentUri"]).resolve()
                places.append(place / "python" if (place / "python").is_dir() else place)
        return places

    def routes(self) -> list[Route]:
        """The routes of all the functions that answer HTTP."""
        apis = list(self.of_type(API))
        found = []
        for name, resource in self.of_type(FUNCTION).items():
            for event in resource["Properties"].get("Events", {}).values():
                if event["Type"] == "Api":
                    given = event["Properties"]
                    api = given.get("RestApiId", {})
                    found.append(Route(given["Method"].upper(), given["Path"], name, api.get("Ref") or (apis[0] if apis else "")))
        return found

    def workers(self) -> list[str]:
        """The functions that take records from streams and queues."""
        taking = {"DynamoDB", "SQS"}
        events = {name: resource["Properties"].get("Events", {}) for name, resource in self.of_type(FUNCTION).items()}
        return [name for name, of_it in events.items() if any(event["Type"] in taking for event in of_it.values())]

    def api(self, name: str) -> Api:
        resource = self.resources.get(name)
        own = resource["Properties"] if resource else {}
        general = self.document.get("Globals", {}).get("Api", {})
        types = own.get("BinaryMediaTypes", general.get("BinaryMediaTypes", []))
        responses = own.get("GatewayResponses", general.get("GatewayResponses", {}))
        return Api(
            binary_types=tuple(text.replace("~1", "/") for text in types),
            compression_min=own.get("MinimumCompressionSize", general.get("MinimumCompressionSize")),
            responses=tuple(_gateway_response(kind, what) for kind, what in responses.items()),
        )

    def time_to_live(self) -> dict[str, dict[str, Any]]:
        found = {}
        for name, resource in self.of_type(TABLE).items():
            if "TimeToLiveSpecification" in resource["Properties"]:
                found[name] = resource["Properties"]["TimeToLiveSpecification"]
        return found


def _gateway_response(kind: str, given: dict[str, Any]) -> GatewayResponse:
    content_type, body = next(iter(given.get("ResponseTemplates", {}).items()), ("application/json", ""))
    headers = given.get("ResponseParameters", {}).get("Headers", {})
    return GatewayResponse(kind, int(given.get("StatusCode", 0)), headers.get("Content-Type", content_type).strip("'"), body)
