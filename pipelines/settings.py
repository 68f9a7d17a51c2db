"""The one door for configuration: typed settings, and the names of all files under DATA_DIR.

They are read when a command or a run starts and never when a module loads. `.env.example` explains each setting to
the person who sets it; a relative folder is taken from the project's root, whatever folder a command runs in.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipelines import address_variables
from pipelines.addresses import is_address, is_loopback, is_private, organization_of
from pipelines.environment import ENV_FILE, restore_environment

ROOT = ENV_FILE.parent
# For DuckDB wherever many rows pass through: what does not fit goes to disk. Each thread has its own share, and with
# 32 of them there is too little for each. No asynchronous writes: DuckDB 2.0 hangs where one fails (full disk).
DUCKDB_LIMITS: dict[str, str | int] = {"memory_limit": "512MB", "threads": 4, "async_threads": 0}
# The catalog of the demo, and what one may look like.
EXAMPLE = ROOT / "seeds" / "example"

_PLAIN_HTTP = (
    "{name} begins with http://, so that whoever is in between can read the token. "
    "Use https://, or set ALLOW_PLAIN_HTTP=true if the network in between is your own."
)


class SettingsError(Exception):
    """A setting cannot be used: which one, what it is, and what was expected."""


class Settings(BaseSettings):
    """Every setting. A blank one means its default, also where the environment blanks what `.env` says."""

    model_config = SettingsConfigDict(env_file=ENV_FILE, extra="ignore")

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
    production_environments: str = ""
    unique_users: bool = False
    personal_data: Literal["keep", "hash", "drop"] = "keep"
    personal_data_key: SecretStr = SecretStr("")
    publish_parquet: bool = False
    publish_keep: int = Field(3, ge=0)
    backup_dir: Path | None = None
    backup_keep: int = Field(7, ge=1)
    allow_plain_http: bool = False
    file_umask: str = Field("027", pattern="^0?[0-7]{3}$")
    run_timeout_hours: float = Field(24, gt=0)
    on_failure_command: SecretStr = SecretStr("")
    on_failure_webhook: SecretStr = SecretStr("")
    notify_smtp_url: SecretStr = SecretStr("")
    notify_from: str = ""
    notify_webhook_secret: SecretStr = SecretStr("")
    jira_url: str = ""
    jira_user: str = ""
    jira_token: SecretStr = SecretStr("")
    pages_url: str = ""
    ui_hosts: str = ""
    pages_host: str = "127.0.0.1"
    pages_port: int = Field(8000, ge=0, le=65535)
    pages_editing: bool = False
    pages_user_header: str = Field("", pattern=r"^[A-Za-z0-9-]*$")
    dagster_postgres_url: SecretStr = SecretStr("")
    models_on: Literal["duckdb", "spark"] = "duckdb"
    spark_url: str = ""
    spark_storage: str = ""

    @field_validator("*", mode="before")
    @classmethod
    def _blank_is_default(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, str) and not value.strip():
            return cls.model_fields[str(info.field_name)].default
        return value

    @property
    def data(self) -> Path:
        """The absolute data folder."""
        return ROOT / self.data_dir.expanduser()

    @property
    def seeds(self) -> Path:
        """The folder of the CSVs: relative to the working folder if it is there, so that messages stay short."""
        return shortened(ROOT / self.seeds_dir.expanduser())

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
    def dagster_home(self) -> Path:
        """The folder of Dagster's storage: runs, schedules, logs."""
        return self.data / "dagster"

    @property
    def dlt_folder(self) -> Path:
        """The folder in which dlt works while a load is under way."""
        return self.data / "dlt"

    @property
    def changes_folder(self) -> Path:
        """The folder in which what an organization brings waits for its load; it is there during a sync only."""
        return self.data / "changes"

    @property
    def dbt_target(self) -> Path:
        """The folder in which dbt keeps what it parsed and compiled of the models on DuckDB."""
        return self.data / "dbt"

    @property
    def engine_target(self) -> Path:
        """The same of the models on what MODELS_ON names."""
        return (
            self.dbt_target if self.models_on == "duckdb" else self.data / f"dbt_{self.models_on}"
        )

    @property
    def backups(self) -> Path:
        """The folder of the backups."""
        return ROOT / self.backup_dir.expanduser() if self.backup_dir else self.data / "backups"

    @property
    def progress(self) -> Path:
        """The file in which a run says what it is doing."""
        return self.data / "progress.json"

    @property
    def notify_state(self) -> Path:
        """The SQLite file with what people have been told."""
        return self.data / "notify.sqlite"

    @property
    def run_log(self) -> Path:
        """The file with every line that the last run from a terminal logged."""
        return self.data / "last_run.log"

    @property
    def demo_data(self) -> Path:
        """The data folder of the demo, apart from that of one's own Sentry."""
        return self.data / "demo"

    @property
    def sample_runs(self) -> Path:
        """The file in which the demo counts its runs: where it is, the data are those of the sample Sentry."""
        return self.data / "runs"

    @property
    def spark_demo_data(self) -> Path:
        """The data folder of `make spark`."""
        return self.data / "demo_spark"

    @property
    def umask(self) -> int:
        """The umask under which every file is written."""
        return int(self.file_umask, 8)

    @property
    def published_mode(self) -> int:
        """The mode of the published file: read-only, since one writer would shut out all readers."""
        return 0o444 & ~self.umask

    @property
    def organizations(self) -> list[str]:
        """The slugs to sync; empty means all that the token lists."""
        return [organization_of(word) for word in _words(self.sentry_org)]

    @property
    def categories(self) -> list[str]:
        """Issue categories to read and count that Sentry hides by default."""
        return _words(self.include_categories)

    @property
    def environments(self) -> list[str]:
        """The environments that are production; empty: it is not asked for."""
        return _words(self.production_environments)

    @property
    def ui_names(self) -> set[str]:
        """The host names by which browsers may reach the UI."""
        return {"127.0.0.1", "localhost", "::1", *(name.lower() for name in _words(self.ui_hosts))}

    @property
    def pages_address(self) -> str:
        """The address under which people reach the web pages, blank if none is given; SettingsError if it is none."""
        url = self.pages_url.strip().rstrip("/")
        if url and not is_address(url):
            raise SettingsError(
                f"PAGES_URL is {self.pages_url!r}; expected an address like https://products.example.com."
            )
        return url

    @property
    def jira_address(self) -> str:
        """The checked address of Jira, blank if none is given; SettingsError if it cannot be used."""
        url = self.jira_url.strip().rstrip("/")
        if not url:
            return ""
        if not is_address(url) or "@" in urlsplit(url).netloc:
            raise SettingsError(
                "JIRA_URL is no address like https://acme.atlassian.net or https://example.com/jira; "
                "user and token are settings of their own."
            )
        if not (self.allow_plain_http or is_private(url)):
            raise SettingsError(_PLAIN_HTTP.format(name="JIRA_URL"))
        return url

    @property
    def spark_server(self) -> tuple[str, int]:
        """Host and port of Spark's thrift server; SettingsError if SPARK_URL is not the address of one."""
        with suppress(ValueError):
            parts = urlsplit(self.spark_url.strip())
            if parts.scheme == "thrift" and parts.hostname and not parts.password:
                return parts.hostname, parts.port or 10000
        raise SettingsError(
            "SPARK_URL is not the address of Spark's thrift server, without a password; "
            "with MODELS_ON=spark it has to be one like thrift://spark.example.com:10000."
        )

    @property
    def spark_place(self) -> str:
        """The absolute folder, or the address, that SPARK_STORAGE names; SettingsError if it names none."""
        place = self.spark_storage.strip()
        if not place:
            raise SettingsError(
                "SPARK_STORAGE is not set. With MODELS_ON=spark it has to be a folder that this machine and all of the "
                "cluster see under the same name, or an object store's: s3a://bucket/folder."
            )
        return place if "://" in place else str(ROOT / Path(place).expanduser())

    @property
    def edits_catalog(self) -> bool:
        """Whether the pages may change the CSVs; SettingsError where everybody who reaches them could."""
        if self.pages_editing and not (self.pages_user_header or is_loopback(self.pages_host)):
            raise SettingsError(
                f"PAGES_EDITING is on, and PAGES_HOST is {self.pages_host!r}: everybody who reaches that address could "
                "change the product catalog. Set PAGES_HOST=127.0.0.1, or PAGES_USER_HEADER to the header in which "
                "the proxy in front names who has logged in (deploy/nginx.conf: X-Remote-User)."
            )
        return self.pages_editing

    @property
    def server_url(self) -> str:
        """The checked address of the server; SettingsError if it is none."""
        url = self.sentry_url.strip().rstrip("/").removesuffix("/api/0")
        if not is_address(url):
            raise SettingsError(
                f"SENTRY_URL is {self.sentry_url!r}; expected an address like https://sentry.io."
            )
        if not (self.allow_plain_http or is_private(url)):
            raise SettingsError(_PLAIN_HTTP.format(name="SENTRY_URL"))
        return url

    @property
    def token(self) -> str:
        """The token as given; SettingsError if there is none that can work."""
        token = self.sentry_auth_token.get_secret_value().strip()
        if not token:
            raise SettingsError(
                "SENTRY_AUTH_TOKEN is not set. Copy .env.example to .env and put a token of yours there "
                "(scopes org:read, project:read, team:read, event:read); `make demo` needs none."
            )
        if token.startswith("sntrys_"):
            raise SettingsError(
                "SENTRY_AUTH_TOKEN is an organization token (sntrys_...), which can only upload source maps. "
                "Use the token of an internal integration, or a personal one (sntryu_...)."
            )
        return token


def read_settings() -> Settings:
    """Return the settings of this process; SettingsError names each that cannot be."""
    restore_environment(Settings.model_fields)
    return _checked()


def read_settings_without_secrets() -> Settings:
    """Return the settings with blank secrets, and take these out of this process's environment."""
    fields = Settings.model_fields.items()
    secrets = {name for name, field in fields if field.annotation is SecretStr}
    for name in list(os.environ):
        if name.lower() in secrets or name.startswith(address_variables.PREFIX):
            del os.environ[name]
    return _checked(**dict.fromkeys(secrets, SecretStr("")))


def _checked(**given: SecretStr) -> Settings:
    try:
        return Settings(**given)  # type: ignore[arg-type]  # they are those of secrets
    except ValidationError as error:
        # Not pydantic's `input`, which may be a secret.
        wrong = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"The configuration cannot be used. {wrong}.") from None


def shortened(path: Path) -> Path:
    """Return the path relative to the working folder if it lies there, else as it is."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
