"""A branch that moved although nobody said so is deployed, once; and what must not be deployed is not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from spaceport import clock
from spaceport.deployments.states import Status
from spaceport.ids import new
from spaceport.jobs.model import InitiatorType
from spaceport.reconcile import triggers
from spaceport.reconcile.model import SourceWatch


@pytest.fixture
def repo(git):
    """A repository's name, its server side and its address."""
    name = new("repo")
    return git.repo(name), git.url(name)


def follow(bench, url, ref="main", **facts):
    source = {"kind": "git", "url": url, "ref": ref, "folder": ""}
    return bench.row(new("s").replace("_", "-"), source=source, auto_deploy=True, **facts)


def look(bench, minutes=0.0, monkeypatch=None):
    """All looks that are due; later by some minutes."""
    if monkeypatch:
        now = clock.now() + timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda: now)
    while triggers.check_next(bench.instance, lambda: False):
        pass


def test_a_moved_branch_is_deployed_and_the_event_says_why(bench, repo, monkeypatch):
    server, url = repo
    first = server.commit({"a.txt": "1"})
    space = follow(bench, url)
    bench.deployment(space, Status.SUCCEEDED, revision=first)
    look(bench)
    assert len(bench.deployments(space)) == 1
    second = server.commit({"a.txt": "2"})

    look(bench, 2, monkeypatch)

    _, recovered = bench.deployments(space)
    assert (recovered.trigger, recovered.status) == ("reconcile", Status.QUEUED)
    assert (recovered.initiator_type, recovered.initiator_id) == (InitiatorType.SCHEDULED_JOB, "reconcile")
    [moved] = [event for event in bench.events(space) if event.kind == "source.moved"]
    assert (moved.data["head"], moved.data["deployed"], moved.deployment_id) == (second, first, recovered.id)


def test_a_revision_that_failed_is_not_deployed_for_ever(bench, repo, monkeypatch):
    server, url = repo
    server.commit({"a.txt": "1"})
    space = follow(bench, url)
    look(bench)
    [only] = bench.deployments(space)
    with bench.database.unit_of_work() as session:
        only = session.merge(only)
        only.status, only.finished_at = Status.FAILED, clock.now()

    look(bench, 2, monkeypatch)
    look(bench, 4, monkeypatch)

    assert len(bench.deployments(space)) == 1


def test_many_spaces_on_one_branch_cost_one_question(bench, git, repo):
    server, url = repo
    server.commit({"a.txt": "1"})
    spaces = [follow(bench, url) for _ in range(5)]
    git.requests.clear()

    look(bench)

    asked = [path for path in git.requests if path.endswith("info/refs?service=git-upload-pack")]
    assert len(asked) == 1
    assert [len(bench.deployments(space)) for space in spaces] == [1] * 5


def test_many_branches_of_a_repository_cost_one_question_too(bench, git, repo, monkeypatch):
    server, url = repo
    spaces = {ref: follow(bench, url, ref) for ref in ("main", "next", "nowhere", None)}
    heads = {branch: server.commit({"a.txt": branch}, branch=branch) for branch in ("main", "next")}
    git.requests.clear()

    look(bench)

    asked = [path for path in git.requests if path.endswith("info/refs?service=git-upload-pack")]
    assert len(asked) == 1
    assert {ref: len(bench.deployments(space)) for ref, space in spaces.items()} == {
        "main": 1,
        "next": 1,
        "nowhere": 0,
        None: 1,
    }
    with bench.database.unit_of_work() as session:
        watches = {ref: session.get_one(SourceWatch, (bench.team.id, url, ref or "")) for ref in spaces}
    assert {ref: watches[ref].head for ref in watches} == heads | {"nowhere": None, None: heads["main"]}
    assert "no branch, tag or commit 'nowhere'" in watches["nowhere"].failure

    git.requests.clear()
    look(bench, 2, monkeypatch)
    asked = [path for path in git.requests if path.endswith("info/refs?service=git-upload-pack")]
    assert len(asked) == 1


def test_replicas_that_look_at_the_same_moment_ask_once(bench, git, repo, tmp_path):
    server, url = repo
    for branch in ("a", "b", "c"):
        server.commit({"a.txt": branch}, branch=branch)
        follow(bench, url, branch)
    replicas = [bench.replica(tmp_path / str(number)) for number in range(4)]
    git.requests.clear()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda one: triggers.check_next(one.instance, lambda: False), replicas)) == 1

    asked = [path for path in git.requests if path.endswith("info/refs?service=git-upload-pack")]
    assert len(asked) == 1


def test_a_space_that_does_not_deploy_by_itself_is_left_alone(bench, git, repo):
    server, url = repo
    server.commit({"a.txt": "1"})
    space = follow(bench, url)
    with bench.database.unit_of_work() as session:
        session.merge(space).auto_deploy = False
    git.requests.clear()

    look(bench)

    assert (git.requests, bench.deployments(space)) == ([], [])


def test_a_deployment_under_way_ends_first_and_then_the_newer_head_follows(bench, repo, monkeypatch):
    server, url = repo
    first = server.commit({"a.txt": "1"})
    space = follow(bench, url)
    running = bench.deployment(space, Status.BUILDING, revision=first)
    server.commit({"a.txt": "2"})
    look(bench)
    assert len(bench.deployments(space)) == 1
    with bench.database.unit_of_work() as session:
        running = session.merge(running)
        running.status, running.finished_at = Status.SUCCEEDED, clock.now()

    look(bench, 2, monkeypatch)

    assert [deployment.trigger for deployment in bench.deployments(space)] == ["api", "reconcile"]


def test_an_idle_branch_is_asked_about_four_times_an_hour_and_an_active_one_every_minute(bench, repo, monkeypatch):
    server, url = repo
    first = server.commit({"a.txt": "1"})
    space = follow(bench, url)
    bench.deployment(space, Status.SUCCEEDED, revision=first, created_at=clock.now() - timedelta(hours=3))
    began = clock.now()
    asked = []
    monkeypatch.setattr(triggers, "check", lambda *arguments: asked.append(clock.now()))

    for minute in range(61):
        monkeypatch.setattr(clock, "now", lambda at=began + timedelta(minutes=minute): at)
        look(bench)
    assert 4 <= len(asked) <= 5

    bench.deployment(space, Status.SUCCEEDED, revision=first, created_at=began + timedelta(minutes=60))
    asked.clear()
    for step in range(60):
        monkeypatch.setattr(clock, "now", lambda at=began + timedelta(minutes=61, seconds=10 * step): at)
        look(bench)
    assert 7 <= len(asked) <= 11


def test_a_repository_that_cannot_be_read_is_noted_and_deploys_nothing(bench, git):
    space = follow(bench, git.url(new("nowhere")))

    look(bench)

    with bench.database.unit_of_work() as session:
        watch = session.get_one(SourceWatch, (bench.team.id, space.source["url"], "main"))
    assert watch.failure
    assert bench.deployments(space) == []


def test_a_watch_nobody_needs_any_more_is_forgotten(bench, repo, monkeypatch):
    server, url = repo
    server.commit({"a.txt": "1"})
    space = follow(bench, url)
    look(bench)
    with bench.database.unit_of_work() as session:
        session.merge(space).deleted_at = clock.now()

    look(bench, 2, monkeypatch)

    with bench.database.unit_of_work() as session:
        assert session.get(SourceWatch, (bench.team.id, url, "main")) is None
