"""What a payload cannot tell, Git is asked, from real repositories over HTTP."""

from datetime import timedelta

import pytest
from tests.integration.webhooks.conftest import later, sha

from spaceport import clock, ids
from spaceport.deployments.states import Status
from spaceport.spaces.deploy_rules import Rules
from spaceport.webhooks import hooks, lost
from spaceport.webhooks.providers import Provider

API = Rules(paths=["api/**"])


@pytest.fixture
def repo(git):
    """The server side of a repository, and its address."""
    name = ids.new("repo")
    return git.repo(name), git.url(name)


@pytest.mark.parametrize("provider", [Provider.BITBUCKET, Provider.HUGGINGFACE, Provider.GITHUB])
def test_changes_that_were_not_listed_are_found_by_comparing_trees(bench, repo, provider):
    server, url = repo
    first = server.commit({"api/a": "1", "docs/a": "1"})
    spaces = {folder: bench.space(url, rules=Rules(paths=[f"{folder}/**"])) for folder in ("api", "docs")}
    host = bench.hook(spaces["api"], provider)
    cut_off = {"total": 2048} if provider is Provider.GITHUB else {}
    host.push(first)
    for space in spaces.values():
        bench.end(bench.begin(space, first), Status.SUCCEEDED)
    second = server.commit({"docs/a": "2", "web/b": "1"})

    receipt = host.push(second, before=first, **cut_off)
    assert receipt.reason == "deciding: Git is asked which files have changed (2 spaces)"
    bench.decide()

    assert [len(bench.deployments(space)) for space in spaces.values()] == [1, 2]
    reasons = {decision.space_id: decision.reason for decision in bench.decisions(receipt)}
    assert reasons[spaces["api"].id] == "ignored: none of the 2 changed files matches api/**"
    assert reasons[spaces["docs"].id].startswith("deployed: branch main moved to")
    assert bench.delivery(receipt).status == "deployed"


def test_a_removed_file_counts_as_changed(bench, repo):
    server, url = repo
    first = server.commit({"api/a": "1", "b": "1"})
    space = bench.space(url, rules=API)
    host = bench.hook(space, Provider.BITBUCKET)
    host.push(first)
    bench.end(bench.begin(space, first), Status.SUCCEEDED)
    tree = server.git("mktree", stdin=server.git("ls-tree", "HEAD", "b").encode() + b"\n")
    second = server.git("commit-tree", tree, "-p", first, "-m", "remove")
    server.git("update-ref", "refs/heads/main", second)

    host.push(second, before=first)
    bench.decide()

    assert len(bench.deployments(space)) == 2


def test_a_push_is_compared_with_what_the_space_has_and_not_with_what_the_push_says(bench, repo):
    """The delivery between the two was lost; the files of the last one alone do not concern the space."""
    server, url = repo
    first = server.commit({"api/a": "1"})
    space = bench.space(url, rules=API)
    host = bench.hook(space)
    host.push(first)
    bench.end(bench.begin(space, first), Status.SUCCEEDED)
    missed = server.commit({"api/a": "2"})
    third = server.commit({"docs/b": "1"})

    host.push(third, before=missed, files=("docs/b",))
    bench.decide()

    assert len(bench.deployments(space)) == 2


def test_many_spaces_cost_one_comparison(bench, repo, git):
    server, url = repo
    first = server.commit({"api/a": "1"})
    spaces = [bench.space(url, rules=API) for _ in range(5)]
    host = bench.hook(spaces[0], Provider.BITBUCKET)
    host.push(first)
    for space in spaces:
        bench.end(bench.begin(space, first), Status.SUCCEEDED)
    second = server.commit({"docs/a": "1"})
    git.requests.clear()

    host.push(second, before=first)
    bench.decide()

    assert len([path for path in git.requests if "info/refs" in path]) == 1
    assert [len(bench.deployments(space)) for space in spaces] == [1] * 5


@pytest.mark.parametrize("provider", [Provider.GITLAB, Provider.GITEA, Provider.FORGEJO])
def test_what_a_forced_push_took_away_is_changed_too_where_the_host_does_not_say_that_it_was_forced(
    bench, repo, provider
):
    server, url = repo
    first = server.commit({"api/a": "1"})
    second = server.commit({"api/a": "2"})
    spaces = {folder: bench.space(url, rules=Rules(paths=[f"{folder}/**"])) for folder in ("api", "docs", "web")}
    host = bench.hook(spaces["api"], provider)
    host.push(second)
    for space in spaces.values():
        bench.end(bench.begin(space, second), Status.SUCCEEDED)
    server.git("update-ref", "refs/heads/main", first)
    third = server.commit({"docs/b": "1"})

    receipt = host.push(third, before=second, files=("docs/b",))
    at_once = {folder: len(bench.deployments(space)) for folder, space in spaces.items()}
    bench.decide()

    assert at_once == {"api": 1, "docs": 2, "web": 1}
    assert {folder: len(bench.deployments(space)) for folder, space in spaces.items()} == {
        "api": 2,
        "docs": 2,
        "web": 1,
    }
    assert "ignored: none of the 2 changed files matches web/**" in {
        decision.reason for decision in bench.decisions(receipt)
    }


def test_spaces_that_stand_at_different_revisions_cost_one_comparison_as_long_as_no_push_was_missed(bench, repo, git):
    server, url = repo
    folders = [f"apps/{number}" for number in range(4)]
    first = server.commit({f"{folder}/a": "1" for folder in folders})
    spaces = [bench.space(url, source={"folder": folder}) for folder in folders]
    host = bench.hook(spaces[0], Provider.BITBUCKET)
    host.push(first)
    for space in spaces:
        bench.end(bench.begin(space, first), Status.SUCCEEDED)
    before = first
    for folder, space in zip(folders, spaces, strict=True):
        after = server.commit({f"{folder}/a": "2"})
        git.requests.clear()
        host.push(after, before=before)
        bench.decide()
        assert len([path for path in git.requests if "info/refs" in path]) == 1
        bench.end(bench.begin(space, after), Status.SUCCEEDED)
        before = after

    assert [len(bench.deployments(space)) for space in spaces] == [2, 2, 2, 2]


def test_the_default_branch_is_asked_for_where_the_host_does_not_name_it(bench, repo):
    server, url = repo
    head = server.commit({"a": "1"})
    space = bench.space(url, source={"ref": None})
    host = bench.hook(space, Provider.BITBUCKET)

    other, own = host.push(head, ref="refs/heads/dev"), host.push(head)
    bench.decide()

    assert bench.delivery(other).reason == "ignored: branch dev does not match main"
    assert bench.delivery(own).status == "deployed"
    assert bench.deployments(space)[0].source["ref"] is None


def test_a_host_that_does_not_answer_is_asked_again_and_in_the_end_the_push_deploys(bench, monkeypatch):
    space = bench.space("http://127.0.0.1:9/acme/app", rules=API)
    host = bench.hook(space, Provider.BITBUCKET)
    host.push(sha(1))
    bench.end(bench.begin(space, sha(1)), Status.SUCCEEDED)
    receipt, now = host.push(sha(2), before=sha(1)), clock.now()

    bench.decide()
    waiting = bench.delivery(receipt)
    for minutes in (5, 10, 15):
        later(monkeypatch, now + timedelta(minutes=minutes))
        bench.decide()

    assert (waiting.status, waiting.attempts) == ("deciding", 1)
    assert waiting.reason.startswith("deciding: Git is asked again, because it did not tell: 127.0.0.1")
    assert "which files changed cannot be told" in bench.delivery(receipt).reason
    assert len(bench.deployments(space)) == 2


def test_a_moved_branch_that_nobody_told_of_is_judged_by_the_same_rules(bench, repo):
    server, url = repo
    first = server.commit({"api/a": "1", "docs/a": "1"})
    spaces = {folder: bench.space(url, rules=Rules(paths=[f"{folder}/**"])) for folder in ("api", "docs")}
    tags_only = bench.space(url, rules=Rules(branches=[], tags=["v*"]))
    host = bench.hook(spaces["api"])
    host.push(first)
    for space in spaces.values():
        bench.end(bench.begin(space, first), Status.SUCCEEDED)
    head = server.commit({"docs/a": "2"})
    followers = [*spaces.values(), tags_only]

    def concerned():
        return lost.concerned(bench.instance, followers, "main", head, lambda: False)

    assert [space.id for space in concerned()] == [spaces["docs"].id]
    host.push(head, before=first, files=("docs/a",), message="[skip ci]")
    assert concerned() == [], "a delivery has told of it meanwhile, and what it decided stands"


def test_a_lock_does_not_lose_what_was_pushed_meanwhile(bench, repo):
    server, url = repo
    head = server.commit({"a": "1"})
    space = bench.space(url, rules=Rules(lock={"reason": "the fair is on"}))
    receipt = bench.hook(space).push(head)
    assert receipt.reason == f"ignored: {space.repo_id} is locked: the fair is on"

    locked = lost.concerned(bench.instance, [space], "main", head, lambda: False)
    bench.rules(space, Rules())
    unlocked = lost.concerned(bench.instance, [space], "main", head, lambda: False)

    assert (locked, [found.id for found in unlocked]) == ([], [space.id])


def test_one_hook_serves_all_spaces_of_a_repository_however_its_address_is_written(bench):
    spaces = [bench.space(url) for url in ("https://github.com/acme/app", "https://GitHub.com/Acme/App.git/")]
    host = bench.hook(spaces[0])
    with bench.database.unit_of_work() as session:
        same, secret = hooks.create(session, bench.instance, bench.caller, spaces[1], Provider.GITHUB, None)
    assert (same.id, secret) == (host.hook.id, None)
    host.push(sha(1))
    assert [len(bench.deployments(space)) for space in spaces] == [1, 1]
