"""`make screenshots`: a picture of every page, of the real program with its local Hub, in docs/images/."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from tests import git_hosts
from tests.browser.conftest import CHROMIUM, FLAGS, Window
from tests.git_server import GitServer
from tests.programs import folder, local_hub, serving
from tests.scenarios import apps
from tests.spaceport_server import Person, SpaceportServer

from spaceport.webhooks.providers import Provider

IMAGES = Path(__file__).parents[2] / "docs" / "images"
SPACES = ("atlas-search", "chat-demo", "image-captions", "voice-notes")
_WHOLE = ("configuration", "rules", "ci", "settings", "account", "team", "new", "first")
DESK, PHONE = {"width": 1280, "height": 820}, {"width": 390, "height": 844}
ON_A_PHONE = ("building", "spaces", "space", "configuration")
# It is still under way when its pictures are taken, which is first.
SLOW = (
    "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n"
    "RUN for i in $(seq 40); do echo Collecting wheel $i of 40; sleep 0.3; done\n"
)


def main() -> None:
    with _programs() as (spaceport, git), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        window = _window(browser, spaceport)
        _first_run(window, spaceport)
        person = spaceport.person("Ada")
        person.connect_hub()
        shown = _worked(person, git)
        window = _window(browser, spaceport)
        window.sign_in("Ada")
        for name, path in shown.items():
            for look in ("light", "dark", *(["phone"] if name in ON_A_PHONE else [])):
                window.page.emulate_media(color_scheme="dark" if look == "dark" else "light")
                window.page.set_viewport_size(PHONE if look == "phone" else DESK)
                window.open(path)
                _shoot(window.page, f"{name}-{look}")
        browser.close()


@contextmanager
def _programs() -> Iterator[tuple[SpaceportServer, GitServer]]:
    with (
        folder() as home,
        local_hub(home) as hub,
        serving(home, hub, STORYBOOK="true") as spaceport,
        GitServer() as git,
    ):
        yield spaceport, git


def _window(browser: Browser, spaceport: SpaceportServer) -> Window:
    context = browser.new_context(viewport=DESK, device_scale_factor=1)
    return Window(context.new_page(), spaceport.url)


def _first_run(window: Window, spaceport: SpaceportServer) -> None:
    for name, path in (("sign-in", "/sign-in"), ("sign-up", "/sign-up"), ("not-found", "/nowhere")):
        window.open(path)
        _shoot(window.page, name)
    first = spaceport.person("first")
    first.get("/hub-accounts")
    first.http.close()
    window.sign_up("Grace")
    _shoot(window.page, "first-run")


def _worked(person: Person, git: GitServer) -> dict[str, str]:
    """A team with some history; the addresses of what is worth a picture."""
    repository = git.repo("captions")
    for name in SPACES:
        person.manage(f"local/{name}")
        person.finished(person.deploy(f"local/{name}", source=person.upload(apps.hello(name))))
    repository.commit(apps.hello("captions"), message="Caption several images at once")
    source = {"kind": "git", "url": git.url("captions")}
    live = person.finished(person.deploy("local/image-captions", source=source))
    _pushed(person, source)
    failed = person.finished(person.deploy("local/chat-demo", source=person.upload(apps.broken_build())))
    _configured(person, "/spaces/local/image-captions")
    person.post("/spaces/local/voice-notes/pause")
    search = git.repo("search")
    search.commit(
        apps.hello("search") | {"Dockerfile": SLOW + "CMD python app.py\n"}, message="Rank recent papers first"
    )
    building = person.deploy("local/atlas-search", source={"kind": "git", "url": git.url("search")})
    person.until(building, "deployment.building")
    return {
        "building": f"/deployments/{building['id']}",
        "spaces": "/",
        "space": "/spaces/local/image-captions",
        "live": f"/deployments/{live['id']}",
        "failed": f"/deployments/{failed['id']}",
        "new-space": "/spaces/new",
        "configuration": "/spaces/local/image-captions/configuration",
        "settings": "/spaces/local/image-captions/settings",
        "pushes": "/spaces/local/image-captions/pushes",
        "rules": "/spaces/local/image-captions/pushes/rules",
        "ci": "/spaces/local/image-captions/pushes/ci",
        "logs": "/spaces/local/image-captions/logs",
        "activity": "/spaces/local/image-captions/activity",
        "rollback": "/spaces/local/image-captions/releases/1/rollback",
        "account": "/account",
        "teams": "/teams",
        "team": f"/teams/{person.get('/teams')[0]['id']}",
        "select": "/?select=yes",
        "docs": "/docs",
        "storybook": "/storybook",
    }


def _configured(person: Person, at: str) -> None:
    """Some of it on the Hub, some of it waiting."""
    later = "?apply=next_deployment"
    token = {"key": "HF_TOKEN", "value": "x", "description": "reads the gated model"}
    model = {"key": "MODEL_ID", "value": "Salesforce/blip-image-captioning-large", "description": "which one captions"}
    person.post(f"{at}/secrets{later}", {"secrets": [{"key": "OPENAI_API_KEY", "value": "x"}]})
    person.post(f"{at}/variables", {"variables": [{"key": "LOG_LEVEL", "value": "info"}, model]})
    person.post(f"{at}/secrets{later}", {"secrets": [token]})
    person.post(f"{at}/variables{later}", {"variables": [{"key": "LOG_LEVEL", "value": "debug"}]})


def _pushed(person: Person, source: dict[str, str]) -> None:
    """A hook, its ping, and a push that deployed nothing."""
    space = "/spaces/local/image-captions"
    person.http.patch(space, json={"source": source, "auto_deploy": True}).raise_for_status()
    hook = person.post(f"{space}/hooks", {"provider": "gitea"})
    push = git_hosts.push(Provider.GITEA, "captions", "a" * 40, ref="refs/heads/feature/longer")
    for event in ("ping", "push"):
        sent = git_hosts.send(Provider.GITEA, hook["secret"], push, event=event)
        person.http.post(hook["url"], content=sent.body, headers=sent.headers).raise_for_status()


def _shoot(page: Page, name: str) -> None:
    page.wait_for_timeout(600)
    page.screenshot(path=IMAGES / f"{name}.png", full_page=name.startswith(_WHOLE))


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    main()
