"""The apps that scenarios deploy, as the files of their source."""

from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"

Files = dict[str, str]


def example(name: str) -> Files:
    return {str(path.relative_to(EXAMPLES / name)): path.read_text() for path in (EXAMPLES / name).rglob("*.*")} | {
        path.name: path.read_text() for path in (EXAMPLES / name).glob("Dockerfile")
    }


def hello(greeting: str = "hello") -> Files:
    """Live within a moment; answers 200 at every path."""
    return {"Dockerfile": _dockerfile("python app.py"), "app.py": _SERVER.format(body=greeting, healthy="/")}


def healthy_at(path: str) -> Files:
    """Answers 404 everywhere but at one path."""
    return {"Dockerfile": _dockerfile("python app.py"), "app.py": _SERVER.format(body="well", healthy=path)}


def curious() -> Files:
    """Answers with the credentials that it was asked with."""
    show = "self.headers.get('Authorization', 'none').encode()"
    return hello() | {"app.py": _SERVER.format(body="", healthy="/").replace('b""', show)}


def broken_build() -> Files:
    return hello() | {"Dockerfile": 'FROM python:3.11-slim\nRUN echo about to break; exit 7\nCMD ["python"]\n'}


def never_listens() -> Files:
    front_matter = "---\ntitle: Silent\nsdk: docker\nstartup_duration_timeout: 2s\n---\n"
    return {
        "README.md": front_matter,
        "Dockerfile": _dockerfile("python app.py"),
        "app.py": "import time\nprint('doing nothing at all', flush=True)\ntime.sleep(600)\n",
    }


def crashes() -> Files:
    return {"Dockerfile": _dockerfile("python app.py"), "app.py": "raise SystemExit('no database, no app')\n"}


def _dockerfile(command: str) -> str:
    return f"FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD {command}\n"


_SERVER = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path.startswith("{healthy}") else 404)
        self.end_headers()
        self.wfile.write(b"{body}")

ThreadingHTTPServer(("0.0.0.0", 7860), Handler).serve_forever()
"""
