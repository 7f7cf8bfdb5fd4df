"""Ten thousand deliveries, most of them not what they should be, give exactly the deployments they should."""

import random
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.git_hosts import Sent
from tests.integration.webhooks.conftest import Bench, Sender

from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status
from spaceport.errors import Unauthorized
from spaceport.ids import new
from spaceport.spaces.model import Space
from spaceport.webhooks.providers import Provider

TOTAL = 10_000
ROUNDS = 20
SENDERS = 3
BRANCHES = ("main", "release", "feature/x")
UNLIMITED = {"push_limit": 5000, "run_limit": 5000, "team_push_limit": 5000, "team_run_limit": 5000}


@dataclass
class Expected:
    """What must become of one space, told in the plainest way."""

    space: Space
    branch: str
    handled: set[str] = field(default_factory=set)
    pending: bool = False
    deployments: int = 0
    running: Deployment | None = None

    def hear(self, revisions: Iterable[str]) -> None:
        """Pushes between two actions of the worker, in whatever order and number: one deployment brings them all."""
        fresh = set(revisions) - self.handled
        self.handled |= fresh
        if fresh and not self.pending:
            self.deployments += 1
            self.pending = True


@dataclass
class Repository:
    sender: Sender
    spaces: list[Expected]
    genuine: list[Sent] = field(default_factory=list)

    def pushes(self, chance: random.Random) -> dict[str, list[str]]:
        """Revisions by branch, of which the last is the head."""
        moved: dict[str, list[str]] = {branch: [] for branch in BRANCHES}
        for branch in chance.choices(BRANCHES, k=chance.randrange(3, 12)):
            moved[branch].append(f"{chance.getrandbits(160):040x}")
        return moved


@pytest.fixture
def repositories(bench: Bench) -> list[Repository]:
    object.__setattr__(bench.instance, "settings", bench.instance.settings.model_copy(update=UNLIMITED))
    found = []
    for provider in Provider:
        prefix = "spaces/" if provider is Provider.HUGGINGFACE else ""
        url = f"https://git.example.com/{prefix}acme/{new('r')}"
        spaces = [Expected(bench.space(url, source={"ref": branch}), branch) for branch in ("main", "main", "release")]
        found.append(Repository(bench.hook(spaces[0].space, provider), spaces))
    return found


def forged(sent: Sent, chance: random.Random) -> Sent:
    """Signed wrongly, not at all, or cut off on the way."""
    secrets = [name for name in sent.headers if "signature" in name or name in ("x-gitlab-token", "x-webhook-secret")]
    kind = chance.choice(["wrong", "missing", "cut"])
    if kind == "cut" and not {"x-gitlab-token", "x-webhook-secret"} & set(secrets):
        return Sent(sent.headers, sent.body[: len(sent.body) // 2])
    given = None if kind == "missing" else "sha256=" + "0" * 64
    return sent.altered(**dict.fromkeys(secrets, given))


def under_a_new_id(sent: Sent) -> Sent:
    ids = [name for name in sent.headers if name.endswith(("-delivery", "-uuid", "idempotency-key"))]
    return sent.altered(**dict.fromkeys(ids, new("again")))


def one_round(repository: Repository, number: int, chance: random.Random, size: int) -> list[Sent]:
    """What a repository sends in a round: every push once, and beside that copies, replays and forgeries."""
    moved = repository.pushes(chance)
    sent = [
        repository.sender.sent(revision, ref=f"refs/heads/{branch}", delivery=new("d"))
        for branch, revisions in moved.items()
        for revision in revisions
    ]
    repository.genuine += sent
    for expected in repository.spaces:
        expected.hear(moved[expected.branch])
    while len(sent) < size:
        kind, one = chance.random(), chance.choice(repository.genuine)
        sent.append(one if kind < 0.7 else forged(one, chance) if kind < 0.88 else under_a_new_id(one))
    chance.shuffle(sent)
    return sent


def deliver(bench: Bench, work: list[tuple[Sender, Sent]]) -> Counter[str]:
    """By several senders at once."""
    outcomes: Counter[str] = Counter()

    def run(share: list[tuple[Sender, Sent]]) -> None:
        for sender, sent in share:
            try:
                receipt = bench.receive(sender.hook, sent)
            except Unauthorized:
                outcomes["forged"] += 1
            else:
                outcomes["duplicate" if receipt.duplicate else "taken"] += 1

    threads = [threading.Thread(target=run, args=(work[number::SENDERS],)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def work_on(bench: Bench, repositories: list[Repository], chance: random.Random) -> None:
    """The worker ends what it had begun, and begins what waits; not everywhere in every round."""
    for expected in (each for repository in repositories for each in repository.spaces):
        if expected.running is not None:
            bench.end(expected.running, chance.choice([Status.SUCCEEDED, Status.FAILED]))
            expected.running = None
        if expected.pending and chance.random() < 0.8:
            head = f"{chance.getrandbits(160):040x}"
            expected.running = bench.begin(expected.space, head)
            assert expected.running is not None
            expected.pending = False


def test_ten_thousand_deliveries_give_exactly_the_deployments_they_should(
    bench: Bench, repositories: list[Repository]
) -> None:
    chance = random.Random(20261120)
    outcomes: Counter[str] = Counter()
    size = TOTAL // ROUNDS // len(repositories) + 1
    for number in range(ROUNDS):
        work: list[tuple[Sender, Sent]] = []
        for repository in repositories:
            work += [(repository.sender, sent) for sent in one_round(repository, number, chance, size)]
        chance.shuffle(work)
        outcomes += deliver(bench, work)
        work_on(bench, repositories, chance)

    assert outcomes.total() >= TOTAL
    assert min(outcomes["forged"], outcomes["duplicate"], outcomes["taken"]) > 1000, outcomes
    for repository in repositories:
        for expected in repository.spaces:
            found: list[Any] = bench.deployments(expected.space)
            assert len(found) == expected.deployments, repository.sender.hook.provider
    [[stored]] = bench.sql("SELECT count(*) FROM delivery")
    [[counted]] = bench.sql("SELECT sum(forged_count) FROM hook")
    assert (stored, counted) == (outcomes["taken"], outcomes["forged"])
