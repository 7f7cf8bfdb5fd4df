"""A Git host on loopback: git's own smart HTTP server behind a threaded web server."""

import base64
import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada Author",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
    "GIT_COMMITTER_NAME": "Ada Author",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "LC_ALL": "C",
    "PATH": os.environ["PATH"],
}


@dataclass(frozen=True)
class GitRepo:
    """A bare repository on the server. Its default branch is main."""

    path: Path

    def commit(
        self,
        files: Mapping[str, str | bytes],
        *,
        message: str = "Change",
        branch: str = "main",
        links: Mapping[str, str] | None = None,
        submodules: Mapping[str, str] | None = None,
    ) -> str:
        """Put `files` on top of the branch (a new branch starts from nothing); the commit's id."""
        parent = self.git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", check=False)
        entries = self.git("ls-tree", "-r", parent).splitlines() if parent else []
        entries += [f"100644 blob {self._blob(content)}\t{path}" for path, content in files.items()]
        entries += [f"120000 blob {self._blob(target)}\t{path}" for path, target in (links or {}).items()]
        entries += [f"160000 commit {commit}\t{path}" for path, commit in (submodules or {}).items()]
        index = self.path / "commit-index"
        index.unlink(missing_ok=True)
        self.git("update-index", "--index-info", stdin="\n".join(entries).encode(), index=index)
        tree = self.git("write-tree", index=index)
        parents = ["-p", parent] if parent else []
        made = self.git("commit-tree", tree, *parents, "-m", message)
        self.git("update-ref", f"refs/heads/{branch}", made)
        return made

    def tag(self, name: str, commit: str, *, message: str | None = None) -> None:
        """A plain tag, or with a message an annotated one."""
        self.git("tag", *(["-a", "-m", message] if message else []), name, commit)

    def configure(self, key: str, value: str) -> None:
        self.git("config", key, value)

    def git(self, *arguments: str, stdin: bytes = b"", check: bool = True, index: Path | None = None) -> str:
        done = subprocess.run(
            ["git", "--git-dir", str(self.path), *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            env=_IDENTITY | ({"GIT_INDEX_FILE": str(index)} if index else {}),
        )
        if check and done.returncode:
            raise AssertionError(done.stderr.decode())
        return done.stdout.decode().strip()

    def _blob(self, content: str | bytes) -> str:
        raw = content.encode() if isinstance(content, str) else content
        return self.git("hash-object", "-w", "--stdin", stdin=raw)


class GitServer:
    """`with GitServer() as server:`; `token` makes every repository private.

    `hang` holds each request until the server closes, `redirect_to` answers 302 with that prefix. `requests`
    are the paths asked for so far. `old_protocol` speaks version 0, where only branches and tags are handed out.
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        hang: bool = False,
        redirect_to: str | None = None,
        old_protocol: bool = False,
    ) -> None:
        self.token = token
        self.hang = hang
        self.redirect_to = redirect_to
        self.old_protocol = old_protocol
        self.requests: list[str] = []
        self.asked = threading.Event()
        self.closing = threading.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="git-server-")
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.git = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def root(self) -> Path:
        return Path(self._folder.name)

    @property
    def host(self) -> str:
        """For EGRESS_ALLOWED_HOSTS."""
        return f"127.0.0.1:{self._http.server_port}"

    def url(self, name: str, *, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self._http.server_port}/{name}.git"

    def repo(self, name: str) -> GitRepo:
        """The repository of that name, made when it does not exist."""
        repo = GitRepo(self.root / f"{name}.git")
        if not repo.path.exists():
            repo.path.mkdir(parents=True)
            repo.git("init", "--quiet", "--bare", "--initial-branch=main")
        return repo

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        self._folder.cleanup()


class _Http(ThreadingHTTPServer):
    git: GitServer
    daemon_threads = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed halfway is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self) -> None:
        git = self.server.git
        self.close_connection = True
        git.requests.append(self.path)
        git.asked.set()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        if git.hang:
            git.closing.wait()
        elif git.redirect_to is not None:
            self._answer("302 Found", {"Location": git.redirect_to + self.path}, b"")
        elif git.token is not None and not self._authorized(git.token):
            self._answer("401 Unauthorized", {"WWW-Authenticate": 'Basic realm="git"'}, b"")
        else:
            self._answer(*self._backend(body))

    def _authorized(self, token: str) -> bool:
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        return scheme == "Basic" and base64.b64decode(given).decode().partition(":")[2] == token

    def _backend(self, body: bytes) -> tuple[str, dict[str, str], bytes]:
        parts = urlsplit(self.path)
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            env={
                **_IDENTITY,
                "GIT_PROJECT_ROOT": str(self.server.git.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": parts.path,
                "QUERY_STRING": parts.query,
                "REQUEST_METHOD": self.command,
                "REMOTE_ADDR": "127.0.0.1",
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": "" if self.server.git.old_protocol else self.headers.get("Git-Protocol", ""),
            },
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        return headers.pop("Status", "200 OK"), headers, content

    def _answer(self, status: str, headers: dict[str, str], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in (headers | {"Content-Length": str(len(body)), "Connection": "close"}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        return body
