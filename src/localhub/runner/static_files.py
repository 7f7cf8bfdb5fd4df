"""Serves the files of a static Space."""

import json
import mimetypes
import re
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote, urlsplit


def respond(root: Path, method: str, target: str, variables: dict[str, str]) -> bytes:
    """A whole HTTP answer. Blocks on the disk."""
    if method not in {"GET", "HEAD"}:
        return _answer("405 Method Not Allowed", b"Method Not Allowed", "text/plain", body=True)
    file = _find(root, unquote(urlsplit(target).path))
    if file is None:
        return _answer("404 Not Found", b"Not Found", "text/plain", body=method == "GET")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    content = file.read_bytes()
    if kind == "text/html" and variables:
        content = _told(content, variables)
    return _answer("200 OK", content, kind, body=method == "GET")


def _told(page: bytes, variables: dict[str, str]) -> bytes:
    """The page with the Space's variables in `window.huggingface`, where the Hub puts them."""
    # No `<` inside: the value of a variable must not end the script.
    facts = json.dumps({"variables": variables}).replace("<", "\\u003c")
    script = f"<script>window.huggingface={facts};</script>".encode()
    head = re.search(rb"<head[^>]*>", page, re.IGNORECASE)
    at = head.end() if head else 0
    return page[:at] + script + page[at:]


def _find(root: Path, path: str) -> Path | None:
    # Resolved first: neither `..` nor a pushed symbolic link may lead out of the Space.
    file = (root / path.lstrip("/")).resolve()
    if not file.is_relative_to(root.resolve()) or "\0" in path:
        return None
    if file.is_dir():
        file /= "index.html"
    return file if file.is_file() else None


def _answer(status: str, content: bytes, kind: str, *, body: bool) -> bytes:
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    head = (
        f"HTTP/1.1 {status}\r\nDate: {formatdate(usegmt=True)}\r\nContent-Type: {kind}{charset}\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (content if body else b"")
