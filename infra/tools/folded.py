"""OpenAPI for people: what is said twice stands once, what fits on a line stands on one, keys stay in the order of their making."""

import io
from collections import Counter
from collections.abc import Callable
from typing import Any

import yaml


LINE = 140
"""Characters of a line, as everywhere here."""

INDENT = 40
"""Room for what stands before a folded node."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def folded(document: dict[str, Any]) -> str:
    node = _Dumper(io.StringIO(), sort_keys=False).represent_data(document)
    _fold(node)
    text: str = yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=LINE)
    return text


def _fold(node: yaml.Node) -> int:
    """Characters of a node on one line; nodes that fit are written so."""
    if isinstance(node, yaml.MappingNode):
        size = sum(_fold(key) + _fold(value) + 4 for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        size = sum(_fold(one) + 2 for one in node.value)
    else:
        text = str(node.value)
        if "\n" in text and isinstance(node, yaml.ScalarNode):
            node.style = "|"
        return len(text) + LINE * text.count("\n")
    node.flow_style = size < LINE - INDENT
    return size


def shared(made: dict[str, Any], name_of: Callable[[str, dict[str, Any]], str]) -> None:
    """What several operations ask or answer alike stands once, answers under the name that `name_of` has for them."""
    uses: Counter[str] = Counter()
    for is_last in (False, True):
        for methods in made["paths"].values():
            for one in methods.values():
                one["parameters"] = [_once(made, "parameters", part["name"], part, uses, is_last) for part in one.get("parameters", ())]
                for status, answer in one["responses"].items():
                    one["responses"][status] = _once(made, "responses", name_of(status, answer), answer, uses, is_last)


def _once(made: dict[str, Any], place: str, name: str, part: dict[str, Any], uses: Counter[str], is_last: bool) -> dict[str, Any]:
    """Count a part on the first round; on the last one, put it among the components if it has several uses."""
    uses[repr(part)] += not is_last
    if not (is_last and name and uses[repr(part)] > 1):
        return part
    kept = made["components"].setdefault(place, {}).setdefault(name, part)
    return {"$ref": f"#/components/{place}/{name}"} if kept == part else part
