"""The hosts' published payloads, read into one form; and whatever else comes, without a crash."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import git_hosts

from spaceport.webhooks import payloads
from spaceport.webhooks.payloads import Push
from spaceport.webhooks.providers import Provider


def read(provider, name, event=""):
    sent = git_hosts.send(provider, "secret", git_hosts.published(name), event=event)
    return payloads.read(provider, sent.headers, sent.body)


def test_githubs_push():
    said = read(Provider.GITHUB, "github-push")
    [push] = said.pushes
    assert said.repository == "Codertocat/Hello-World"
    assert (push.ref, push.branch, push.before) == ("refs/heads/master", "master", None)
    assert (push.after, push.default_branch) == ("6113728f27ae82c7b1a177c8d03f9e96e0adf246", "master")
    assert push.files is None, "a new branch lists its commits since another one, not since what is deployed"
    assert push.message == "Initial commit"


def test_githubs_tag_made_and_deleted():
    [made] = read(Provider.GITHUB, "github-push-tag").pushes
    [deleted] = read(Provider.GITHUB, "github-push-tag-deleted").pushes
    assert (made.tag, made.branch, made.before) == ("simple-tag", None, None)
    assert (deleted.tag, deleted.after) == ("simple-tag", None)


def test_githubs_ping_and_an_event_that_deploys_nothing():
    assert read(Provider.GITHUB, "github-ping", "ping").ping
    issues = read(Provider.GITHUB, "github-issues", "issues")
    assert (issues.pushes, issues.why) == ((), "Events of the kind issues deploy nothing.")


def test_githubs_form_encoded_payload():
    body = urlencode({"payload": git_hosts.published("github-push").decode()}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded", "x-github-event": "push"}
    assert payloads.read(Provider.GITHUB, headers, body).pushes == read(Provider.GITHUB, "github-push").pushes


def test_gitlabs_push_whose_list_of_commits_is_cut_off():
    said = read(Provider.GITLAB, "gitlab-push")
    [push] = said.pushes
    assert (said.event, said.repository, push.branch) == ("Push Hook", "mike/diaspora", "master")
    assert (push.before[:7], push.after[:7], push.message) == ("95790bf", "da15608", "fixed readme")
    assert push.files is None, "two of four commits are listed"
    whole = json.loads(git_hosts.published("gitlab-push")) | {"total_commits_count": 2}
    [push] = payloads.read(Provider.GITLAB, {}, json.dumps(whole).encode()).pushes
    assert push.files == {"CHANGELOG", "app/controller/application.rb"}


def test_gitlabs_tag():
    [push] = read(Provider.GITLAB, "gitlab-tag-push", "Tag Push Hook").pushes
    assert (push.tag, push.before, push.after[:7]) == ("v1.0.0", None, "82b3d5a")


def test_bitbuckets_push():
    said = read(Provider.BITBUCKET, "bitbucket-push")
    assert said.repository == "team_name/repo_name"
    assert said.pushes == (
        Push(
            "refs/heads/name-of-branch",
            "1e65c05c1d5171631d92438a13901ca7dae9618c",
            "709d658dc5b6d6afcd46049c2f332ee3f515a67d",
            "new commit message\n",
        ),
    )
    assert read(Provider.BITBUCKET, "bitbucket-push", "diagnostics:ping").ping


@pytest.mark.parametrize("provider", [Provider.GITEA, Provider.FORGEJO])
def test_giteas_push(provider):
    [push] = read(provider, "gitea-push").pushes
    assert (push.branch, push.default_branch, push.files) == ("develop", "master", {"old.txt", "src/app.py"})


def test_hugging_faces_update_of_two_refs():
    said = read(Provider.HUGGINGFACE, "huggingface-update")
    branch, tag = said.pushes
    assert (said.event, said.repository) == ("repo.content.update", "spaces/some-user/some-repo")
    assert (branch.branch, branch.before[:7], branch.after[:7]) == ("main", "ce9a467", "575db8b")
    assert (tag.tag, tag.before, tag.default_branch) == ("test", None, "main")


def test_a_discussion_on_the_hub_deploys_nothing():
    body = json.dumps({"event": {"action": "create", "scope": "discussion"}, "repo": {"type": "space", "name": "a/b"}})
    assert payloads.read(Provider.HUGGINGFACE, {}, body.encode()).why is not None


def test_files_are_not_believed_complete_where_a_host_cuts_lists_off():
    many = git_hosts.push(Provider.GITHUB, "a/b", "1" * 40, before="2" * 40, files=("x",), total=2048)
    forced = git_hosts.push(Provider.GITHUB, "a/b", "1" * 40, before="2" * 40, files=("x",), forced=True)
    long = git_hosts.push(Provider.GITHUB, "a/b", "1" * 40, before="2" * 40, files=tuple(map(str, range(3000))))
    few = git_hosts.push(Provider.GITHUB, "a/b", "1" * 40, before="2" * 40, files=("x",), total=2047)
    headers = {"x-github-event": "push"}
    read = [payloads.read(Provider.GITHUB, headers, json.dumps(each).encode()) for each in (many, forced, long, few)]
    assert [said.pushes[0].files for said in read] == [None, None, None, {"x"}]


def test_of_a_ref_that_is_named_twice_the_last_counts():
    body = git_hosts.push(Provider.BITBUCKET, "a/b", "1" * 40)
    body["push"]["changes"] += git_hosts.push(Provider.BITBUCKET, "a/b", "2" * 40)["push"]["changes"]
    said = payloads.read(Provider.BITBUCKET, {"x-event-key": "repo:push"}, json.dumps(body).encode())
    assert [(push.ref, push.after) for push in said.pushes] == [("refs/heads/main", "2" * 40)]


@pytest.mark.parametrize("provider", [Provider.GITHUB, Provider.GITLAB, Provider.GITEA])
def test_a_push_to_nothing_known_is_no_deletion(provider):
    sent = git_hosts.send(provider, "secret", git_hosts.push(provider, "a/b", "main"))
    said = payloads.read(provider, sent.headers, sent.body)
    assert (said.pushes, said.why) == ((), "It does not say what moved to which commit.")


def test_the_message_is_that_of_the_commit_on_top_in_whatever_order_they_are_listed():
    body = git_hosts.push(Provider.GITEA, "a/b", "1" * 40, message="on top", total=2)
    body["commits"].append({"id": "2" * 40, "message": "older"})
    [push] = payloads.read(Provider.GITEA, {"x-gitea-event": "push"}, json.dumps(body).encode()).pushes
    assert push.message == "on top"


@pytest.mark.parametrize("bad", ["\0", "\ud800"])
def test_what_the_database_cannot_keep_is_replaced_and_a_list_with_such_a_name_not_believed(bad):
    body = git_hosts.push(
        Provider.GITHUB, f"a/b{bad}", "1" * 40, before="2" * 40, ref=f"refs/heads/{bad}", files=("a", bad), message=bad
    )
    said = payloads.read(Provider.GITHUB, {"x-github-event": "push"}, json.dumps(body).encode())
    [push] = said.pushes
    assert bad not in f"{said.repository}{push.ref}{push.message}"
    assert push.branch not in ("", bad)
    assert push.files is None


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"xpayload=1", b"[]", b"null", b"[" * 100_000, b"\xff\xfe", b"payload=%7B", b"payload="]
)
@pytest.mark.parametrize("provider", Provider)
def test_what_is_no_json_object_is_said_to_be_none(provider, body):
    for kind in (
        "application/json",
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-Urlencoded; charset=x",
    ):
        said = payloads.read(provider, {"content-type": kind, "x-gitlab-event": "Push Hook"}, body)
        assert said.pushes == ()
        assert said.why


NAMES = ["ref", "before", "after", "commits", "repository", "project", "push", "changes", "old", "new", "target"]
NAMES += ["event", "repo", "updatedRefs", "object_kind", "head_commit", "full_name", "name", "scope"]
ANYTHING = st.recursive(
    st.sampled_from(
        [
            None,
            True,
            0,
            -1.5,
            "",
            "x",
            "\0",
            "\udc80",
            "a" * 40,
            "0" * 40,
            "refs/heads/x",
            "refs/tags/x",
            "push",
            "repo",
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("provider", Provider)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=st.dictionaries(st.sampled_from(NAMES), ANYTHING))
def test_no_payload_breaks_the_reading(provider, document):
    events = {"x-github-event": "push", "x-gitea-event": "push", "x-forgejo-event": "push", "x-event-key": "repo:push"}
    said = payloads.read(provider, events, json.dumps(document).encode())
    assert said.pushes or said.why or said.ping
