"""The settings are described three times for three readers. A failing test shows the line that is missing."""

import re
from pathlib import Path

import pytest

from spaceport.settings import Settings

ROOT = Path(__file__).parents[2]
FIELDS = [(name.upper(), field) for name, field in Settings.model_fields.items()]
ENV_EXAMPLE = (ROOT / ".env.example").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[name for name, _ in FIELDS])
def test_every_setting_is_in_the_example_with_its_description_and_default(name, field):
    assert f"# {field.description}\n#{name}={default(field)}\n" in ENV_EXAMPLE


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[name for name, _ in FIELDS])
def test_every_setting_is_in_the_documentation_with_its_description_and_default(name, field):
    shown = f"`{default(field)}`" if default(field) else ""
    assert f"| `{name}` | {shown} | {field.description} |\n" in CONFIGURATION


def test_the_example_names_no_setting_that_does_not_exist():
    assert re.findall(r"^#?([A-Z_]+)=", ENV_EXAMPLE, re.MULTILINE) == [name for name, _ in FIELDS]


def test_the_documentation_names_no_setting_that_does_not_exist():
    assert re.findall(r"^\| `([A-Z_]+)`", CONFIGURATION, re.MULTILINE) == [name for name, _ in FIELDS]


def test_the_example_sets_nothing():
    """Copied as it is, it changes nothing."""
    assert [line for line in ENV_EXAMPLE.splitlines() if line and not line.startswith("#")] == []


def default(field) -> str:
    value = field.default
    if value is None or value == ():
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
