"""Every command of `hf` that concerns localhub, with what it is given and what it must say.

A word in braces names what the command needs; `stock.py` makes it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    arguments: str
    """Split at spaces; `~` stands for one inside a word."""
    says: str
    """Regular expression, searched in everything it prints."""
    code: int = 0


COMMANDS = {
    "auth whoami": Line("", r"user: local"),
    "download": Line("{space} app.py --repo-type space --local-dir got", r"got/app\.py"),
    "upload": Line("{page} notes.txt notes.txt --repo-type space", r"Uploaded"),
    "spaces card": Line("{space}", r"sdk: docker"),
    "spaces dev-mode": Line("{space} --stop", r"Dev mode disabled for 'local/demo'"),
    "spaces hardware": Line("", r"t4-small"),
    "spaces info": Line("{space} --expand runtime,sdk", r'"stage": "RUNNING"'),
    "spaces list": Line("--author local", r"local/demo"),
    "spaces logs": Line("{space} --build", r"USER user"),
    "spaces pause": Line("{app}", r"stage: PAUSED"),
    "spaces restart": Line("{app}", r"stage: BUILDING"),
    "spaces search": Line("demo~space --sdk docker", r"local/demo"),
    "spaces secrets add": Line("{app} -s TOKEN=hidden", r"TOKEN"),
    "spaces secrets delete": Line("{app} TOKEN --yes", r"Secret deleted"),
    "spaces secrets list": Line("{space}", r"KEPT"),
    "spaces settings": Line("{app} --hardware t4-small --sleep-time 3600", r"sleep_time: 3600"),
    "spaces templates": Line("", r"No results"),
    "spaces variables add": Line("{app} -e COLOR=red", r"COLOR"),
    "spaces variables delete": Line("{app} COLOR --yes", r"Variable deleted"),
    "spaces variables list": Line("{space}", r"MODE\s+test"),
    "spaces volumes delete": Line("{mounted} --yes", r"Volumes deleted"),
    "spaces volumes list": Line("{mounted}", r"local/data"),
    "spaces volumes set": Line("{app} -v hf://buckets/local/data:/data", r"Volumes set"),
    "spaces wait": Line("{space} --timeout 30s", r"stage: RUNNING"),
    "spaces zero-gpu quota": Line("", r"remaining: 0"),
    "repos branch create": Line("{page} dev --type space", r"Branch created"),
    "repos branch delete": Line("{branched} dev --type space", r"Branch deleted"),
    "repos cp": Line("hf://spaces/{space}/app.py -", r"http\.server"),
    "repos create": Line("{new} --type space --sdk docker -s TOKEN=x -e MODE=test", r"/spaces/local/new-"),
    "repos delete": Line("{page} --type space --yes", r"Repo deleted"),
    "repos delete-files": Line("{page} README.md --type space", r"Files deleted"),
    "repos duplicate": Line("{space} {new} --type space", r"to_id: local/new-"),
    "repos list": Line("--type space --search demo", r"local/demo\s+space"),
    "repos move": Line("{page} {new} --type space", r"Repo moved"),
    "repos settings": Line("{page} --private --type space", r"Repo settings updated"),
    "repos tag create": Line("{page} v1 --type space", r"Tag created"),
    "repos tag delete": Line("{tagged} v1 --yes --type space", r"Tag deleted"),
    "repos tag list": Line("{tagged} --type space", r"refs/tags/v1"),
    "webhooks create": Line("--url http://127.0.0.1:9/ --watch space:local/demo", r"Webhook created"),
    "webhooks delete": Line("{webhook} --yes", r"Webhook deleted"),
    "webhooks disable": Line("{webhook}", r"Webhook disabled"),
    "webhooks enable": Line("{webhook}", r"Webhook enabled"),
    "webhooks info": Line("{webhook}", r"http://127\.0\.0\.1:9/"),
    "webhooks list": Line("", r"http://127\.0\.0\.1:9/|No results"),
    "webhooks update": Line("{webhook} --domain repo --watch user:local", r"Webhook updated"),
    "buckets cp": Line("hf://buckets/{bucket}/a/one -", r"\b1\b"),
    "buckets create": Line("{new} --private", r"/buckets/local/new-"),
    "buckets delete": Line("{bucket} --yes", r"Bucket deleted"),
    "buckets info": Line("{bucket}", r'"?total_files"?: 1'),
    "buckets list": Line("{bucket} --recursive", r"a/one"),
    "buckets remove": Line("{bucket}/a/one --yes", r"a/one"),
    "buckets settings": Line("{bucket} --public", r"local/new-"),
    "buckets sync": Line("inputs hf://buckets/{bucket}/inputs", r"[Uu]pload"),
    "jobs cancel": Line("{busy}", r"Job cancelled"),
    "jobs expose": Line("{busy} 8000", r"ports: \[8000\]"),
    "jobs hardware": Line("", r"cpu-xl"),
    "jobs inspect": Line("{job}", r"COMPLETED"),
    "jobs labels": Line("{job} --label env=prod", r"Labels updated"),
    "jobs list": Line("-a", r"JOB_ID|No results"),
    "jobs logs": Line("{job}", r"it ran"),
    "jobs rerun": Line("{job}", r"it ran"),
    "jobs run": Line(
        "-e MODE=1 -s B=2 python:3.11 python -c import~os;print(os.environ['MODE']+os.environ['B'])", r"\b12\b"
    ),
    "jobs stats": Line("{busy}", r"MEM USAGE"),
    "jobs uv run": Line("sum.py 40 2", r"\b42\b"),
    "jobs wait": Line("{job} {job}", r"COMPLETED"),
    "jobs scheduled delete": Line("{schedule}", r"Scheduled Job deleted"),
    "jobs scheduled inspect": Line("{schedule}", r"@yearly"),
    "jobs scheduled labels": Line("{schedule} --name yearly", r"Labels updated"),
    "jobs scheduled list": Line("-a", r"@yearly|No results"),
    "jobs scheduled reschedule": Line("{schedule} @monthly", r"schedule: @monthly"),
    "jobs scheduled resume": Line("{schedule}", r"Scheduled Job resumed"),
    "jobs scheduled run": Line("@daily python:3.11 python -c 1", r"Scheduled Job created"),
    "jobs scheduled suspend": Line("{schedule}", r"Scheduled Job suspended"),
    "jobs scheduled trigger": Line("{schedule}", r"Scheduled Job triggered"),
    "jobs scheduled uv run": Line("@daily sum.py 40 2", r"Scheduled Job created"),
}

REFUSED = {
    # Dev mode keeps a container to log into. There is none, and the addresses `hf` would print lead to the real Hub.
    "spaces dev-mode": Line("{space}", r"Dev Mode is not available", 1),
    "spaces ssh": Line("{space} --auto", r"Dev Mode is not available", 1),
    # Patches a running Gradio process from outside, through an agent that only the Hub's images have.
    "spaces hot-reload": Line("{space} -f notes.txt --skip-checks", r"Hot reload is not available", 1),
    # A bucket is a folder of that name, which running apps hold open.
    "buckets move": Line("{bucket} {new}", r"not found", 1),
    # localhub runs no SSH server.
    "jobs ssh": Line("{busy}", r"SSH is not enabled on this job", 1),
    "jobs run": Line("--ssh python:3.11 python", r"SSH is not available", 1),
}
"""What cannot make sense here, each with the reason. Refused as the Hub refuses: a status and a sentence."""
