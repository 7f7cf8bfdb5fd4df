"""What the Hub says about jobs, whole: every field of its answer under our spelling, new ones under its own.

Field sources: the Hub's published document for `/api/jobs` and `/api/scheduled-jobs`. Only what the client library
relies on is required.
"""

from datetime import datetime
from typing import Any

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

FINAL_STAGES = frozenset({"COMPLETED", "CANCELED", "ERROR", "DELETED"})

Number = int | float


class _Said(BaseModel):
    model_config = ConfigDict(
        extra="allow", alias_generator=AliasGenerator(validation_alias=to_camel), hide_input_in_errors=True
    )


class HubJobStatus(_Said):
    stage: str = Field(description="SCHEDULING, RUNNING, COMPLETED, CANCELED, ERROR or DELETED.")
    message: str | None = None
    cancel_reason: str | None = None
    failure_count: Number | None = None
    expose_urls: list[str] | None = None
    ssh_url: str | None = None

    @property
    def final(self) -> bool:
        return self.stage in FINAL_STAGES


class HubJobDurations(_Said):
    """Seconds, counted by the Hub at the moment it answered; null for what has not begun."""

    scheduling_secs: Number | None = None
    running_secs: Number | None = None
    total_secs: Number | None = None


class HubJobOwner(_Said):
    id: str
    name: str
    type: str
    avatar_url: str | None = None


class HubJobInitiator(_Said):
    """`user`, `org`, `scheduled-job`, `duplicated-job` or `webhook`; only the first two have a name."""

    type: str
    id: str
    name: str | None = None
    avatar_url: str | None = None


class JobCreator(_Said):
    id: str
    name: str


class JobVolume(_Said):
    type: str
    source: str
    mount_path: str
    revision: str | None = None
    read_only: bool | None = None
    path: str | None = None


class JobExpose(_Said):
    ports: list[int] = []
    ports_public: list[int] | None = None


class JobNetwork(_Said):
    group: str
    aliases: list[str] | None = None


class JobResourceGroup(_Said):
    id: str
    name: str
    num_users: Number | None = None


class JobToken(BaseModel):
    """Whose token the job was given. Nothing else that an answer may hold here is kept."""

    model_config = ConfigDict(alias_generator=AliasGenerator(validation_alias=to_camel), hide_input_in_errors=True)

    owner_name: str | None = None
    org_name: str | None = None
    token_role: str | None = None
    token_id: str | None = None
    settings_url: str | None = None


class RanSpec(_Said):
    docker_image: str | None = None
    space_id: str | None = None
    command: list[str] | None = None
    arguments: list[str] | None = None
    environment: dict[str, Any] | None = None
    secrets: list[str] | None = Field(None, description="Names. The Hub never says a value.")
    flavor: str | None = None
    arch: str | None = None
    timeout: Number | None = Field(None, description="Seconds.")
    retry: Number | None = Field(None, description="Attempts after the first.")
    labels: dict[str, str] | None = None
    volumes: list[JobVolume] | None = None
    expose: JobExpose | None = None
    network: JobNetwork | None = None
    resource_group_id: str | None = None
    resource_group: JobResourceGroup | None = None
    hf_token: JobToken | None = None

    @field_validator("secrets", mode="before")
    @classmethod
    def _names_alone(cls, value: Any) -> Any:
        return sorted(value) if isinstance(value, dict) else value


class JobInfo(RanSpec):
    id: str
    type: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    created_by: JobCreator | None = None
    owner: HubJobOwner
    initiator: HubJobInitiator | None = None
    status: HubJobStatus
    durations: HubJobDurations | None = None
    url: str = Field(description="The job's page on the Hub.")


class LastRun(_Said):
    id: str
    at: datetime


class ScheduleStatus(_Said):
    last_job: LastRun | None = None
    next_job_run_at: datetime | None = None


class ScheduledJobInfo(_Said):
    id: str
    type: str | None = None
    created_at: datetime | None = None
    schedule: str | None = None
    suspend: bool | None = None
    suspend_reason: str | None = None
    concurrency: bool | None = None
    status: ScheduleStatus | None = None
    owner: HubJobOwner | None = None
    initiator: HubJobInitiator | None = None
    job_spec: RanSpec | None = None


class JobAccelerator(_Said):
    type: str
    model: str
    quantity: str
    vram: str
    manufacturer: str


class JobHardware(_Said):
    """A flavor, with its price for one `unit_label`."""

    name: str
    pretty_name: str
    cpu: str
    ram: str
    ephemeral_storage: str | None = None
    accelerator: JobAccelerator | None = None
    unit_cost_micro_usd: Number = Field(validation_alias="unitCostMicroUSD")
    unit_cost_usd: Number = Field(validation_alias="unitCostUSD")
    unit_label: str
