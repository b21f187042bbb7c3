"""How text, files and addresses of strangers were run elsewhere (F12 to F14), each as it happened there, and that it fails here.

A case whose feature we do not have (uploads, plug-ins, calls to addresses of others) asserts that we do not have it.
"""

import ast
import io
import zipfile

import pytest
from jinja2 import FileSystemLoader, ModuleLoader

from faka.kernel.errors import Broken
from faka.platform.outbound import Outbound
from pages import render
from tests.architecture.sources import Source, shipped, sources
from tests.integration.given_intake import a_shop
from tests.security.absent import code_of, routes_of, runs_data


pytestmark = pytest.mark.security


# -- F12: settings became code ------------------------------------------------------------------------------------------


def test_f12_nothing_that_is_stored_or_sent_becomes_code() -> None:
    assert [line for source in (*shipped(), *sources("infra/ops")) for line in runs_data(source)] == []


def test_f12_a_template_engine_reads_our_own_files_only() -> None:
    assert isinstance(render.environment("en").loader, ModuleLoader | FileSystemLoader)
    assert render.environment("en").autoescape is True


@pytest.mark.parametrize(
    "text",
    [
        "eval(row['price'])",
        "exec(text)",
        "environment.from_string(product.title)",
        "pickle.loads(body)",
        "yaml.load(text)",
        "subprocess.run(given)",
        "os.system('x')",
        "run(given, shell=True)",
        "importlib.import_module(row['kind'])",
    ],
)
def test_twin_f12_code_of_data_is_found(text: str) -> None:
    assert runs_data(Source("a.py", text))
    assert not runs_data(Source("a.py", "yaml.safe_load(text)\njson.loads(text)\nre.compile('a')"))


# -- F13: an upload became code -----------------------------------------------------------------------------------------

READERS = r"^(zipfile|tarfile|gzip|bz2|lzma|zlib|shutil|PIL|py7zr|rarfile|xml|lxml|openpyxl|importlib|zipimport)(\.|$)"


OF_BILLS = {
    "contexts/payments/providers/alipay_bill.py": {"zlib", "ZipFile", "zipfile"},
    "contexts/payments/providers/wechatpay_books.py": {"zlib"},
    "contexts/statements/evidence.py": {"gzip"},
    "flows/reconcile/close.py": {"GZIP"},
    "flows/reconcile/match.py": {"GZIP"},
    "flows/reconcile/shelf.py": {"GZIP"},
}
"""Who unpacks or packs a provider's bill, read from memory to a bound and never onto a disk (tests/fuzz/test_bills.py, threat T23)."""

CHECKSUMS = {"contexts/payments/exposure.py", "contexts/statements/parts.py", "platform/day.py"}
"""Who takes `zlib` for its checksum alone."""


def readers() -> list[str]:
    """Readers of archives that are not those of bills."""
    told = {f"layers/faka/faka/{path}: {name}" for path, names in OF_BILLS.items() for name in names}
    return sorted(set(code_of(READERS)) - told - {f"layers/faka/faka/{path}: zlib" for path in CHECKSUMS})


def test_f13_who_takes_a_checksum_unpacks_nothing_and_no_bill_is_unpacked_onto_a_disk() -> None:
    told = {str(source.path).removeprefix("layers/faka/faka/"): ast.unparse(source.tree) for source in shipped()}
    assert [path for path in CHECKSUMS if "zlib." in told[path].replace("zlib.crc32(", "")] == []
    assert [path for path in OF_BILLS if ".extract" in told[path]] == []


def test_f13_there_is_no_reader_of_archives_images_or_plug_ins_and_no_way_to_send_one() -> None:
    assert readers() == []
    assert code_of(r"plugin|plug_in|theme_upload|upload_image") == []
    assert routes_of(r"upload|plugin|theme|image|avatar|import") == []


def test_twin_f13_a_reader_of_archives_is_found() -> None:
    assert code_of(READERS, [Source("a.py", "import zipfile"), Source("b.py", "from PIL import Image")]) != []
    assert routes_of(r"upload", {("POST", "/plugins/upload")}) != []


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../app.py", "print('mine')\n" * 50)
        archive.writestr("cards.txt", "N1----S1\nN2----S2\n")
    return out.getvalue()


def test_f13_an_archive_among_the_card_files_brings_no_card() -> None:
    with a_shop() as shop:
        assert shop.imported(zipped()).counts.new == 0
        assert shop.imported(b"N1----S1\nN2----S2\n").counts.new == 2, "its content alone would"


# -- F14: an address that somebody sent was called ------------------------------------------------------------------------


def test_f14_nobody_outside_says_where_the_shop_calls() -> None:
    """Addresses come from a payment channel's row alone, which no function may write (F01); and what they may be is bounded."""
    assert code_of(r"webhook|avatar|image_url|callback_url|import_url") == []
    callers = sorted({line.partition(":")[0] for line in code_of(r"^(urllib3|requests|httpx|http\.client|urllib\.request|socket)$")})
    assert callers == ["layers/faka/faka/platform/outbound.py"]
    for url in (
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
    ):
        with pytest.raises(Broken):
            Outbound().request("GET", url)


def test_twin_f14_another_caller_is_found() -> None:
    assert code_of(r"^(urllib3|requests|httpx)$", [Source("a.py", "import requests"), Source("b.py", "from httpx import get")]) != []
