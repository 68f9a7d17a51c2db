"""Which files are an installation: in a backup they have the names that they have in DATA_DIR, and `seeds/` beside."""

from __future__ import annotations

from pathlib import Path

from pipelines.publish import versions
from pipelines.settings import Settings

SEEDS = "seeds"
# What SQLite keeps beside a file that is in use; a copy by its own means holds it.
_OF_SQLITE = ("-wal", "-shm", "-journal")


def contents(settings: Settings) -> dict[str, Path]:
    """Return name -> path of every file to back up that is there now.

    Left out is what a run makes anew: the Parquet files, the folders of dlt and dbt, logs and locks.
    """
    files = [settings.warehouse, settings.published, *versions.kept(settings.published)]
    found = {path.name: path for path in (*files, settings.notify_state) if path.exists()}
    home = settings.dagster_home
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.name.endswith(_OF_SQLITE):
            found[f"{home.name}/{path.relative_to(home)}"] = path
    return found | {f"{SEEDS}/{path.name}": path for path in catalog_files(settings)}


def catalog_files(settings: Settings) -> list[Path]:
    """Return the CSVs of the product catalog."""
    return sorted(settings.seeds.glob("*.csv"))
