"""Several Spaces whose code is in one repository: fetched once, deployed each with its own folder."""

from tests.git_server import GitServer
from tests.localhub_server import LocalHub
from tests.spaceport_server import Person

APPS = 6


def test_the_spaces_of_a_monorepo_share_one_clone(person: Person, hub: LocalHub, git: GitServer, repo_id: str) -> None:
    spaces = {f"{repo_id}-{number}": f"apps/{number}" for number in range(APPS)}
    sha = git.repo("mono").commit({f"{folder}/index.html": folder for folder in spaces.values()})
    for address, folder in spaces.items():
        source = {"kind": "git", "url": git.url("mono"), "ref": "main", "folder": folder}
        person.manage(address, source, sdk="static")
    git.requests.clear()
    begun = [person.deploy(address) for address in spaces]
    for deployment in begun:
        ended = person.finished(deployment)
        assert (ended["status"], ended["revision"]) == ("succeeded", sha), ended
    for address, folder in spaces.items():
        with hub.http() as http:
            assert http.get(f"/spaces/{address}/resolve/main/index.html").text == folder
    conversations = [path for path in git.requests if path.endswith("info/refs?service=git-upload-pack")]
    # Each asked where the branch stands, and one of them fetched.
    assert len(conversations) == APPS + 1
