"""Cursor pages: newest first, without totals, which a long list would pay for at every request."""

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=200, description="Items per page.")]
After = Annotated[
    str | None, Query(alias="cursor", max_length=64, pattern=r"^[a-z]+_[0-9a-z]{26}$", description="`next_cursor`.")
]


class Page(BaseModel, Generic[T]):
    """`next_cursor` is null on the last page; the `Link` header says the same as an address."""

    items: list[T]
    next_cursor: str | None


def page(request: Request, response: Response, items: Sequence[T], *, limit: int, last_id: str | None) -> Page[T]:
    """A full page has a next one; `last_id` is where it begins."""
    following = last_id if len(items) == limit else None
    if following is not None:
        url = request.url.include_query_params(cursor=following)
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return Page(items=list(items), next_cursor=following)
