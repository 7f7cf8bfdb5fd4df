"""A log that was let go: whoever reads it is told so, at both doors, and nobody sees an empty log instead."""

from sqlmodel import Session

from spaceport import clock
from spaceport.deployments import log
from spaceport.deployments.model import Deployment
from spaceport.hub import LogLine

SAID = "The lines of this log, 1,200 in number, are not kept any more: they were let go on "


def write(session: Session, deployment_id: str, count: int) -> Deployment:
    deployment = session.get_one(Deployment, deployment_id)
    log.append(session, deployment, "build", [LogLine(clock.now(), f"line {number}") for number in range(count)])
    return deployment


def test_a_log_that_is_kept_says_nothing_of_it(visit, crew, everything, database):
    with database.unit_of_work() as session:
        write(session, crew.ids["ended"], 3)
    page = crew.done("GET", "/api/v1/deployments/{ended}/logs")
    assert (len(page["items"]), page["pruned_at"]) == (3, None)
    browser = visit(crew.people["viewer"])
    for path in ("", "/log.txt"):
        assert "not kept any more" not in browser.get(f"/deployments/{crew.ids['ended']}{path}").text


def test_a_log_that_was_let_go_says_how_long_it_was_and_when_it_went(visit, crew, everything, database):
    with database.unit_of_work() as session:
        deployment = write(session, crew.ids["ended"], 1200)
        session.flush()
        session.connection().exec_driver_sql("DELETE FROM log_line")
        deployment.log_pruned_at = now = clock.now()

    page = crew.done("GET", "/api/v1/deployments/{ended}/logs")
    assert (page["items"], page["next_cursor"], page["pruned_at"][:16]) == ([], 0, f"{now:%Y-%m-%dT%H:%M}")
    browser = visit(crew.people["viewer"])
    shown = browser.get(f"/deployments/{crew.ids['ended']}").text
    assert f"{SAID}{now:%Y-%m-%d}." in shown
    assert "No lines yet" not in shown
    assert "lines before these" not in shown
    assert "Complete" not in shown
    assert browser.get(f"/deployments/{crew.ids['ended']}/log.txt").text == f"({SAID}{now:%Y-%m-%d}.)\n"


def test_how_far_back_the_activity_goes_is_said_with_it(visit, crew):
    assert "up to 400 days back" in visit(crew.people["viewer"]).get(f"/spaces/{crew.repo_id}/activity").text
