"""Static Spaces."""

import httpx
import pytest
from tests.localhub import spaces


@pytest.fixture
def page(hub):
    api = hub.api()
    api.create_repo("local/page", repo_type="space", space_sdk="static")
    sha = spaces.push(api, "local/page", index_html="<h1>one</h1>", style_css="h1{}")
    hub.wait("local/page", "RUNNING", sha=sha)
    return api, api.space_info("local/page").host


def test_files_are_served_with_their_types(page):
    _api, address = page
    index = httpx.get(address, trust_env=False)
    assert (index.text, index.headers["content-type"]) == ("<h1>one</h1>", "text/html; charset=utf-8")
    assert httpx.get(f"{address}/style.css", trust_env=False).headers["content-type"].startswith("text/css")
    assert httpx.get(f"{address}/none", trust_env=False).status_code == 404


def test_a_push_is_served_once_the_runtime_says_so(hub, page):
    api, address = page
    hub.wait("local/page", "RUNNING", sha=spaces.push(api, "local/page", index_html="<h1>two</h1>"))
    assert httpx.get(address, trust_env=False).text == "<h1>two</h1>"


@pytest.mark.parametrize("path", ["/../../../localhub.sqlite", "/%2e%2e/%2e%2e/%2e%2e/localhub.sqlite", "/.git/config"])
def test_nothing_outside_the_space_is_served(page, path):
    _api, address = page
    host, port = address.removeprefix("http://").split(":")
    assert b"404" in spaces.raw(host, int(port), f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").split(b"\r\n")[0]


def test_runtime_of_a_static_space_has_no_hardware(hub, page):
    runtime = hub.wait("local/page", "RUNNING")
    assert runtime["hardware"] == {"current": None, "requested": None}
    assert runtime["replicas"] == {"requested": 1, "current": 1}


def test_a_page_is_told_the_variables_of_its_space(page):
    api, address = page
    api.add_space_variable("local/page", "COLOR", "</script><b>red")
    shown = httpx.get(address, trust_env=False).text
    assert shown.endswith("<h1>one</h1>")
    assert '"variables": {"COLOR": "\\u003c/script>\\u003cb>red"}' in shown
    assert httpx.get(f"{address}/style.css", trust_env=False).text == "h1{}"
