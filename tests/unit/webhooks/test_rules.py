"""Which push deploys which space, and the sentence that says why not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spaceport.spaces.deploy_rules import Lock, Rules
from spaceport.webhooks import patterns, rules
from spaceport.webhooks.payloads import Push
from spaceport.webhooks.rules import Known, Outcome

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
OLD, NEW = "0a" * 20, "1b" * 20
GIT = {"kind": "git", "url": "https://github.com/acme/app", "ref": "main", "folder": ""}


def judge(push: dict[str, Any] | None = None, given: Rules | None = None, **known: Any):
    moved = Push(**{"ref": "refs/heads/main", "before": OLD, "after": NEW, "default_branch": "main"} | (push or {}))
    facts = {"repo_id": "acme/demo", "source": GIT, "auto_deploy": True, "deployed": OLD} | known
    return rules.judge(moved, given or Rules(), Known(**facts), NOW)


def ignored(*arguments: Any, **known: Any) -> str:
    verdict = judge(*arguments, **known)
    assert verdict.outcome is Outcome.IGNORED
    return verdict.reason


def test_a_push_to_the_sources_branch_deploys_that_branch():
    verdict = judge()
    assert (verdict.outcome, verdict.ref, verdict.reason) == (Outcome.DEPLOYED, "main", "branch main moved to 1b1b1b1")


def test_another_branch_is_ignored_with_both_names():
    assert ignored({"ref": "refs/heads/feature/x"}) == "ignored: branch feature/x does not match main"


@pytest.mark.parametrize(
    ("push", "reason"),
    [
        ({"after": None}, "ignored: branch main was deleted"),
        ({"message": "Fix\n\n[skip ci]"}, "ignored: the commit's message says [skip ci]"),
        ({"message": "x [No Deploy] y"}, "ignored: the commit's message says [No Deploy]"),
        ({"message": "[deploy skip]"}, "ignored: the commit's message says [deploy skip]"),
        ({"ref": "refs/pull/1/head"}, "ignored: refs/pull/1/head is neither a branch nor a tag"),
        ({"ref": "refs/tags/v1"}, "ignored: tag v1 does not match any tag: the rules name none"),
    ],
)
def test_what_deploys_nothing_says_why(push, reason):
    assert ignored(push) == reason


def test_skip_tokens_can_be_switched_off_and_are_no_ordinary_words():
    assert judge({"message": "[skip ci]"}, Rules(skip_tokens=False)).outcome is Outcome.DEPLOYED
    assert judge({"message": "skip ci, please"}).outcome is Outcome.DEPLOYED


def test_auto_deploy_off_is_the_first_reason():
    assert ignored(auto_deploy=False) == "ignored: acme/demo does not deploy by itself: auto_deploy is off"


def test_a_lock_says_its_reason_and_its_end_and_expires():
    lock = Lock(reason="the fair is on", expires_at=NOW + timedelta(hours=1))
    assert ignored(None, Rules(lock=lock)) == "ignored: acme/demo is locked until 2026-03-04 13:00 UTC: the fair is on"
    assert judge(None, Rules(lock=Lock(reason="x", expires_at=NOW))).outcome is Outcome.DEPLOYED
    assert ignored(None, Rules(lock=Lock(reason="for good"))) == "ignored: acme/demo is locked: for good"


def test_branch_patterns_deploy_the_branch_that_was_pushed():
    given = Rules(branches=["release/*", "!release/old"])
    assert judge({"ref": "refs/heads/release/7"}, given).ref == "refs/heads/release/7"
    assert ignored({"ref": "refs/heads/release/old"}, given)
    assert ignored(None, given) == "ignored: branch main does not match release/*, !release/old"
    assert ignored(None, Rules(branches=[])) == "ignored: branch main does not match any branch"


def test_tag_patterns_deploy_the_tag():
    given = Rules(tags=["v*"])
    assert judge({"ref": "refs/tags/v1.2", "before": None}, given).ref == "refs/tags/v1.2"
    assert ignored({"ref": "refs/tags/nightly"}, given) == "ignored: tag nightly does not match v*"


def test_a_source_that_names_a_tag_follows_it():
    assert judge({"ref": "refs/tags/live"}, source=GIT | {"ref": "live"}).outcome is Outcome.DEPLOYED


def test_without_a_named_branch_the_default_one_is_followed_and_git_asked_where_the_host_does_not_say():
    source = GIT | {"ref": None}
    assert judge(source=source).outcome is Outcome.DEPLOYED
    assert ignored({"ref": "refs/heads/dev"}, source=source) == "ignored: branch dev does not match main"
    unsaid = judge({"default_branch": None}, source=source)
    assert (unsaid.outcome, unsaid.code) == (Outcome.DECIDING, "default_branch")


def test_a_revision_that_was_brought_already_is_not_brought_again():
    assert ignored(handled="deployment #4") == "ignored: revision 1b1b1b1 was already brought by deployment #4"


def test_only_changes_that_a_pattern_names_deploy():
    given = Rules(paths=["services/api/**", "shared/*.py", "!**/*.md"])
    for files, outcome in (
        ({"services/api/a/b.py"}, Outcome.DEPLOYED),
        ({"shared/x.py", "docs/a"}, Outcome.DEPLOYED),
        ({"shared/deep/x.py"}, Outcome.IGNORED),
        ({"services/api/README.md"}, Outcome.IGNORED),
        ({"services/web/a.py"}, Outcome.IGNORED),
    ):
        assert judge({"files": frozenset(files)}, given).outcome is outcome, files


def test_a_source_with_a_folder_is_concerned_by_that_folder_alone():
    source = GIT | {"folder": "apps/one"}
    assert judge({"files": frozenset({"apps/one/app.py"})}, source=source).outcome is Outcome.DEPLOYED
    reason = ignored({"files": frozenset({"apps/two/app.py"})}, source=source)
    assert reason == "ignored: none of the 1 changed files matches apps/one/**"


def test_a_folder_is_a_name_and_no_pattern():
    source = GIT | {"folder": "app/[slug]"}
    assert judge({"files": frozenset({"app/[slug]/page.py"})}, source=source).outcome is Outcome.DEPLOYED
    assert ignored({"files": frozenset({"app/s/page.py", "app/[slug].md"})}, source=source)


def test_with_nothing_but_exclusions_everything_else_counts():
    given = Rules(paths=["!docs/**", "!*.md"])
    assert judge({"files": frozenset({"app.py"})}, given).outcome is Outcome.DEPLOYED
    assert ignored({"files": frozenset({"docs/deep/a.py", "README.md"})}, given)


def test_where_a_push_may_have_taken_commits_away_that_nothing_concerns_the_space_is_asked_of_git():
    given, listed = Rules(paths=["api/**"]), {"files": frozenset({"docs/x"}), "exact": False}
    assert judge(listed, given).code == "files"
    assert judge(listed | {"before": "2c" * 20}, given, chained=True).code == "files"
    assert judge(listed, given, pending=True).outcome is Outcome.IGNORED, "what is queued fetches the head anyway"
    assert judge(listed | {"files": frozenset({"api/x"})}, given).outcome is Outcome.DEPLOYED


def test_that_nothing_concerns_the_space_is_believed_only_of_a_list_that_begins_where_the_space_is():
    given, other = Rules(paths=["api/**"]), {"files": frozenset({"docs/x"})}
    assert judge(other, given).outcome is Outcome.IGNORED
    assert judge(other | {"before": "2c" * 20}, given).code == "files"
    assert judge(other | {"before": "2c" * 20}, given, chained=True).outcome is Outcome.IGNORED
    assert judge(other | {"before": "2c" * 20}, given, pending=True).outcome is Outcome.IGNORED
    assert judge({"files": None}, given).outcome is Outcome.DECIDING
    assert judge({"files": frozenset({"api/x"}), "before": "2c" * 20}, given).outcome is Outcome.DEPLOYED


def test_a_space_that_has_nothing_yet_is_deployed_whatever_changed():
    assert judge({"files": frozenset({"docs/x"})}, Rules(paths=["api/**"]), deployed=None).outcome is Outcome.DEPLOYED


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*", "main", True),
        ("*", "a/b", False),
        ("**", "a/b", True),
        ("a/**", "a", True),
        ("a/**", "a/b/c", True),
        ("**/c", "c", True),
        ("**/c", "a/b/c", True),
        ("a/**/c", "a/c", True),
        ("a/**/c", "a/x/y/c", True),
        ("a/**/c", "a/x/y/d", False),
        ("v[0-9]*", "v1.2", True),
        ("a?c", "abc", True),
        ("a", "a/b", False),
    ],
)
def test_patterns(pattern, name, expected):
    assert patterns.matches(pattern, name) is expected


def test_a_hostile_pattern_costs_no_time():
    assert not patterns.matches("**/" * 60 + "x", "/".join("a" * 200))
    assert not patterns.matches("*a" * 95 + "b", "a" * 1000)
