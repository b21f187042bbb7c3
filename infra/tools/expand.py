"""The template after the SAM transform, as the service will see it; written for scanners that know no SAM."""

import copy
import json
import logging
from pathlib import Path
from typing import Any

import boto3
import yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from infra.tools.template import FUNCTION, LAYER, MACHINE, ROOT, Template


EXPANDED = ROOT / "build" / "template.expanded.json"
PARAMETERS = {
    "Stage": "prod",
    "ShopUrl": "https://shop.example",
    "NotifyUrl": "https://notify.example",
    "MailFrom": "shop@shop.example",
    "AWS::Region": "us-east-1",
    "AWS::Partition": "aws",
}


def expand(template: Template) -> dict[str, Any]:
    document = copy.deepcopy(template.document)
    for resource in document["Resources"].values():
        if resource["Type"] == FUNCTION:
            resource["Properties"]["CodeUri"] = "s3://artifacts/function.zip"
        elif resource["Type"] == LAYER:
            resource["Properties"]["ContentUri"] = "s3://artifacts/layer.zip"
        elif resource["Type"] == MACHINE:
            resource["Properties"]["Definition"] = yaml.safe_load((ROOT / resource["Properties"].pop("DefinitionUri")).read_text())
        resource.pop("Metadata", None)
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=PARAMETERS["AWS::Region"]))  # names none of AWS's policies
    expanded: dict[str, Any] = translator.translate(document, dict(PARAMETERS))
    return expanded


def write(path: Path = EXPANDED) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(expand(Template()), indent=1, ensure_ascii=False, default=str))
    return path


if __name__ == "__main__":
    print(write())
