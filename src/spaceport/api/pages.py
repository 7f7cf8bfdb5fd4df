"""Cursor pages: newest first, without totals, which a long list would pay for at every request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, Protocol, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel


class Row(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T")
R = TypeVar("R", bound=Row)

Limit = Annotated[int, Query(ge=1, le=200, description="Items per page.")]
After = Annotated[
    str | None, Query(alias="cursor", max_length=64, pattern=r"^[a-z]+_[0-9a-z]{26}$", description="`next_cursor`.")
]


class Page(BaseModel, Generic[T]):
    """`next_cursor` is null on the last page; the `Link` header says the same as an address."""

    items: list[T]
    next_cursor: str | None


@dataclass(frozen=True)
class Asked:
    """Which page of a list is asked for, and where its answer goes."""

    request: Request
    response: Response
    after: str | None
    limit: int

    # Quoted: Pydantic would make a model for rows of no kind.
    def page(self, items: Sequence[R]) -> "Page[R]":
        """A full page has a next one, which begins after its last item."""
        return page(self.request, self.response, items, items[-1].id if len(items) == self.limit else None)


def page(request: Request, response: Response, items: Sequence[T], following: str | None) -> Page[T]:
    if following is not None:
        url = request.url.include_query_params(cursor=following)
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return Page(items=list(items), next_cursor=following)


# `async` although it waits for nothing: FastAPI would send a plain function through the thread pool.
async def asked(request: Request, response: Response, after: After = None, limit: Limit = 50) -> Asked:
    return Asked(request, response, after, limit)


Paging = Annotated[Asked, Depends(asked)]
