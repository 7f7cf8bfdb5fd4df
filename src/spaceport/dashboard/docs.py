"""The REST API's interactive documentation: Swagger UI from our own files, under the same policy as every page."""

import contextlib

from fastapi import APIRouter, Request, Response

from spaceport.dashboard import render, visitor
from spaceport.dashboard.visitor import RunningInstance
from spaceport.errors import Unauthorized

router = APIRouter()


@router.get("/docs")
def docs_page(instance: RunningInstance, request: Request) -> Response:
    """For everybody, as the document itself is."""
    with contextlib.suppress(Unauthorized), instance.database.unit_of_work() as session:
        visitor.caller(session, request)
    return render.page(request, "docs.html")
