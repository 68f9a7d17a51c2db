"""The workflow of docs/catalog.md takes the CSVs from a pull request, as text, and nothing that could run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

DOCUMENT = Path(__file__).parents[2] / "docs" / "catalog.md"
FORGED = {
    "Makefile": "check:\n\ttouch ran\n",
    "pipelines/__main__.py": "open('ran', 'w')\n",
    "sitecustomize.py": "open('ran', 'w')\n",
    ".env": "DATA_DIR=elsewhere\n",
    "dbt_project/models/new.sql": "select 1\n",
    "seeds/$(touch ran).csv": "x\n",
    "seeds/deep/products.csv": "x\n",
    "seeds/products.csv": "product_id,name\nnew,New\n",
    "seeds/health_targets.csv": "priority\n",
}


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def workflow() -> dict[Any, Any]:
    text = DOCUMENT.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    found: dict[Any, Any] = yaml.safe_load(text)
    return found


def test_only_csvs_come_from_the_pull_request(tmp_path: Path, workflow: dict[Any, Any]) -> None:
    origin = tmp_path / "origin"
    write(
        origin,
        {
            "Makefile": "check:\n\ttrue\n",
            "pipelines/__main__.py": "",
            "seeds/products.csv": "product_id,name\nold,Old\n",
            "seeds/sla_targets.csv": "priority\n",
        },
    )
    git(origin, "init", "--quiet", "--initial-branch=main")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message=base")
    git(origin, "checkout", "--quiet", "--detach")
    write(origin, FORGED)
    (tmp_path / "secret").write_text("of the runner")
    (origin / "seeds" / "project_products.csv").symlink_to(tmp_path / "secret")
    (origin / "seeds" / "sla_targets.csv").unlink()
    git(origin, "add", "--all", "--force")
    git(origin, "commit", "--quiet", "--message=forged")
    git(origin, "update-ref", "refs/pull/7/head", "HEAD")
    git(origin, "checkout", "--quiet", "main")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))

    (fetch,) = (
        step["run"]
        for step in workflow["jobs"]["preview"]["steps"]
        if "git fetch" in step.get("run", "")
    )
    shell = ["bash", "-eo", "pipefail", "-c", fetch]
    subprocess.run(shell, cwd=clone, env={**os.environ, "NUMBER": "7"}, check=True)

    changed = {line[3:] for line in git(clone, "status", "--porcelain", "-z").split("\0") if line}
    assert changed == {
        f"seeds/{name}.csv"
        for name in ("products", "project_products", "health_targets", "sla_targets")
    }
    seeds = clone / "seeds"
    assert (seeds / "products.csv").read_text() == FORGED["seeds/products.csv"]
    assert (seeds / "project_products.csv").read_text() == str(tmp_path / "secret")
    assert not (seeds / "project_products.csv").is_symlink()


def test_the_workflow_and_its_code_are_the_base_branchs(workflow: dict[Any, Any]) -> None:
    # YAML 1.1 reads `on` as true.
    assert list(workflow[True]) == ["pull_request_target"]
    checkout = workflow["jobs"]["preview"]["steps"][0]
    assert "checkout" in checkout["uses"]
    assert "with" not in checkout
    commands = "".join(step.get("run", "") for step in workflow["jobs"]["preview"]["steps"])
    assert "${{" not in commands  # what others wrote is no part of a script
