"""Builds what the pages layer carries: catalogue, compiled templates, hashed names of static files.

python -m infra.tools.pages            build into layers/pages/pages/build (under two seconds)
python -m infra.tools.pages update     also merge new texts from the sources into the Chinese catalogue, for a person to translate
"""

import ast
import fcntl
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import babel
import jinja2
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import FileSystemLoader


ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "layers" / "faka"), str(ROOT / "layers" / "pages")]

from pages import assets, i18n, render  # noqa: E402 - layers are on the path of functions, not of tools


PAGES = ROOT / "layers" / "pages" / "pages"
BUILD = PAGES / "build"
STAMP = BUILD / "sources"
LOCK = ROOT / "build" / "pages.lock"
PO = PAGES / "locale" / "zh_CN" / "LC_MESSAGES" / "messages.po"

KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "mark": None, "ngettext": (1, 2)}

Found = tuple[str | tuple[str, ...], str]
"""A text (or its singular and plural) and the file that it stands in."""


def main(arguments: list[str]) -> int:
    if arguments == ["update"]:
        update()
    build()
    return 0


def build() -> None:
    """Write the folder anew, so that nothing of a former build stays.

    A build of the same sources is left alone: a running shop or another test may be reading it.
    """
    with _alone():
        made_of = sources()
        if STAMP.is_file() and STAMP.read_text("utf-8") == made_of:
            return
        shutil.rmtree(BUILD, ignore_errors=True)
        BUILD.mkdir()
        _write()
        STAMP.write_text(made_of, "utf-8")
    i18n.catalogue.cache_clear()


def _write() -> None:
    with PO.open("rb") as file:
        catalogue = read_po(file, locale="zh_CN")
    with i18n.CATALOGUE.open("wb") as file:
        write_mo(file, catalogue)
    i18n.catalogue.cache_clear()
    names = {path.name: assets.fingerprint(path.read_bytes()) for path in sorted(assets.STATIC.iterdir()) if path.suffix in assets.TYPES}
    assets.MANIFEST.write_text(json.dumps(names, indent=1) + "\n", "utf-8")
    environment = render.new_environment(FileSystemLoader(render.SOURCE), "en")
    environment.compile_templates(render.COMPILED, zip=None, log_function=_silent, ignore_errors=False)


def sources() -> str:
    """One text for all that a build is made of, the compilers included."""
    digest = hashlib.sha256(f"jinja2 {jinja2.__version__}, babel {babel.__version__}".encode())
    for path in sorted([*PAGES.rglob("*"), Path(__file__)]):
        if path.is_file() and BUILD not in path.parents and path.suffix != ".pyc":
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """One build at a time on this machine's copy."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _silent(_line: str) -> None:
    """Jinja reports each file; a build that works has nothing to say."""


def update() -> None:
    """Merge the texts of the sources into the catalogue; what is gone is dropped, what is new waits for its translation."""
    with PO.open("rb") as file:
        known = read_po(file, locale="zh_CN")
    template = Catalog(locale="zh_CN")
    for text, place in sorted(texts(), key=lambda one: (one[1], str(one[0]))):
        template.add(text, locations=[(place, 0)])
    born = known.creation_date
    known.update(template, no_fuzzy_matching=True)
    known.creation_date = born  # a date that moves with each run would hide what changed
    known.obsolete.clear()
    out = BytesIO()
    write_po(out, known, width=0, sort_by_file=True, include_lineno=False, omit_header=False)
    PO.write_bytes(out.getvalue())


def texts() -> Iterator[Found]:
    """Every text that can reach a screen: templates, marked strings of Python, and the sentences of the errors."""
    for path in sorted((PAGES / "templates").rglob("*.html")):
        yield from _marked(path, "jinja2.ext:babel_extract", {"extensions": "jinja2.ext.i18n", "silent": "false"})
    for folder in (PAGES, ROOT / "functions", ROOT / "layers" / "faka" / "faka"):
        for path in sorted(folder.rglob("*.py")):
            if BUILD not in path.parents:
                yield from _marked(path, "python", {})
    for path in sorted((ROOT / "layers" / "faka" / "faka").rglob("*.py")):
        for sentence in public_messages(path):
            yield sentence, _place(path)


def _marked(path: Path, method: str, options: dict[str, str]) -> Iterator[Found]:
    with path.open("rb") as file:
        for _line, message, _comments, _context in extract(method, file, KEYWORDS, options=options):
            yield message, _place(path)


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def public_messages(path: Path) -> list[str]:
    """What the error classes of a file say to people."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Assign(targets=[ast.Name(id="public_message")], value=ast.Constant(value=str(text))):
                found.append(text)
            case ast.AnnAssign(target=ast.Name(id="public_message"), value=ast.Constant(value=str(text))):
                found.append(text)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
