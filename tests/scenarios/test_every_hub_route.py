"""Every Hub route that a deployment uses, failing in every way, at every step at which it is used."""

from pathlib import Path

import pytest
from tests.chaos import matrix
from tests.chaos.routes import WAYS

# What every kind of deployment is known to ask the Hub for; whatever else is recorded becomes cases by itself.
KNOWN = {
    ("push", "POST", "/api/spaces/{repo}/commit/main"),
    ("push", "GET", "/api/spaces/{repo}/commits/main"),
    ("push", "POST", "/api/spaces/{repo}/restart"),
    ("build", "GET", "/api/spaces/{repo}/logs/build"),
    ("build", "GET", "/api/spaces/{repo}/runtime"),
    ("health-check", "GET", "/api/spaces/{repo}/runtime"),
}


@pytest.mark.timeout(300)
def test_a_deployment_survives_or_explains_every_failure_of_every_route(home: Path, database_url: str) -> None:
    folder = home / "matrix"
    folder.mkdir()
    wanted, problems = matrix.full(folder, database_url)

    routes = {(case.route.step, case.route.method, case.route.path) for case in wanted}
    assert routes >= KNOWN
    assert len(wanted) == len(routes) * len(WAYS)
    assert not problems, "\n".join(problems)
