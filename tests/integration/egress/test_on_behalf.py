"""Health checks and hook installation obey the same policy as clones, over real sockets."""

from collections.abc import Iterator

import pytest
from tests.git_server import GitServer
from tests.hostile import urls

from spaceport import errors
from spaceport.egress.policy import Policy
from spaceport.health.probe import Prober
from spaceport.webhooks import installing
from spaceport.webhooks.providers import Provider

TOKEN = "host-token-of-the-test"
NOWHERE = [*urls.NOT_PUBLIC, *urls.IN_DISGUISE, *urls.BY_NAME]


@pytest.fixture
def elsewhere() -> Iterator[GitServer]:
    """Whoever is asked here was led astray."""
    with GitServer() as running:
        yield running


@pytest.fixture
def redirecting(elsewhere: GitServer) -> Iterator[GitServer]:
    with GitServer(redirect_to=f"http://{elsewhere.host}") as running:
        yield running


def corpus_policy() -> Policy:
    return Policy(resolver=lambda host, _: urls.NAMES.get(host, [urls.PUBLIC]))


def install(policy: Policy, url: str, provider: Provider = Provider.GITEA) -> str:
    return installing.install(
        policy, provider, url, hook_url="https://spaceport.example/webhooks/x", secret="s" * 32, token=TOKEN
    )


@pytest.mark.parametrize(("url", "reason"), NOWHERE)
async def test_no_health_check_goes_to(url: str, reason: str) -> None:
    prober = Prober(corpus_policy())
    with pytest.raises(errors.UpstreamFailed) as caught:
        await prober.get(url, "/health", within=5, token=TOKEN)
    await prober.aclose()
    assert caught.value.code == "app_not_reached"
    assert reason in caught.value.message or "InvalidURL" in caught.value.message


@pytest.mark.parametrize(("url", "reason"), [item for item in NOWHERE if "?" not in item[0]])
def test_no_hook_is_installed_at(url: str, reason: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        install(corpus_policy(), url.rstrip("/") + "/acme/demo")
    assert caught.value.code == "egress_refused"


@pytest.mark.parametrize("provider", [Provider.GITHUB, Provider.GITLAB, Provider.GITEA, Provider.FORGEJO])
def test_a_hosts_redirect_is_no_installation_and_leads_the_token_nowhere(
    redirecting: GitServer, elsewhere: GitServer, provider: Provider
) -> None:
    allowed = Policy((redirecting.host, elsewhere.host))
    with pytest.raises(errors.Invalid) as caught:
        install(allowed, f"http://{redirecting.host}/acme/demo", provider)
    assert caught.value.code == "host_refused_hook"
    assert len(redirecting.requests) == 1
    assert elsewhere.requests == []
    assert TOKEN not in f"{caught.value.message}{caught.value.fix}"


def test_a_host_that_changes_its_answer_between_check_and_connect_is_not_asked(elsewhere: GitServer) -> None:
    answers = [["93.184.216.34"], ["127.0.0.1"]]
    rebinding = Policy(resolver=lambda *_: answers.pop(0))
    with pytest.raises(errors.Invalid) as caught:
        install(rebinding, "https://git.example/acme/demo")
    assert caught.value.code == "egress_refused"
    assert "127.0.0.1, which is loopback" in caught.value.message
    assert answers == []


async def test_an_app_that_redirects_is_not_followed_and_its_visit_token_stays(
    redirecting: GitServer, elsewhere: GitServer
) -> None:
    prober = Prober(Policy((redirecting.host, elsewhere.host)))
    answer = await prober.get(f"http://{redirecting.host}", "/", within=5, token=TOKEN)
    await prober.aclose()
    assert answer.status == 302
    assert elsewhere.requests == []


async def test_an_app_whose_name_changes_its_answer_is_not_asked_again(elsewhere: GitServer) -> None:
    port = elsewhere.host.partition(":")[2]
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    prober = Prober(Policy(("127.0.0.0/8",), resolver=lambda *_: answers.pop(0)))
    await prober.get(f"http://app.invalid:{port}", "/", within=5)
    with pytest.raises(errors.UpstreamFailed, match="link-local"):
        await prober.get(f"http://app.invalid:{port}", "/", within=5)
    await prober.aclose()
    assert len(elsewhere.requests) == 1
