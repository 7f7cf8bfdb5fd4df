"""The documentation of the REST API: from our own files, under the policy of every page."""

import re


def test_it_is_for_everybody_and_loads_nothing_from_elsewhere(visit, crew):
    for browser in (visit(), visit(crew.people["viewer"])):
        answer = browser.get("/docs")
        assert answer.status_code == 200
        assert "script-src 'self';" in answer.headers["content-security-policy"]
        loaded = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
        assert [each for each in loaded if not each.startswith(("/", "#"))] == []
        assert not re.search(r"<script(?![^>]*src=)", answer.text)


def test_the_frameworks_own_pages_are_not_there(api):
    for path in ("/docs", "/redoc", "/docs/oauth2-redirect"):
        assert api.get(path).status_code == 404, path
    assert api.get("/openapi.json").status_code == 200
