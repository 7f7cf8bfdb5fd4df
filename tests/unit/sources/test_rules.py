import pytest
from pydantic import TypeAdapter, ValidationError

from spaceport import errors
from spaceport.sources import rules
from spaceport.sources.model import GitSource, Source, SpaceSource, UploadSource


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/owner/name",
        "https://gitlab.com/group/sub.group/name.git",
        "https://git.example.com:8443/~me/name.git/",
        "HTTPS://dev.azure.com/org/My%20Project/_git/name",
        "http://127.0.0.1:3000/owner/name.git",
    ],
)
def test_an_ordinary_clone_url_is_kept_as_it_is(url: str):
    assert GitSource(url=url).url == url


@pytest.mark.parametrize("url", ["git@github.com:owner/name.git", "ssh://git@github.com:22/owner/name.git"])
def test_an_ssh_address_is_answered_with_its_https_twin(url: str):
    with pytest.raises(errors.Invalid) as caught:
        rules.clone_url(url)
    assert "https://github.com/owner/name.git" in caught.value.fix


@pytest.mark.parametrize(
    "ref", ["main", "feature/x-1", "v1.2.3", "refs/heads/main", "a" * 40, "HEAD", "fix-#12", "größe"]
)
def test_an_ordinary_ref_is_taken(ref: str):
    assert rules.ref(ref) == ref


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", ""), (".", ""), ("./", ""), ("app", "app"), ("./a/b/", "a/b"), ("a//b", "a/b"), ("ä ö", "ä ö")],
)
def test_a_folder_is_kept_without_decoration(given: str, kept: str):
    assert GitSource(url="https://github.com/a/b", folder=given).folder == kept


def test_a_refused_field_is_a_validation_error_with_the_rules_code():
    with pytest.raises(ValidationError) as caught:
        GitSource(url="file:///{etc}", ref="-x")
    found = {error["loc"]: error for error in caught.value.errors()}
    assert found[("url",)]["type"] == "unsupported_protocol"
    assert found[("ref",)]["type"] == "ref_invalid"
    assert "Give a branch such as main" in found[("ref",)]["msg"]


def test_the_kind_decides_which_source_is_read_and_json_returns_it():
    sources = TypeAdapter(Source)
    for source in (
        GitSource(url="https://github.com/a/b", ref="main", folder="app"),
        UploadSource(upload_id="upl_01k9z4m2v7d3x8y5w6q1r0t9sa"),
        SpaceSource(repo_id="owner/my.space-1", revision="main"),
    ):
        assert sources.validate_json(source.model_dump_json()) == source


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "svn", "url": "https://example.com/a"},
        {"url": "https://github.com/a/b"},
        {"kind": "git", "url": "https://github.com/a/b", "branch": "main"},
        {"kind": "upload", "upload_id": "../x"},
        {"kind": "space", "repo_id": "../../x"},
        {"kind": "space", "repo_id": "owner"},
        {"kind": "space", "repo_id": "owner/name", "revision": "-x"},
    ],
)
def test_a_source_that_is_not_one_of_the_three_is_refused(body: dict[str, str]):
    with pytest.raises(ValidationError):
        TypeAdapter(Source).validate_python(body)
