"""The dbt project: where it is, how it is parsed and started, and which version of it a warehouse was built with.

`python -m pipelines.models ...` is dbt as a child process of a run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines.child_process import end_with_parent
from pipelines.settings import ROOT, Settings

PROJECT = ROOT / "dbt_project"
MANIFEST = PROJECT / "target" / "manifest.json"
EXECUTABLE = ROOT / "pipelines" / "run_dbt.sh"
# What dbt is started with, always as `PYTHON -m pipelines.models`.
PYTHON = sys.executable
# The variable of the environment that names the warehouse to dbt: profiles.yml.
WAREHOUSE_PATH = "WAREHOUSE_PATH"


def environment(settings: Settings) -> dict[str, str]:
    """Return what dbt needs to know of this deployment, to be added to the environment of its process."""
    found = {"PIPELINES_PYTHON": PYTHON, WAREHOUSE_PATH: str(settings.warehouse)}
    if settings.models_on == "spark":
        host, port = settings.spark_server
        found |= {"SPARK_HOST": host, "SPARK_PORT": str(port)}
    return found


def variables(settings: Settings) -> list[str]:
    """Return the arguments that hand settings to the models."""
    return ["--vars", json.dumps({"include_categories": settings.categories})]


def digest(settings: Settings) -> str:
    """Return a hash of all that decides what the models make of the same rows."""
    found = hashlib.sha256(json.dumps([settings.models_on, *sorted(settings.categories)]).encode())
    for path in sorted([*PROJECT.glob("m*/**/*.sql"), PROJECT / "dbt_project.yml"]):
        found.update(f"{path.relative_to(PROJECT)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def manifest() -> Path:
    """Return the path of the manifest, parsed anew (about four seconds) if the project has changed since."""
    if not _is_current():
        # In a folder of its own and moved, since two processes may start together.
        folder = MANIFEST.parent / f"parse-{os.getpid()}"
        command = [PYTHON, "-m", "pipelines.models", "parse", "--quiet"]
        places = {"project-dir": PROJECT, "profiles-dir": PROJECT, "target-path": folder}
        arguments = [f"--{name}={path}" for name, path in places.items()]
        # To parse, no warehouse is needed, and none need be where the environment says.
        variables = {name: value for name, value in os.environ.items() if name != WAREHOUSE_PATH}
        try:
            subprocess.run(
                [*command, *arguments, f"--log-path={folder}"], env=variables, check=True
            )
            os.replace(folder / MANIFEST.name, MANIFEST)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return MANIFEST


def nodes(*kinds: str) -> list[dict[str, Any]]:
    """Return the nodes of these resource types, as the manifest describes them."""
    found = json.loads(manifest().read_bytes())["nodes"].values()
    return [node for node in found if node["resource_type"] in kinds]


def sources() -> list[dict[str, Any]]:
    """Return the tables that the models read, as the manifest describes them."""
    return list(json.loads(manifest().read_bytes())["sources"].values())


def kept_for_good() -> list[str]:
    """Return the names of the models that not even a full refresh rebuilds: what they hold is nowhere else."""
    return [node["name"] for node in nodes("model") if node["config"]["full_refresh"] is False]


def _is_current() -> bool:
    if not MANIFEST.exists():
        return False
    parsed_at = MANIFEST.stat().st_mtime
    folders = ("models", "macros", "tests")
    sources = (path for folder in folders for path in (PROJECT / folder).rglob("*"))
    return all(path.stat().st_mtime <= parsed_at for path in (*sources, *PROJECT.glob("*.yml")))


def let_sessions_of_spark_end() -> None:
    """Let a session of Spark end whatever its server says to that: what was asked in it is done by then.

    Spark 4 comes without a class of Hive's that the end of a session needs now and then (`LlapSigner`). dbt would take
    that for a failure of the model.
    """
    from pyhive import exc, hive

    close = hive.Connection.close

    def end(connection: Any) -> None:
        with suppress(exc.OperationalError):
            close(connection)

    hive.Connection.close = end


def main() -> None:
    """Run dbt with the arguments of this process, until it ends or the process that started it has."""
    if sys.argv[1:] == ["--version"]:
        print(version("dbt-core"))  # dbt's own answer asks the package index first
        return
    end_with_parent()
    if warehouse := os.environ.get(WAREHOUSE_PATH):
        # By its name alone: what dbt has parsed for one folder holds for another, in a backup or for a preview.
        folder, os.environ[WAREHOUSE_PATH] = os.path.split(warehouse)
        os.chdir(folder or ".")
    if "SPARK_HOST" in os.environ:
        let_sessions_of_spark_end()
    from dbt.cli.main import cli

    cli()


if __name__ == "__main__":
    main()
