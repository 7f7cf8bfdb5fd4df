"""A log that goes on by itself, of a deployment and of a Space."""

from playwright.sync_api import expect
from tests.scenarios import apps

SLOW = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN for i in $(seq 60); do echo step $i; sleep 0.2; done\n"


def slow_build() -> dict[str, str]:
    return apps.hello() | {"Dockerfile": SLOW + "CMD python app.py\n"}


def test_a_build_that_fails_says_why_and_what_to_do_first_without_a_reload(signed_in, person, name):
    person.manage(f"local/{name}")
    deployment = person.deploy(f"local/{name}", source=person.upload(apps.broken_build()))
    page = signed_in.page
    signed_in.open(f"/deployments/{deployment['id']}")
    page.evaluate("window.sameDocument = true")
    failed = page.locator(".note.bad")
    expect(failed).to_contain_text("Do this first:", timeout=60_000)
    expect(page.get_by_role("log")).to_contain_text("about to break")
    expect(page.locator(".steps .failed")).to_contain_text("Build")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True


def test_the_log_goes_on_over_a_restart_of_the_server_without_a_gap_or_a_repeat(signed_in, spaceport, person, name):
    person.manage(f"local/{name}")
    deployment = person.deploy(f"local/{name}", source=person.upload(slow_build()))
    page = signed_in.page
    signed_in.open(f"/deployments/{deployment['id']}")
    log = page.get_by_role("log")
    expect(log).to_contain_text("step 5")
    spaceport.kill()
    expect(page.locator("[data-state]")).to_contain_text("Connecting again")
    spaceport.start()
    expect(page.locator("[data-state]")).to_have_text("Complete", timeout=90_000)
    expect(page.get_by_role("status").get_by_text("Went live")).to_be_visible()
    shown = [int(seq) for seq in page.locator(".line[data-seq]").evaluate_all("all => all.map(x => x.dataset.seq)")]
    kept = [line["seq"] for line in person.get(f"/deployments/{deployment['id']}/logs", limit=5000)["items"]]
    assert shown == kept == list(range(1, len(kept) + 1))
    # What the browser itself says of the outage is expected here, and nowhere else.
    outage = ("net::ERR", "htmx:sendError", "htmx:afterRequest")
    signed_in.complaints[:] = [each for each in signed_in.complaints if not any(part in each for part in outage)]


def test_the_log_pauses_when_scrolled_up_can_be_searched_and_copied(signed_in, person, name):
    signed_in.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.manage(f"local/{name}")
    deployment = person.deploy(f"local/{name}", source=person.upload(slow_build()))
    page = signed_in.page
    signed_in.open(f"/deployments/{deployment['id']}")
    log, follow = page.get_by_role("log"), page.get_by_label("Follow")
    # Alone in its line: after "step 3" comes the time of the next line, which at night begins with a 0.
    expect(log.get_by_text("step 30", exact=True)).to_be_attached(timeout=60_000)
    log.evaluate("log => log.scrollTop = 0")
    expect(follow).not_to_be_checked()
    expect(log.get_by_text("step 40", exact=True)).to_be_attached()
    assert log.evaluate("log => log.scrollTop") == 0
    follow.check()
    expect(page.locator("[data-state]")).to_have_text("Complete", timeout=60_000)
    assert log.evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight") < 24
    page.get_by_label("Search the log").fill("step 59")
    expect(page.locator("[data-found]")).to_have_text("1 line")
    expect(log.get_by_text("step 58")).to_be_hidden()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "step 59"


def test_the_log_of_a_running_app_is_followed_from_where_the_page_ends_over_a_restart_of_the_app(
    signed_in, person, name
):
    person.manage(f"local/{name}")
    person.finished(person.deploy(f"local/{name}", source=person.upload(talking())))
    page = signed_in.page
    signed_in.open(f"/spaces/local/{name}/logs")
    log = page.get_by_role("log")
    shown = log.locator("code", has_text="said")
    assert shown.count() > 0
    expect(log).to_contain_text("said 9.", timeout=60_000)
    said = [int(text.split()[1].rstrip(".")) for text in shown.all_inner_texts()]
    assert said == list(range(1, len(said) + 1))
    # Another log begins, and takes the place of the one before.
    person.post(f"/spaces/local/{name}/restart")
    expect(log).not_to_contain_text("said 9.", timeout=60_000)
    expect(log).to_contain_text("said 3.", timeout=60_000)
    said = [int(text.split()[1].rstrip(".")) for text in shown.all_inner_texts()]
    assert said == list(range(1, len(said) + 1))


def talking() -> dict[str, str]:
    """An app that says something once in a while."""
    talk = (
        "import itertools, threading, time\n"
        "def talk():\n"
        "    for i in itertools.count(1):\n"
        "        print(f'said {i}.', flush=True)\n"
        "        time.sleep(0.5)\n"
        "threading.Thread(target=talk, daemon=True).start()\n"
    )
    app = apps.hello()
    return app | {"app.py": talk + app["app.py"]}


def test_a_page_that_the_hub_keeps_waiting_shows_what_was_recorded_until_the_log_comes(signed_in, person, hub, name):
    person.manage(f"local/{name}")
    person.finished(person.deploy(f"local/{name}", source=person.upload(talking())))
    hub.fault(method="GET", path=f"/spaces/local/{name}/logs/run", delay=3)
    page = signed_in.page
    signed_in.open(f"/spaces/local/{name}/logs")
    log = page.get_by_role("log")
    expect(log).to_contain_text("Deployment #1 recorded these lines")
    shown = log.locator("code", has_text="said")
    assert shown.all_inner_texts()[0] == "said 1."
    expect(log).not_to_contain_text("recorded these lines")
    said = [int(text.split()[1].rstrip(".")) for text in shown.all_inner_texts()]
    assert said == list(range(1, len(said) + 1))
