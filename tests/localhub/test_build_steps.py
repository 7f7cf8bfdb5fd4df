"""Steps of a Dockerfile, followed without a Docker engine."""

import io
import os
import tarfile

import pytest
from tests.localhub import spaces


@pytest.fixture
def api(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    return api


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
