"""Every setting, read once from the environment (and `.env`) by `main` and passed on from there."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)


class Settings(BaseSettings):
    """Names are the environment variables, in lower case. Nothing else reads the environment."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    host: str = Field("0.0.0.0", description="Address to listen on.")  # noqa: S104
    port: int = Field(7860, description="Port to listen on. A Docker Space expects 7860.")
    public_url: str | None = Field(
        None,
        description="Address under which others reach this instance, for the addresses of hooks."
        " Unset: the one of the request.",
    )
    data_dir: Path = Field(
        Path(".data"), description="Folder for the embedded database, generated keys and working copies."
    )
    database_url: SecretStr | None = Field(
        None, description="Postgres address in libpq form. Unset: an embedded Postgres in DATA_DIR."
    )
    database_direct_url: SecretStr | None = Field(
        None,
        description="The same database without a transaction pooler, for migrations and the queue's notifications.",
    )
    database_pooled: bool = Field(
        False,
        description="True when DATABASE_URL goes through a transaction pooler: notifications then need"
        " DATABASE_DIRECT_URL, or the queue polls every second.",
    )
    database_pool_size: int = Field(6, ge=2, le=32, description="Database connections and request threads per process.")
    jwt_secret: SecretStr | None = Field(
        None, description="Signs access tokens; at least 32 characters. Required with DATABASE_URL."
    )
    sealing_key: SecretStr | None = Field(
        None, description="Seals stored tokens and secrets; 32 bytes in base64. Required with DATABASE_URL."
    )
    hf_token: SecretStr | None = Field(
        None, description="Hub token of the instance's own Hub account, used by the first registered team."
    )
    hf_endpoint: str = Field("https://huggingface.co", description="Address of the Hub.")
    egress_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Comma-separated hosts (optionally host:port) that sources and health checks may reach"
        " although they are loopback or private.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Comma-separated origins (https://app.example.com) of dashboards elsewhere that may call the API.",
    )
    push_concurrency: int = Field(2, ge=1, description="Pushes one worker runs at once.")
    watch_concurrency: int = Field(20, ge=1, description="Builds and health checks one worker watches at once.")
    push_limit: int = Field(8, ge=1, description="Deployments of the whole instance that may be pushing at once.")
    run_limit: int = Field(200, ge=1, description="Deployments of the whole instance that may be running at once.")
    team_push_limit: int = Field(4, ge=1, description="Deployments of one team that may be pushing at once.")
    team_run_limit: int = Field(50, ge=1, description="Deployments of one team that may be running at once.")
    log_retention_days: int = Field(
        90,
        ge=0,
        description="Days that the log lines of an ended deployment are kept. The live release and the latest 20"
        " deployments of a Space keep theirs. 0 keeps all.",
    )
    event_retention_days: int = Field(
        400,
        ge=0,
        description="Days that the events of a team's and a Space's activity are kept. Those of a deployment stay as"
        " long as its log lines. 0 keeps all.",
    )
    storybook: bool = Field(
        False, description="Shows /storybook: each fragment of the dashboard in each state. For development only."
    )
    log_level: str = Field("info", description="debug, info, warning or error.")
    log_format: str = Field("text", description="text for people, json for machines.")

    @field_validator("egress_allowed_hosts", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is no origin: write scheme and host alone, as https://app.example.com, and never *."
                )
        return value

    @field_validator("hf_endpoint", "public_url")
    @classmethod
    def _no_trailing_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else value

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url is None
