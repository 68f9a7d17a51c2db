"""Where Dagster keeps runs, schedules and event logs: files in DATA_DIR, or the server of DAGSTER_POSTGRES_URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.settings import ROOT, Settings, SettingsError

if TYPE_CHECKING:
    from dagster import DagsterInstance

_VARIABLE = "DAGSTER_POSTGRES_URL"
# The password stays in the environment: this file is copied by backups.
_POSTGRES = f"""
storage:
  postgres:
    postgres_url:
      env: {_VARIABLE}
"""
_WAIT = 10  # seconds


def configuration(settings: Settings) -> bytes:
    """Return the dagster.yaml of this installation."""
    ours = (ROOT / "dagster.yaml").read_bytes()
    return ours + _POSTGRES.encode() if _url(settings) else ours


def variables(settings: Settings) -> dict[str, str]:
    """Return what dagster.yaml takes from the environment."""
    return {_VARIABLE: _for_dagster(_url(settings))} if _url(settings) else {}


def require_reachable(settings: Settings) -> None:
    """Raise SettingsError, with what the server says, if PostgreSQL is asked for and does not let us in."""
    if not (url := _url(settings)):
        return
    import psycopg2
    from psycopg2.extensions import parse_dsn

    try:
        parts = parse_dsn(url)
    except psycopg2.Error:
        parts = {}
    # Of an address that is read wrongly, the server's own message would show parts of the password.
    is_clear = "@" not in parts.get("host", "") and parts.get("port", "5432").isdigit()
    if not ("user" in parts and "dbname" in parts and is_clear):
        raise SettingsError(
            f"{_VARIABLE} is no address of a database; expected postgresql://USER:PASSWORD@HOST:5432/DATABASE, "
            "with %40 for an @, %3A for a : and %2F for a / in the password."
        )
    try:
        psycopg2.connect(url, connect_timeout=_WAIT).close()
    except psycopg2.Error as error:
        reason = " ".join(str(error).split())
        raise SettingsError(
            f"{_VARIABLE}: the server cannot be used ({reason}). Start it, or correct the address."
        ) from None


def exists(settings: Settings) -> bool:
    """Return whether there is a storage to look into; to open one makes it."""
    home = settings.dagster_home
    stored = bool(_url(settings)) or (home / "history" / "runs.db").exists()
    return stored and (home / "dagster.yaml").exists()


def instance(settings: Settings) -> DagsterInstance:
    """Return Dagster's instance over this storage, to be used as a context."""
    # Slow to import, and most commands need none.
    from dagster import DagsterInstance
    from dagster._core.instance.ref import InstanceRef

    url = _url(settings)
    storage = {"storage": {"postgres": {"postgres_url": _for_dagster(url)}}} if url else {}
    home = str(settings.dagster_home)
    return DagsterInstance.from_ref(InstanceRef.from_dir(home, overrides=storage))


def _url(settings: Settings) -> str:
    """Return the address as PostgreSQL's own library takes it, without the name of a driver; empty if there is none."""
    url = settings.dagster_postgres_url.get_secret_value().strip()
    return url.replace("+psycopg2://", "://", 1)


def _for_dagster(url: str) -> str:
    """Return the address with the driver that Dagster brings along: SQLAlchemy would look for another."""
    return f"postgresql+psycopg2://{url.partition('://')[2]}"
