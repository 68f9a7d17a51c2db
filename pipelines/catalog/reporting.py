"""What a check found, as `make check` prints it."""

from __future__ import annotations

from pathlib import Path

from pipelines.catalog.checking import Checked, check
from pipelines.catalog.finding import counted
from pipelines.catalog.projects import KnownProject, NotPublishedError, published_projects


def check_with_published(seeds_dir: Path, published: Path) -> tuple[Checked, str]:
    """Check the files, and say what they were compared with: the published projects, if there are any."""
    projects: list[KnownProject] = []
    try:
        projects = published_projects(published)
        compared = compared_with(len(projects), published)
    except NotPublishedError as error:
        compared = f"not compared with Sentry's projects: {error}"
    return check(seeds_dir, projects), compared


def compared_with(projects: int, source: Path) -> str:
    """Say how many of Sentry's projects the files were compared with, and where those are from."""
    return f"compared with {counted(projects, 'project')} of {source}"


def report(checked: Checked, seeds_dir: Path, compared: str) -> None:
    """Print every finding, and a line that sums them up."""
    for found in checked.findings:
        print(found)
    print(f"{_summary(checked, seeds_dir)} ({compared})")


def _summary(checked: Checked, seeds_dir: Path) -> str:
    errors = counted(len(checked.errors), "error")
    warnings = counted(len(checked.warnings), "warning")
    if checked.catalog is None:
        return f"{seeds_dir}: {errors}, {warnings}"
    products = counted(len(checked.catalog.products), "product")
    rows = counted(len(checked.catalog.project_products), "mapping row")
    if not checked.warnings:
        return f"{seeds_dir}: {products} and {rows}, no errors, no warnings"
    return f"{seeds_dir}: {products} and {rows}, no errors, {warnings}"
