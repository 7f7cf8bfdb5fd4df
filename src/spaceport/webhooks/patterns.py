"""Patterns for branches, tags and paths. Pure, and linear enough for a stranger's patterns: no backtracking."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase


def allows(patterns: Sequence[str], name: str) -> bool:
    """The last pattern that matches decides; with nothing but exclusions everything else is in."""
    allowed = bool(patterns) and all(pattern.startswith("!") for pattern in patterns)
    for pattern in patterns:
        if matches(pattern.removeprefix("!"), name):
            allowed = not pattern.startswith("!")
    return allowed


def allows_any(patterns: Sequence[str], names: Iterable[str]) -> bool:
    return any(allows(patterns, name) for name in names)


def matches(pattern: str, name: str) -> bool:
    """`*` and `?` stay within one folder, `**` stands for any number of them."""
    wanted, given = pattern.split("/"), name.split("/")
    at = name_at = 0
    star, star_at = -1, 0
    while name_at < len(given):
        if at < len(wanted) and wanted[at] == "**":
            star, star_at = at, name_at
            at += 1
        elif at < len(wanted) and fnmatchcase(given[name_at], wanted[at]):
            at, name_at = at + 1, name_at + 1
        elif star >= 0:
            star_at += 1
            at, name_at = star + 1, star_at
        else:
            return False
    return all(part == "**" for part in wanted[at:])
