"""What became of every accepted deployment, counted from the database and from the Hub's own history."""

from collections import Counter
from dataclasses import dataclass
from statistics import quantiles

from sqlalchemy import text
from tests.chaos.recovery import Recovery
from tests.chaos.world import World

from spaceport.db.database import Database

_DEPLOYMENTS = text("SELECT id, status, reason_code FROM deployment")
FINAL = ("succeeded", "failed", "canceled", "superseded")
_MARKER = "Spaceport-Deployment: "


@dataclass(frozen=True)
class Verdict:
    accepted: int
    final: int
    lost: list[str]
    stuck: list[str]
    duplicated: list[str]
    unpushed: list[str]
    outcomes: dict[str, int]
    recovery: list[float]

    @property
    def kept(self) -> bool:
        """Whether the promises were kept."""
        return not (self.lost or self.stuck or self.duplicated or self.unpushed)

    def rows(self) -> list[tuple[str, object]]:
        return [
            ("deployments accepted", self.accepted),
            ("reached a final status", self.final),
            ("lost", len(self.lost)),
            ("stuck", len(self.stuck)),
            ("more than one commit", len(self.duplicated)),
            ("succeeded without a commit", len(self.unpushed)),
            ("takeovers measured", len(self.recovery)),
            ("recovery p50 (s)", _percentile(self.recovery, 50)),
            ("recovery p99 (s)", _percentile(self.recovery, 99)),
            *((f"ended {outcome}", count) for outcome, count in sorted(self.outcomes.items())),
        ]


def judge(scene: World, accepted: dict[str, str], recovery: Recovery) -> Verdict:
    database = Database(scene.postgres.url, pool_size=1)
    with database.unit_of_work() as session:
        rows = {row.id: row for row in session.execute(_DEPLOYMENTS)}
    database.close()
    made = commits(scene, set(accepted.values()))
    final = {i for i, row in rows.items() if row.status in FINAL}
    return Verdict(
        accepted=len(accepted),
        final=len(final & accepted.keys()),
        lost=sorted(accepted.keys() - rows.keys()),
        stuck=sorted((accepted.keys() & rows.keys()) - final),
        duplicated=sorted(i for i in accepted if made[i] > 1),
        unpushed=sorted(i for i in accepted if i in rows and rows[i].status == "succeeded" and not made[i]),
        outcomes=dict(Counter(f"{row.status} ({row.reason_code})" for row in rows.values())),
        recovery=recovery.seconds,
    )


def commits(scene: World, repositories: set[str]) -> Counter[str]:
    """How often each deployment's marker stands in the Spaces' histories."""
    found: Counter[str] = Counter()
    for repo_id in repositories:
        for commit in scene.hub.api().list_repo_commits(repo_id, repo_type="space"):
            _, marker, rest = commit.message.partition(_MARKER)
            if marker:
                found[rest.split()[0]] += 1
    return found


def _percentile(values: list[float], which: int) -> str:
    if len(values) < 2:
        return f"{values[0]:.1f}" if values else "-"
    return f"{quantiles(values, n=100, method='inclusive')[which - 1]:.1f}"
