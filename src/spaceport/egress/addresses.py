"""Which addresses are on the public internet, after the IANA special-purpose registries.

The tables are ours because `ipaddress.is_global` changed its answer between Python 3.11 and 3.13.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def refusal(address: Address) -> str | None:
    """Why a stranger's URL may not lead here, as words that complete "is …"; None for a public address."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return next((why for network, why in _V6_OTHER if address in network), "not a public IPv6 address")
    return next((why for network, why in _SPECIAL if address in network), None)


_SPECIAL: tuple[tuple[Network, str], ...] = (
    (IPv4Network("0.0.0.0/8"), "unspecified"),
    (IPv4Network("10.0.0.0/8"), "private"),
    (IPv4Network("100.64.0.0/10"), "carrier-grade NAT (shared)"),
    (IPv4Network("127.0.0.0/8"), "loopback"),
    (IPv4Network("169.254.0.0/16"), "link-local (cloud metadata)"),
    (IPv4Network("172.16.0.0/12"), "private"),
    (IPv4Network("192.0.0.0/24"), "reserved"),
    (IPv4Network("192.0.2.0/24"), "documentation"),
    (IPv4Network("192.88.99.0/24"), "6to4"),
    (IPv4Network("192.168.0.0/16"), "private"),
    (IPv4Network("198.18.0.0/15"), "benchmarking"),
    (IPv4Network("198.51.100.0/24"), "documentation"),
    (IPv4Network("203.0.113.0/24"), "documentation"),
    (IPv4Network("224.0.0.0/4"), "multicast"),
    (IPv4Network("240.0.0.0/4"), "reserved"),
    # Azure serves machine metadata on this address although it is a public one.
    (IPv4Network("168.63.129.16/32"), "cloud metadata"),
    # The whole IETF block: Teredo, benchmarking, ORCHID. None of it hosts a service.
    (IPv6Network("2001::/23"), "Teredo or reserved"),
    (IPv6Network("2001:db8::/32"), "documentation"),
    (IPv6Network("2002::/16"), "6to4"),
    (IPv6Network("3fff::/20"), "documentation"),
)

_GLOBAL_UNICAST = IPv6Network("2000::/3")

# Only the words: everything outside 2000::/3 is refused, an address that carries an IPv4 one included.
_V6_OTHER: tuple[tuple[IPv6Network, str], ...] = (
    (IPv6Network("::1/128"), "loopback"),
    (IPv6Network("::/128"), "unspecified"),
    (IPv6Network("::ffff:0:0/96"), "IPv4-mapped"),
    (IPv6Network("64:ff9b::/96"), "NAT64"),
    (IPv6Network("64:ff9b:1::/48"), "NAT64"),
    (IPv6Network("fc00::/7"), "private"),
    (IPv6Network("fe80::/10"), "link-local"),
    (IPv6Network("ff00::/8"), "multicast"),
)
