from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from tests.localhub_server import LocalHub

from spaceport.db.database import Database
from spaceport.hub_accounts import commands

ACCOUNTS = "/api/v1/hub-accounts"


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_token_is_checked_kept_sealed_and_never_shown(sign_up, hub: LocalHub, database: Database, caplog) -> None:
    ada = sign_up("ada")
    answer = ada.post(ACCOUNTS, {"token": f"  {hub.token}\n"})
    made = answer.json()
    assert answer.status_code == 201
    assert (made["name"], made["plan"], made["token_role"]) == ("local", "pro", "write")
    assert [organization["name"] for organization in made["organizations"]] == ["acme"]
    seen = answer.text + ada.get(ACCOUNTS).text + ada.get(f"{ACCOUNTS}/{made['id']}").text + caplog.text
    with database.engine.connect() as connection:
        for table in ("hub_account", "event"):
            seen += str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
    assert hub.token not in seen


def test_the_same_user_again_replaces_the_token(sign_up, hub: LocalHub) -> None:
    ada = sign_up("ada")
    ids = {ada.post(ACCOUNTS, {"token": hub.token}).json()["id"] for _ in range(2)}
    assert len(ids) == 1
    assert len(ada.get(ACCOUNTS).json()) == 1
    assert ada.delete(f"{ACCOUNTS}/{ids.pop()}").status_code == 204
    assert ada.get(ACCOUNTS).json() == []


@pytest.mark.parametrize(
    ("token", "expected"), [("hf_wrong", (502, "hub_unauthorized")), ("hf_reads", (422, "hub_token_reads_only"))]
)
def test_a_token_that_cannot_deploy_is_refused(sign_up, token: str, expected: tuple[int, str]) -> None:
    ada = sign_up("ada")
    answer = ada.post(ACCOUNTS, {"token": token})
    assert code(answer) == expected
    assert token not in answer.text
    assert ada.get(ACCOUNTS).json() == []


@pytest.mark.parametrize("token", ["", " ", "hf_two words", "hf_line\nbreak", "hf_ümlaut", "x" * 501, "hf_\x00"])
def test_a_token_that_no_header_could_carry_is_refused_unseen(sign_up, hub: LocalHub, token: str) -> None:
    last = max((call["number"] for call in hub.calls()), default=0)
    answer = sign_up("ada").post(ACCOUNTS, {"token": token})
    assert answer.status_code == 422
    assert "hf_" not in answer.text.replace("like hf_…", "").replace("like hf_\\u2026", "")
    assert hub.calls(after=last) == []


class TestWithATokenInTheEnvironment:
    @pytest.fixture
    def settings(self, hub: LocalHub):
        return {"hf_token": hub.token}

    def test_it_is_the_first_teams_default_account(self, sign_up) -> None:
        first, second = sign_up("ada"), sign_up("bob")
        assert second.get(ACCOUNTS).json() == []
        (account,) = first.get(ACCOUNTS).json()
        assert (account["origin"], account["name"]) == ("environment", "local")
        assert second.get(ACCOUNTS).json() == []

    def test_it_is_adopted_once_however_many_ask_first(self, sign_up, monkeypatch: pytest.MonkeyPatch) -> None:
        ada, together, identify = sign_up("ada"), Barrier(3), commands.identify

        def all_at_once(*arguments):
            together.wait(10)
            return identify(*arguments)

        monkeypatch.setattr(commands, "identify", all_at_once)
        with ThreadPoolExecutor(3) as threads:
            answers = list(threads.map(lambda _: ada.get(ACCOUNTS).status_code, range(3)))
        assert answers == [200] * 3
        assert len(ada.get(ACCOUNTS).json()) == 1

    def test_one_that_the_team_stored_goes_before_it(self, sign_up, hub: LocalHub, name: str) -> None:
        ada = sign_up("ada")
        ada.get(ACCOUNTS)
        stored = ada.post(ACCOUNTS, {"token": hub.token}).json()
        made = ada.post("/api/v1/spaces", {"owner": "local", "name": name, "sdk": "static"})
        assert made.json()["hub_account_id"] == stored["id"]


class TestWithARefusedTokenInTheEnvironment:
    @pytest.fixture
    def settings(self):
        return {"hf_token": "hf_wrong"}

    def test_stored_accounts_are_still_listed_and_used(self, sign_up, hub: LocalHub, name: str) -> None:
        ada = sign_up("ada")
        assert ada.get(ACCOUNTS).json() == []
        space = {"owner": "local", "name": name, "sdk": "static"}
        assert code(ada.post("/api/v1/spaces", space)) == (502, "hub_unauthorized")
        account = ada.post(ACCOUNTS, {"token": hub.token}).json()["id"]
        assert [each["id"] for each in ada.get(ACCOUNTS).json()] == [account]
        assert ada.post("/api/v1/spaces", space | {"hub_account_id": account}).status_code == 201


def test_without_any_account_a_space_cannot_be_managed_and_the_way_is_shown(sign_up) -> None:
    answer = sign_up("ada").post("/api/v1/spaces", {"owner": "local", "name": "x"})
    assert code(answer) == (422, "no_hub_account")
    assert "POST /api/v1/hub-accounts" in answer.json()["fix"]
