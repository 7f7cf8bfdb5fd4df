"""What the browser is given is what was reviewed: vendored files by their hashes."""

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "src" / "spaceport" / "dashboard"


@pytest.mark.parametrize("folder", [DASHBOARD / "static" / "vendor", ROOT / "tests" / "browser" / "vendor"])
def test_vendored_files_are_the_ones_of_the_manifest(folder: Path):
    known = json.loads((folder / "manifest.json").read_text())
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path != folder / "manifest.json"
    }
    assert found == {name: each["sha256"] for name, each in known.items()}


def test_every_icon_that_a_template_names_is_in_the_sprite():
    sprite = (DASHBOARD / "static" / "icons.svg").read_text()
    templates = [path.read_text() for path in (DASHBOARD / "templates").rglob("*.html")]
    words = (DASHBOARD / "words.py").read_text()
    named = {part.split('"')[1] for text in templates for part in text.split("icon(")[1:] if part.startswith('"')}
    named |= {part.split('"')[1] for part in words.split("Sign(")[1:] if part.startswith('"')}
    assert "check" in named
    assert [name for name in sorted(named) if f'id="{name}"' not in sprite] == []
