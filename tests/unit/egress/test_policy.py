import pytest

from spaceport import errors
from spaceport.egress.policy import Policy

PUBLIC = "93.184.216.34"


def policy(*allowed: str, **names: list[str]) -> Policy:
    known = {name.replace("_", "."): found for name, found in names.items()}
    return Policy(allowed, resolver=lambda host, _: known.get(host, [PUBLIC]))


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
