"""Files for the browser, at addresses that name their content: kept for ever, never stale.

What others made lies in `static/vendor` with `manifest.json`, which says from which package, which version and with
which SHA-256 each file came; `scripts/vendor` writes both.
"""

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request, Response

from spaceport.errors import NotFound

STATIC = Path(__file__).parent / "static"
MANIFEST = STATIC / "vendor" / "manifest.json"

router = APIRouter()

_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    address: str
    content: bytes
    packed: bytes
    kind: str


def load() -> dict[str, Asset]:
    """By name, such as `vendor/htmx.js`. Raises ValueError for a vendored file that is not the one of the manifest."""
    known = json.loads(MANIFEST.read_text())
    found = {}
    for path in sorted(file for file in STATIC.rglob("*") if file.suffix in _KINDS):
        name, content = path.relative_to(STATIC).as_posix(), path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if name.startswith("vendor/") and known[path.name]["sha256"] != digest:
            raise ValueError(f"{name} is not the file that the manifest names; run scripts/vendor.")
        found[name] = Asset(
            f"/static/{path.stem}.{digest[:16]}{path.suffix}",
            content,
            gzip.compress(content, mtime=0),
            _KINDS[path.suffix],
        )
    return found


ASSETS = load()
_BY_ADDRESS = {asset.address: asset for asset in ASSETS.values()}


def address(name: str) -> str:
    return ASSETS[name].address


@router.get("/static/{file}")
async def read_asset(request: Request, file: str) -> Response:
    asset = _BY_ADDRESS.get(f"/static/{file}")
    if asset is None:
        raise NotFound("There is no such file.", code="asset_not_found")
    headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(asset.content, media_type=asset.kind, headers=headers)


@router.get("/favicon.ico")
async def read_favicon() -> Response:
    return Response(ASSETS["favicon.svg"].content, media_type="image/svg+xml")
