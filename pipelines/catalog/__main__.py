"""The commands `check` and `suggest`, for people and for CI."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pipelines.catalog import (
    Checked,
    KnownProject,
    NotPublishedError,
    check,
    published_projects,
)
from pipelines.catalog.finding import counted
from pipelines.catalog.suggesting import suggest

PUBLISHED = "product_health.duckdb"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives 0, or 1 if the catalog has errors or there is nothing to read."""
    options = _parser().parse_args(arguments)
    # A value can hold any character; not every terminal can show it.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    published = options.data / PUBLISHED
    if options.command == "check":
        return _check(options.seeds, published)
    return suggest(options.seeds, published)


def _check(seeds_dir: Path, published: Path) -> int:
    projects: list[KnownProject] = []
    try:
        projects = published_projects(published)
        compared = f"compared with {counted(len(projects), 'project')} of {published}"
    except NotPublishedError as error:
        compared = f"not compared with Sentry's projects: {error}"
    checked = check(seeds_dir, projects)
    for found in checked.findings:
        print(found)
    print(_summary(checked, seeds_dir), f"({compared})")
    return 1 if checked.errors else 0


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipelines.catalog", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("check", "Say everything that is wrong with the CSV files."),
        ("suggest", "Print mapping rows for the projects that have no product yet."),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "--seeds",
            type=Path,
            metavar="DIR",
            default=Path(os.environ.get("SEEDS_DIR") or "seeds"),
            help="folder of the CSV files (SEEDS_DIR, or seeds)",
        )
        command.add_argument(
            "--data",
            type=Path,
            metavar="DIR",
            default=Path(os.environ.get("DATA_DIR") or "data"),
            help=f"folder of {PUBLISHED} (DATA_DIR, or data)",
        )
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough: no reason to complain on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
