"""What the Hub's document leaves out, as its recorded traffic and the client's own reading of it show.

Added to the document that `judge.py` judges by. Sources: the client project's recorded test traffic (March 2025) for
the runtime, and the fields `huggingface_hub` 2.4 reads for the rest.
"""

from typing import Any

TEXT = {"type": "string"}
BOOLEAN = {"type": "boolean"}
NUMBER = {"type": "number"}
EMPTY: dict[str, Any] = {"type": "object", "additionalProperties": False}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
STAGES = [
    *("NO_APP_FILE", "CONFIG_ERROR", "BUILDING", "BUILD_ERROR", "RUNNING", "RUNNING_BUILDING", "RUNTIME_ERROR"),
    *("DELETING", "STOPPED", "PAUSED", "APP_STARTING", "RUNNING_APP_STARTING", "SLEEPING"),
]
DOMAIN_STAGES = ["READY", "PENDING", "PENDING_CHALLENGE", "EXPIRED_CHALLENGE", "MISCONFIGURED"]


def shape(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    properties = required | (optional or {})
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


RUNTIME = shape(
    {
        "stage": {"enum": STAGES},
        "hardware": shape({"current": nullable(TEXT), "requested": nullable(TEXT)}),
        "storage": {"type": "null"},
        "replicas": shape({"requested": {"type": "integer"}}, {"current": {"type": "integer"}}),
        "domains": array(shape({"domain": TEXT, "stage": {"enum": DOMAIN_STAGES}}, {"isCustom": BOOLEAN})),
    },
    {
        "gcTimeout": nullable({"type": "integer"}),
        "devMode": BOOLEAN,
        "sha": {"type": "string", "pattern": "^[0-9a-f]{40}$"},
        "errorMessage": TEXT,
        "volumes": {"type": "array"},
    },
)
LISTED = {
    "_id": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
    "id": TEXT,
    "author": TEXT,
    "createdAt": TIME,
    "lastModified": TIME,
    "likes": NUMBER,
    "private": BOOLEAN,
    "sdk": TEXT,
    "tags": array(TEXT),
    "trendingScore": NUMBER,
}
INFO = LISTED | {
    "sha": {"type": "string", "pattern": "^[0-9a-f]{40}$"},
    "visibility": {"enum": ["public", "private", "protected"]},
    "gated": BOOLEAN,
    "disabled": BOOLEAN,
    "host": TEXT,
    "subdomain": {"type": "string", "pattern": "^[a-z0-9-]{1,63}$"},
    "cardData": {"type": "object"},
    "runtime": RUNTIME,
    "models": array(TEXT),
    "datasets": array(TEXT),
    "region": TEXT,
    "resourceGroup": {"type": "null"},
    "usedStorage": NUMBER,
}
SIBLING = shape({"rfilename": TEXT}, {"size": NUMBER, "blobId": TEXT, "lfs": {"type": "object"}})
# `expand` leaves everything out but what it names.
ONE = shape({"_id": INFO["_id"], "id": TEXT}, INFO | {"siblings": array(SIBLING)})
FOUND = {
    "title": TEXT,
    "emoji": TEXT,
    "runtime": RUNTIME,
    "ai_short_description": TEXT,
    "ai_category": TEXT,
    "semanticRelevancyScore": NUMBER,
}
VARIABLE = shape({"key": TEXT, "value": TEXT}, {"description": TEXT, "updatedAt": TIME})
YAML = shape({"errors": array(shape({"message": TEXT})), "warnings": array(shape({"message": TEXT}))})

_SPACE = "/api/spaces/{namespace}/{repo}"
ANSWERS: dict[tuple[str, str], dict[int, Any]] = {
    ("DELETE", "/api/repos/delete"): {200: {"const": "OK"}},
    ("GET", f"{_SPACE}/runtime"): {200: RUNTIME},
    ("POST", f"{_SPACE}/pause"): {200: RUNTIME},
    ("POST", f"{_SPACE}/restart"): {200: RUNTIME},
    ("POST", f"{_SPACE}/hardware"): {200: RUNTIME},
    ("POST", f"{_SPACE}/sleeptime"): {200: RUNTIME},
    ("POST", f"{_SPACE}/dev-mode"): {200: RUNTIME},
    ("POST", f"{_SPACE}/replicas"): {200: RUNTIME},
    ("GET", f"{_SPACE}/auth-check"): {200: EMPTY},
    ("GET", f"{_SPACE}/auth-check/write"): {200: EMPTY},
    ("GET", _SPACE): {200: ONE},
    ("GET", f"{_SPACE}/revision/{{rev}}"): {200: ONE},
    ("GET", "/api/spaces"): {200: array(shape(LISTED))},
    ("GET", "/api/spaces/by-subdomain/{subdomain}"): {200: shape(INFO)},
    ("GET", "/api/spaces/semantic-search"): {200: array(shape(LISTED | FOUND))},
    ("POST", "/api/validate-yaml"): {200: YAML},
    # In the document, but without their answers.
    ("POST", f"{_SPACE}/secrets"): {200: EMPTY},
    ("DELETE", f"{_SPACE}/secrets"): {200: EMPTY},
    ("POST", f"{_SPACE}/variables"): {200: {"type": "object", "additionalProperties": VARIABLE}},
    ("DELETE", f"{_SPACE}/variables"): {200: {"type": "object", "additionalProperties": VARIABLE}},
    ("DELETE", "/api/scheduled-jobs/{namespace}/{jobId}"): {200: EMPTY},
}
