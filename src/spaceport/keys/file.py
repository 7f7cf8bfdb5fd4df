"""The keys that are generated where none are given: `DATA_DIR/keys.json`, readable by its owner alone."""

import base64
import fcntl
import json
import os
import secrets
import tempfile
from pathlib import Path

from spaceport import errors

_SEALING_KEY_BYTES = 32


def read_or_make(data_dir: Path) -> dict[str, str]:
    """`jwt_secret`, and `sealing_key` as the setting is written: newest first, separated by commas.

    The lock makes one of several processes that start at once the author, the others its readers.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = _path(data_dir)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.fchmod(file.fileno(), 0o600)
        written = file.read()
        if written:
            return _parsed(written, path)
        generated = {"jwt_secret": secrets.token_urlsafe(48), "sealing_key": _new_sealing_key()}
        file.write(_text(generated))
        file.flush()
        os.fsync(file.fileno())
        return generated


def add_sealing_key(data_dir: Path) -> None:
    """Put a new sealing key in front. The caller makes sure that no other process uses this folder."""
    stored = read_or_make(data_dir)
    _replace(data_dir, stored | {"sealing_key": f"{_new_sealing_key()},{stored['sealing_key']}"})


def forget_sealing_keys(data_dir: Path, *, but: int) -> None:
    """Keep the newest ones alone. The caller makes sure that nothing is sealed with the others any more."""
    stored = read_or_make(data_dir)
    _replace(data_dir, stored | {"sealing_key": ",".join(stored["sealing_key"].split(",")[:but])})


def _path(data_dir: Path) -> Path:
    return data_dir / "keys.json"


def _new_sealing_key() -> str:
    return base64.b64encode(secrets.token_bytes(_SEALING_KEY_BYTES)).decode()


def _text(stored: dict[str, str]) -> str:
    return json.dumps(stored, indent=2) + "\n"


def _replace(data_dir: Path, stored: dict[str, str]) -> None:
    """All of it or nothing, also when the power goes: without this file everything sealed is lost."""
    descriptor, name = tempfile.mkstemp(prefix="keys-", dir=data_dir)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(_text(stored))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(_path(data_dir))
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(data_dir, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _parsed(written: str, path: Path) -> dict[str, str]:
    try:
        stored = json.loads(written)
        return {name: str(stored[name]) for name in ("jwt_secret", "sealing_key")}
    # `from None`: the cause would carry the text of the file into a traceback.
    except (ValueError, KeyError, TypeError):
        raise errors.Invalid(
            f"The generated keys in {path} cannot be read.",
            code="keys_unreadable",
            fix="Restore the file from a backup. Without it, what was sealed stays sealed.",
        ) from None
