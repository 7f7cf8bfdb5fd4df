"""The Hub's jobs and scheduled jobs: blocking calls with a time-out, each one HTTP request.

Asked for directly: the library's own classes drop some of what the Hub says, and its listing reads every page.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
from huggingface_hub import get_session, hf_raise_for_status

from spaceport.hub import logs
from spaceport.hub.budget import Meter
from spaceport.hub.failures import translated
from spaceport.hub.job_info import JobHardware, JobInfo, ScheduledJobInfo
from spaceport.hub.job_spec import JobSpec
from spaceport.hub.model import LogLine


@dataclass(frozen=True)
class JobPage:
    """As many as the Hub puts on one; `cursor` is the Hub's own, None on the last."""

    items: list[JobInfo]
    cursor: str | None


class HubJobs:
    """Every method raises HubFailure and nothing else. A namespace is a user or an organisation."""

    def __init__(self, endpoint: str, token: str, meter: Meter | None) -> None:
        self._endpoint = endpoint
        self._token = token
        self._meter = meter

    @translated
    def run(self, namespace: str, spec: JobSpec) -> JobInfo:
        return self._info(self._ask("POST", _path("jobs", namespace), body=spec.body()))

    @translated
    def page(
        self, namespace: str, *, stages: Sequence[str] = (), labels: Sequence[str] = (), cursor: str | None = None
    ) -> JobPage:
        """Newest first. Each label is `key=value`; a job has all of them, and one of the stages."""
        params = [*(("stage", stage) for stage in stages), *(("label", label) for label in labels)]
        if cursor is not None:
            params.append(("cursor", cursor))
        answer = self._ask("GET", _path("jobs", namespace), params=params)
        return JobPage([self._shown(raw) for raw in answer.json()], _next(answer))

    @translated
    def get(self, namespace: str, job_id: str) -> JobInfo:
        return self._info(self._ask("GET", _path("jobs", namespace, job_id)))

    @translated
    def cancel(self, namespace: str, job_id: str) -> JobInfo:
        """One that has ended stays as it is."""
        return self._info(self._ask("POST", _path("jobs", namespace, job_id, "cancel")))

    @translated
    def rerun(self, namespace: str, job_id: str) -> JobInfo:
        """A new job of the same specification, with the same secrets."""
        return self._info(self._ask("POST", _path("jobs", namespace, job_id, "duplicate")))

    @translated
    def set_labels(self, namespace: str, job_id: str, labels: dict[str, str]) -> JobInfo:
        return self._info(self._ask("PUT", _path("jobs", namespace, job_id, "labels"), body={"labels": labels}))

    @translated
    def hardware(self) -> list[JobHardware]:
        return [JobHardware.model_validate(raw) for raw in self._ask("GET", "jobs/hardware").json()]

    def follow_log(self, namespace: str, job_id: str) -> AsyncGenerator[LogLine]:
        """Lines from the beginning, as they come, until the Hub closes the stream."""
        path = _path("jobs", namespace, job_id, "logs")
        return logs.follow(f"{self._endpoint}/api/{path}", self._token, self._meter)

    @translated
    def schedules(self, namespace: str, *, label: str | None = None) -> list[ScheduledJobInfo]:
        """All of them: the Hub has no pages here."""
        params = [("label", label)] if label is not None else []
        found = self._ask("GET", _path("scheduled-jobs", namespace), params=params).json()
        return [ScheduledJobInfo.model_validate(raw) for raw in found]

    @translated
    def schedule(
        self, namespace: str, spec: JobSpec, timetable: str, *, suspend: bool, concurrency: bool
    ) -> ScheduledJobInfo:
        body = {"jobSpec": spec.body(), "schedule": timetable, "suspend": suspend, "concurrency": concurrency}
        return _scheduled(self._ask("POST", _path("scheduled-jobs", namespace), body=body))

    @translated
    def get_schedule(self, namespace: str, schedule_id: str) -> ScheduledJobInfo:
        return _scheduled(self._ask("GET", _path("scheduled-jobs", namespace, schedule_id)))

    @translated
    def suspend(self, namespace: str, schedule_id: str) -> None:
        self._ask("POST", _path("scheduled-jobs", namespace, schedule_id, "suspend"))

    @translated
    def resume(self, namespace: str, schedule_id: str) -> None:
        self._ask("POST", _path("scheduled-jobs", namespace, schedule_id, "resume"))

    @translated
    def trigger(self, namespace: str, schedule_id: str) -> JobInfo:
        """Run it now. Status 409 while its last job runs and it allows one at a time."""
        return self._info(self._ask("POST", _path("scheduled-jobs", namespace, schedule_id, "run")))

    @translated
    def delete_schedule(self, namespace: str, schedule_id: str) -> None:
        self._ask("DELETE", _path("scheduled-jobs", namespace, schedule_id))

    def _info(self, answer: httpx2.Response) -> JobInfo:
        return self._shown(answer.json())

    def _shown(self, raw: dict[str, Any]) -> JobInfo:
        url = f"{self._endpoint}/jobs/{raw['owner']['name']}/{raw['id']}"
        return JobInfo.model_validate(raw | {"url": url})

    def _ask(
        self, method: str, path: str, *, body: Any = None, params: Sequence[tuple[str, str]] = ()
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self._token}"}
        url = f"{self._endpoint}/api/{path}"
        answer = get_session().request(method, url, headers=headers, params=list(params), json=body)
        hf_raise_for_status(answer)
        return answer


def _scheduled(answer: httpx2.Response) -> ScheduledJobInfo:
    return ScheduledJobInfo.model_validate(answer.json())


def _path(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def _next(answer: httpx2.Response) -> str | None:
    """The cursor alone: an address in an answer is not followed."""
    link = answer.links.get("next", {}).get("url", "")
    return next(iter(parse_qs(urlsplit(link).query).get("cursor", [])), None)
