import pytest

from spaceport import errors
from spaceport.egress.policy import Policy

PUBLIC = "93.184.216.34"


def policy(*allowed: str, **names: list[str]) -> Policy:
    known = {name.replace("_", "."): found for name, found in names.items()}
    return Policy(allowed, resolver=lambda host, _: known.get(host, [PUBLIC]))


HOSTILE_URLS = [
    # how it is written
    ("", "does not begin with https"),
    ("example.com", "does not begin with https"),
    ("//example.com/", "does not begin with https"),
    ("javascript:alert(1)", "does not begin with https"),
    ("file:///etc/passwd", "does not begin with https"),
    ("ftp://example.com/", "does not begin with https"),
    ("gopher://example.com:70/", "does not begin with https"),
    ("https:example.com", "names no host"),
    ("https:///path", "names no host"),
    ("https://", "names no host"),
    ("https://example.com\\@evil.example", "backslash"),
    ("https:\\\\example.com", "backslash"),
    ("https://exam\tple.com/", "control character"),
    ("https://example.com/\r\nHost: evil", "control character"),
    ("https://example.com/ x", "control character"),
    ("https://example.com/\x00", "control character"),
    ("\x1bhttps://example.com/", "control character"),
    ("https://example.com/\u202e", "control character"),
    ("https://user@example.com/", "user name or password"),
    ("https://user:pass@example.com/", "user name or password"),
    ("https://example.com@127.0.0.1/", "user name or password"),
    ("https://:@example.com/", "user name or password"),
    ("https://example.com/#@127.0.0.1", "fragment"),
    ("https://example.com/" + "a" * 2048, "longer than"),
    ("https://example.com:/", "port"),
    ("https://example.com:0/", "port"),
    ("https://example.com:65536/", "port"),
    ("https://example.com:443x/", "port"),
    ("https://example.com:+443/", "port"),
    ("https://example.com:4_43/", "port"),
    ("https://example.com:443:443/", "port"),
    # the host
    ("https://exa%6dple.com/", "not a valid name"),
    ("https://127.0.0.1%2f.example.com/", "not a valid name"),
    ("https://-example.com/", "not a valid name"),
    ("https://example..com/", "not a valid name"),
    ("https://./", "not a valid name"),
    ("https://$HOME.example/", "not a valid name"),
    ("https://example.com;.evil/", "not a valid name"),
    ("https://" + "a" * 64 + ".com/", "not a valid name"),
    ("https://" + "a." * 127 + "com/", "not a valid name"),
    ("https://\N{SNOWMAN}.example/", "international name"),
    # addresses in disguise
    ("http://2130706433/", "unusual notation"),
    ("http://0x7f000001/", "unusual notation"),
    ("http://0x7f.1/", "unusual notation"),
    ("http://0177.0.0.1/", "unusual notation"),
    ("http://127.1/", "unusual notation"),
    ("http://127.0.1/", "unusual notation"),
    ("http://127.0.0.0x1/", "unusual notation"),
    ("http://1.2.3.4.5/", "unusual notation"),
    ("http://0x/", "unusual notation"),
    ("http://127.0.0.1./", "loopback"),
    ("http://\uff11\uff12\uff17.\uff10.\uff10.\uff11/", "loopback"),
    ("http://127。0。0。1/", "loopback"),
    ("http://①②⑦.0.0.1/", "loopback"),
    # addresses that are not public
    ("http://127.0.0.1/", "loopback"),
    ("http://127.255.255.254/", "loopback"),
    ("http://0.0.0.0/", "unspecified"),
    ("http://10.1.2.3/", "private"),
    ("http://172.16.0.1/", "private"),
    ("http://172.31.255.255/", "private"),
    ("http://192.168.1.1/", "private"),
    ("http://169.254.169.254/latest/meta-data/", "link-local"),
    ("http://168.63.129.16/", "metadata"),
    ("http://100.64.0.1/", "carrier-grade"),
    ("http://100.100.100.200/", "carrier-grade"),
    ("http://192.0.0.192/", "reserved"),
    ("http://192.0.2.1/", "documentation"),
    ("http://198.51.100.7/", "documentation"),
    ("http://203.0.113.9/", "documentation"),
    ("http://198.18.0.1/", "benchmarking"),
    ("http://192.88.99.1/", "6to4"),
    ("http://224.0.0.1/", "multicast"),
    ("http://255.255.255.255/", "reserved"),
    ("http://[::1]/", "loopback"),
    ("http://[0:0:0:0:0:0:0:1]/", "loopback"),
    ("http://[::]/", "unspecified"),
    ("http://[::ffff:127.0.0.1]/", "IPv4-mapped"),
    ("http://[::ffff:7f00:1]/", "IPv4-mapped"),
    ("http://[::127.0.0.1]/", "not a public IPv6"),
    ("http://[64:ff9b::7f00:1]/", "NAT64"),
    ("http://[64:ff9b:1::a00:1]/", "NAT64"),
    ("http://[2002:7f00:1::]/", "6to4"),
    ("http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "Teredo"),
    ("http://[2001:db8::1]/", "documentation"),
    ("http://[3fff::1]/", "documentation"),
    ("http://[fc00::1]/", "private"),
    ("http://[fd00:ec2::254]/", "private"),
    ("http://[fe80::1]/", "link-local"),
    ("http://[ff02::1]/", "multicast"),
    ("http://[fe80::1%eth0]/", "zone"),
    ("http://[fe80::1%25eth0]/", "zone"),
    ("http://[::1", "cannot be read"),
    ("http://[::1]x/", ""),
    ("http://[v1.fe80::a]/", ""),
    ("http://[127.0.0.1]/", ""),
    # ports
    ("http://example.com:22/", "Port 22"),
    ("https://example.com:6379/", "Port 6379"),
    ("https://example.com:5432/", "Port 5432"),
]


@pytest.mark.parametrize(("url", "reason"), HOSTILE_URLS)
def test_a_hostile_url_is_refused_with_its_reason_and_a_fix(url: str, reason: str):
    with pytest.raises(errors.Invalid) as caught:
        policy().resolve(url)
    assert caught.value.code == "egress_refused"
    assert reason in caught.value.message
    assert caught.value.fix


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://example.com", "example.com", 443),
        ("http://example.com/health?deep=1", "example.com", 80),
        ("https://EXAMPLE.com.:8080/", "example.com", 8080),
        ("https://my_space-1.hf.space/", "my_space-1.hf.space", 443),
        ("https://bücher.example/", "xn--bcher-kva.example", 443),
        ("https://1.1.1.1/", "1.1.1.1", 443),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443),
        ("https://1a.2b/", "1a.2b", 443),
    ],
)
def test_a_public_url_is_taken_in_its_canonical_form(url: str, host: str, port: int):
    target = policy().resolve(url)
    assert (target.url.host, target.url.port) == (host, port)


def test_the_target_carries_every_address_that_was_checked():
    target = policy(example_com=[PUBLIC, "2606:4700::1111"]).resolve("https://example.com/")
    assert target.pinned == f"{PUBLIC},[2606:4700::1111]"


def test_one_private_address_among_public_ones_refuses_the_host():
    with pytest.raises(errors.Invalid, match=r"rebind\.example leads to 10\.0\.0\.1, which is private"):
        policy(rebind_example=[PUBLIC, "10.0.0.1"]).resolve("https://rebind.example/")


def test_a_zone_in_a_resolved_address_does_not_hide_it():
    with pytest.raises(errors.Invalid, match="link-local"):
        policy(printer_local=["fe80::1%eth0"]).resolve("https://printer.local/")


def test_a_name_is_resolved_once():
    asked = []
    once = Policy(resolver=lambda host, port: asked.append((host, port)) or [PUBLIC])
    once.resolve("https://example.com/")
    assert asked == [("example.com", 443)]


def test_a_host_without_an_address_is_not_found():
    with pytest.raises(errors.UpstreamFailed) as caught:
        policy(gone_example=[]).resolve("https://gone.example/")
    assert caught.value.code == "host_not_found"


def test_http_is_refused_where_tls_is_required():
    with pytest.raises(errors.Invalid, match="not https"):
        policy().resolve("http://example.com/", require_tls=True)


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:5000/"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000/"),
        ("127.0.0.0/8", "http://127.9.9.9:5000/"),
        ("10.0.0.0/8", "http://git.internal/"),
        ("git.internal", "http://git.internal:3000/"),
        ("GIT.internal:3000", "http://git.internal:3000/"),
        ("::1", "http://[::1]:7860/"),
        ("[::1]:7860", "http://[::1]:7860/"),
        ("[::1]", "http://[::1]:7860/"),
        ("::ffff:0:0/96", "http://[::ffff:127.0.0.1]/"),
    ],
)
def test_the_operator_can_allow_a_host_with_or_without_port_or_a_network(entry: str, url: str):
    target = policy(entry, git_internal=["10.0.0.5"]).resolve(url, require_tls=True)
    assert target.addresses


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1:5000", "http://127.0.0.1:5001/"),
        ("127.0.0.1", "http://127.0.0.2/"),
        ("git.internal:3000", "http://git.internal/"),
        ("git.internal", "http://evil.git.internal/"),
        ("git.internal", "http://10.0.0.5/"),
        ("internal", "http://git.internal/"),
        ("192.168.0.0/16", "http://git.internal/"),
    ],
)
def test_an_entry_allows_no_more_than_it_says(entry: str, url: str):
    names = {"git_internal": ["10.0.0.5"], "evil_git_internal": ["10.0.0.5"]}
    with pytest.raises(errors.Invalid):
        policy(entry, **names).resolve(url)


def test_the_refusal_names_the_entry_that_would_allow_it():
    with pytest.raises(errors.Invalid) as caught:
        policy().resolve("http://127.0.0.1:7860/")
    assert "EGRESS_ALLOWED_HOSTS=127.0.0.1:7860" in caught.value.fix
    assert Policy(("127.0.0.1:7860",)).resolve("http://127.0.0.1:7860/")


@pytest.mark.parametrize("entry", ["", "http://host", "host/path", "a b", "host:99999", "user@host", "*.example.com"])
def test_an_entry_that_cannot_mean_anything_is_refused_at_start(entry: str):
    with pytest.raises(errors.Invalid) as caught:
        Policy((entry,))
    assert caught.value.code == "egress_entry_invalid"
