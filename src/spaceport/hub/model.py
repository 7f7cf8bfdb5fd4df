"""What the Hub tells us, reduced to what we use. Field sources: the Hub's contract, sections 2, 3.6 and 6.1."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

BUILDING_STAGES = frozenset({"BUILDING", "RUNNING_BUILDING"})
STARTING_STAGES = frozenset({"APP_STARTING", "RUNNING_APP_STARTING"})
ERROR_STAGES = frozenset({"NO_APP_FILE", "CONFIG_ERROR", "BUILD_ERROR", "RUNTIME_ERROR"})
# A build is free, and so is whatever does not run (section 6.3). While one builds, the app before it runs on.
BILLED_STAGES = STARTING_STAGES | {"RUNNING", "RUNNING_BUILDING"}
IDLE_STAGES = frozenset({"SLEEPING", "STOPPED"})
# A sleep time: the Space does not sleep.
NEVER = -1


@dataclass(frozen=True)
class Identity:
    """Who a token is (`whoami-v2`). `role` is the token's: read, write, god or fineGrained."""

    name: str
    fullname: str | None
    plan: str
    role: str
    organizations: tuple[dict[str, Any], ...]

    @property
    def namespaces(self) -> frozenset[str]:
        """Owners this identity may address; the Hub decides what it may do there."""
        return frozenset({self.name, *(org["name"] for org in self.organizations)})


@dataclass(frozen=True)
class Runtime:
    """A Space's condition. `sha` is the commit being served, or None where the Hub does not say.

    `sleep_time` is in seconds, or NEVER, or None where the Hub does not say.
    `replicas` and `domains` are the Hub's own objects: `{"requested", "current"?}`, `{"domain", "stage", "isCustom"?}`.
    """

    stage: str
    sha: str | None = None
    hardware: str | None = None
    requested_hardware: str | None = None
    sleep_time: int | None = None
    error: str | None = None
    replicas: dict[str, Any] = field(default_factory=dict)
    dev_mode: bool | None = None
    domains: tuple[dict[str, Any], ...] = ()
    raw: dict[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> "Runtime":
        hardware = raw.get("hardware") or {}
        return cls(
            stage=str(raw.get("stage", "UNKNOWN")),
            sha=raw.get("sha"),
            hardware=hardware.get("current"),
            requested_hardware=hardware.get("requested"),
            sleep_time=NEVER if raw.get("gcTimeout", NEVER) is None else raw.get("gcTimeout"),
            error=raw.get("errorMessage"),
            replicas=raw.get("replicas") or {},
            dev_mode=raw.get("devMode"),
            domains=tuple(raw.get("domains") or ()),
            raw=raw,
        )


@dataclass(frozen=True)
class Head:
    """A Space's repository and condition in one call. `host` is where its app answers.

    `repo_id` is its present name, which differs from the one asked for when it was renamed.
    """

    repo_id: str
    sha: str | None
    sdk: str | None
    private: bool
    host: str | None
    subdomain: str | None
    runtime: Runtime | None


@dataclass(frozen=True)
class RemoteFile:
    """A file of the Space's repository: `oid` is the git blob id, or for large files the sha256."""

    path: str
    oid: str
    size: int
    large: bool


@dataclass(frozen=True)
class LogLine:
    at: datetime
    text: str


@dataclass(frozen=True)
class NewSpace:
    repo_id: str
    sdk: str
    visibility: str
    hardware: str | None = None
    sleep_time: int | None = None


@dataclass(frozen=True)
class HardwareOffer:
    """Hardware that a Space may be given, and its price in millionths of a US dollar per minute (section 6.3)."""

    name: str
    pretty_name: str
    cpu: str
    ram: str
    accelerator: dict[str, Any] | None
    micro_usd_per_minute: int


@dataclass(frozen=True)
class Entry:
    """A secret or a variable on the Hub; the value of a secret is told by nobody but us."""

    key: str
    value: str | None = field(repr=False)
    description: str | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class NewCopy:
    """What a duplicate is given. `volumes` are the keyword arguments of the library's own."""

    repo_id: str
    visibility: str
    hardware: str | None
    sleep_time: int | None
    secrets: tuple[Entry, ...]
    variables: tuple[Entry, ...]
    volumes: tuple[dict[str, Any], ...]
