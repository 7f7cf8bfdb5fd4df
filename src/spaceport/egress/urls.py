"""Reading a URL the strict way: what two parsers could understand differently is refused, not guessed."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

import idna

from spaceport import errors
from spaceport.egress.addresses import Address

_LONGEST = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r":[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Url:
    """`host` is lower case and in ASCII form, without brackets; `address` is set when it is an IP literal."""

    scheme: str
    host: str
    port: int
    path: str
    query: str
    address: Address | None

    def __str__(self) -> str:
        """The URL written anew, so that the next parser cannot read another host than we did."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}{'?' * bool(self.query)}{self.query}"


def parse(text: str) -> Url:
    """Raises errors.Invalid(code="egress_refused") for anything but a plain http or https URL."""
    if len(text) > _LONGEST:
        refuse(f"The address is longer than {_LONGEST} characters.")
    if any(character.isspace() or not character.isprintable() for character in text):
        refuse("The address contains a space or a control character.")
    if "\\" in text:
        refuse("The address contains a backslash.")
    parts = _split(text)
    if "@" in parts.netloc:
        refuse("The address contains a user name or password.", "Leave it out; give a token separately.")
    if parts.fragment:
        refuse("The address contains a fragment (#…).")
    name, port = _authority(parts.netloc)
    host, address = read_host(name)
    return Url(
        parts.scheme,
        host,
        _DEFAULT_PORTS[parts.scheme] if port is None else port,
        parts.path,
        parts.query,
        address,
    )


def read_host(name: str) -> tuple[str, Address | None]:
    """The canonical host, and its address when it is an IP literal (IPv6 in brackets)."""
    if name.startswith("["):
        address = _ipv6(name)
        return str(address), address
    host = _ascii(name).removesuffix(".")
    labels = host.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        # Every resolver reads 0x7f.1, 2130706433 and 0177.0.0.1 its own way.
        return _ipv4(host)
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        refuse("The host is not a valid name.")
    return host, None


def refuse(reason: str, fix: str = "Use a plain address such as https://example.com/path.") -> NoReturn:
    raise errors.Invalid(reason, code="egress_refused", fix=fix)


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
    except ValueError:
        refuse("The address cannot be read as a URL.")
    if parts.scheme not in _DEFAULT_PORTS:
        refuse("The address does not begin with https:// or http://.")
    if not parts.netloc:
        refuse("The address names no host.")
    return parts


def _authority(netloc: str) -> tuple[str, int | None]:
    end = netloc.find("]") + 1 if netloc.startswith("[") else netloc.find(":")
    if end in (-1, len(netloc)):
        return netloc, None
    if not _PORT.fullmatch(netloc[end:]) or not 0 < int(netloc[end + 1 :]) < 65536:
        refuse("The port is not a number from 1 to 65535.")
    return netloc[:end], int(netloc[end + 1 :])


def _ascii(name: str) -> str:
    if name.isascii():
        return name.lower()
    try:
        return idna.encode(name, uts46=True, std3_rules=True).decode().lower()
    except idna.IDNAError:
        refuse("The host is not a valid international name.")


def _ipv4(host: str) -> tuple[str, IPv4Address]:
    try:
        return host, IPv4Address(host)
    except AddressValueError:
        refuse("The host is a number in an unusual notation.", "Write an IPv4 address as four decimal numbers.")


def _ipv6(name: str) -> IPv6Address:
    if "%" in name:
        refuse("The host is an IPv6 address with a zone.")
    try:
        return IPv6Address(name.removeprefix("[").removesuffix("]"))
    except AddressValueError:
        refuse("The host is not a valid IPv6 address.")
