"""The dbt models that a preview names, and how it builds them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from pipelines import models
from pipelines.settings import ROOT, Settings

OVERVIEW = "marts.product_overview"
PRODUCTS = "marts.dim_products"
CLOSURE = "marts.product_closure"
PROJECTS = "marts.dim_projects"
RULES = "marts.issue_rules"
ISSUES = "marts.fct_issues"
HEALTH = "marts.product_health_measures"
FRESHNESS = "marts.organization_freshness"
SYNCS = "staging.stg_sentry__organization_syncs"

COMPARED = (OVERVIEW, PRODUCTS, PROJECTS, ISSUES, RULES)

# What the catalog reaches, on the way to what is compared.
DOWNSTREAM_OF_CATALOG = "source:seeds+,+product_overview source:seeds+,+issue_rules"
# The same and what it is made of, for data that no dbt model has seen yet.
EVERYTHING = "+product_overview +issue_rules"


class DryRunError(Exception):
    """The numbers cannot be computed; the message says why, for people."""


def build_models(
    warehouse: Path, selection: str, settings: Settings, deadline: float | None = None
) -> None:
    """Run the models and the tests of what they mean on the warehouse; DryRunError names what failed.

    It ends at the deadline (of `time.monotonic`), if there is one.
    """
    folder = warehouse.parent
    target = folder / "target"
    command = [
        *(models.PYTHON, "-m", "pipelines.models", "--quiet", "--no-use-colors", "build"),
        *("--select", selection, "--indirect-selection", "buildable"),
        *("--exclude", "test_type:generic", "--exclude-resource-type", "unit_test"),
        *models.variables(settings),
        *("--project-dir", str(models.PROJECT), "--profiles-dir", str(models.PROJECT)),
        *("--target-path", str(target), "--log-path", str(folder / "logs")),
    ]
    environment = os.environ | {
        "WAREHOUSE_PATH": str(warehouse),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    target.mkdir(exist_ok=True)
    with suppress(OSError):  # what the last run parsed need not be parsed again
        shutil.copy(settings.dbt_target / "partial_parse.msgpack", target)
    try:
        dbt = subprocess.run(
            command,
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=None if deadline is None else max(deadline - time.monotonic(), 0),
        )
    except subprocess.TimeoutExpired:
        raise DryRunError(
            "The models take longer than a page may wait; `make preview` has no such limit"
        ) from None
    except OSError as error:
        raise DryRunError(f"dbt cannot be started: {error}") from error
    if dbt.returncode:
        raise DryRunError(f"dbt stopped. {_failures(folder) or dbt.stdout + dbt.stderr}".strip())


def _failures(folder: Path) -> str:
    try:
        text = (folder / "target" / "run_results.json").read_text(encoding="utf-8")
    except OSError:
        return ""
    failed = (
        result for result in json.loads(text)["results"] if result["status"] in ("error", "fail")
    )
    return "\n".join(
        f"{result['unique_id'].split('.')[2]}: {(result['message'] or '').strip()}"
        for result in failed
    )
