"""Is this process well: for platforms and load balancers. Says which part is not, and never a secret."""

import asyncio
import time
from dataclasses import dataclass, field

import httpx
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy import text

from spaceport import __version__
from spaceport.errors import SpaceportError
from spaceport.instance import Instance

router = APIRouter(tags=["health"])

# The Hub is asked at most this often, whatever the number of health checks: its quota is not ours to spend here.
_HUB_EVERY = 30.0


class Part(BaseModel):
    ok: bool
    detail: str


class Health(BaseModel):
    status: str
    version: str
    parts: dict[str, Part]


@dataclass
class HubReachability:
    """Whether the Hub answers at all, remembered for a while."""

    endpoint: str
    asked_at: float = -_HUB_EVERY
    last: Part = field(default_factory=lambda: Part(ok=False, detail="not asked yet"))

    async def check(self) -> Part:
        if time.monotonic() - self.asked_at >= _HUB_EVERY:
            self.asked_at = time.monotonic()
            self.last = await self._ask()
        return self.last

    async def _ask(self) -> Part:
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                answer = await client.head(self.endpoint)
        except httpx.HTTPError as error:
            return Part(ok=False, detail=f"{self.endpoint} does not answer ({type(error).__name__})")
        if answer.status_code >= 500:
            return Part(ok=False, detail=f"{self.endpoint} answers {answer.status_code}")
        return Part(ok=True, detail=f"{self.endpoint} answers")


@router.get("/health", responses={503: {"model": Health}})
async def health(request: Request, response: Response) -> Health:
    """200 when every part works, else 503 with the part that does not."""
    state = request.app.state
    database, hub = await asyncio.gather(_database(state.instance), state.hub_reachability.check())
    parts = {"process": Part(ok=True, detail="serving"), "database": database, "hub": hub}
    parts["worker"] = _worker(state.engine)
    well = all(part.ok for part in parts.values())
    response.status_code = 200 if well else 503
    response.headers["Cache-Control"] = "no-store"
    return Health(status="ok" if well else "failing", version=__version__, parts=parts)


async def _database(instance: Instance) -> Part:
    def ask() -> None:
        with instance.database.unit_of_work() as session:
            session.execute(text("SELECT 1"))

    try:
        await asyncio.wait_for(asyncio.to_thread(ask), 5)
    except SpaceportError as error:
        return Part(ok=False, detail=error.message)
    except TimeoutError:
        return Part(ok=False, detail="Postgres did not answer within 5 seconds.")
    return Part(ok=True, detail="Postgres answers")


def _worker(engine: object) -> Part:
    if engine is None:
        return Part(ok=True, detail="runs elsewhere")
    if getattr(engine, "healthy", False):
        return Part(ok=True, detail="working on both queues")
    return Part(ok=False, detail="restarting")
