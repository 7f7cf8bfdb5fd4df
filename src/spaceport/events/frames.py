"""Server-sent events: a frame whose id is the cursor from which a viewer resumes."""

import json
import re
from typing import Any

from spaceport.events.feed import Cursor

_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")


def frame(cursor: Cursor, kind: str, data: dict[str, Any]) -> str:
    return f"id: {cursor[0]}.{cursor[1]}\nevent: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


def parse_cursor(text: str | None) -> Cursor | None:
    """The cursor in a `Last-Event-ID`; None for anything else."""
    found = _CURSOR.fullmatch(text or "")
    return (int(found[1]), int(found[2])) if found else None
