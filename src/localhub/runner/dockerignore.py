"""`.dockerignore`: what COPY and ADD do not find in the pushed files."""

import re
import shutil
from pathlib import Path

_PARTS = re.compile(r"\*\*/?|\*|\?|\[[^\]]+\]|.", re.DOTALL)


def prune(context: Path) -> None:
    """Removes what is ignored from a checkout; without a `.dockerignore` nothing is."""
    file = context / ".dockerignore"
    rules = parse(file.read_text(errors="replace")) if file.is_file() else []
    if not rules:
        return
    for path in sorted(context.rglob("*"), reverse=True):
        name = path.relative_to(context).as_posix()
        if path.is_dir() and not path.is_symlink():
            # Its files were looked at one by one: one of them may be wanted in an ignored folder.
            if ignored(name, rules) and not any(path.iterdir()):
                shutil.rmtree(path)
        elif ignored(name, rules):
            path.unlink()


def parse(text: str) -> list[tuple[re.Pattern[str], bool]]:
    """Each rule, and whether it ignores or, after a `!`, brings back."""
    rules = []
    for line in text.removeprefix("\ufeff").splitlines():
        rule = line.strip()
        wanted = rule.startswith("!")
        pattern = rule.removeprefix("!").strip().strip("/").removeprefix("./")
        if pattern and not rule.startswith("#"):
            rules.append((re.compile(_expression(pattern) + r"(?:/.*)?", re.DOTALL), not wanted))
    return rules


def ignored(name: str, rules: list[tuple[re.Pattern[str], bool]]) -> bool:
    """The last rule that fits decides."""
    return next((ignores for pattern, ignores in reversed(rules) if pattern.fullmatch(name)), False)


def _expression(pattern: str) -> str:
    return "".join(map(_part, _PARTS.findall(pattern)))


def _part(part: str) -> str:
    if part in {"**", "**/"}:
        return ".*" if part == "**" else "(?:.*/)?"
    wild = {"*": "[^/]*", "?": "[^/]", ".": r"\.", "[": r"\["}
    return wild.get(part) or (part.replace("[!", "[^") if part.startswith("[") else re.escape(part))
