"""Docker Spaces without a Docker engine: built and run from their Dockerfile."""

import io
import os
import tarfile
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


def test_the_dockerfile_is_followed_in_all_its_forms(hub, api):
    dockerfile = """\
ARG VERSION=3.11
FROM python:${VERSION}-slim
ARG COLOR=blue
ENV SHADE="dark $COLOR" \\
    DATA=/code/data
WORKDIR /code
COPY app.py ./
COPY data/ /code/data/
RUN --mount=type=secret,id=KEY,required=true test "$(wc -c < /run/secrets/KEY)" = 10 && \\
    mkdir -p /opt/made && python -c "import sys; open('/opt/made/x', 'w').write(sys.prefix)" || exit 1
RUN ["python", "-c", "print('exec form')"]
ENTRYPOINT ["python"]
CMD ["/code/app.py"]
"""
    api.add_space_secret("local/demo", "KEY", "hidden-key")
    api.add_space_variable("local/demo", "COLOR", "green")
    api.upload_file(path_or_fileobj=b"1", path_in_repo="data/one.txt", repo_id="local/demo", repo_type="space")
    spaces.push_app(api, "local/demo", dockerfile=dockerfile)
    shown = spaces.visit(hub.wait("local/demo", "RUNNING", "BUILD_ERROR", "RUNTIME_ERROR"))
    assert shown["env"]["SHADE"] == "dark green"
    assert shown["env"]["DATA"].endswith("/root/code/data")
    assert shown["cwd"].endswith("/root/code")
    log = hub.logs("local/demo")
    assert "exec form" in log
    assert "hidden-key" not in log


def test_archives_modes_shells_and_several_arguments_are_what_docker_makes_of_them(hub, api):
    dockerfile = """\
FROM python:3.11
ARG FIRST SECOND="two words"
ADD pack.tar /opt/
COPY --chmod=755 tool.sh /usr/bin/tool
SHELL ["/bin/bash", "-c"]
RUN [[ "$FIRST/$SECOND" == "given/two words" ]] && cat /opt/inside.txt && /opt/../usr/bin/tool
COPY . .
CMD [[ a == a ]] && python app.py
"""
    api.add_space_variable("local/demo", "FIRST", "given")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as file:
        inside = tarfile.TarInfo("inside.txt")
        inside.size = 6
        file.addfile(inside, io.BytesIO(b"packed"))
    files = {"pack_tar": archive.getvalue(), "tool_sh": b"#!/bin/sh\necho made to run\n", "app_py": spaces.app()}
    hub.wait("local/demo", "RUNNING", sha=spaces.push(api, "local/demo", Dockerfile=dockerfile, **files))
    assert "packedmade to run\n" in list(api.fetch_space_logs("local/demo", build=True))


def test_an_archive_writes_nothing_outside_of_the_image(hub, api, tmp_path):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as file:
        for name in (f"{tmp_path}/absolute", f"{'../' * 20}{tmp_path}/relative"):
            file.addfile(tarfile.TarInfo(name))
    dockerfile = "FROM python:3.11\nADD pack.tar /opt/\nCOPY . .\nCMD python app.py\n"
    spaces.push_app(api, "local/demo", dockerfile=dockerfile, pack_tar=archive.getvalue())
    assert "tar" in hub.wait("local/demo", "BUILD_ERROR")["errorMessage"]
    assert {path.name for path in tmp_path.iterdir()} == {"hub"}


def test_a_step_sees_no_secret_but_what_is_mounted_and_no_variable_but_what_is_declared(hub, api):
    dockerfile = """\
FROM python:3.11
ARG DECLARED
RUN echo "sees [$DECLARED] [$OTHER] [$TOKEN] [$(ls /run/secrets 2>&1 | grep -c TOKEN)]"
COPY . .
CMD python app.py
"""
    api.add_space_secret("local/demo", "TOKEN", "hidden")
    for name in ("DECLARED", "OTHER"):
        api.add_space_variable("local/demo", name, "given")
    spaces.push_app(api, "local/demo", dockerfile=dockerfile)
    hub.wait("local/demo", "RUNNING")
    assert "sees [given] [] [] [0]\n" in list(api.fetch_space_logs("local/demo", build=True))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything; test_user.py has this for a root that may choose")
def test_a_secret_is_mounted_for_root_unless_its_mode_lets_the_user_read_it(hub, api):
    judge_secret_modes(hub, api)


def judge_secret_modes(hub, api):
    api.add_space_secret("local/demo", "TOKEN", "hidden")

    def push(options: str) -> str:
        read = f"RUN --mount=type=secret,id=TOKEN,required=true{options} cat /run/secrets/TOKEN > /dev/null\n"
        return spaces.push_app(api, "local/demo", dockerfile=spaces.DOCKERFILE.replace("WORKDIR", f"{read}WORKDIR"))

    push("")
    hub.wait("local/demo", "BUILD_ERROR")
    assert "Permission denied" in hub.logs("local/demo")
    for options in (",mode=0444", ",uid=1000"):
        hub.wait("local/demo", "RUNNING", sha=push(options))


def test_what_only_makes_sense_in_an_image_is_skipped_and_said(hub, api):
    dockerfile = "FROM python:3.11\nRUN apt-get update && apt-get install -y git\nCOPY . .\nCMD python app.py\n"
    spaces.push_app(api, "local/demo", dockerfile=dockerfile)
    hub.wait("local/demo", "RUNNING")
    assert "not emulated: apt-get install -y git" in hub.logs("local/demo")


def test_a_build_step_cannot_remove_what_is_the_machines(hub, api, tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("x")
    spaces.push_app(api, "local/demo", dockerfile=f"FROM python:3.11\nRUN rm -f {mine}\nCOPY . .\nCMD python app.py\n")
    hub.wait("local/demo", "RUNNING")
    assert mine.exists()


def test_missing_or_wrong_configuration_is_told_from_a_missing_dockerfile(hub, api):
    with pytest.warns(UserWarning, match="missing yaml metadata"):
        spaces.push(api, "local/demo", README_md="no front matter")
    assert "Missing configuration" in hub.wait("local/demo", "CONFIG_ERROR")["errorMessage"]
    spaces.push(api, "local/demo", README_md="---\ntitle: x\nsdk: docker\n---\n")
    hub.wait("local/demo", "NO_APP_FILE")
    assert "there is no Dockerfile" in hub.logs("local/demo")
