import base64
from urllib.parse import quote

import pytest

from spaceport.sources import git_failures
from spaceport.sources.git_environment import Credential


@pytest.mark.parametrize(
    ("stderr", "code"),
    [
        ("fatal: could not read Username for 'https://h': terminal prompts disabled", "git_authentication_required"),
        ("fatal: Authentication failed for 'https://h/a/b'", "git_authentication_required"),
        ("error: RPC failed; HTTP 403 The requested URL returned error: 403", "git_authentication_required"),
        ("remote: Not Found\nfatal: repository 'https://h/a/b/' not found", "git_repository_not_found"),
        ("fatal: unable to access 'https://h/a/b/': The requested URL returned error: 404", "git_repository_not_found"),
        ("fatal: https://h/a/info/refs not valid: is this a git repository?", "git_repository_not_found"),
        ("fatal: dumb http transport does not support shallow capabilities", "git_repository_not_found"),
        ("fatal: unable to access 'https://h/': The requested URL returned error: 301", "git_redirect_refused"),
        ("fatal: unable to access 'https://h/': The requested URL returned error: 429", "git_rate_limited"),
        ("fatal: unable to access 'https://h/': The requested URL returned error: 503", "git_unreachable"),
        ("fatal: unable to access 'https://h/': Failed to connect to h port 443 after 5 ms", "git_unreachable"),
        ("fatal: unable to access 'https://h/': Could not resolve host: h", "git_unreachable"),
        ("fatal: the remote end hung up unexpectedly", "git_unreachable"),
        ("fatal: unable to access 'https://h/': server certificate verification failed.", "git_tls_failed"),
        ("fatal: unable to access 'https://h/': gnutls_handshake() failed: Handshake failed", "git_tls_failed"),
        ("fatal: write error: No space left on device", "disk_full"),
        ("fatal: transport 'file' not allowed", "unsupported_protocol"),
        ("fatal: something nobody has seen", "git_failed"),
        ("", "git_failed"),
    ],
)
def test_gits_words_become_a_code_with_a_fix(stderr: str, code: str):
    error = git_failures.explain(stderr, host="h", credential=None)
    assert error.code == code
    assert error.fix


def test_with_a_token_a_denial_is_the_tokens_fault():
    stderr = "fatal: Authentication failed for 'https://h/a/b'"
    error = git_failures.explain(stderr, host="h", credential=Credential("t0ken"))
    assert error.code == "git_authentication_failed"


@pytest.mark.parametrize("token", ["tok/en+value", "user:tok/en+value"])
def test_a_token_that_git_repeats_is_not_repeated_by_us(token: str):
    credential = Credential(token)
    encoded = credential.header.rpartition(" ")[2]
    stderr = f"fatal: odd: {token} {quote('tok/en+value', safe='')} tok/en+value {encoded}"
    said = git_failures.explain(stderr, host="h", credential=credential).message
    assert said == "Git could not fetch from h: fatal: odd: *** *** *** ***"
    assert base64.b64decode(encoded).decode().endswith("tok/en+value")


def test_what_a_server_says_cannot_paint_the_screen_or_run_on():
    error = git_failures.explain("fatal: \x1b[31mred\x00" + "x" * 5000, host="h", credential=None)
    assert "\x1b" not in error.message
    assert len(error.message) < 400
