"""Every page of the dashboard, once. A page that is added here is looked at by the walk of `test_every_page.py`.

What stands in braces is an address of `furnish`; a deployment that went live and one that failed are the caller's.
"""

from typing import Any

from tests import git_hosts
from tests.spaceport_server import Person

from spaceport.webhooks.providers import Provider

OUTSIDE = ("/sign-in", "/sign-up", "/docs")
INSIDE = (
    "/",
    "/spaces/new",
    "/account",
    "/teams",
    "{team}",
    "{account}/disconnect",
    "{team}/delete",
    "/?select=yes",
    "{space}",
    "{space}/deployments",
    "{space}/releases/1/rollback",
    "{space}/configuration",
    "{space}/configuration/variables/COLOR",
    "{space}/logs",
    "{space}/logs?kind=build",
    "{space}/pushes",
    "{hook}",
    "{hook}/delete",
    "{delivery}",
    "{space}/pushes/rules",
    "{space}/pushes/ci",
    "{token}/revoke",
    "{space}/activity",
    "{space}/settings",
    "{space}/settings/hardware?hardware=t4-small",
    "{deployment}",
    "{failed}",
    "/storybook",
)
# Drawn by a program that others made: as heavy as it is, and as accessible.
BY_OTHERS = ("/docs",)


def furnish(person: Person, repo_id: str) -> dict[str, str]:
    """Give a Space of that person something for every page to show; the addresses of all of it."""
    space: dict[str, Any] = person.get(f"/spaces/{repo_id}")
    at = f"/spaces/{repo_id}"
    source = {"kind": "git", "url": "https://github.com/acme/demo", "ref": "main"}
    person.http.patch(at, json={"source": source, "auto_deploy": False}).raise_for_status()
    hook = person.post(f"{at}/hooks", {"provider": "github"})
    push = git_hosts.push(Provider.GITHUB, "acme/demo", "a" * 40, ref="refs/heads/feature/longer")
    sent = git_hosts.send(Provider.GITHUB, hook["secret"], push)
    delivery = person.http.post(hook["url"], content=sent.body, headers=sent.headers).raise_for_status().json()
    token = person.post(f"{at}/deploy-tokens", {"name": "github actions"})
    later = "?apply=next_deployment"
    person.post(f"{at}/variables{later}", {"variables": [{"key": "COLOR", "value": "red"}]})
    person.post(f"{at}/secrets{later}", {"secrets": [{"key": "TOKEN", "value": "x"}]})
    team = f"/teams/{space['team_id']}"
    return {
        "space": at,
        "team": team,
        "account": f"{team}/hub-accounts/{space['hub_account_id']}",
        "hook": f"{at}/pushes/hooks/{hook['id']}",
        "delivery": f"{at}/pushes/deliveries/{delivery['delivery_id']}",
        "token": f"{at}/pushes/ci/tokens/{token['id']}",
    }
