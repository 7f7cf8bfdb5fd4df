from datetime import UTC, datetime, timedelta

from spaceport.deployments import summary
from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status
from spaceport.jobs.model import InitiatorType
from spaceport.spaces.model import Sdk, Space, Visibility

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SPACE = Space(
    team_id="t",
    hub_account_id="h",
    endpoint="https://hub.example",
    owner="acme",
    name="de-mo",
    sdk=Sdk.DOCKER,
    visibility=Visibility.PUBLIC,
)


def shown(**facts) -> str:
    known = {"id": "dep_1", "number": 7, "created_at": NOW, "finished_at": NOW + timedelta(seconds=61)}
    deployment = Deployment(
        team_id="t",
        space_id="s",
        trigger="api",
        initiator_type=InitiatorType.USER,
        initiator_id="u",
        source={},
        **(known | facts),
    )
    return summary.markdown(deployment, SPACE)


def test_what_is_live_is_said_with_its_address_and_release() -> None:
    text = shown(status=Status.SUCCEEDED, reason="It is served.", release=3, url="https://x.hf.space", fix="nothing")
    assert text.startswith("## acme/de\\-mo is live\n\nIt is served.\n")
    assert "* app: <https://x.hf.space>" in text
    assert "* release: v3" in text
    assert "* took: 61 s" in text
    assert "What to do" not in text


def test_a_failure_has_its_reason_its_fix_and_the_last_lines_of_the_log() -> None:
    log = "\n".join(f"line {number}" for number in range(50))
    text = shown(status=Status.FAILED, reason="It broke.", fix="Mend it.", reason_code="build_error", evidence=log)
    assert text.startswith("## Deployment to acme/de\\-mo failed\n\nIt broke.\n\n**What to do:** Mend it.\n")
    assert "* reason code: `build_error`" in text
    assert "    line 49" in text
    assert "line 29\n" not in text


def test_one_under_way_says_how_far_it_is() -> None:
    assert shown(status=Status.BUILDING, finished_at=None).startswith("## Deployment to acme/de\\-mo is building\n")


def test_texts_of_others_are_never_markup() -> None:
    hostile = "<script>alert(1)</script> ![x](https://evil.example/p) `a` **b** @team #1\n# heading"
    text = shown(status=Status.FAILED, reason=hostile, evidence="```\n<img src=x>\n# heading")
    assert "<script>" not in text
    assert "![x]" not in text
    assert "\n# heading" not in text
    assert "    ```\n    <img src=x>\n    # heading" in text
