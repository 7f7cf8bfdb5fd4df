"""Only what proves where it comes from is believed, host by host, over the bytes as they came."""

import pytest
from tests import git_hosts

from spaceport.webhooks import hooks, signatures
from spaceport.webhooks.providers import Provider

SECRET = "correct-horse-battery-staple"
NOW = 1_800_000_000.0
BODY = b'{"a": 1}'
HMAC_HEADER = {
    Provider.GITHUB: "x-hub-signature-256",
    Provider.GITLAB: "x-gitlab-token",
    Provider.BITBUCKET: "x-hub-signature",
    Provider.GITEA: "x-gitea-signature",
    Provider.FORGEJO: "x-forgejo-signature",
    Provider.HUGGINGFACE: "x-webhook-secret",
}


def refusal(provider, sent, secret=SECRET, now=NOW):
    return signatures.refusal(provider, sent.headers, sent.body, secret, now=now)


@pytest.mark.parametrize("provider", Provider)
def test_a_delivery_signed_with_the_secret_is_authentic(provider):
    assert refusal(provider, git_hosts.send(provider, SECRET, BODY)) is None


@pytest.mark.parametrize("provider", Provider)
@pytest.mark.parametrize("given", [None, "", "sha256=", "wrong", "sha1=0123", "ünïcode\udc80", "sha256=" + "0" * 64])
def test_a_missing_empty_or_wrong_signature_is_refused_with_the_headers_name(provider, given):
    sent = git_hosts.send(provider, SECRET, BODY)
    if provider is Provider.FORGEJO:
        sent = sent.altered(x_gitea_signature=None)
    sent = sent.altered(**{HMAC_HEADER[provider]: given})

    why = refusal(provider, sent)

    assert why is not None
    assert HMAC_HEADER[provider] in why
    assert SECRET not in why


@pytest.mark.parametrize("provider", Provider)
def test_nothing_is_authentic_under_another_or_an_empty_secret(provider):
    assert refusal(provider, git_hosts.send(provider, "another-secret-of-others", BODY)) is not None
    assert refusal(provider, git_hosts.send(provider, "", BODY), secret="") == "The hook has no secret."


@pytest.mark.parametrize("provider", Provider)
def test_what_was_sent_meets_what_is_expected_in_a_comparison_of_constant_time_only(provider, monkeypatch):
    compared = []
    monkeypatch.setattr(
        signatures.hmac, "compare_digest", lambda given, expected: compared.append((given, expected)) or False
    )
    sent = git_hosts.send(provider, SECRET, BODY)
    refused = [refusal(provider, sent)]
    if provider is Provider.GITLAB:
        refused.append(refusal(provider, git_hosts.send_gitlab_signed(SECRET, BODY, at=NOW)))
    # The right ones: nothing but the comparison could have refused them.
    assert all(refused)
    assert len(compared) == len(refused)
    assert all(given == expected for given, expected in compared)


@pytest.mark.parametrize("provider", [Provider.GITHUB, Provider.BITBUCKET, Provider.GITEA, Provider.FORGEJO])
def test_one_changed_byte_of_the_body_is_noticed(provider):
    sent = git_hosts.send(provider, SECRET, BODY)
    assert signatures.refusal(provider, sent.headers, BODY + b" ", SECRET, now=NOW) is not None


def test_githubs_published_signature_is_reproduced():
    """From its page "Validating webhook deliveries"."""
    expected = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signatures.sign("It's a Secret to Everybody", b"Hello, World!") == expected


def test_the_published_standard_webhooks_signature_is_reproduced():
    """From the Standard Webhooks specification, which GitLab's signing token follows."""
    signed = signatures.sign_standard(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_gitlabs_signing_token_is_believed_within_five_minutes_only():
    secret = hooks.new_secret()
    for age, authentic in ((0, True), (299, True), (301, False), (-301, False)):
        sent = git_hosts.send_gitlab_signed(secret, BODY, at=NOW - age)
        assert (refusal(Provider.GITLAB, sent, secret) is None) == authentic


@pytest.mark.parametrize("stamp", ["", "soon", "²", "1e9", "nan"])
def test_a_timestamp_that_is_no_number_is_refused(stamp):
    sent = git_hosts.send_gitlab_signed(SECRET, BODY, at=NOW).altered(webhook_timestamp=stamp)
    assert "webhook-timestamp" in refusal(Provider.GITLAB, sent)


def test_a_bad_gitlab_signature_is_not_mended_by_the_right_token():
    sent = git_hosts.send_gitlab_signed(SECRET, BODY, at=NOW)
    other_id = sent.altered(webhook_id="another", x_gitlab_token=SECRET)
    assert refusal(Provider.GITLAB, sent) is None
    assert refusal(Provider.GITLAB, other_id) is not None


def test_one_of_several_gitlab_signatures_suffices_while_a_secret_changes():
    sent = git_hosts.send_gitlab_signed(SECRET, BODY, at=NOW)
    both = sent.altered(webhook_signature=f"v1,AAAA {sent.headers['webhook-signature']}")
    assert refusal(Provider.GITLAB, both) is None


def test_where_forgejo_signs_its_own_header_alone_decides():
    sent = git_hosts.send(Provider.FORGEJO, SECRET, BODY)
    assert refusal(Provider.FORGEJO, sent.altered(x_forgejo_signature="0" * 64)) is not None
    assert refusal(Provider.FORGEJO, sent.altered(x_forgejo_signature=None)) is None


def test_githubs_old_sha1_header_counts_for_nothing():
    sent = git_hosts.send(Provider.GITHUB, SECRET, BODY)
    assert refusal(Provider.GITHUB, sent.altered(x_hub_signature_256=None, x_hub_signature="sha1=x")) is not None
