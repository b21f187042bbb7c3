"""Small texts that name things: orders, payments, handles, codes, money. What is read writes itself again the same; the rest is refused."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address

import pytest
from hypothesis import strategies as st

from faka.contexts.payments.providers.canonical import beijing_time
from faka.kernel import contact, ids, money
from faka.kernel.contact import InvalidContact, mail_address, network
from faka.kernel.errors import InvalidAmount, InvalidRequest
from faka.kernel.ids import handle, hash_code, is_order_id, normal_code, order_id, out_trade_no, payment_id, payment_of
from faka.kernel.limits import AMOUNT_MINOR_MAX
from faka.kernel.money import EXPONENT, Currency, parse_decimal
from tests.fuzz.fuzzing import finds, fuzz, refused


pytestmark = pytest.mark.property

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZilouabc_-. \t\n\x00０１٣Ⅷ²é\u200b"
ULIDS = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26)
NEAR = st.one_of(
    ULIDS.map(lambda text: f"ord_{text}"),
    ULIDS.map(lambda text: f"pay{text}07"),
    st.text(SIGNS, max_size=34),
    st.tuples(st.sampled_from(["ord_", "pay", "pay_", "ORD_", "bat_", ""]), st.text(SIGNS, min_size=25, max_size=29)).map("".join),
)


def names_one_thing(text: str) -> None:
    """An order's number and a payment's number lead to each other and to nothing else."""
    if is_order_id(text):
        assert text.isascii()
        assert order_id(text[4:]) == text
        assert all(payment_of(out_trade_no(payment_id(ids.OrderId(text), n))) == payment_id(ids.OrderId(text), n) for n in (0, 7, 99))
        return
    found = payment_of(text)
    if found is None:
        refused("order number")
        return
    assert out_trade_no(found) == text
    assert text.isascii()
    assert is_order_id(ids.order_of(found))


def test_a_number_names_one_order_or_none() -> None:
    fuzz("order number", names_one_thing, NEAR, examples=3_000)


def is_plain(text: str) -> None:
    try:
        assert handle(text) == text
    except InvalidRequest:
        refused("handle")
        return
    assert 0 < len(text) <= 48
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert text[0] != "-" != text[-1]


HANDLES = st.text("ab01-_A é\n０", max_size=50)


def test_a_handle_is_plain() -> None:
    fuzz("handle", is_plain, HANDLES, examples=2_000)


def is_read_alike(text: str) -> None:
    """A code is the same code however a person writes it."""
    spoken = text.lower().replace("0", "o").replace("1", "l")
    assert hash_code(spoken) == hash_code(text)
    assert hash_code("-".join(text)) == hash_code(f" {text} ") == hash_code(text)
    assert normal_code(normal_code(text)) == normal_code(text)


def test_a_code_is_read_however_it_is_written() -> None:
    fuzz("lookup code", is_read_alike, st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", max_size=20), examples=1_500)


# -- money and moments ------------------------------------------------------------------------------------------------------

AMOUNTS = st.one_of(
    st.decimals(0, 10**10, places=2).map(str),
    st.integers(0, 10**14).map(str),
    st.text("0123456789.,-+eE_ ０١½\n¥", max_size=14),
    st.sampled_from(["NaN", "Infinity", "1e3", "0x1", "00", "0.0", ".5", "5.", "1__0", "9" * 40, "0." + "0" * 40]),
)


def is_exact(given: tuple[str, Currency]) -> None:
    """An amount is the decimal number that it says, to the last place, or it is refused."""
    text, currency = given
    try:
        read = parse_decimal(text, currency)
    except InvalidAmount:
        refused("amount")
        return
    assert text.isascii()
    assert Decimal(text).scaleb(EXPONENT[currency]) == read.minor
    assert 0 <= read.minor <= AMOUNT_MINOR_MAX
    assert parse_decimal(read.decimal(), currency) == read


MONEY = st.tuples(AMOUNTS, st.sampled_from(Currency))


def test_an_amount_is_exact_or_refused() -> None:
    fuzz("amount", is_exact, MONEY, examples=3_000)


def is_a_moment_or_none(text: str) -> None:
    if (made := beijing_time(text)) is None:
        refused("provider's date")
    else:
        assert made.utcoffset() == timedelta(0)


DATES = st.datetimes().map(lambda at: at.isoformat(" ", "seconds")) | st.text("0123456789-: \x00é", max_size=24)
"""From the first day of the calendar to the last: both are a day off in UTC."""


def test_any_date_of_a_provider_is_a_moment_or_none() -> None:
    for text in ("0001-01-01 00:00:00", "9999-12-31 23:59:59"):
        is_a_moment_or_none(text)
    fuzz("provider's date", is_a_moment_or_none, DATES, examples=1_500)


# -- contacts and addresses -------------------------------------------------------------------------------------------------

MAILS = (
    st.text("ab@..-+_ \r\nÉ=,;:<>\"'\x00", max_size=20)
    | st.from_regex(r"[a-z.+_-]{1,8}@[a-z.-]{1,8}\.[a-z]{1,4}", fullmatch=True)
    | st.sampled_from(["a@b.cd", "a@" + "b." * 60 + "cd"])
)


def fits_a_letter(text: str) -> None:
    """An address goes into a letter's head, so it holds nothing that could start another line or another address."""
    try:
        made = mail_address(text)
    except InvalidContact:
        refused("mail address")
        return
    assert made.isascii()
    assert not set(made) & set(' \r\n\x00,;:<>"')
    assert made.count("@") == bool(made)
    assert mail_address(made) == made


def test_a_mail_address_is_one_line_and_one_address() -> None:
    fuzz("mail address", fits_a_letter, MAILS, examples=2_000)


def has_a_network(text: str) -> None:
    assert network(text)
    assert network(network(text)) == network(text)


ADDRESSES = st.ip_addresses().map(str) | st.text("0123456789abcdef:.%/x", max_size=40)


def test_any_address_of_a_visitor_has_a_network() -> None:
    fuzz("network address", has_a_network, ADDRESSES, examples=1_500)


# -- twins ---------------------------------------------------------------------------------------------------------------


def test_twin_a_number_with_other_digits_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    monkeypatch.setattr(ids, "_ULID", re.compile(r"[\w]{26}"))
    assert finds(names_one_thing, NEAR, examples=4_000)


def test_twin_a_handle_with_a_line_break_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    monkeypatch.setattr(ids, "_HANDLE", re.compile(r"[a-z0-9-]*\n?"))
    assert finds(is_plain, HANDLES, examples=1_000)


def test_twin_a_code_that_is_hashed_as_typed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "normal_code", lambda text: text)
    assert finds(is_read_alike, st.text("01AB", min_size=1, max_size=4), examples=100)


def test_twin_an_amount_read_as_a_float_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(text: str, currency: Currency):
        try:
            return money.Money(minor=int(float(text) * 10 ** EXPONENT[currency]), currency=currency)
        except (ValueError, OverflowError, InvalidOperation):
            raise InvalidAmount("amount") from None

    monkeypatch.setitem(globals(), "parse_decimal", read)
    assert finds(is_exact, MONEY, examples=500)


def test_twin_an_address_that_keeps_line_breaks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    monkeypatch.setattr(contact, "_MAIL", re.compile(r"[^@]*@[^@]*", re.DOTALL))
    assert finds(fits_a_letter, MAILS, examples=500)


def test_twin_a_date_that_breaks_its_reader_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "beijing_time", lambda text: datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC))
    assert finds(is_a_moment_or_none, DATES, examples=100)


def test_twin_an_address_that_must_be_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "network", lambda text: str(ip_address(text)))
    assert finds(has_a_network, ADDRESSES, examples=100)
