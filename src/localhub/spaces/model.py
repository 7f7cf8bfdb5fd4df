"""One Space: what was asked for, and what is so."""

import hashlib
import re
from dataclasses import asdict, dataclass, field
from typing import Any

LONGEST_LABEL = 63
"""Of one part of a host name."""
SERVING = {"RUNNING", "RUNNING_BUILDING", "RUNNING_APP_STARTING"}
COMING_UP = {"BUILDING", "APP_STARTING"}


@dataclass
class Space:
    """Kept whole as one JSON document."""

    id: str
    owner: str
    name: str
    sdk: str
    visibility: str
    created_at: str
    creator: str
    last_modified: str = ""
    head: str = ""
    """Commit at the tip of main."""
    served: str = ""
    """Commit the app being served was built from; empty when nothing is."""
    stage: str = "NO_APP_FILE"
    error: str = ""
    card: dict[str, Any] = field(default_factory=dict)
    """The README's front matter."""
    hardware: str = "cpu-basic"
    """Asked for."""
    hardware_now: str = ""
    """Of the app being served; empty when nothing is."""
    sleep_time: int | None = None
    """Seconds; -1 never sleeps; None takes what the hardware gives."""
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    variables: dict[str, dict[str, Any]] = field(default_factory=dict)
    volumes: list[dict[str, Any]] = field(default_factory=list)
    dev_mode: bool = False
    replicas: int = 1
    domains: list[dict[str, Any]] = field(default_factory=list)
    """Custom ones, as the runtime shows them. On the Hub they are added on its page; there is no call for it."""
    port: int = 0
    """Loopback port of the app's stable address."""

    @property
    def repo_id(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def private(self) -> bool:
        """Whether the source is closed to others."""
        return self.visibility != "public"

    @property
    def app_port(self) -> int:
        port = self.card.get("app_port", 7860) if self.sdk == "docker" else 7860
        return port if isinstance(port, int) and 0 < port < 65_536 else 7860

    @property
    def subdomain(self) -> str:
        name = re.sub(r"[^a-z0-9]+", "-", f"{self.owner}-{self.name}".lower()).strip("-")
        if len(name) <= LONGEST_LABEL:
            return name
        digest = hashlib.sha256(self.repo_id.encode()).hexdigest()
        return f"{name[:54]}-{digest[:8]}"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
