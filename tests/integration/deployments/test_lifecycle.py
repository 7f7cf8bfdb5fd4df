"""Random walks through the life of deployments, on the real database, against a small model of what must hold."""

import itertools
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session
from tests.integration.deployments.conftest import Bench

from spaceport.db.database import Database
from spaceport.deployments import claim as claims
from spaceport.deployments import slot
from spaceport.deployments.claim import MAX_CRASHES, Claim, Fenced
from spaceport.deployments.finish import Ending, finish
from spaceport.deployments.model import Deployment, IfBusy
from spaceport.deployments.states import Status
from spaceport.deployments.step import move
from spaceport.errors import Conflict
from spaceport.jobs import queue
from spaceport.jobs.model import JobKind, JobStage

_numbers = itertools.count(1)
_ROAD = {JobKind.PUSH: (Status.BUILDING, JobKind.BUILD), JobKind.BUILD: (Status.VERIFYING, JobKind.HEALTH_CHECK)}


@dataclass
class Run:
    """A worker that holds a claim, or believes so."""

    claim: Claim
    deployment: str
    done: bool = False


class Lifecycle(RuleBasedStateMachine):
    """People ask and cancel; workers claim, advance, die, freeze and wake; the sweep rescues."""

    database: Database
    deployments = Bundle("deployments")
    runs = Bundle("runs")

    @initialize()
    def two_spaces(self) -> None:
        self.bench = Bench(self.database)
        team = f"team_{next(_numbers)}"
        self.spaces = [self.bench.space(f"{team}-{number}", team) for number in range(2)]
        self.ended: dict[str, Status] = {}
        self.asked: set[str] = set()
        self.newest: dict[str, Run] = {}

    @rule(target=deployments, which=st.integers(0, 1), if_busy=st.sampled_from(IfBusy))
    def request(self, which: int, if_busy: IfBusy) -> object:
        space_id = self.spaces[which]
        busy = self._holder(space_id)
        try:
            made = self.bench.request(if_busy, space_id)
        except Conflict:
            assert if_busy is IfBusy.REJECT
            assert busy is not None
            return multiple()
        assert if_busy is not IfBusy.REJECT or busy is None
        self.asked.add(made)
        return made

    @rule(deployment=deployments)
    def cancel(self, deployment: str) -> None:
        before = self.bench.deployment(deployment).status
        jobs = self.bench.jobs(deployment)
        held = before is not Status.QUEUED and any(job.stage is JobStage.RUNNING for job in jobs[-1:])
        try:
            self.bench.cancel(deployment)
        except Conflict:
            assert before.final
        else:
            assert not before.final
            assert (self.bench.deployment(deployment).status is not Status.CANCELED) == held

    @rule(target=runs, deployment=deployments)
    def claim(self, deployment: str) -> object:
        """A worker starts on the newest job, whoever else may hold it."""
        if not self.bench.jobs(deployment):
            return multiple()
        held = self.bench.claim(deployment)
        if held is None:
            return multiple()
        run = self.newest[deployment] = Run(held, deployment)
        return run

    @rule(run=runs)
    def advance(self, run: Run) -> None:
        """The job does its part, once; refused for every run but the newest."""
        if run.done:
            return
        try:
            self.bench.write(run.claim, lambda session, deployment: self._part(session, deployment, run.claim))
        except Fenced:
            assert self.newest[run.deployment] is not run or self._over(run)
        else:
            assert self.newest[run.deployment] is run
            run.done = True

    @rule(deployment=deployments)
    def worker_dies(self, deployment: str) -> None:
        """Its engine entry stays behind as running, with no worker."""
        if jobs := self.bench.jobs(deployment):
            self.bench.sql(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL WHERE id = :id AND status = 'todo'",
                id=jobs[-1].engine_id,
            )

    @rule()
    def sweep(self) -> None:
        with self.database.unit_of_work() as session:
            slot.hand_on(session, self.bench.limits)
            queue.rescue(session, silence=8)

    @invariant()
    def nothing_ever_leaves_a_final_status(self) -> None:
        for deployment in self.asked:
            status = self.bench.deployment(deployment).status
            assert self.ended.get(deployment, status) is status
            if status.final:
                self.ended[deployment] = status

    @invariant()
    def whoever_holds_a_slot_has_exactly_one_open_job(self) -> None:
        for space_id in self.spaces:
            if holder := self._holder(space_id):
                stages = [job.stage.value for job in self.bench.jobs(holder.id)]
                assert sum(stage in ("SCHEDULING", "RUNNING") for stage in stages) == 1, (holder, stages)

    @invariant()
    def a_free_slot_has_nobody_waiting(self) -> None:
        for space_id in self.spaces:
            waiting = self.bench.sql(
                "SELECT id FROM deployment WHERE space_id = :id AND status = 'queued' AND waiting_for = 'slot'",
                id=space_id,
            )
            assert not waiting or self._holder(space_id) is not None

    def teardown(self) -> None:
        """However it went: honest workers bring everything to an end."""
        for _ in range(20 * (len(self.asked) + 1)):
            self.sweep()
            for deployment in sorted(self.asked - self.ended.keys()):
                if self.bench.jobs(deployment) and (held := self.bench.claim(deployment)):
                    part = lambda session, row, held=held: self._part(session, row, held)  # noqa: E731
                    self.bench.write(held, part)
            self.nothing_ever_leaves_a_final_status()
        assert self.asked == self.ended.keys()

    def _part(self, session: Session, deployment: Deployment, held: Claim) -> None:
        """What the pipeline writes at the end of each job, or on a request to stop."""
        if deployment.cancel_requested_at is not None:
            status = Status.SUPERSEDED if deployment.superseded_by else Status.CANCELED
            finish(session, self.bench.limits, deployment, Ending(status, "stopped", "Asked to."))
        elif held.job.kind is JobKind.HEALTH_CHECK:
            finish(session, self.bench.limits, deployment, Ending(Status.SUCCEEDED, "live", "It is."))
        else:
            if deployment.status is Status.QUEUED:
                move(session, deployment, Status.PUSHING)
            status, kind = _ROAD[held.job.kind]
            move(session, deployment, status, hub_sha="a" * 40)
            claims.complete(session, held)
            slot.enqueue(session, deployment, kind)

    def _holder(self, space_id: str) -> Deployment | None:
        with self.database.unit_of_work() as session:
            return slot.holder(session, space_id)

    def _over(self, run: Run) -> bool:
        """Ended, or crashed once too often, so that even the newest run has nothing left to write."""
        row = self.bench.deployment(run.deployment)
        return (
            row.status.final or row.run_epoch != run.claim.epoch or self.bench.job(run.deployment).crashes > MAX_CRASHES
        )


@pytest.mark.timeout(300)
def test_every_walk_keeps_the_promises(database: Database) -> None:
    Lifecycle.database = database
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(max_examples=10, stateful_step_count=25, deadline=None, suppress_health_check=checks),
    )
