"""A private app over its whole life: live, paused, not deployed to while it is, started again, gone."""

from tests.localhub_server import LocalHub
from tests.scenarios import apps
from tests.spaceport_server import Person


def test_a_private_space_goes_live_is_paused_and_comes_back(person: Person, hub: LocalHub, repo_id: str) -> None:
    person.manage(repo_id, person.upload(apps.curious()), visibility="private")
    live = person.finished(person.deploy(repo_id))
    assert live["status"] == "succeeded", live

    runtime = person.get(f"/spaces/{repo_id}/runtime")
    assert runtime["stage"] == "RUNNING"
    assert runtime["served"] == {"sha": live["hub_sha"], "ours": True, "deployment_id": live["id"], "release": 1}
    shown = person.get(f"/spaces/{repo_id}/app")
    assert (shown["status"], shown["private"]) == (200, True)
    # The app gets to see a token for visits to this Space alone, never the account's own.
    assert shown["body"].startswith("Bearer ")
    assert hub.token not in shown["body"]

    assert person.post(f"/spaces/{repo_id}/pause")["runtime"]["stage"] == "PAUSED"
    refused = person.finished(person.deploy(repo_id, source=person.upload(apps.hello())))
    assert (refused["status"], refused["reason_code"], refused["hub_sha"]) == ("failed", "space_paused", None)
    assert hub.api().space_info(repo_id).sha == live["hub_sha"]

    person.post(f"/spaces/{repo_id}/restart")
    back = person.get(f"/spaces/{repo_id}/runtime", wait_for="running", sha=live["hub_sha"], timeout=25)
    assert back["served"]["release"] == 1
    log = person.get(f"/spaces/{repo_id}/logs", kind="run", lines=5)
    assert "Application Startup" in "".join(line["line"] for line in log["items"])
