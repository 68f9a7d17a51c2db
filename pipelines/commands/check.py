"""`make check`: every mistake in the CSV files at once."""

from __future__ import annotations

from pathlib import Path

from pipelines import catalog
from pipelines.catalog import Checked
from pipelines.catalog.finding import counted
from pipelines.commands.published_projects import published_projects
from pipelines.commands.published_rules import fits_nothing
from pipelines.publish import PublishError, open_published
from pipelines.settings import Settings, shortened
from pipelines.warehouse.unrouted_rules import unrouted_rules


def check(settings: Settings) -> int:
    """Say everything that is wrong with the CSV files."""
    checked, compared = check_with_published(settings)
    report(checked, settings.seeds, compared)
    return 1 if checked.errors else 0


def check_with_published(settings: Settings) -> tuple[Checked, str]:
    """Check the files against the published projects, if there are any; also returns what they were compared with."""
    published = shortened(settings.published)
    try:
        projects = published_projects(published)
        with open_published(published) as connection:
            checked = catalog.check(
                settings.seeds, projects, unrouted_rules(connection), fits_nothing(connection)
            )
    except PublishError as error:
        return catalog.check(settings.seeds), f"not compared with Sentry's projects: {error}"
    return checked, compared_with(len(projects), published)


def compared_with(projects: int, source: Path) -> str:
    """Return how many of Sentry's projects the files were compared with, and where those are from."""
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
