"""The three kinds of source, as they are stored and as the API takes them, and what fetching one gives."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, LiteralString

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from spaceport import errors
from spaceport.sources import rules


def _checked(rule: Callable[[str], str]) -> AfterValidator:
    """The rule's error as a validation error whose type is the rule's code."""

    def check(value: str) -> str:
        try:
            return rule(value)
        except errors.Invalid as error:
            # As context and not as template: a message may hold braces.
            code: LiteralString = error.code
            raise PydanticCustomError(
                code,
                "{reason} {fix}",
                {"reason": error.message, "fix": error.fix},
            ) from error

    return AfterValidator(check)


Folder = Annotated[str, _checked(rules.folder)]
Ref = Annotated[str, _checked(rules.ref)]


class _Source(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GitSource(_Source):
    """A repository. `ref` is a branch, tag or commit; None follows the remote's default branch."""

    kind: Literal["git"] = "git"
    url: Annotated[str, _checked(rules.clone_url)]
    ref: Ref | None = None
    folder: Folder = ""


class UploadSource(_Source):
    """An uploaded archive."""

    kind: Literal["upload"] = "upload"
    upload_id: str = Field(pattern=r"^upl_[0-9a-z]{26}$")
    folder: Folder = ""


class SpaceSource(_Source):
    """Another Space on the Hub. `revision` is a branch, tag or commit; None is its main branch."""

    kind: Literal["space"] = "space"
    repo_id: str = Field(pattern=r"^[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}$")
    revision: Ref | None = None


Source = Annotated[GitSource | UploadSource | SpaceSource, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Fetched:
    """One revision in a folder of ours. `revision` is what the files are, whatever the ref says by now.

    `ref` is the full name it was found under (`refs/heads/main`), None when a commit id was asked for.
    `author` and `message` are the committer's own words: text to show, never to trust.
    `submodules` were not fetched and `lfs_pointers` are stand-ins for files that were not: both as paths, for
    the preflight rules to judge.
    """

    path: Path
    revision: str
    ref: str | None
    author: str | None
    message: str | None
    committed_at: datetime | None
    submodules: tuple[str, ...] = ()
    lfs_pointers: tuple[str, ...] = ()
