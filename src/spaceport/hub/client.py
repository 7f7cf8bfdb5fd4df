"""The Hub's control plane for one account: blocking calls with a time-out, each one HTTP request unless it says so."""

import dataclasses
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_session, hf_raise_for_status
from huggingface_hub.hf_api import RepoFile, SpaceInfo

from spaceport import __version__
from spaceport.hub import logs, transport
from spaceport.hub.budget import Meter
from spaceport.hub.configuration import Configuration
from spaceport.hub.control import Control
from spaceport.hub.failures import HubFailure, translated
from spaceport.hub.jobs import HubJobs
from spaceport.hub.model import HardwareOffer, Head, Identity, LogLine, NewSpace, RemoteFile, Runtime

NOTHING_IGNORED = "# every file of the revision\n"
"""In place of the repository's own `.gitignore`: what it names, the Hub would leave out of a commit without a word."""


class Hub(Control):
    """Every method raises HubFailure and nothing else when the Hub refuses or does not answer."""

    def __init__(self, endpoint: str, token: str, meter: Meter | None = None) -> None:
        """`meter` counts the calls; without one they are not limited, as before an account is known."""
        self.endpoint = endpoint
        # A line break from a file or a clipboard is no part of it, and no header can carry one.
        self.token = token.strip()
        self._meter = meter
        if meter is not None:
            transport.count(endpoint, self.token, meter)
        self._api = HfApi(endpoint=endpoint, token=self.token, library_name="spaceport", library_version=__version__)
        self.configuration = Configuration(self._api)
        self.jobs = HubJobs(endpoint, self.token, meter)

    def __repr__(self) -> str:
        return f"Hub({self.endpoint})"

    def give_way(self) -> None:
        """Before a call that can wait: raises BudgetSpent while less than a quarter of the quota is left."""
        if self._meter is not None:
            self._meter.give_way()

    @translated
    def whoami(self) -> Identity:
        who = self._api.whoami()
        access = who.get("auth", {}).get("accessToken", {})
        return Identity(
            name=who["name"],
            fullname=who.get("fullname"),
            plan="pro" if who.get("isPro") else "free",
            role=access.get("role", "unknown"),
            organizations=tuple(
                {"name": org["name"], "plan": org.get("plan"), "role": org.get("roleInOrg")}
                for org in who.get("orgs", [])
            ),
        )

    @translated
    def head(self, repo_id: str) -> Head:
        """Repository head, SDK, address and runtime in one call."""
        return _head(self._api.space_info(repo_id))

    @translated
    def listed(self, owner: str) -> list[Head]:
        """An owner's Spaces, as many as the token may see; one call per 1,000. A listing never tells the `host`.

        Gives way to deployments: raises BudgetSpent while less than a quarter of the account's quota is left.
        """
        self.give_way()
        found = self._api.list_spaces(author=owner, expand=["runtime", "sha", "sdk", "private", "subdomain"])
        return [_head(info) for info in found]

    @translated
    def hardware(self) -> list[HardwareOffer]:
        """What Spaces may run on, cheapest kinds first as the Hub lists them."""
        offers = [
            HardwareOffer(
                name=tier.name,
                pretty_name=tier.pretty_name,
                cpu=tier.cpu,
                ram=tier.ram,
                accelerator=dataclasses.asdict(tier.accelerator) if tier.accelerator else None,
                micro_usd_per_minute=tier.unit_cost_micro_usd,
            )
            for tier in self._api.list_spaces_hardware()
        ]
        if not offers:
            raise HubFailure(0, "a list without any hardware")
        return offers

    @translated
    def check_write(self, repo_id: str) -> None:
        self._api.auth_check(repo_id, repo_type="space", write=True)

    @translated
    def create(self, space: NewSpace) -> None:
        self._api.create_repo(
            space.repo_id,
            repo_type="space",
            space_sdk=space.sdk,
            visibility=_literal(space.visibility),
            space_hardware=_literal(space.hardware),
            space_sleep_time=space.sleep_time,
        )

    @translated
    def files(self, repo_id: str) -> list[RemoteFile]:
        """All files at the head of `main`; one call per 1,000."""
        tree = self._api.list_repo_tree(repo_id, repo_type="space", recursive=True)
        return [
            RemoteFile(entry.path, entry.lfs.sha256 if entry.lfs else entry.blob_id, entry.size, bool(entry.lfs))
            for entry in tree
            if isinstance(entry, RepoFile)
        ]

    @translated
    def commit(
        self,
        repo_id: str,
        *,
        add: dict[str, Path],
        delete: Iterable[str],
        title: str,
        description: str,
        parent: str | None,
    ) -> str:
        """Exactly one commit, returned as its sha. A moved head raises HubFailure with status 412."""
        additions = [CommitOperationAdd(path, str(file)) for path, file in add.items()]
        self._api.preupload_lfs_files(
            repo_id, additions, repo_type="space", free_memory=False, gitignore_content=NOTHING_IGNORED
        )
        info = self._api.create_commit(
            repo_id,
            [*(CommitOperationDelete(path) for path in delete), *additions],
            repo_type="space",
            commit_message=title,
            commit_description=description,
            parent_commit=parent,
        )
        return str(info.oid)

    @translated
    def find_commit(self, repo_id: str, marker: str) -> str | None:
        """The sha of a recent commit whose description holds `marker`: recognises a commit whose answer was lost.

        Reads one page; the library would read the whole history.
        """
        answer = get_session().get(f"{self.endpoint}/api/spaces/{repo_id}/commits/main", headers=self._headers())
        hf_raise_for_status(answer)
        return next((str(commit["id"]) for commit in answer.json() if marker in commit["message"]), None)

    @translated
    def sizes(self, repo_id: str, revision: str | None) -> tuple[str, list[int]]:
        """The exact commit that a revision is, and the bytes of each of its files, without fetching any."""
        info = self._api.space_info(repo_id, revision=revision, files_metadata=True)
        return str(info.sha), [file.size or 0 for file in info.siblings or []]

    @translated
    def download(self, repo_id: str, sha: str, into: Path) -> None:
        """Copy a Space's files, as they are in one commit, into a folder."""
        self._api.snapshot_download(repo_id, repo_type="space", revision=sha, local_dir=into)

    def follow_log(self, repo_id: str, kind: str) -> AsyncIterator[LogLine]:
        """Lines of the `build` or `run` log from its beginning, as they come, until the Hub closes the stream."""
        return logs.follow(self._log(repo_id, kind), self.token, self._meter)

    async def last_lines(self, repo_id: str, kind: str, count: int) -> list[LogLine]:
        """The newest lines of the `build` or `run` log, oldest first; one call."""
        return await logs.last(self._log(repo_id, kind), self.token, self._meter, count)

    def _log(self, repo_id: str, kind: str) -> str:
        return f"{self.endpoint}/api/spaces/{repo_id}/logs/{kind}"


def _head(info: SpaceInfo) -> Head:
    runtime = Runtime.parse(info.runtime.raw) if info.runtime else None
    return Head(info.id, info.sha, info.sdk, bool(info.private), info.host, info.subdomain, runtime)


def _literal(value: str | None) -> Any:
    """The library types these as closed sets; the Hub's sets are open (its contract, section 6.3)."""
    return value
