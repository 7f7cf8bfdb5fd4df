"""The decision: may we connect to this URL, and to exactly which address."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from spaceport import errors
from spaceport.egress import addresses, urls
from spaceport.egress.addresses import Address, Network

Resolver = Callable[[str, int], Sequence[str]]

_PORTS = (80, 443, 8080)


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL. Connect to one of `addresses` only: the name may resolve differently by then."""

    url: urls.Url
    addresses: tuple[Address, ...]

    @property
    def pinned(self) -> str:
        """The addresses as curl writes them: IPv6 in brackets, comma-separated."""
        return ",".join(bracketed(address) for address in self.addresses)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One item of EGRESS_ALLOWED_HOSTS. A host by name covers any address; a network covers any name."""

    host: str | None
    network: Network | None
    port: int | None

    def covers(self, url: urls.Url, address: Address | None) -> bool:
        if self.port not in (None, url.port):
            return False
        if self.network is not None:
            return address is not None and address in self.network
        return self.host == url.host


def system_resolver(host: str, port: int) -> list[str]:
    """Every address of a name, each once, in the system's order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class Policy:
    """Public addresses on the web's ports, and whatever the operator allowed beyond that.

    `allowed_hosts`: `host`, `host:port`, an address or a network (`10.0.0.0/8`, `[::1]:7860`). An entry
    without a port allows every port.
    """

    def __init__(self, allowed_hosts: tuple[str, ...] = (), *, resolver: Resolver = system_resolver) -> None:
        self._entries = tuple(_entry(text) for text in allowed_hosts)
        self._resolver = resolver

    def resolve(self, text: str, *, require_tls: bool = False) -> Target:
        """Parse, resolve once, check every address.

        With `require_tls`, http is refused unless the operator allowed the host.
        Raises errors.Invalid(code="egress_refused"), or errors.UpstreamFailed(code="host_not_found").
        """
        url = urls.parse(text)
        target = Target(url, (url.address,) if url.address is not None else self._look_up(url))
        for address in target.addresses:
            self._check(url, address, require_tls=require_tls)
        return target

    def _look_up(self, url: urls.Url) -> tuple[Address, ...]:
        try:
            found = self._resolver(url.host, url.port)
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise errors.UpstreamFailed(
                f"The host {url.host} was not found.",
                code="host_not_found",
                fix="Check the spelling of the address and that its DNS entry exists.",
            )
        # A zone (fe80::1%eth0) is dropped: link-local is refused or allowed whatever the interface.
        return tuple(ip_address(text.partition("%")[0]) for text in found)

    def _check(self, url: urls.Url, address: Address, *, require_tls: bool) -> None:
        if any(entry.covers(url, address) for entry in self._entries):
            return
        if reason := addresses.refusal(address):
            _refuse(url, f"{_subject(url, address)} is {reason}, not a public address.")
        if url.port not in _PORTS:
            _refuse(url, f"Port {url.port} is not one of 80, 443 and 8080.")
        if require_tls and url.scheme != "https":
            _refuse(url, "The address is not https.")


def bracketed(address: Address) -> str:
    return f"[{address}]" if address.version == 6 else str(address)


def _subject(url: urls.Url, address: Address) -> str:
    return f"The address {address}" if url.address is not None else f"The host {url.host} leads to {address}, which"


def _refuse(url: urls.Url, reason: str) -> None:
    host = bracketed(url.address) if url.address is not None else url.host
    urls.refuse(
        reason,
        f"Use a public address, or the operator can allow it with EGRESS_ALLOWED_HOSTS={host}:{url.port}.",
    )


def _entry(text: str) -> _Entry:
    try:
        return _Entry(None, ip_network(text, strict=False), None)
    except ValueError:
        pass
    try:
        url = urls.parse(f"https://{text}")
    except errors.Invalid as error:
        raise _bad_entry(text) from error
    if url.path or url.query:
        raise _bad_entry(text)
    # urls.parse fills in 443; the entry's own port is what counts.
    port = url.port if text.rpartition(":")[2] == str(url.port) else None
    network = ip_network(url.address) if url.address is not None else None
    return _Entry(url.host, network, port)


def _bad_entry(text: str) -> errors.Invalid:
    return errors.Invalid(
        f"EGRESS_ALLOWED_HOSTS has an entry that is neither a host, host:port nor a network: {text!r}.",
        code="egress_entry_invalid",
        fix="Write entries such as git.example.com, localhost:7860 or 10.0.0.0/8, separated by commas.",
    )
