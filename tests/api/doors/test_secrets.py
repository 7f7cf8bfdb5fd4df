"""Secrets and variables through the REST door, with the real client and a real Hub behind it."""

import logging

import pytest
from tests.api.doors.conftest import Crew
from tests.api.doors.setting import STAGE, VALUE, code, put
from tests.localhub_server import LocalHub


def test_a_secret_is_set_on_the_hub_and_listed_without_its_value(crew: Crew, on_hub) -> None:
    made = put(crew, "TOKEN", description="for the API")
    assert made == crew.done("GET", "{space}/secrets")[0]
    assert made["set_by"] == {"id": crew.people["owner"].id, "name": "owner"}
    told = {name: made[name] for name in ("key", "description", "version", "staged", "managed", "deleted", "refusal")}
    assert told == {
        "key": "TOKEN",
        "description": "for the API",
        "version": 1,
        "staged": False,
        "managed": True,
        "deleted": False,
        "refusal": None,
    }
    assert made["applied_at"] >= made["set_at"]
    assert on_hub()["TOKEN"].description == "for the API"


def test_setting_one_leaves_the_others_and_the_same_value_again_changes_nothing(
    crew: Crew, hub: LocalHub, on_hub
) -> None:
    put(crew, "A", description="kept")
    put(crew, "B")
    last = hub.calls()[-1]["number"]
    assert put(crew, "A")["version"] == 1
    assert hub.calls(after=last) == []
    again = put(crew, "A", "another")
    assert (again["version"], again["description"]) == (2, "kept")
    assert on_hub().keys() == {"A", "B"}
    assert on_hub()["A"].description == "kept"


def test_no_door_tells_a_value(
    crew: Crew, hub: LocalHub, instance, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    answers = [
        crew.ask("owner", "PUT", "{space}/secrets/TOKEN", {"value": VALUE}),
        crew.ask("owner", "PUT", "{space}/secrets/TOKEN" + STAGE, {"value": f"{VALUE}-2"}),
        crew.ask("owner", "POST", "{space}/secrets", {"secrets": [{"key": "1NVALID", "value": VALUE}]}),
        crew.ask("owner", "POST", "{space}/secrets", {"secrets": [{"key": "A", "value": VALUE, "more": VALUE}]}),
        crew.ask("owner", "PUT", "{space}/secrets/A", {"value": [VALUE]}),
        crew.ask("owner", "PUT", "{space}/secrets/A", {"value": f"{VALUE}\0"}),
        crew.ask("owner", "PUT", "{space}/secrets/A", {"value": VALUE * 5000}),
        crew.ask("owner", "POST", "{space}/secrets", VALUE),
        *(
            crew.ask("owner", "GET", path)
            for path in (
                "{space}/secrets?fresh=true",
                "{space}/secrets/TOKEN/versions",
                "{space}/configuration/staged",
                "{space}",
                "{space}/drift",
            )
        ),
    ]
    hub.fault(space=f"local/{crew.name}", method="POST", path="/secrets", status=400, message=f"{VALUE} is no good")
    answers.append(crew.ask("owner", "PUT", "{space}/secrets/OTHER", {"value": VALUE}))
    hub.clear_faults()
    assert [answer.status_code for answer in answers[:8]] == [200, 200, 422, 422, 422, 422, 422, 422]
    assert "[the value] is no good" in answers[-1].text
    for answer in answers:
        assert VALUE not in answer.text + str(answer.headers)
    assert VALUE not in caplog.text + "".join(capfd.readouterr())
    with instance.database.engine.connect() as connection:
        for table in ("configuration_version", "configuration_application", "event", "space", "idempotent_request"):
            assert VALUE not in str(connection.exec_driver_sql(f"SELECT * FROM {table}").all()), table


def test_the_answer_to_a_repeated_request_and_what_is_kept_of_it_hold_no_value(crew: Crew, instance) -> None:
    owner = crew.people["owner"]
    body = {"secrets": [{"key": "TOKEN", "value": VALUE}]}
    answers = [
        owner.api.post(f"{crew.space}/secrets", json=body, headers=owner.headers | {"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert answers[0].json() == answers[1].json()
    with instance.database.engine.connect() as connection:
        assert VALUE not in str(connection.exec_driver_sql("SELECT * FROM idempotent_request").all())


def test_many_are_set_at_once_and_a_dotenv_file_too(crew: Crew, on_hub) -> None:
    listed = crew.done("POST", "{space}/secrets", {"secrets": [{"key": f"K{n}", "value": VALUE} for n in range(3)]})
    assert [(each["key"], each["staged"]) for each in listed] == [("K0", False), ("K1", False), ("K2", False)]
    owner = crew.people["owner"]
    text = {"Content-Type": "text/plain; charset=utf-8"}
    answer = owner.api.post(
        f"{crew.space}/secrets", content='export A=ä\nB="two\nlines"\n', headers=owner.headers | text
    )
    assert [each["key"] for each in answer.json()] == ["A", "B"], answer.text
    broken = owner.api.post(f"{crew.space}/secrets", content=f"C=1\n\n{VALUE}\n", headers=owner.headers | text)
    assert code(broken) == (422, "dotenv_invalid")
    assert broken.json()["detail"].startswith("Line 3 ")
    assert VALUE not in broken.text
    assert on_hub().keys() == {"K0", "K1", "K2", "A", "B"}


@pytest.mark.parametrize("content", [b"A=\xff", b"A=\0"])
def test_what_is_no_text_is_refused(crew: Crew, content: bytes) -> None:
    owner = crew.people["owner"]
    answer = owner.api.post(
        f"{crew.space}/secrets", content=content, headers=owner.headers | {"Content-Type": "text/plain"}
    )
    assert answer.status_code == 422, answer.text


def test_what_is_wrong_with_one_of_many_is_told_of_its_place_alone(crew: Crew) -> None:
    for kind in ("secrets", "variables"):
        answer = crew.ask("owner", "POST", f"{{space}}/{kind}", {kind: [{"key": "A", "value": VALUE}, {"key": "A-B"}]})
        assert [each["field"] for each in answer.json()["errors"]] == [f"{kind}.1.value", f"{kind}.1.key"]


def test_one_is_read_alone_and_changed_only_if_it_is_as_it_was_read(crew: Crew, on_hub) -> None:
    made = put(crew, "TOKEN")
    crew.done("PUT", "{space}/variables/COLOR", {"value": "red"})
    for kind, key in (("secret", "TOKEN"), ("variable", "COLOR")):
        path = f"{{space}}/{kind}s/{key}"
        known = {"If-Match": crew.ask("viewer", "GET", path).headers["ETag"]}
        assert crew.ask("owner", "PUT", path, {"value": "newer"}, headers=known).is_success
        for method, query, body in (("PUT", "", {"value": "newest"}), ("DELETE", f"?confirm={key}", None)):
            late = crew.ask("owner", method, path + query, body, headers=known)
            assert code(late) == (412, "precondition_failed")
        assert code(crew.ask("viewer", "GET", f"{{space}}/{kind}s/OTHER")) == (404, f"{kind}_not_found")
    assert crew.done("GET", "{space}/secrets/TOKEN")["version"] == made["version"] + 1
    assert crew.done("GET", "{space}/variables/COLOR")["value"] == "newer"


def test_deleting_a_secret_needs_its_name_once_more(crew: Crew, on_hub) -> None:
    put(crew, "TOKEN")
    for confirm in ("", "?confirm=OTHER"):
        answer = crew.ask("owner", "DELETE", f"{{space}}/secrets/TOKEN{confirm}")
        assert code(answer) == (422, "confirmation_needed")
        assert on_hub().keys() == {"TOKEN"}
    gone = crew.done("DELETE", "{space}/secrets/TOKEN?confirm=TOKEN")
    assert (gone["deleted"], gone["staged"]) == (True, False)
    assert on_hub() == {}
    assert crew.done("GET", "{space}/secrets") == []
    assert code(crew.ask("owner", "DELETE", "{space}/secrets/TOKEN?confirm=TOKEN")) == (404, "secret_not_found")


def test_an_earlier_version_is_restored_as_a_new_one_also_after_a_deletion(crew: Crew, hub: LocalHub, instance) -> None:
    put(crew, "TOKEN", "one")
    put(crew, "TOKEN", "two")
    crew.done("DELETE", "{space}/secrets/TOKEN?confirm=TOKEN")
    assert crew.done("POST", "{space}/secrets/TOKEN/restore", {"version": 1})["version"] == 4
    history = crew.done("GET", "{space}/secrets/TOKEN/versions")
    assert [(each["version"], each["deleted"], each["restorable"]) for each in history] == [
        (4, False, True),
        (3, True, False),
        (2, False, True),
        (1, False, True),
    ]
    assert code(crew.ask("owner", "POST", "{space}/secrets/TOKEN/restore", {"version": 3})) == (409, "value_unknown")
    assert code(crew.ask("owner", "POST", "{space}/secrets/TOKEN/restore", {"version": 9})) == (404, "secret_not_found")
    sent = [call for call in hub.calls(method="POST", path=f"local/{crew.name}/secrets") if call["status"] == 200]
    assert len(sent) == 3


def test_staged_changes_wait_are_listed_and_can_be_taken_back(crew: Crew, hub: LocalHub, on_hub) -> None:
    put(crew, "KEPT")
    last = hub.calls()[-1]["number"]
    assert put(crew, "A", query=STAGE)["staged"]
    put(crew, "A", "second", query=STAGE)
    crew.done("DELETE", "{space}/secrets/KEPT?confirm=KEPT&apply=next_deployment")
    crew.done("PUT", "{space}/variables/COLOR" + STAGE, {"value": "red"})
    staged = crew.done("GET", "{space}/configuration/staged")
    assert [(each["kind"], each["key"], each["action"], each["version"]) for each in staged] == [
        ("secret", "A", "set", 2),
        ("secret", "KEPT", "delete", 2),
        ("variable", "COLOR", "set", 1),
    ]
    assert crew.done("DELETE", "{space}/configuration/staged?kind=secret&key=A") == {"changes": 1}
    assert [each["key"] for each in crew.done("GET", "{space}/secrets")] == ["KEPT"]
    assert crew.done("DELETE", "{space}/configuration/staged") == {"changes": 2}
    assert crew.done("GET", "{space}/configuration/staged") == []
    assert [(each["key"], each["deleted"]) for each in crew.done("GET", "{space}/secrets")] == [("KEPT", False)]
    assert hub.calls(after=last) == []
    assert put(crew, "A", query=STAGE)["version"] == 3


def test_applying_brings_everything_that_is_staged_and_a_change_now_takes_it_along(
    crew: Crew, on_hub, variables
) -> None:
    put(crew, "A", query=STAGE)
    crew.done("PUT", "{space}/variables/COLOR" + STAGE, {"value": "red"})
    applied = crew.done("POST", "{space}/configuration/apply")
    assert [each["key"] for each in applied] == ["A", "COLOR"]
    assert (on_hub().keys(), variables()) == ({"A"}, {"COLOR": "red"})
    assert crew.done("POST", "{space}/configuration/apply") == []
    put(crew, "B", query=STAGE)
    put(crew, "C")
    assert on_hub().keys() == {"A", "B", "C"}
    assert crew.done("GET", "{space}/configuration/staged") == []


def test_a_name_is_a_secret_or_a_variable_and_may_change_from_one_to_the_other(crew: Crew, on_hub, variables) -> None:
    crew.done("PUT", "{space}/variables/NAME", {"value": "red"})
    answer = crew.ask("owner", "PUT", "{space}/secrets/NAME", {"value": VALUE})
    assert code(answer) == (409, "key_taken")
    assert "variable" in answer.json()["detail"]
    crew.done("DELETE", "{space}/variables/NAME" + STAGE)
    put(crew, "NAME")
    assert (on_hub().keys(), variables()) == ({"NAME"}, {})


def test_variables_are_readable_at_any_time(crew: Crew, variables) -> None:
    made = crew.done("PUT", "{space}/variables/COLOR", {"value": "red", "description": "of the page"})
    assert (made["value"], made["description"]) == ("red", "of the page")
    crew.done(
        "POST", "{space}/variables", {"variables": [{"key": "COLOR", "value": "blue"}, {"key": "B", "value": ""}]}
    )
    assert {each["key"]: each["value"] for each in crew.done("GET", "{space}/variables")} == {"COLOR": "blue", "B": ""}
    assert variables() == {"COLOR": "blue", "B": ""}
    assert crew.done("POST", "{space}/variables/COLOR/restore", {"version": 1})["value"] == "red"
    assert [each["value"] for each in crew.done("GET", "{space}/variables/COLOR/versions")] == ["red", "blue", "red"]
    crew.done("DELETE", "{space}/variables/COLOR")
    assert variables() == {"B": ""}


@pytest.mark.parametrize("key", ["1A", "A-B", "A.B", "A B", "Ä"])
def test_a_key_that_no_environment_takes_is_refused_before_the_hub_hears_of_it(crew: Crew, hub, key: str) -> None:
    last = hub.calls()[-1]["number"]
    assert crew.ask("owner", "PUT", f"{{space}}/secrets/{key}", {"value": "x"}).status_code == 422
    twice = {"variables": [{"key": "A", "value": "1"}, {"key": "A", "value": "2"}]}
    assert crew.ask("owner", "POST", "{space}/variables", twice).status_code == 422
    assert hub.calls(after=last) == []
