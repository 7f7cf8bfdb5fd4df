"""`.dockerignore`."""

import pytest
from tests.localhub import spaces

from localhub.runner import dockerignore


@pytest.mark.parametrize(
    ("rules", "name", "ignored"),
    [
        ("*.md", "README.md", True),
        ("*.md", "docs/README.md", False),
        ("**/*.md", "docs/README.md", True),
        ("**/*.md", "README.md", True),
        ("*.md\n!README.md", "README.md", False),
        ("!README.md\n*.md", "README.md", True),
        ("docs", "docs/a/b.txt", True),
        ("/docs/", "docs/a.txt", True),
        ("docs/**", "docs/a/b.txt", True),
        ("doc", "docs/a.txt", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[ab].txt", "a.txt", True),
        ("[!ab].txt", "a.txt", False),
        ("# comment\n\n", "# comment", False),
        ("a.c", "abc", False),
        ("**", "any/thing", True),
    ],
)
def test_the_last_rule_that_fits_decides(rules, name, ignored):
    assert dockerignore.ignored(name, dockerignore.parse(rules)) is ignored


def test_a_build_finds_only_what_is_not_ignored(hub, tmp_path):
    api = hub.api()
    spaces.docker(api, "local/demo")
    files = {
        "secret.txt": b"x",
        "docs/a.md": b"x",
        "docs/kept.md": b"x",
        ".dockerignore": b"secret.txt\ndocs\n!docs/kept.md\n",
    }
    for name, content in files.items():
        api.upload_file(path_or_fileobj=content, path_in_repo=name, repo_id="local/demo", repo_type="space")
    dockerfile = "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN find . -type f | sort\nCMD python app.py\n"
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo", dockerfile=dockerfile))
    found = [line.strip() for line in api.fetch_space_logs("local/demo", build=True) if line.startswith("./")]
    assert "./docs/kept.md" in found
    assert not {"./secret.txt", "./docs/a.md"} & set(found)


def test_copying_what_is_ignored_fails_as_with_docker(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    api.upload_file(path_or_fileobj=b"app.py\n", path_in_repo=".dockerignore", repo_id="local/demo", repo_type="space")
    spaces.push_app(api, "local/demo", dockerfile="FROM python:3.11\nCOPY app.py .\nCMD python app.py\n")
    assert '"/app.py": not found' in hub.wait("local/demo", "BUILD_ERROR")["errorMessage"]
