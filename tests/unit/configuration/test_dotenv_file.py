import pytest

from spaceport.configuration import dotenv_file
from spaceport.errors import Invalid


def refusal(text: str) -> Invalid:
    with pytest.raises(Invalid) as raised:
        dotenv_file.parse(text)
    assert raised.value.code == "dotenv_invalid"
    return raised.value


def test_a_file_is_read_as_people_write_it() -> None:
    text = """\
# how to reach things
export API_KEY=abc123
DATABASE="postgres://me:pa ss@host/db?x=1#y"   # with a comment
GREETING='it''s'

PEM="-----BEGIN-----
line two
-----END-----"
EMPTY=
HASH=a#b
"""
    found = dotenv_file.parse(text.replace("'it''s'", "'plain $HOME ${API_KEY}'"))
    assert found == {
        "API_KEY": "abc123",
        "DATABASE": "postgres://me:pa ss@host/db?x=1#y",
        "GREETING": "plain $HOME ${API_KEY}",
        "PEM": "-----BEGIN-----\nline two\n-----END-----",
        "EMPTY": "",
        "HASH": "a#b",
    }
    assert list(found) == ["API_KEY", "DATABASE", "GREETING", "PEM", "EMPTY", "HASH"]


def test_a_file_from_windows_is_read_too() -> None:
    assert dotenv_file.parse("\ufeffA=1\r\nB=2\r\n") == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A=1\n\n\nhunter2\n", 4),
        ('A=1\nB="hunter2\nC=3\n', 2),
        ("A=1\n\n  9LIVES=hunter2\n", 3),
        ("A-B=hunter2", 1),
        ("A=hunter2\nB=2\nA=hunter2", 3),
        ("=hunter2", 1),
        ("A=1\nB=hunter2\0", 2),
        ("A=" + "hunter2" * 10_000, 1),
    ],
    ids=["no =", "open quote", "digit first", "dash", "twice", "no key", "NUL", "too long"],
)
def test_a_broken_line_is_named_and_not_repeated(text: str, line: int) -> None:
    error = refusal(text)
    assert f"Line {line} " in error.message
    assert "hunter2" not in f"{error.message} {error.fix}"


@pytest.mark.parametrize("text", ["", "# nothing\n\n", "".join(f"K{n}=1\n" for n in range(201))])
def test_a_file_holds_something_and_not_too_much(text: str) -> None:
    refusal(text)
