"""Small Spaces to push: apps of the standard library alone, so that nothing has to be installed."""

import socket

import httpx
from huggingface_hub import CommitOperationAdd, HfApi

APP = """\
import http.server, json, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps({{"version": {version!r}, "env": dict(os.environ), "cwd": os.getcwd()}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

print("app {version} starts", flush=True)
http.server.ThreadingHTTPServer(({host!r}, {port}), Handler).serve_forever()
"""

DOCKERFILE = """\
FROM python:3.11-slim
RUN useradd -m -u 1000 user
USER user
ENV HOME=/home/user PATH=/home/user/.local/bin:$PATH
WORKDIR $HOME/app
COPY --chown=user . $HOME/app
EXPOSE 7860
CMD ["python", "app.py"]
"""


def app(version: str = "1", *, host: str = "0.0.0.0", port: int = 7860) -> str:
    return APP.format(version=version, host=host, port=port)


def docker(api: HfApi, repo_id: str, **options) -> None:
    api.create_repo(repo_id, repo_type="space", space_sdk="docker", **options)


def push(api: HfApi, repo_id: str, parent: str | None = None, **files: str | bytes) -> str:
    """One commit; `Dockerfile=`, `app_py=` and so on: the last underscore stands for the dot. Returns its sha."""
    operations = [
        CommitOperationAdd(".".join(name.rsplit("_", 1)), text.encode() if isinstance(text, str) else text)
        for name, text in files.items()
    ]
    return api.create_commit(repo_id, operations, commit_message="push", repo_type="space", parent_commit=parent).oid


def push_app(api: HfApi, repo_id: str, version: str = "1", dockerfile: str = DOCKERFILE, **files: str) -> str:
    return push(api, repo_id, Dockerfile=dockerfile, app_py=app(version), **files)


def visit(runtime: dict) -> dict:
    """What the app answers at its address."""
    return httpx.get(f"http://{runtime['domains'][0]['domain']}/", trust_env=False, timeout=10).json()


def raw(host: str, port: int, text: str) -> bytes:
    """The answer to bytes that no client would send."""
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(text.encode())
        chunks = []
        while chunk := connection.recv(65_536):
            chunks.append(chunk)
    return b"".join(chunks)
