"""`python -m infra.tools.whole`: the template with its included part in place, written for linters and for the build.

`template.yaml` is the map; what its `Fn::Transform: AWS::Include` names is a part of `Resources` in a file of its own. Whoever reads
the template here does it by this module, so that nobody sees one half only.
"""

import re
from pathlib import Path


ROOT = Path(__file__).resolve().parents[2]
WHOLE = ROOT / "template.whole.yaml"
"""Beside the map, so that relative places mean the same in both."""

INCLUDE = re.compile(r"^  Fn::Transform: \{Name: AWS::Include, Parameters: \{Location: ([\w/.-]+)\}\}\n", re.MULTILINE)
"""In one line, below `Resources`: a section can name one file."""

RESOURCE = re.compile(r"^  (\w+):", re.MULTILINE)


def whole(template: Path) -> str:
    """The text of a template and of what it includes; a relative location starts from the template's folder.

    Raises: ValueError where a resource stands in both, since the service would keep one and forget the other in silence.
    """
    text = template.read_text()
    found = INCLUDE.search(text)
    if found is None:
        return text
    part = re.sub(r"^(?=.)", "  ", (template.parent / found.group(1)).read_text(), flags=re.MULTILINE)
    twice = set(RESOURCE.findall(part)) & set(RESOURCE.findall(text))
    if twice:
        raise ValueError(f"stands in {template.name} and in {found.group(1)}: {', '.join(sorted(twice))}")
    return text[: found.start()] + part + text[found.end() :]


def included(template: Path) -> str:
    """The text of the included part alone; empty where there is none."""
    found = INCLUDE.search(template.read_text())
    return (template.parent / found.group(1)).read_text() if found else ""


if __name__ == "__main__":
    WHOLE.write_text(whole(ROOT / "template.yaml"))
    print(WHOLE)
