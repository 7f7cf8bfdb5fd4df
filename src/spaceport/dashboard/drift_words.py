"""Where a Space is not what was applied, in words, and what to do about it."""

from spaceport.dashboard.words import duration

# What a difference between here and the Hub is called, and what to do about it where that is not a value to set again.
DRIFT = {
    "exists": ("The Space itself", "It was deleted on the Hub. Create it there again, or stop managing it."),
    "sha": ("Its files", "Somebody else pushed to the Space. Deploy to bring your files back."),
    "runtime_sha": ("What it serves", "It serves a commit that was not brought from here. Deploy to bring yours back."),
}


def difference(field: str) -> tuple[str, str]:
    """What is different, and what to do about it."""
    kind, _, key = field.partition(":")
    if key:
        return f"{kind.capitalize()} {key}", "Set it again here, or leave it: what is on the Hub is what the app has."
    usual = (field.replace("_", " ").capitalize(), "Set it again here, or set it to what the Hub has, to keep that.")
    return DRIFT.get(field, usual)


def value(field: str, value: str | int | bool | None) -> str:
    """One side of a difference."""
    match field, value:
        case "exists", bool():
            return "there" if value else "gone"
        case "sha" | "runtime_sha", str():
            return value[:7]
        case "sleep_time", int():
            return "never" if value < 0 else f"after {duration(value)}"
    return "not set" if value is None else str(value)
