"""One name for a repository however its address is written: `github.com/acme/app`. Pure."""

import re

from spaceport.egress import urls

_GIT_SUFFIX = re.compile(r"(\.git)?/*$")

# The same in SQL, for the source of a space.
SQL = (
    "lower(regexp_replace(regexp_replace(CASE source ->> 'kind'"
    " WHEN 'git' THEN source ->> 'url'"
    " WHEN 'space' THEN endpoint || '/spaces/' || (source ->> 'repo_id')"
    r" END, '^https?://', '', 'i'), '(\.git)?/*$', ''))"
)


def key(url: str) -> str:
    """Raises errors.Invalid for what is no http or https address."""
    parsed = urls.parse(url)
    authority = url.split("//", 1)[1].split("/", 1)[0].lower()
    return _GIT_SUFFIX.sub("", f"{authority}{parsed.path}".lower(), count=1)


def path(repository: str) -> str:
    """`acme/app` of `github.com/acme/app`: what a payload calls it. Hugging Face's kinds are part of it."""
    return repository.partition("/")[2]
