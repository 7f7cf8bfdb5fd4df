"""One good call for each route of localhub's API. A word in braces is made by `stock.py`."""

from dataclasses import dataclass, field
from typing import Any

from tests.localhub.judge import Operation

SPEC: dict[str, Any] = {
    "dockerImage": "python:3.11",
    "command": ["python", "-c", "1"],
    "arguments": [],
    "environment": {"AA": "1"},
    "secrets": {"S": "2"},
    "flavor": "cpu-basic",
    "timeoutSeconds": 60,
    "attempts": 1,
    "labels": {"env": "test"},
    "expose": {"ports": [8000], "portsPublic": []},
}
VOLUME = {"type": "bucket", "source": "local/data", "mountPath": "/data", "readOnly": False}
HEADER = '{"key":"header","value":{"summary":"x","description":""}}\n'
README = "---\ntitle: x\nsdk: docker\ncolorFrom: red\n---\n"


@dataclass(frozen=True)
class Call:
    path: str
    json: dict[str, Any] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    """Of `httpx.Client.request`: another kind of body, or a query."""


_SPACE = "/api/spaces/{namespace}/{repo}"
_BUCKET = "/api/buckets/{namespace}/{repo}"
_JOB = "/api/jobs/{namespace}/{jobId}"
_SCHEDULE = "/api/scheduled-jobs/{namespace}/{jobId}"
_NEW = {"visibility": "private", "hardware": "cpu-basic", "sleepTimeSeconds": 3600, "volumes": [VOLUME]} | {
    "secrets": [{"key": "A", "value": "1"}],
    "variables": [{"key": "B", "value": "2", "description": "why"}],
}
_WEBHOOK = {
    "url": "http://127.0.0.1:9/",
    "watched": [{"type": "space", "name": "local/demo"}],
    "domains": ["repo"],
    "secret": "s3cret",
}

CALLS: dict[Operation, Call] = {
    ("GET", "/api/whoami-v2"): Call("/api/whoami-v2"),
    ("POST", "/api/repos/create"): Call(
        "/api/repos/create", _NEW | {"name": "{fresh}", "organization": "local", "type": "space", "sdk": "docker"}
    ),
    ("DELETE", "/api/repos/delete"): Call(
        "/api/repos/delete", {"name": "{short}", "organization": "local", "type": "space"}
    ),
    ("POST", "/api/repos/move"): Call("/api/repos/move", {"fromRepo": "{page}", "toRepo": "{new}", "type": "space"}),
    ("POST", "/api/{repoType}/{namespace}/{repo}/duplicate"): Call(
        "/api/spaces/{space}/duplicate", _NEW | {"repository": "{new}"}
    ),
    ("PUT", f"{_SPACE}/settings"): Call("/api/spaces/{page}/settings", {"visibility": "private", "gated": False}),
    ("GET", "/api/settings/repositories"): Call("/api/settings/repositories"),
    ("GET", "/api/organizations/{name}/settings/repositories"): Call("/api/organizations/local/settings/repositories"),
    ("GET", "/api/spaces"): Call("/api/spaces", options={"params": {"author": "local", "limit": 2}}),
    ("GET", "/api/spaces/semantic-search"): Call("/api/spaces/semantic-search", options={"params": {"q": "demo"}}),
    ("GET", "/api/spaces/by-subdomain/{subdomain}"): Call("/api/spaces/by-subdomain/local-demo"),
    ("GET", "/api/spaces/hardware"): Call("/api/spaces/hardware"),
    ("GET", "/api/spaces/templates"): Call("/api/spaces/templates"),
    ("GET", "/api/spaces/zero-gpu/quota"): Call("/api/spaces/zero-gpu/quota"),
    ("GET", _SPACE): Call("/api/spaces/{space}"),
    ("GET", f"{_SPACE}/revision/{{rev}}"): Call("/api/spaces/{space}/revision/main"),
    ("GET", f"{_SPACE}/auth-check"): Call("/api/spaces/{space}/auth-check"),
    ("GET", f"{_SPACE}/auth-check/write"): Call("/api/spaces/{space}/auth-check/write"),
    ("GET", f"{_SPACE}/tree/{{rev}}/{{path}}"): Call(
        "/api/spaces/{space}/tree/main", options={"params": {"recursive": "true"}}
    ),
    ("GET", f"{_SPACE}/commits/{{rev}}"): Call("/api/spaces/{space}/commits/main"),
    ("GET", f"{_SPACE}/refs"): Call("/api/spaces/{tagged}/refs", options={"params": {"include_prs": "1"}}),
    ("POST", f"{_SPACE}/paths-info/{{rev}}"): Call(
        "/api/spaces/{space}/paths-info/main", options={"data": {"paths": ["app.py", "none"], "expand": "false"}}
    ),
    ("POST", "/api/validate-yaml"): Call("/api/validate-yaml", {"content": README, "repoType": "space"}),
    ("POST", f"{_SPACE}/preupload/{{rev}}"): Call(
        "/api/spaces/{space}/preupload/main",
        {"files": [{"path": "app.py", "size": 3, "sample": "YWJj"}], "gitAttributes": "", "gitIgnore": ""},
    ),
    ("POST", f"{_SPACE}/commit/{{rev}}"): Call(
        "/api/spaces/{page}/commit/main",
        options={"content": HEADER + '{"key":"file","value":{"content":"YQ==","path":"a","encoding":"base64"}}'},
    ),
    ("POST", f"{_SPACE}/branch/{{rev}}"): Call(
        "/api/spaces/{page}/branch/dev", {"startingPoint": "main", "emptyBranch": False, "overwrite": False}
    ),
    ("DELETE", f"{_SPACE}/branch/{{rev}}"): Call("/api/spaces/{branched}/branch/dev"),
    ("POST", f"{_SPACE}/tag/{{rev}}"): Call("/api/spaces/{page}/tag/main", {"tag": "v1", "message": "first"}),
    ("DELETE", f"{_SPACE}/tag/{{rev}}"): Call("/api/spaces/{tagged}/tag/v1"),
    ("POST", f"{_SPACE}/super-squash/{{rev}}"): Call("/api/spaces/{page}/super-squash/main", {"message": "one"}),
    ("GET", "/spaces/{namespace}/{repo}/resolve/{rev}/{path}"): Call("/spaces/{space}/resolve/main/app.py"),
    ("GET", f"{_SPACE}/secrets"): Call("/api/spaces/{space}/secrets"),
    ("POST", f"{_SPACE}/secrets"): Call("/api/spaces/{app}/secrets", {"key": "A", "value": "1", "description": "why"}),
    ("DELETE", f"{_SPACE}/secrets"): Call("/api/spaces/{app}/secrets", {"key": "A"}),
    ("GET", f"{_SPACE}/variables"): Call("/api/spaces/{space}/variables"),
    ("POST", f"{_SPACE}/variables"): Call(
        "/api/spaces/{app}/variables", {"key": "A", "value": "1", "description": "why"}
    ),
    ("DELETE", f"{_SPACE}/variables"): Call("/api/spaces/{app}/variables", {"key": "A"}),
    ("GET", f"{_SPACE}/runtime"): Call("/api/spaces/{space}/runtime"),
    ("POST", f"{_SPACE}/pause"): Call("/api/spaces/{app}/pause"),
    ("POST", f"{_SPACE}/restart"): Call("/api/spaces/{app}/restart"),
    ("POST", f"{_SPACE}/hardware"): Call(
        "/api/spaces/{app}/hardware", {"flavor": "t4-small", "sleepTimeSeconds": 3600}
    ),
    ("POST", f"{_SPACE}/sleeptime"): Call("/api/spaces/{paid}/sleeptime", {"seconds": 7200}),
    ("POST", f"{_SPACE}/replicas"): Call("/api/spaces/{app}/replicas", {"replicas": 1}),
    ("GET", f"{_SPACE}/jwt"): Call("/api/spaces/{space}/jwt", options={"params": {"expires_in": 60}}),
    ("POST", f"{_SPACE}/dev-mode"): Call("/api/spaces/{app}/dev-mode", {"enabled": False}),
    ("PUT", f"{_SPACE}/volumes"): Call("/api/spaces/{app}/volumes", {"volumes": [VOLUME]}),
    ("DELETE", f"{_SPACE}/volumes"): Call("/api/spaces/{mounted}/volumes"),
    ("GET", f"{_SPACE}/logs/{{logType}}"): Call("/api/spaces/{space}/logs/build"),
    ("GET", "/api/buckets/{namespace}"): Call("/api/buckets/local", options={"params": {"search": "things"}}),
    ("POST", _BUCKET): Call("/api/buckets/local/{fresh}", {"private": True, "visibility": "private"}),
    ("GET", _BUCKET): Call("/api/buckets/{bucket}"),
    ("DELETE", _BUCKET): Call("/api/buckets/{bucket}"),
    ("PUT", f"{_BUCKET}/settings"): Call("/api/buckets/{bucket}/settings", {"private": False}),
    ("GET", f"{_BUCKET}/tree/{{path}}"): Call("/api/buckets/{bucket}/tree", options={"params": {"recursive": "false"}}),
    ("POST", f"{_BUCKET}/paths-info"): Call("/api/buckets/{bucket}/paths-info", {"paths": ["a/one", "none"]}),
    ("POST", f"{_BUCKET}/batch"): Call(
        "/api/buckets/{bucket}/batch", options={"content": '{"type":"deleteFile","path":"a/one"}\n'}
    ),
    ("GET", f"{_BUCKET}/xet-read-token"): Call("/api/buckets/{bucket}/xet-read-token"),
    ("GET", f"{_BUCKET}/xet-write-token"): Call("/api/buckets/{bucket}/xet-write-token"),
    ("GET", "/api/settings/webhooks"): Call("/api/settings/webhooks"),
    ("POST", "/api/settings/webhooks"): Call("/api/settings/webhooks", _WEBHOOK),
    ("GET", "/api/settings/webhooks/{webhookId}"): Call("/api/settings/webhooks/{webhook}"),
    ("POST", "/api/settings/webhooks/{webhookId}"): Call(
        "/api/settings/webhooks/{webhook}", _WEBHOOK | {"domains": ["discussion"], "job": SPEC}
    ),
    ("DELETE", "/api/settings/webhooks/{webhookId}"): Call("/api/settings/webhooks/{webhook}"),
    ("POST", "/api/settings/webhooks/{webhookId}/{action}"): Call("/api/settings/webhooks/{webhook}/disable"),
    ("GET", "/api/jobs/hardware"): Call("/api/jobs/hardware"),
    ("GET", "/api/jobs/{namespace}"): Call(
        "/api/jobs/local", options={"params": {"label": "name=x", "stage": "ERROR"}}
    ),
    ("POST", "/api/jobs/{namespace}"): Call("/api/jobs/local", SPEC),
    ("GET", "/api/jobs/{namespace}/count"): Call("/api/jobs/local/count", options={"params": {"stage": "RUNNING"}}),
    ("GET", _JOB): Call("/api/jobs/local/{job}"),
    ("GET", f"{_JOB}/logs"): Call("/api/jobs/local/{job}/logs", options={"params": {"tail": 1}}),
    ("GET", f"{_JOB}/metrics"): Call("/api/jobs/local/{brief}/metrics"),
    ("POST", f"{_JOB}/cancel"): Call("/api/jobs/local/{busy}/cancel"),
    ("POST", f"{_JOB}/duplicate"): Call("/api/jobs/local/{job}/duplicate"),
    ("PUT", f"{_JOB}/labels"): Call("/api/jobs/local/{job}/labels", {"labels": {"env": "prod"}}),
    ("PUT", f"{_JOB}/expose"): Call("/api/jobs/local/{busy}/expose", {"ports": [8000, 9000], "portsPublic": [9000]}),
    ("GET", "/api/scheduled-jobs/{namespace}"): Call("/api/scheduled-jobs/local"),
    ("POST", "/api/scheduled-jobs/{namespace}"): Call(
        "/api/scheduled-jobs/local",
        {"jobSpec": SPEC, "schedule": "0 9 * * 1", "suspend": True, "concurrency": False},
    ),
    ("GET", _SCHEDULE): Call("/api/scheduled-jobs/local/{schedule}"),
    ("DELETE", _SCHEDULE): Call("/api/scheduled-jobs/local/{schedule}"),
    ("POST", f"{_SCHEDULE}/suspend"): Call("/api/scheduled-jobs/local/{schedule}/suspend"),
    ("POST", f"{_SCHEDULE}/resume"): Call("/api/scheduled-jobs/local/{schedule}/resume"),
    ("POST", f"{_SCHEDULE}/run"): Call("/api/scheduled-jobs/local/{schedule}/run"),
    ("POST", f"{_SCHEDULE}/schedule"): Call("/api/scheduled-jobs/local/{schedule}/schedule", {"schedule": "@daily"}),
    ("PUT", f"{_SCHEDULE}/labels"): Call("/api/scheduled-jobs/local/{schedule}/labels", {"labels": {"a": "b"}}),
}
