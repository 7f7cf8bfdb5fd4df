"""Archives that nothing is deployed from: what each does, its bytes, and the code and words that it is refused with.

The limits that some of them pass are LIMITS, small so that the corpus stays fast; the real ones are in
`spaceport.sources.limits`.
"""

from collections.abc import Callable
from dataclasses import replace

from tests.hostile import tars, zips
from tests.hostile.packing import Hostile, tar, zipped

from spaceport.sources.limits import DEFAULT

LIMITS = replace(DEFAULT, files=40, total_bytes=30_000_000)

# Names that are refused in every format.
NAMES = [
    ("an absolute path", "/etc/passwd", "absolute"),
    ("an absolute path of two slashes", "//etc/passwd", "absolute"),
    ("a way up", "../x", "contains .."),
    ("a way up from inside", "a/../../x", "contains .."),
    ("a way up behind many folders", "a/b/c/../../../../x", "contains .."),
    ("a name that ends in a way up", "a/..", "contains .."),
    ("a Windows path", "a\\b", "backslash"),
    ("a Windows way up", "..\\x", "backslash"),
    ("a Windows share", "\\\\server\\share\\x", "backslash"),
    ("a Windows device path", "\\\\?\\C:\\x", "backslash"),
    ("a drive letter", "C:/Windows/x", "drive letter"),
    ("a drive letter without a slash", "c:x", "drive letter"),
    ("a line break", "a\nb", "control"),
    ("an escape sequence", "a\x1b[31mb", "control"),
    ("a delete character", "a\x7fb", "control"),
    ("a line separator", "a\u2028b", "control"),
    ("Git's folder as Windows reads it", "x/git~1/config", ".git"),
    ("Git's folder with a dot behind", ".git./config", ".git"),
    ("Git's folder with a blank behind", ".git /hooks/pre-push", ".git"),
    ("Git's folder as macOS reads it", ".g\u200cit/config", ".git"),
    ("Git's folder as a stream of NTFS", ".git::$INDEX_ALLOCATION/config", ".git"),
    ("too many folders", "/".join("a" * 33), "deep"),
    ("a component too long for a disk", "a" * 256, "longer than 255"),
    ("a path too long", "/".join(["a" * 200] * 6), "longer than 1024"),
]

# Several names that cannot all be on one disk.
TOGETHER = [
    ("the same name twice", ("a", "a"), "two entries"),
    ("the same name with a dot", ("a", "./a"), "two entries"),
    ("a file that is a folder too", ("a", "a/b"), "two entries"),
    ("a folder that is a file too", ("a/b", "a"), "two entries"),
    ("names that differ in case", ("README", "readme"), "differ in case"),
    ("folders that differ in case", ("App/a", "app/b"), "differ in case"),
    ("names that differ in Unicode form", ("\u00e9", "e\u0301"), "Unicode form"),
    ("names that differ in case and form", ("\u00c9", "e\u0301"), "Unicode form"),
    ("sharp s and its capitals", ("stra\u00dfe", "STRASSE"), "differ in case"),
    ("the Kelvin sign", ("\u212a", "k"), "differ in case"),
]

FORMATS: dict[str, Callable[..., bytes]] = {"tar": lambda *members: tar(*members, mode="w"), "zip": zipped}

NEITHER = [
    Hostile("nothing", lambda: b"", "archive_unknown", "not a zip"),
    Hostile("plain text", lambda: b"hello", "archive_unknown", "not a zip"),
    Hostile("the beginning of a zip's magic", lambda: b"PK", "archive_unknown", "not a zip"),
    Hostile("7z", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(600), "archive_unknown", "not a zip"),
    Hostile("bzip2", lambda: b"BZh9" + bytes(600), "archive_unknown", "not a zip"),
    Hostile("xz", lambda: b"\xfd7zXZ\x00" + bytes(600), "archive_unknown", "not a zip"),
    Hostile("zeros", lambda: bytes(10240), "archive_unknown", "not a zip"),
    Hostile("a program with a zip behind it", lambda: b"MZ" + bytes(600) + zipped(("a", b"x")), "archive_unknown", ""),
]


def _named(form: str, what: str, names: tuple[str, ...], code: str, reason: str) -> Hostile:
    return Hostile(f"{form}: {what}", lambda: FORMATS[form](*((name, b"x") for name in names)), code, reason)


CORPUS = [
    *(_named(form, what, (name,), "source_path_refused", reason) for form in FORMATS for what, name, reason in NAMES),
    *(_named(form, what, names, "archive_refused", reason) for form in FORMATS for what, names, reason in TOGETHER),
    *tars.CORPUS,
    *zips.CORPUS,
    *NEITHER,
]
