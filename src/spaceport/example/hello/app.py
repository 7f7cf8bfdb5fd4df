"""A web app with nothing but the standard library: a page at /, and /health for Spaceport's health check."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html>
<meta charset="utf-8"><title>Hello from a Space</title>
<body style="font: 1.2rem system-ui; display: grid; place-items: center; height: 100vh; margin: 0">
<main><h1>It is live.</h1><p>This page is served by <b>{space}</b>.</p></main>
"""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer("application/json", json.dumps({"status": "ok"}))
        else:
            self._answer("text/html; charset=utf-8", PAGE.format(space=os.environ.get("SPACE_ID", "your machine")))

    def _answer(self, kind: str, body: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())


if __name__ == "__main__":
    print("listening on 7860", flush=True)
    ThreadingHTTPServer(("0.0.0.0", 7860), Handler).serve_forever()
