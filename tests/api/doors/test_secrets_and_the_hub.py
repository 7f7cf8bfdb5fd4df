"""What others change on the Hub, and what is left when the Hub or the key refuses."""

from sqlmodel import select
from tests.api.doors.conftest import Crew
from tests.api.doors.setting import STAGE, VALUE, code, put
from tests.localhub_server import LocalHub

from spaceport.configuration.model import Version
from spaceport.events.model import Event
from spaceport.sealing import Sealer


def test_what_somebody_changes_on_the_hub_is_found_as_a_version_without_an_author(
    crew: Crew, hub: LocalHub, instance
) -> None:
    put(crew, "CHANGED", "ours")
    put(crew, "DELETED", "ours")
    crew.done("PUT", "{space}/variables/COLOR", {"value": "red"})
    api, repo_id = hub.api(), f"local/{crew.name}"
    api.add_space_secret(repo_id, "CHANGED", "theirs")
    api.add_space_secret(repo_id, "NEW", "theirs")
    api.delete_space_secret(repo_id, "DELETED")
    api.add_space_variable(repo_id, "COLOR", "blue")
    assert [each["key"] for each in crew.done("GET", "{space}/secrets")] == ["CHANGED", "DELETED"]
    for _ in range(2):
        found = crew.done("GET", "{space}/secrets?fresh=true")
        assert [(each["key"], each["version"], each["managed"]) for each in found] == [
            ("CHANGED", 2, False),
            ("NEW", 1, False),
        ]
        [color] = crew.done("GET", "{space}/variables?fresh=true")
        assert (color["value"], color["managed"], color["set_by"]) == ("blue", False, None)
    with instance.database.unit_of_work() as session:
        kinds = sorted(session.exec(select(Event.kind).where(Event.actor == "hub")))
    assert kinds == [
        "secret.changed_on_hub",
        "secret.deleted_on_hub",
        "secret.found_on_hub",
        "variable.changed_on_hub",
    ]
    drift = crew.done("GET", "{space}/drift")
    assert [each["field"] for each in drift["differences"]] == ["secret:CHANGED", "secret:DELETED", "variable:COLOR"]
    answer = crew.ask("owner", "POST", "{space}/secrets/CHANGED/restore", {"version": 2})
    assert code(answer) == (409, "value_unknown")
    crew.done("POST", "{space}/secrets/CHANGED/restore", {"version": 1})
    put(crew, "DELETED", "ours")
    crew.done("PUT", "{space}/variables/COLOR", {"value": "blue"})
    assert not crew.done("GET", "{space}/drift")["drifted"]


def test_a_change_behind_our_back_is_noted_before_a_staged_one_goes_over_it(
    crew: Crew, hub: LocalHub, instance
) -> None:
    put(crew, "TOKEN", "one")
    put(crew, "TOKEN", "two", query=STAGE)
    hub.api().add_space_secret(f"local/{crew.name}", "TOKEN", "theirs")
    crew.done("POST", "{space}/configuration/apply")
    history = crew.done("GET", "{space}/secrets/TOKEN/versions")
    assert [(each["version"], each["managed"]) for each in history] == [(3, True), (2, False), (1, True)]
    assert crew.done("GET", "{space}/secrets?fresh=true")[0]["managed"]


def test_an_adopted_space_brings_its_variables_and_the_keys_of_its_secrets(crew: Crew, hub: LocalHub) -> None:
    repo_id = f"local/{crew.name}-2"
    hub.api().create_repo(repo_id, repo_type="space", space_sdk="static")
    hub.api().add_space_secret(repo_id, "TOKEN", VALUE, description="why")
    hub.api().add_space_variable(repo_id, "COLOR", "red")
    body = {"owner": "local", "name": f"{crew.name}-2", "adopt": True, "hub_account_id": crew.ids["account"]}
    crew.done("POST", "/api/v1/spaces", body)
    [secret] = crew.done("GET", f"/api/v1/spaces/{repo_id}/secrets")
    assert (secret["key"], secret["managed"], secret["description"]) == ("TOKEN", False, "why")
    [history] = crew.done("GET", f"/api/v1/spaces/{repo_id}/secrets/TOKEN/versions")
    assert not history["restorable"]
    [variable] = crew.done("GET", f"/api/v1/spaces/{repo_id}/variables")
    assert (variable["value"], variable["managed"]) == ("red", False)
    assert not crew.done("GET", f"/api/v1/spaces/{repo_id}/drift")["drifted"]


def test_what_the_hub_refuses_comes_back_as_its_sentence_and_changes_nothing(crew: Crew, hub: LocalHub, on_hub) -> None:
    hub.fault(space=f"local/{crew.name}", method="POST", path="/secrets", status=400, message="No more than 5 secrets")
    answer = crew.ask("owner", "PUT", "{space}/secrets/TOKEN", {"value": VALUE})
    assert answer.json()["code"] == "hub_refused"
    assert "No more than 5 secrets" in answer.json()["detail"]
    assert crew.done("GET", "{space}/secrets") == []
    put(crew, "STAGED", query=STAGE)
    hub.fault(space=f"local/{crew.name}", method="POST", path="/secrets", status=400, message="No more than 5 secrets")
    answer = crew.ask("owner", "POST", "{space}/configuration/apply")
    assert answer.json()["refused"] == ["STAGED"]
    [staged] = crew.done("GET", "{space}/configuration/staged")
    assert "No more than 5 secrets" in staged["refusal"]
    hub.clear_faults()
    crew.done("POST", "{space}/configuration/apply")
    assert on_hub().keys() == {"STAGED"}


def test_a_hub_that_is_down_before_anything_was_touched_changes_nothing(crew: Crew, hub: LocalHub) -> None:
    hub.fault(space=f"local/{crew.name}", status=503)
    answer = crew.ask("owner", "PUT", "{space}/secrets/TOKEN", {"value": VALUE})
    hub.clear_faults()
    assert answer.json()["code"] == "hub_unavailable"
    assert crew.done("GET", "{space}/secrets") == []
    assert crew.done("GET", "{space}/configuration/staged") == []


def test_while_a_deployment_is_under_way_changes_can_be_staged_alone(crew: Crew, hub: LocalHub) -> None:
    crew.done("POST", "{space}/deployments")
    answer = crew.ask("owner", "PUT", "{space}/secrets/TOKEN", {"value": VALUE})
    assert code(answer) == (409, "space_busy")
    assert "apply=next_deployment" in answer.json()["fix"]
    assert crew.done("GET", "{space}/configuration/staged") == []
    assert put(crew, "TOKEN", query=STAGE)["staged"]
    answer = crew.ask("owner", "POST", "{space}/configuration/apply")
    assert code(answer) == (409, "space_busy")
    assert "apply=" not in answer.json()["fix"]


def test_values_are_sealed_for_their_own_row_alone(crew: Crew, instance) -> None:
    put(crew, "A")
    put(crew, "B")
    with instance.database.unit_of_work() as session:
        a, b = session.exec(select(Version).order_by(Version.key)).all()
        a.sealed_value, b.sealed_value = b.sealed_value, a.sealed_value
        session.add_all([a, b])
    answer = crew.ask("owner", "POST", "{space}/secrets/A/restore", {"version": 1})
    assert code(answer) == (409, "sealed_value_damaged")


def test_with_a_wrong_key_nothing_is_applied_and_the_answer_says_why(crew: Crew, hub: LocalHub, instance) -> None:
    put(crew, "A", query=STAGE)
    put(crew, "B", query=STAGE)
    wrong = Sealer((b"0123456789abcdefghijklmnopqrstuv",))
    object.__setattr__(instance, "sealer", wrong)
    with instance.database.unit_of_work() as session:
        account = session.exec(select(Version)).first()
        assert account is not None
    last = hub.calls()[-1]["number"]
    answer = crew.ask("owner", "POST", "{space}/configuration/apply")
    assert code(answer) == (503, "sealing_key_unknown")
    assert [call for call in hub.calls(after=last) if call["method"] != "GET"] == []
