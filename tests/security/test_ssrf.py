"""The way out against addresses that lead inside: by every spelling, by name, by a second look-up, by a redirect."""

import contextlib
import itertools
import random
import re
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest

from faka.kernel.errors import Broken
from faka.platform import outbound, public_network
from faka.platform.outbound import Misled, Outbound, OutboundFailed, is_public
from tests.security.tally import counted, scaled


pytestmark = pytest.mark.security

NAME = "pay.example.com"

INSIDE_4 = {
    "127.0.0.1": "this machine, where the runtime's own interface listens",
    "127.255.255.254": "this machine",
    "0.0.0.0": "this machine on many systems",
    "10.0.0.1": "private",
    "172.16.0.1": "private",
    "172.31.255.254": "private",
    "192.168.1.1": "private",
    "169.254.169.254": "metadata of a machine",
    "169.254.170.2": "credentials of a container",
    "169.254.78.1": "resolver of the runtime",
    "100.64.0.1": "shared by carriers",
    "100.100.100.200": "metadata of another cloud",
    "192.0.0.192": "metadata of another cloud",
    "168.63.129.16": "host agent of another cloud",
    "198.18.0.1": "benchmarks",
    "192.0.2.1": "documentation",
    "192.88.99.1": "relay",
    "224.0.0.1": "many at once",
    "240.0.0.1": "reserved",
    "255.255.255.255": "everybody",
}
INSIDE_6 = (
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "5f00::1", "4000::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1", "0:0:0:0:0:0:0:1"),
    *("64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001::1", "2001:db8::1", "3fff::1"),
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
)
OUTSIDE = (
    *("8.8.8.8", "110.75.139.1", "172.32.0.1", "172.15.255.255", "100.63.255.255", "100.128.0.1", "169.253.255.255"),
    *("2400:3200::1", "2606:4700::1"),
)


# -- what is written ---------------------------------------------------------------------------------------------------

SCHEMES = (
    *("http", "ftp", "file", "gopher", "dict", "ldap", "jar:https", "data", "javascript", "ws", "wss", "unix", "https+unix", "HTTP"),
    *("", "//", "https\t"),
)
PORTS = (0, 1, 22, 25, 53, 80, 444, 2375, 3306, 5432, 6379, 8000, 8080, 8443, 9001, 9200, 11211, 65535, 65536, 99999, 123456)
USERS = ("a", "a:b", "127.0.0.1", "127.0.0.1:443", "%00", NAME, "a%40b", "")
HOSTS = (
    *("localhost", "LOCALHOST", "localhost.", "metadata", "instance-data", "ip6-localhost", "a", "-a.com", "a-.com", "a..com", ".com"),
    *("a.com.", f"{NAME}。", "ⓔxample.com", "exаmple.com", "例子.中国", "a_b.com", "*.com", "a b.com", "a%2ecom.com"),
    *("x" * 64 + ".com", ("x" * 60 + ".") * 5 + "com"),
)
TAILS = (
    *("#@127.0.0.1", "\\@127.0.0.1", "\\.127.0.0.1", "#", "/#a", "/a b", "/\r\nHost: x", "/\x00", "/é", "?a\tb", "/\\"),
    *(":443:80/", ":/", ":-1/", ":٤٤٣/"),
)
ODD = (
    *(f" https://{NAME}/", f"https://{NAME}/ ", f"https:/{NAME}/", f"https:{NAME}/", f"https:///{NAME}/", f"https://\t{NAME}/"),
    *(f"\nhttps://{NAME}/", NAME, "", "https://", "https://[", "https://[::1", "https://]/", "https://[::1]:443/", "https://[v1.x]/"),
)


def spellings(address: str) -> Iterator[str]:
    """One IPv4 address as browsers, shells and libraries read it: parts in decimal, octal, hexadecimal, fewer of them."""
    number = int(IPv4Address(address))
    a, b, c, d = IPv4Address(address).packed
    yield from (address, str(number), hex(number), f"0{number:o}", f"0x{number:08X}", f"{address}.")
    yield from (f"{a}.{number & 0xFFFFFF}", f"{a}.{b}.{number & 0xFFFF}", f"{a}.{b}.{c}.{d + 256}")
    yield from (f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"00{a:o}.{b}.{c}.0x{d:x}")
    yield from (f"[::ffff:{address}]", f"[::{address}]", f"[::ffff:{a:02x}{b:02x}:{c:02x}{d:02x}]", f"[64:ff9b::{address}]")
    yield from (address.replace(".", "。"), address.replace(".", "．"), address.replace(".", "%2e"), f"%{ord(address[0]):x}{address[1:]}")
    yield "".join(chr(0xFF10 + int(one)) if one.isdigit() else one for one in address)
    yield "".join(chr(0x2460 + int(one) - 1) if one in "123456789" else one for one in address)


def written() -> list[str]:
    """Addresses that are refused as they stand, without asking anybody for a name."""
    found = {f"https://{spelled}/" for address in INSIDE_4 for spelled in spellings(address)}
    found |= {f"https://[{address}]/" for address in INSIDE_6} | {"https://[fe80::1%25eth0]/"}
    found |= {f"{scheme}://{NAME}/" for scheme in SCHEMES} | {f"https://{NAME}:{port}/" for port in PORTS}
    found |= {f"https://{user}@{NAME}/" for user in USERS} | {f"https://{NAME}@{user or '127.0.0.1'}/" for user in USERS}
    found |= {f"https://{host}/" for host in HOSTS} | {f"https://{NAME}{tail}" for tail in TAILS} | set(ODD)
    return sorted(found)


def nobody(name: str) -> Sequence[str]:
    raise AssertionError("a name was looked up")


def test_an_address_that_is_no_full_name_on_port_443_is_refused_as_it_stands() -> None:
    tried = written()
    out = Outbound(resolve=nobody)
    for url in tried:
        with pytest.raises(Broken) as caught:
            out.request("GET", url)
        assert NAME not in str(caught.value)
    assert len(tried) >= 300
    counted("addresses as written", refused=len(tried))


@pytest.mark.parametrize(
    "url", [f"https://{NAME}/", f"https://{NAME}:443/a?b=c%20d", f"https://{NAME}", f"https://{NAME}?a=b", "https://A.B-c.xn--p1ai/"]
)
def test_a_full_name_is_asked_for(url: str) -> None:
    with pytest.raises(AssertionError):
        Outbound(resolve=nobody).request("GET", url)


# -- where names lead --------------------------------------------------------------------------------------------------


def inner() -> list[str]:
    """Addresses of all inner networks: their first, their last, and some by chance."""
    chance, found = random.Random(11), [*INSIDE_4, *INSIDE_6]
    nets = ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16")
    nets += ("198.18.0.0/15", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")
    nets += ("fc00::/7", "fe80::/10", "ff00::/8", "::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32", "2001:db8::/32")
    for net in map(ip_network, nets):
        first, last = int(net.network_address), int(net.broadcast_address)
        kind = IPv4Address if net.version == 4 else IPv6Address
        found += [str(kind(number)) for number in (first, last, *(chance.randint(first, last) for _ in range(scaled(30))))]
    return sorted(set(found))


class Nowhere:
    """Instead of connections: keeps where each was to go."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    def connection_from_host(self, host: str, *_: object) -> object:
        self.hosts.append(host)
        raise ConnectionRefusedError(host)


@pytest.fixture
def out() -> Callable[[Sequence[str]], Outbound]:
    """A way out whose resolver answers what a test says, and which goes nowhere."""

    def made(answer: Sequence[str]) -> Outbound:
        one = Outbound(resolve=lambda _: answer)
        one._pools = Nowhere()  # type: ignore[assignment]
        return one

    return made


def test_a_name_that_leads_inside_is_not_called(out: Callable[[Sequence[str]], Outbound]) -> None:
    tried = inner()
    for address in tried:
        for answer in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
            with pytest.raises(Misled):
                out(answer).request("GET", f"https://{NAME}/")
    counted("addresses of names", refused=len(tried), answers=3 * len(tried))


@pytest.mark.parametrize("address", OUTSIDE)
def test_twin_a_name_that_leads_outside_is(out: Callable[[Sequence[str]], Outbound], address: str) -> None:
    way = out([address])
    with pytest.raises(OutboundFailed):
        way.request("GET", f"https://{NAME}/")
    assert set(way._pools.hosts) == {address}  # type: ignore[attr-defined]


@pytest.mark.parametrize("net", [str(net) for net in public_network._SPECIAL])
def test_nothing_of_a_special_network_is_public(net: str) -> None:
    assert not any(is_public(str(one)) for one in itertools.islice(ip_network(net), 300))


def test_twin_with_the_standard_librarys_word_alone_disguises_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_network, "_SPECIAL", ())
    assert [address for address in (*INSIDE_4, *INSIDE_6) if is_public(address)]


def test_twin_without_the_pattern_of_a_name_numbers_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver reads `0x7f.1` as this machine."""
    monkeypatch.setattr(outbound, "_NAME", re.compile(".+"))
    asked: list[str] = []

    def resolve(name: str) -> Sequence[str]:
        asked.append(name)
        return ["127.0.0.1"]

    for url in written():
        with contextlib.suppress(Broken, Misled):
            Outbound(resolve=resolve).request("GET", url)
    assert {"0x7f.0x0.0x0.0x1", "2130706433", "localhost", "127.1"} & set(asked)
    assert len(asked) > 100
