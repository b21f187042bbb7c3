"""Small parts of a page: money, time, forms, QR, product tiles, merchants' texts."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from faka.kernel.money import Currency, Money
from pages import art, forms, i18n, prose
from pages.qr import drawable, qr_svg


pytestmark = pytest.mark.unit


# -- money, time, language ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minor", "currency", "zh", "en"),
    [
        (1580, "CNY", "¥15.80", "CN¥15.80"),
        (0, "CNY", "¥0.00", "CN¥0.00"),
        (123456789, "CNY", "¥1,234,567.89", "CN¥1,234,567.89"),
        (1500000, "USDT", "1.5 USDT", "1.5 USDT"),
        (2000000, "USDT", "2 USDT", "2 USDT"),
        (500, "JPY", "JP¥500", "JP¥500"),
        (999, "USD", "US$9.99", "US$9.99"),
    ],
)
def test_money_reads_as_its_language_writes_it(minor: int, currency: str, zh: str, en: str) -> None:
    amount = Money(minor=minor, currency=Currency(currency))
    assert (i18n.money(amount, "zh"), i18n.money(amount, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9", "en"),
        ("fr,en;q=0.5,zh;q=0.9", "zh"),
        ("en;q=0,zh", "zh"),
        ("de", "zh"),
        ("", "zh"),
        ("zh;q=abc,en;q=0.1", "en"),
        ("," * 5000 + "en", "zh"),
    ],
)
def test_the_language_is_the_browsers_best_of_ours(header: str, lang: str) -> None:
    assert i18n.accepted(header) == lang


def test_time_left_never_goes_below_zero() -> None:
    now = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
    assert i18n.clock_left(now + timedelta(minutes=14, seconds=7), now) == "14:07"
    assert i18n.clock_left(now - timedelta(hours=1), now) == "0:00"
    assert i18n.moment(now) == "2026-03-02 12:00"


# -- forms ----------------------------------------------------------------------------------------------------------

BAD_NUMBERS = ["", "0", "-1", "501", "1.5", "1e3", "٣", "２", "1 000", "0x10", "1_0", "abc", "=1+1", "9" * 40, "01", "+1", "😀"]
BAD_MAILS = [
    "a",
    "a@b",
    "@b.com",
    "a@",
    "a b@c.com",
    "a@b..com",
    "a@-b.com",
    '"a"@b.com',
    "=cmd|'/c calc'!A1@x.com",
    "a@b.com\r\nBcc: x@y.z",
]
BAD_MAILS += [
    "😀@b.com",
    "a@b.com\r\nBcc: x@y.z",
    "a@b.com;c@d.com",
    "<a@b.com>",
    f"{'a' * 65}@b.com",
    f"a@{'b' * 120}.com",
    "+a@b.com",
    "-a@b.com",
]


@pytest.mark.parametrize("typed", BAD_NUMBERS)
def test_a_bad_number_says_the_bounds(typed: str) -> None:
    reader = forms.Reader({"quantity": typed})
    assert reader.whole("quantity", 1, 500) == 1
    with pytest.raises(forms.BadForm) as caught:
        reader.done()
    [fault] = caught.value.faults
    assert fault.message == "Please enter a whole number from 1 to 500."
    assert typed == "" or typed not in str(caught.value)


@pytest.mark.parametrize("typed", BAD_MAILS)
def test_a_bad_address_is_refused_with_an_example(typed: str) -> None:
    reader = forms.Reader({"contact": typed})
    reader.mail("contact")
    [fault] = reader.faults
    assert "name@example.com" in fault.message


@pytest.mark.parametrize("typed", ["a@b.co", "first.last+tag@sub.example.com", "12345@qq.com", "  a@b.com  ", "A_B-c@x-y.cn"])
def test_usual_addresses_pass(typed: str) -> None:
    reader = forms.Reader({"contact": typed})
    assert reader.mail("contact") == typed.strip()
    reader.done()


def test_all_faults_are_named_at_once() -> None:
    reader = forms.Reader({"sku": "", "quantity": "x", "contact": "x"})
    reader.text("sku", 10, missing="Choose one.")
    reader.whole("quantity", 1, 2)
    reader.mail("contact")
    with pytest.raises(forms.BadForm) as caught:
        reader.done()
    assert [fault.field for fault in caught.value.faults] == ["sku", "quantity", "contact"]


# -- drawings -------------------------------------------------------------------------------------------------------

TEXTS = ["8826-1234", "0" * 40, "https://qr.example/abc?x=1&y=2", "卡密：甲乙丙 0O1lI", "a" * 1000, " leading and trailing ", "emoji 😀 𠀀"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_qr_reads_back_as_exactly_the_text(text: str) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    [found] = zxingcpp.read_barcodes(raster(str(qr_svg(text, "label"))))
    assert found.text == text


def raster(svg: str) -> object:
    """The drawing as pixels, by reading our own two path commands."""
    from PIL import Image, ImageDraw

    size = int(re.search(r'viewBox="0 0 (\d+)', svg).group(1))  # type: ignore[union-attr]
    image = Image.open(io.BytesIO(_white(size * 4)))
    draw = ImageDraw.Draw(image)
    path = re.search(r'stroke="#000" d="([^"]+)"', svg).group(1)  # type: ignore[union-attr]
    x = y = 0
    for move, a, b, length in re.findall(r"([Mm])(\d+) (\d+)(?:\.5)?h(\d+)", path):
        x, y = (int(a), int(b)) if move == "M" else (x + int(a), y)
        draw.rectangle((x * 4, y * 4, (x + int(length)) * 4 - 1, y * 4 + 3), fill=0)
        x += int(length)
    return image


def _white(size: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("L", (size, size), 255).save(out, "PNG")
    return out.getvalue()


def test_a_qr_label_cannot_leave_its_attribute() -> None:
    assert '"><script>' not in qr_svg("x", '"><script>alert(1)</script>')


def test_texts_too_long_for_a_camera_are_not_drawn() -> None:
    assert not drawable("")
    assert drawable("x" * 1200)
    assert not drawable("字" * 401)


def test_a_tile_is_the_same_each_time_and_differs_between_products() -> None:
    assert art.tile("a", 200, "Video", "CARD") == art.tile("a", 200, "Video", "CARD")
    assert art.tile("a", 200, "Video", "CARD") != art.tile("b", 200, "Video", "CARD")


@pytest.mark.parametrize(
    ("title", "letters"),
    [
        ("蓝鲸影视会员", "蓝鲸"),
        ("《山海夜航》电子书", "山海"),
        ("Blue Whale Video", "BW"),
        ("VIP", "VIP"),
        ("Vip", "Vi"),
        ("", ""),
        ("*** !!!", ""),
        ("<b>", "B"),
    ],
)
def test_initials_are_what_a_person_would_put_on_a_badge(title: str, letters: str) -> None:
    assert art.initials(title) == letters


# -- merchants' texts -----------------------------------------------------------------------------------------------

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "![x](https://evil.example/pixel.gif)",
    "<svg/onload=alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '[a](https://x.example/" onmouseover="alert(1))',
    "<https://x.example/><iframe src=//evil.example>",
    "<style>*{display:none}</style>",
    "&lt;script&gt;",
    "``` html\n<script>\n```",
)


@pytest.mark.parametrize("text", ATTACKS)
def test_no_text_of_a_merchant_becomes_markup(text: str) -> None:
    html = str(prose.prose(text)).lower()
    tags = re.findall(r"<\s*([a-z0-9]+)([^>]*)>", html)
    assert {tag for tag, _attributes in tags} <= {"p", "a", "code", "pre", "br", "em", "strong"}
    for tag, attributes in tags:
        assert not re.search(r"\son\w+\s*=", re.sub(r'"[^"]*"', '""', attributes))
        if tag == "a":
            assert re.search(r'href="(https?:|/|#|mailto:)', attributes)
            assert 'rel="nofollow noopener noreferrer"' in attributes


def test_merchants_headings_stay_below_the_pages_own() -> None:
    assert re.findall(r"<h(\d)", str(prose.prose("# a\n\n## b\n\n##### c\n"))) == ["3", "3", "6"]


def test_lines_of_facts_become_pairs_and_anything_else_does_not() -> None:
    assert prose.pairs("适用范围：大陆账号。\n设备：5 台。") == (("适用范围", "大陆账号。"), ("设备", "5 台。"))
    assert prose.pairs("Scope: all\n\nDevices: three") == (("Scope", "all"), ("Devices", "three"))
    assert prose.pairs("Scope: all\nand more words") == ()
    assert prose.pairs("**Scope**: all") == ()
    assert prose.pairs("See https://x.example") == ()
    assert prose.pairs("") == ()
