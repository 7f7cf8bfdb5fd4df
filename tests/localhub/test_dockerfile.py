"""What a Dockerfile says. Pure."""

import pytest

from localhub.runner import dockerfile
from localhub.runner.dockerfile import DockerfileError
from localhub.runner.paths import Paths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A/x", "1/x"),
        ("${A}x", "1x"),
        ("${B:-two}", "two"),
        ("${A:+set}", "set"),
        ("${B:+set}", ""),
        (r"\$A", "$A"),
        ("$B.", "."),
    ],
)
def test_variables_are_replaced_as_docker_does(text, expected):
    assert dockerfile.expand(text, {"A": "1"}) == expected


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("python", ""),
        ("python:3", ""),
        ("python:3.12-slim", "3.12"),
        ("docker.io/library/python:3.11.4-bookworm", "3.11"),
        ("python:3.13 AS base", "3.13"),
    ],
)
def test_the_version_is_read_from_the_image(image, version):
    assert dockerfile.python_version(image) == version


@pytest.mark.parametrize("image", ["node:20", "evil/python:3.11", "pythonish:3", "nvidia/cuda:12"])
def test_other_images_need_an_engine(image):
    with pytest.raises(DockerfileError, match="Docker engine"):
        dockerfile.python_version(image)


@pytest.mark.parametrize(
    "text",
    ["CMD python\n", "FROM python:3 AS a\nFROM a\n", "FROM python:3\nRUN <<EOF\necho hi\nEOF\n"],
    ids=["no FROM", "two stages", "here-document"],
)
def test_what_cannot_be_followed_is_refused_whole(text):
    with pytest.raises(DockerfileError):
        dockerfile.read(text)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("COPPY . .", "unknown instruction: COPPY"),
        ("WORKDIR", "WORKDIR requires at least one argument"),
        ("ENV", "ENV requires at least one argument"),
        ("ENV NAME", "ENV must have two arguments"),
        ("SHELL /bin/bash -c", "SHELL requires the arguments to be in JSON form"),
    ],
)
def test_what_docker_would_refuse_to_read_is_refused(line, why):
    with pytest.raises(DockerfileError, match=why):
        dockerfile.read(f"FROM python:3\n{line}\nCMD python\n")


def test_only_arguments_may_come_before_the_image():
    dockerfile.read("ARG VERSION=3\nFROM python:$VERSION\n")
    with pytest.raises(DockerfileError, match="no build stage"):
        dockerfile.read("RUN true\nFROM python:3\n")


def test_a_quote_that_nothing_ends_is_refused():
    with pytest.raises(DockerfileError, match="No closing quotation"):
        dockerfile.words('"a b')


def test_continued_lines_and_comments_are_one_instruction():
    steps = dockerfile.read("FROM python:3\nRUN pip install \\\n  # why\n  a \\\n  b\n")
    assert steps[1].value.split() == ["pip", "install", "a", "b"]


def test_flags_are_told_from_the_value():
    (_, step) = dockerfile.read("FROM python:3\nRUN --mount=type=secret,id=A --network=host echo --x=1\n")
    assert step.flags == (("mount", "type=secret,id=A"), ("network", "host"))
    assert step.value == "echo --x=1"


@pytest.mark.parametrize(
    ("entrypoint", "command", "expected"),
    [
        ("", '["python", "app.py"]', ["python", "app.py"]),
        ("", "python app.py", ["/bin/sh", "-c", "python app.py"]),
        ('["python"]', '["app.py"]', ["python", "app.py"]),
        ('["python"]', "app.py", ["python", "/bin/sh", "-c", "app.py"]),
        ("python app.py", '["ignored"]', ["/bin/sh", "-c", "python app.py"]),
        ("", "", ["python3"]),
    ],
)
def test_entrypoint_and_cmd_combine_by_dockers_rules(entrypoint, command, expected):
    assert dockerfile.command_line(entrypoint, command) == expected


@pytest.mark.parametrize(
    ("command", "cacheable"),
    [
        ("pip install -r requirements.txt", True),
        ("apt-get update && pip3 install a", True),
        ("python -m pip install a", True),
        ("pip install a && python setup.py", False),
        ("pip install $(cat list)", False),
        ("apt-get update", False),
    ],
)
def test_only_a_step_that_does_nothing_but_install_is_cached(command, cacheable):
    assert dockerfile.pip_only(command) is cacheable


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("pip install --no-cache-dir -r requirements.txt", ["requirements.txt"]),
        ("pip install -rdev.txt a==1 && pip install --requirement=b.txt", ["dev.txt", "b.txt"]),
        ("pip install a", []),
        ("pip install -e .", None),
        ("pip install ./wheels/a.whl", None),
    ],
)
def test_requirement_files_are_found_in_a_pip_line(command, files):
    assert dockerfile.requirement_files(command) == files


@pytest.fixture
def paths(tmp_path):
    (tmp_path / "root" / "app").mkdir(parents=True)
    return Paths(tmp_path / "root", tmp_path / "venv" / "bin")


@pytest.mark.parametrize(
    "text",
    [
        "rm -rf /etc/x",
        "cp a /data/b",
        "rm -rf /var/lib/apt/lists/*",
        "x=/opt/y",
        "echo a >/tmp/b",
        "cat '/srv/a'",
        "rm -rf /usr/share/doc",
    ],
)
def test_a_build_step_works_below_its_own_root(paths, text):
    changed = paths.in_command(text)
    assert str(paths.root) in changed
    assert changed.replace(str(paths.root), "") == text


@pytest.mark.parametrize(
    "text",
    ["curl https://example.org/app", "/bin/sh -c x", "cat /dev/null", "$HOME/app", "~/app", "s/app/b/", "a/app"],
)
def test_what_is_no_path_of_the_image_is_left_alone(paths, text):
    assert paths.in_command(text) == text


def test_a_command_keeps_paths_that_the_build_never_made(paths):
    assert paths.in_value("--root-path /docs --dir /app") == f"--root-path /docs --dir {paths.root}/app"
    assert paths.in_value("/usr/local/bin/python x") == f"{paths.root.parent}/venv/bin/python x"


def test_dots_do_not_lead_out_of_the_root(paths):
    assert paths.real("../../../etc", "/app") == paths.root / "etc"
