"""Making archives, also such as no program makes; and what one of the corpus is."""

import io
import os
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from typing import NamedTuple


class Hostile(NamedTuple):
    what: str
    make: Callable[[], bytes]
    code: str
    reason: str


def tar(*members: tuple[str, bytes], mode: str = "w:gz", **extra: object) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for field, value in extra.items():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def zipped(*members: tuple[str, bytes], mode: int = 0, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for name, content in members:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.external_attr = mode << 16
            archive.writestr(info, content, method)
    return made.getvalue()


def half(packed: bytes) -> bytes:
    return packed[: len(packed) // 2]


def files(count: int) -> list[tuple[str, bytes]]:
    return [(f"f{number}", b"") for number in range(count)]


def noise(count: int) -> list[tuple[str, bytes]]:
    content = os.urandom(1_000_000) * 8
    return [(f"f{number}", content) for number in range(count)]
