"""Reading a dotenv file as people write it: `KEY=value`, quotes, `export`, comments. Pure.

Nothing is interpolated, and no complaint repeats what stands in the file: a broken line may be half a secret.
"""

import io
import re
from collections.abc import Mapping

from dotenv.parser import Binding, parse_stream

from spaceport.configuration.inputs import KEY_PATTERN, LONGEST_VALUE, MOST_ENTRIES
from spaceport.errors import Invalid

_KEY = re.compile(KEY_PATTERN)
_CODE = "dotenv_invalid"


def parse(text: str) -> Mapping[str, str]:
    """The values by key, in the order of the file. Raises Invalid `dotenv_invalid`, which names the line."""
    found: dict[str, str] = {}
    lines: dict[str, int] = {}
    for binding in parse_stream(io.StringIO(text, newline="")):
        line = _line(binding)
        if binding.error:
            raise _invalid(line, "it is not KEY=value; a value over several lines needs quotes around it")
        if binding.key is None:
            continue
        if not _KEY.fullmatch(binding.key):
            raise _invalid(line, "a key is a letter, then letters, digits and underscores")
        if binding.value is None:
            raise _invalid(line, "there is no = after the key")
        if "\0" in binding.value or len(binding.value) > LONGEST_VALUE:
            raise _invalid(line, f"a value holds no NUL character and at most {LONGEST_VALUE} others")
        if binding.key in found:
            raise _invalid(line, f"the key was given on line {lines[binding.key]} already")
        found[binding.key], lines[binding.key] = binding.value, line
    if not 0 < len(found) <= MOST_ENTRIES:
        raise Invalid(f"A dotenv file must hold 1 to {MOST_ENTRIES} keys, and this one holds {len(found)}.", code=_CODE)
    return found


def _line(binding: Binding) -> int:
    """The parser counts from the blank lines in front of it."""
    text = binding.original.string
    blank = text[: len(text) - len(text.lstrip())]
    return binding.original.line + len(re.findall(r"\r\n|\n|\r", blank))


def _invalid(line: int, why: str) -> Invalid:
    return Invalid(
        f"Line {line} of the dotenv file cannot be read: {why}.",
        code=_CODE,
        fix="Correct that line and send the file again; nothing was changed.",
    )
