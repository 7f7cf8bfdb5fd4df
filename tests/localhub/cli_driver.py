"""Runs commands of the real `hf`, each in a process of its own that is forked off with everything already imported.

One JSON object a line on standard input: `argv`, `folder` (its working directory) and `output` (a file for what it
prints; what the Hub answered it goes to `<output>.answers`). One exit code a line on standard output. Apart from
noting the answers, nothing is changed: it is `main()` of the installed client.
"""

import importlib
import json
import logging
import os
import pkgutil
import sys
from pathlib import Path

import huggingface_hub
import huggingface_hub.cli
from huggingface_hub.cli import hf
from huggingface_hub.utils import _http


def serve():
    for module in pkgutil.iter_modules(huggingface_hub.cli.__path__):
        importlib.import_module(f"huggingface_hub.cli.{module.name}")
    for line in sys.stdin:
        call = json.loads(line)
        child = os.fork()
        if not child:
            run(**call)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def run(argv, folder, output):
    os.chdir(folder)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(file, 1)
    os.dup2(file, 2)
    answers = note_answers()
    sys.argv = ["hf", *argv]
    code = 0
    try:
        hf.main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except Exception:
        logging.getLogger("hf").exception("it ended with an exception of its own")
        code = 70
    Path(f"{output}.answers").write_text(json.dumps(answers))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def note_answers():
    answers = []

    def note(response):
        request = response.request
        kind = response.headers.get("content-type", "")
        if kind.startswith("application/json") and "/resolve/" not in request.url.path:
            answers.append(
                [request.method, request.url.path, response.status_code, json.loads(response.read() or b"null")]
            )

    def factory():
        client = _http.default_client_factory()
        client.event_hooks = {**client.event_hooks, "response": [*client.event_hooks["response"], note]}
        return client

    huggingface_hub.set_client_factory(factory)
    return answers


if __name__ == "__main__":
    serve()
