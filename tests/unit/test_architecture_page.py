"""The map of the code is the one that the import contract holds."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_shows_the_layers_of_the_contract_in_their_order():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    page = (ROOT / "docs" / "architecture.md").read_text()
    found = re.search(r"## Layers.*?```\n(.*?)```", page, re.DOTALL)
    assert found

    shown = [set(line.partition("#")[0].split()) for line in found[1].splitlines()]
    assert shown == [set(layer.split(" | ")) for layer in layers]
