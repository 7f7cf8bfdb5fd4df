from pathlib import Path

import pytest
import yaml

from spaceport.deployments.prepare import front_matter, prepare
from spaceport.errors import Invalid
from spaceport.spaces.model import Sdk


def source(folder: Path, **files: str | bytes) -> Path:
    """`README_md=` and so on: the last underscore stands for the dot."""
    for name, content in files.items():
        raw = content.encode() if isinstance(content, str) else content
        (folder / ".".join(name.rsplit("_", 1))).write_bytes(raw)
    return folder


def readme(folder: Path) -> str:
    return (folder / "README.md").read_bytes().decode()


def values(folder: Path) -> dict[str, object]:
    """As a reader that knows nothing of ours sees them."""
    first, block, _ = readme(folder).split("---\n", 2)
    assert first == ""
    found: dict[str, object] = yaml.safe_load(block)
    return found


def test_a_source_without_a_readme_gets_the_front_matter_that_the_hub_needs(tmp_path: Path) -> None:
    notes = prepare(source(tmp_path, Dockerfile="FROM x\nEXPOSE 8000\n"), sdk=Sdk.DOCKER, title="demo")
    assert values(tmp_path) == {"title": "demo", "sdk": "docker", "app_port": 8000}
    assert notes == ["README.md: added title, sdk, app_port to the front matter, which the Hub needs."]


def test_a_readme_without_front_matter_keeps_its_text(tmp_path: Path) -> None:
    prepare(source(tmp_path, README_md="# Hello\n\n---\nrule\n", index_html=""), sdk=Sdk.STATIC, title="t")
    assert values(tmp_path) == {"title": "t", "sdk": "static"}
    assert readme(tmp_path).endswith("---\n# Hello\n\n---\nrule\n")


def test_partial_front_matter_is_completed_and_nothing_in_it_is_changed(tmp_path: Path) -> None:
    given = "---\ntitle: Größe\nemoji: 🚀\napp_port: 9\n---\n# Body\n"
    prepare(source(tmp_path, README_md=given, Dockerfile="FROM x\nEXPOSE 1\n"), sdk=Sdk.DOCKER, title="t")
    assert values(tmp_path) == {"title": "Größe", "emoji": "🚀", "app_port": 9, "sdk": "docker"}
    assert readme(tmp_path).endswith("---\n# Body\n")


def test_complete_front_matter_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    given = "---\r\ntitle: t\r\nsdk: static\r\n---\r\nbody\r\n"
    assert prepare(source(tmp_path, README_md=given), sdk=Sdk.STATIC, title="x") == []
    assert readme(tmp_path) == given


@pytest.mark.parametrize(
    "given",
    [
        "---\r\ntitle: mine\r\nemoji: x\r\n---\r\n# Body\r\n",
        "\n\n---\ntitle: mine\nemoji: x\n---\n# Body\n",
        "\ufeff---\ntitle: mine\nemoji: x\n---\n# Body\n",
        "--- \ntitle: mine\nemoji: x\n---\t\n# Body\n",
    ],
    ids=["CRLF", "leading blank lines", "byte order mark", "trailing blanks"],
)
def test_front_matter_is_found_however_the_editor_saved_it(tmp_path: Path, given: str) -> None:
    prepare(source(tmp_path, README_md=given), sdk=Sdk.STATIC, title="t")
    assert values(tmp_path) == {"title": "mine", "emoji": "x", "sdk": "static"}
    assert readme(tmp_path).count("---\n") == 2


def test_a_byte_order_mark_that_hides_complete_front_matter_is_removed(tmp_path: Path) -> None:
    notes = prepare(source(tmp_path, README_md="\ufeff---\ntitle: t\nsdk: static\n---\n"), sdk=Sdk.STATIC, title="t")
    assert values(tmp_path) == {"title": "t", "sdk": "static"}
    assert "byte order mark" in notes[0]


def test_an_empty_block_and_empty_values_are_filled(tmp_path: Path) -> None:
    prepare(source(tmp_path, README_md="---\n---\nbody\n"), sdk=Sdk.STATIC, title="t")
    assert readme(tmp_path) == "---\ntitle: t\nsdk: static\n---\nbody\n"
    prepare(source(tmp_path, README_md="---\ntitle:\nsdk:\n---\n"), sdk=Sdk.STATIC, title="t")
    assert values(tmp_path) == {"title": "t", "sdk": "static"}


@pytest.mark.parametrize(
    "block",
    ["title: [", "- a\n- b", "just text", "date: 2026-13-45", "a: " + "[" * 5000, "? [x]\n: !!python/object:os.system"],
    ids=["broken", "list", "text", "impossible date", "too deep", "object"],
)
def test_a_block_that_cannot_be_read_says_so(tmp_path: Path, block: str) -> None:
    with pytest.raises(Invalid) as refused:
        prepare(source(tmp_path, README_md=f"---\n{block}\n---\n"), sdk=Sdk.STATIC, title="t")
    assert refused.value.code == "front_matter"
    assert "README.md" in refused.value.fix


def test_reading_hostile_front_matter_takes_no_time() -> None:
    assert front_matter("---" + "\n" * 300_000 + "x") == {}
    assert front_matter("\n" * 300_000 + "x") == {}


@pytest.mark.parametrize(("sdk", "missing"), [(Sdk.DOCKER, "Dockerfile"), (Sdk.GRADIO, "app.py")])
def test_without_the_file_that_the_sdk_runs_nothing_is_pushed(tmp_path: Path, sdk: Sdk, missing: str) -> None:
    with pytest.raises(Invalid) as refused:
        prepare(source(tmp_path, other_txt=""), sdk=sdk, title="t")
    assert refused.value.code == "no_app_file"
    assert missing in refused.value.message


@pytest.mark.parametrize("value", ["[docker]", "{a: b}", "7"])
def test_an_sdk_of_a_strange_type_is_the_hubs_to_refuse(tmp_path: Path, value: str) -> None:
    prepare(source(tmp_path, README_md=f"---\ntitle: t\nsdk: {value}\n---\n"), sdk=Sdk.STATIC, title="t")


def test_gradio_runs_the_app_file_that_the_readme_names(tmp_path: Path) -> None:
    folder = source(tmp_path, README_md="---\ntitle: t\nsdk: gradio\napp_file: main.py\n---\n", main_py="")
    assert prepare(folder, sdk=Sdk.GRADIO, title="t") == []


def test_streamlit_goes_through_docker(tmp_path: Path) -> None:
    folder = source(tmp_path, streamlit_app_py="", requirements_txt="pandas\n")
    prepare(folder, sdk=Sdk.STREAMLIT, title="t")
    dockerfile = (tmp_path / "Dockerfile").read_text()
    assert '"run", "streamlit_app.py"' in dockerfile
    assert "pip install --no-cache-dir streamlit -r requirements.txt" in dockerfile
    assert values(tmp_path) == {"title": "t", "sdk": "docker", "app_port": 8501}


def test_a_readme_from_the_days_of_the_streamlit_sdk_is_moved_to_docker(tmp_path: Path) -> None:
    given = "---\ntitle: Old\nsdk: streamlit\nsdk_version: 1.2\napp_file: go.py\n---\n"
    prepare(source(tmp_path, README_md=given, go_py="", app_py=""), sdk=Sdk.STREAMLIT, title="t")
    assert values(tmp_path) | {"sdk_version": 0} == {
        "title": "Old",
        "sdk": "docker",
        "app_port": 8501,
        "app_file": "go.py",
        "sdk_version": 0,
    }
    assert '"run", "go.py"' in (tmp_path / "Dockerfile").read_text()


def test_streamlit_with_a_dockerfile_of_its_own_keeps_it(tmp_path: Path) -> None:
    prepare(source(tmp_path, Dockerfile="FROM mine\nEXPOSE 80\n"), sdk=Sdk.STREAMLIT, title="t")
    assert (tmp_path / "Dockerfile").read_text() == "FROM mine\nEXPOSE 80\n"
    assert values(tmp_path)["app_port"] == 80


def test_streamlit_without_an_app_says_which_names_it_looks_for(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"app\.py, streamlit_app\.py or main\.py"):
        prepare(source(tmp_path, other_py=""), sdk=Sdk.STREAMLIT, title="t")
