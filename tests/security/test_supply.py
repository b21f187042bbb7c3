"""What is installed is what was locked: each package at one version, with hashes, and nothing resolved on the way."""

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT


pytestmark = pytest.mark.security

LOCKS = sorted(path for path in (*ROOT.glob("requirements/*.txt"), *ROOT.glob("layers/*/requirements.txt")) if path.name != "without.txt")
PINNED = re.compile(r"[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==[^\s;]+( ;[^\\]*)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def loose(text: str) -> list[str]:
    """Packages of a lock that are not pinned to one version by at least one hash, and lines that are neither."""
    lines = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*$", "", text)).splitlines()
    wrong = []
    for line in filter(None, map(str.strip, lines)):
        name, *hashes = re.split(r"\s+(?=--hash)", line)
        if not PINNED.fullmatch(name.strip()) or not hashes or not all(map(HASH.fullmatch, hashes)):
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_package_is_locked_by_hash(lock: Path) -> None:
    assert loose(lock.read_text()) == []


def installs(text: str) -> list[str]:
    """Ways of installing in a makefile that do not keep to the locks."""
    lines = [line for line in text.splitlines() if re.search(r"pip install|FAKA_PIP\)? install", line)]
    return [line.strip() for line in lines if "PIP_ARGUMENTS" not in line and not {"--require-hashes", "--no-deps"} <= set(line.split())]


def test_every_installation_keeps_to_the_locks() -> None:
    makefiles = [ROOT / "Makefile", *ROOT.glob("layers/*/Makefile")]
    arguments = re.search(r"PIP_ARGUMENTS := (.+)", makefiles[0].read_text())
    assert arguments is not None
    assert {"--require-hashes", "--no-deps"} <= set(arguments.group(1).split())
    assert [line for path in makefiles for line in installs(path.read_text())] == []


@pytest.mark.parametrize(
    "text",
    [
        "boto3==1.43.106\n",
        f"boto3>=1.43 --hash=sha256:{'0' * 64}\n",
        "boto3==1.43.106 \\\n    --hash=md5:0123\n",
        f"boto3 @ https://evil.example/boto3.zip --hash=sha256:{'0' * 64}\n",
        "--extra-index-url https://evil.example\n",
        "-e git+https://evil.example/x\n",
    ],
)
def test_twin_a_loose_package_is_found(text: str) -> None:
    assert loose(text)


def test_a_locked_package_is_not() -> None:
    one, two = (f"--hash=sha256:{sign * 64}" for sign in "01")
    assert loose(f"# why\nboto3[crt]==1.43.106 ; python_version < '4' \\\n    {one} \\\n    {two}\n") == []


def test_twin_an_installation_without_hashes_is_found() -> None:
    assert installs("\tpython -m pip install boto3\n")
    assert not installs("\tpython -m pip install --no-deps --require-hashes -r x.txt\n")
