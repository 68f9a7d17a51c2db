"""The one door for configuration: environment variables and `.env`, as typed settings.

They are read when a run starts and never when this module loads, so Dagster can show the assets with no token and
no network.
"""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal

import dagster as dg
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipelines.sentry.errors import ConfigurationError
from pipelines.sentry.http.session import SentrySession
from pipelines.sentry.organization_sync import Options
from pipelines.sentry.rows.redact import Privacy

ROOT = Path(__file__).parents[1]


class Settings(BaseSettings):
    """Every setting of the pipeline; `.env.example` explains them to the person who sets them."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", env_ignore_empty=True)

    sentry_url: str = "https://sentry.io"
    sentry_auth_token: SecretStr = SecretStr("")
    sentry_org: str = ""
    data_dir: Path = Path("data")
    seeds_dir: Path = Path("seeds")
    sentry_concurrency: int = Field(5, ge=1, le=50)
    full_sync_hours: float = Field(24, ge=0)
    activity_requests_per_run: int = Field(200, ge=0)
    issue_events_per_issue: int = Field(0, ge=0, le=100)
    include_categories: str = ""
    personal_data: Literal["keep", "hash", "drop"] = "keep"
    personal_data_key: SecretStr = SecretStr("")
    publish_parquet: bool = False
    publish_keep: int = Field(3, ge=0)
    file_umask: str = Field("027", pattern="^0?[0-7]{3}$")

    @cached_property
    def data(self) -> Path:
        """The absolute data folder; a relative one is taken from the project's root."""
        return ROOT / self.data_dir.expanduser()

    @property
    def seeds(self) -> Path:
        """The folder of the CSVs: relative to the working folder if it is there, so that messages stay short."""
        folder = ROOT / self.seeds_dir.expanduser()
        try:
            return folder.relative_to(Path.cwd())
        except ValueError:
            return folder

    @property
    def warehouse(self) -> Path:
        """The private DuckDB file; one writer at a time."""
        return self.data / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The DuckDB file that everybody reads."""
        return self.data / "product_health.duckdb"

    @property
    def parquet(self) -> Path | None:
        """The folder of the marts as Parquet, None unless asked for."""
        return self.data / "product_health_parquet" if self.publish_parquet else None

    @property
    def published_mode(self) -> int:
        """The mode of the published file: read-only, since one writer would shut out all readers."""
        return 0o444 & ~int(self.file_umask, 8)

    @property
    def organizations(self) -> list[str]:
        """The slugs to sync; empty means all that the token lists."""
        return [slug.strip() for slug in self.sentry_org.split(",") if slug.strip()]

    @property
    def categories(self) -> tuple[str, ...]:
        """Hidden issue categories to read and count too."""
        return tuple(word.strip() for word in self.include_categories.split(",") if word.strip())

    def base_url(self) -> str:
        """Return the checked address of the server; ConfigurationError if it is none."""
        url = self.sentry_url.strip().rstrip("/").removesuffix("/api/0")
        if not url.startswith(("https://", "http://")):
            raise ConfigurationError(
                f"SENTRY_URL is {self.sentry_url!r}; expected an address like https://sentry.io."
            )
        return url

    def session(self) -> SentrySession:
        """Return an HTTP session with the token; ConfigurationError if there is none that can work."""
        token = self.sentry_auth_token.get_secret_value().strip()
        if not token:
            raise ConfigurationError(
                "SENTRY_AUTH_TOKEN is not set. Copy .env.example to .env and put a token of yours there "
                "(scopes org:read, project:read, team:read, event:read); `make demo` needs none."
            )
        if token.startswith("sntrys_"):
            raise ConfigurationError(
                "SENTRY_AUTH_TOKEN is an organization token (sntrys_...), which can only upload source maps. "
                "Use the token of an internal integration, or a personal one (sntryu_...)."
            )
        return SentrySession(token, concurrency=self.sentry_concurrency)

    def options(self) -> Options:
        """Return how to sync."""
        return Options(
            concurrency=self.sentry_concurrency,
            full_every=timedelta(hours=self.full_sync_hours),
            activity_budget=self.activity_requests_per_run,
            categories=self.categories,
            events_per_issue=self.issue_events_per_issue,
            privacy=Privacy(self.personal_data, self.personal_data_key.get_secret_value()),
        )


def read_settings() -> Settings:
    """Return the settings of this process; ConfigurationError names each that cannot be."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"The configuration cannot be used. {wrong}.") from None


class Environment(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Gives assets the settings at the time they run."""

    def settings(self) -> Settings:
        """Return the settings; a wrong one fails the run with its message alone."""
        try:
            settings = read_settings()
        except ConfigurationError as error:
            raise dg.Failure(str(error)) from None
        os.umask(int(settings.file_umask, 8))
        settings.data.mkdir(parents=True, exist_ok=True)
        # dbt runs as a child process and finds the warehouse here (dbt_project/profiles.yml).
        os.environ["WAREHOUSE_PATH"] = str(settings.warehouse)
        return settings
