"""Docker Spaces without a Docker engine: built and run from their Dockerfile."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.localhub import spaces


@pytest.fixture
def api(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    return api


def test_an_app_without_dependencies_is_live_within_two_seconds_of_the_commit(hub, api):
    began = time.monotonic()
    sha = spaces.push_app(api, "local/demo")
    runtime = hub.wait("local/demo", "RUNNING", sha=sha)
    assert spaces.visit(runtime)["version"] == "1"
    assert time.monotonic() - began < 2


def test_the_old_app_serves_until_the_new_one_listens(hub, api):
    first = spaces.push_app(api, "local/demo", "1")
    address = hub.wait("local/demo", "RUNNING", sha=first)
    hub.fault(space="local/demo", build_delay=1)
    second = spaces.push_app(api, "local/demo", "2")
    between = hub.wait("local/demo", "RUNNING_BUILDING")
    assert between["sha"] == first
    assert spaces.visit(between)["version"] == "1"
    after = hub.wait("local/demo", "RUNNING", sha=second)
    assert after["domains"] == address["domains"]
    assert spaces.visit(after)["version"] == "2"


def test_nothing_is_refused_while_the_app_is_exchanged(hub, api):
    runtime = hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo", "1"))
    second = spaces.push_app(api, "local/demo", "2")
    seen = []
    while not seen or seen[-1] != "2":
        seen.append(spaces.visit(runtime)["version"])
        assert len(seen) < 5000
    assert set(seen) <= {"1", "2"}
    assert seen == sorted(seen)
    hub.wait("local/demo", "RUNNING", sha=second)


def test_a_visit_that_is_going_on_is_answered_by_the_app_it_began_with(hub, api, tmp_path):
    wait = "        while not os.path.exists(os.environ['GO']):\n            pass\n"
    slow = spaces.app("1").replace("        body =", f"{wait}        body =")
    api.add_space_variable("local/demo", "GO", str(tmp_path / "go"))
    first = spaces.push(api, "local/demo", Dockerfile=spaces.DOCKERFILE, app_py=slow)
    runtime = hub.wait("local/demo", "RUNNING", sha=first)
    with ThreadPoolExecutor(1) as pool:
        visit = pool.submit(spaces.visit, runtime)
        hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo", "2"))
        (tmp_path / "go").touch()
        assert visit.result()["version"] == "1"


def test_a_failing_step_is_a_build_error_with_its_output(hub, api):
    spaces.push_app(
        api, "local/demo", dockerfile="FROM python:3.11\nRUN echo this is why >&2 && exit 3\nCMD python app.py\n"
    )
    runtime = hub.wait("local/demo", "BUILD_ERROR")
    assert "exit code: 3" in runtime["errorMessage"]
    assert "sha" not in runtime
    assert "this is why\n" in list(api.fetch_space_logs("local/demo", build=True))


def test_a_real_pip_error_reaches_the_build_log(hub, api):
    dockerfile = "FROM python:3.11\nCOPY requirements.txt .\nRUN pip install --no-index -r requirements.txt\n"
    spaces.push_app(api, "local/demo", dockerfile=dockerfile, requirements_txt="no-such-package==1.0\n")
    hub.wait("local/demo", "BUILD_ERROR")
    assert "No matching distribution found for no-such-package==1.0" in hub.logs("local/demo")


def test_an_image_that_is_not_python_is_refused_with_the_reason(hub, api):
    spaces.push_app(api, "local/demo", dockerfile="FROM node:20\nCMD node app.js\n")
    assert "Docker engine" in hub.wait("local/demo", "BUILD_ERROR")["errorMessage"]


def test_an_app_that_ends_is_a_runtime_error_with_its_last_words(hub, api):
    spaces.push(api, "local/demo", Dockerfile=spaces.DOCKERFILE, app_py="raise SystemExit('no database')")
    runtime = hub.wait("local/demo", "RUNTIME_ERROR")
    assert runtime["errorMessage"].startswith("Exit code: 1. Reason:")
    assert "no database" in runtime["errorMessage"]


def test_an_app_that_dies_later_is_a_runtime_error_too(hub, api):
    die = "import threading; threading.Timer(0.5, os._exit, [7]).start()\n"
    app = spaces.app().replace("http.server.Thr", f"{die}http.server.Thr")
    spaces.push(api, "local/demo", Dockerfile=spaces.DOCKERFILE, app_py=app)
    hub.wait("local/demo", "RUNNING")
    assert "Exit code: 7" in hub.wait("local/demo", "RUNTIME_ERROR")["errorMessage"]


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [("127.0.0.1", 7860, "Listen on 0.0.0.0:7860"), ("0.0.0.0", 0, "starts")],
    ids=["only inside", "another port"],
)
def test_an_app_that_never_listens_where_it_should_times_out(start, host, port, said):
    hub = start("--startup-timeout", "1")
    api = hub.api()
    spaces.docker(api, "local/demo")
    spaces.push(api, "local/demo", Dockerfile=spaces.DOCKERFILE, app_py=spaces.app(host=host, port=port))
    assert "not healthy after 1 s" in hub.wait("local/demo", "RUNTIME_ERROR")["errorMessage"]
    assert said in "".join(api.fetch_space_logs("local/demo"))


def test_an_app_that_listens_over_ipv6_only_is_reached(hub, api):
    app = (
        spaces.app(host="::")
        .replace("http.server.Thr", "class Six(http.server.Thr", 1)
        .replace("HTTPServer((", "HTTPServer):\n    address_family = __import__('socket').AF_INET6\nSix((")
    )
    spaces.push(api, "local/demo", Dockerfile=spaces.DOCKERFILE, app_py=app)
    assert spaces.visit(hub.wait("local/demo", "RUNNING", "RUNTIME_ERROR"))["version"] == "1"


def test_app_port_is_read_from_the_readme(hub, api):
    readme = "---\ntitle: Demo\nsdk: docker\napp_port: 5000\n---\n"
    spaces.push(api, "local/demo", README_md=readme, Dockerfile=spaces.DOCKERFILE, app_py=spaces.app(port=5000))
    assert spaces.visit(hub.wait("local/demo", "RUNNING"))["version"] == "1"


def test_the_app_finds_the_hubs_environment_and_nothing_of_this_machine(hub, api):
    api.add_space_secret("local/demo", "TOKEN", "hidden")
    api.add_space_variable("local/demo", "COLOR", "red")
    spaces.push_app(api, "local/demo")
    env = spaces.visit(hub.wait("local/demo", "RUNNING"))["env"]
    assert (env["TOKEN"], env["COLOR"], env["SPACE_ID"]) == ("hidden", "red", "local/demo")
    assert (env["CPU_CORES"], env["MEMORY"], env["ACCELERATOR"]) == ("2", "16Gi", "none")
    assert env["HOME"].endswith("/home/user")
    assert "PYTHONPATH" not in env


def test_missing_or_wrong_configuration_is_told_from_a_missing_dockerfile(hub, api):
    with pytest.warns(UserWarning, match="missing yaml metadata"):
        spaces.push(api, "local/demo", README_md="no front matter")
    assert "Missing configuration" in hub.wait("local/demo", "CONFIG_ERROR")["errorMessage"]
    spaces.push(api, "local/demo", README_md="---\ntitle: x\nsdk: docker\n---\n")
    hub.wait("local/demo", "NO_APP_FILE")
    assert "there is no Dockerfile" in hub.logs("local/demo")
